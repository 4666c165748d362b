//! Reads the log's stream through the Streams API, from the checkpoint on.
//!
//! Dynoxide writes a stream record in the transaction of its item and keeps it forever. So a checkpoint that is behind,
//! corrupt or lost only means that records are delivered again.

use aws_lambda_events::dynamodb::{EventRecord, StreamViewType, UserIdentity};
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::BoxError;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType, StreamRecord};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;
use std::path::{Path, PathBuf};

use crate::folder::replace;

/// The checkpoint of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkpoint {
    stream_arn: String,
    shard_id: String,
    sequence_number: String,
}

/// The checkpoint's file.
pub struct CheckpointFile {
    path: PathBuf,
}

impl CheckpointFile {
    /// The file at this path; it need not be there.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The checkpoint; none when there is none that can be read, which sends the reader to the beginning.
    pub(crate) fn read(&self) -> Option<Checkpoint> {
        serde_json::from_slice(&std::fs::read(&self.path).ok()?).ok()
    }

    /// Keeps a checkpoint. When that fails, the records since the last one come again after the next start.
    pub(crate) fn write(&self, checkpoint: &Checkpoint) {
        let written = serde_json::to_vec(checkpoint).map_err(Into::into).and_then(|json| replace(&self.path, &json));
        if let Err(error) = written {
            tracing::warn!(%error, path = %Path::display(&self.path), "the stream's checkpoint could not be written");
        }
    }
}

/// One reader of the stream's one shard.
pub(crate) struct LogStream {
    client: Client,
    arn: String,
    shard_id: String,
    iterator: String,
}

impl LogStream {
    /// Begins after the checkpoint, or at the oldest record when there is none that fits this stream.
    pub(crate) async fn open(
        dynamodb: &aws_sdk_dynamodb::Client,
        client: &Client,
        table: &str,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Self, BoxError> {
        let described = dynamodb.describe_table().table_name(table).send().await?;
        let arn = described.table.and_then(|table| table.latest_stream_arn).ok_or("the log's table has no stream")?;
        let described = client.describe_stream().stream_arn(&arn).send().await?;
        let shards = described.stream_description.and_then(|stream| stream.shards).unwrap_or_default();
        let shard = shards.into_iter().next().ok_or("the log's stream has no shard")?;
        let shard_id = shard.shard_id.ok_or("the stream's shard has no id")?;
        let last = shard.sequence_number_range.and_then(|range| range.ending_sequence_number);

        let fits = |checkpoint: &&Checkpoint| {
            checkpoint.stream_arn == arn
                && checkpoint.shard_id == shard_id
                && last.as_ref().is_some_and(|last| in_order(&checkpoint.sequence_number, last))
        };
        let request = client.get_shard_iterator().stream_arn(&arn).shard_id(&shard_id);
        let request = match checkpoint.filter(fits) {
            Some(checkpoint) => request
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .sequence_number(&checkpoint.sequence_number),
            None => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
        };
        let iterator = request.send().await?.shard_iterator.ok_or("the stream gave no iterator")?;
        Ok(Self { client: client.clone(), arn, shard_id, iterator })
    }

    /// The next records, at most `limit` of them; none when the end is reached for now.
    pub(crate) async fn read(&mut self, limit: i32) -> Result<Vec<EventRecord>, BoxError> {
        let answer = self.client.get_records().shard_iterator(&self.iterator).limit(limit).send().await?;
        self.iterator = answer.next_shard_iterator.ok_or("the stream's shard is closed")?;
        Ok(answer.records.unwrap_or_default().into_iter().map(|record| self.event_record(record)).collect())
    }

    /// The checkpoint after a record.
    pub(crate) fn checkpoint(&self, sequence_number: &str) -> Checkpoint {
        Checkpoint {
            stream_arn: self.arn.clone(),
            shard_id: self.shard_id.clone(),
            sequence_number: sequence_number.to_owned(),
        }
    }

    /// A record in the form in which Lambda gives it to a function.
    fn event_record(&self, record: Record) -> EventRecord {
        let mut event = EventRecord::default();
        event.aws_region = record.aws_region.unwrap_or_default();
        event.event_id = record.event_id.unwrap_or_default();
        event.event_name = record.event_name.map(|name| name.as_str().to_owned()).unwrap_or_default();
        event.event_source = record.event_source;
        event.event_version = record.event_version;
        event.event_source_arn = Some(self.arn.clone());
        event.user_identity = record.user_identity.map(|by| {
            let mut identity = UserIdentity::default();
            identity.type_ = by.r#type.unwrap_or_default();
            identity.principal_id = by.principal_id.unwrap_or_default();
            identity
        });
        let Some(StreamRecord {
            approximate_creation_date_time,
            keys,
            new_image,
            old_image,
            sequence_number,
            size_bytes,
            stream_view_type,
            ..
        }) = record.dynamodb
        else {
            return event;
        };
        let created = approximate_creation_date_time.and_then(|at| at.to_millis().ok());
        let created = created.and_then(chrono::DateTime::from_timestamp_millis);
        event.change.approximate_creation_date_time = created.unwrap_or_default();
        event.change.keys = keys.map(Item::from).unwrap_or_default();
        event.change.new_image = new_image.map(Item::from).unwrap_or_default();
        event.change.old_image = old_image.map(Item::from).unwrap_or_default();
        event.change.sequence_number = sequence_number;
        event.change.size_bytes = size_bytes.unwrap_or_default();
        event.change.stream_view_type =
            stream_view_type.and_then(|view| serde_json::from_value::<StreamViewType>(view.as_str().into()).ok());
        event
    }
}

/// Whether one sequence number does not come after another. They are decimal numbers of up to 40 digits.
fn in_order(one: &str, other: &str) -> bool {
    (one.len(), one) <= (other.len(), other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_back_and_a_spoilt_one_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stream-checkpoint.json");
        let file = CheckpointFile::new(path.clone());
        assert_eq!(file.read(), None);
        let checkpoint = Checkpoint {
            stream_arn: "arn:aws:dynamodb:local:0:table/WorkflowLog/stream/1".to_owned(),
            shard_id: "shardId-1".to_owned(),
            sequence_number: "100000000000000000001".to_owned(),
        };
        file.write(&checkpoint);
        assert_eq!(file.read(), Some(checkpoint));
        std::fs::write(&path, "{\"stream_arn\":").unwrap();
        assert_eq!(file.read(), None);
    }

    #[test]
    fn sequence_numbers_compare_as_numbers() {
        assert!(in_order("9", "10"));
        assert!(in_order("10", "10"));
        assert!(!in_order("11", "10"));
    }
}
