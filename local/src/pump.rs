//! The stream pump: it delivers batches from the log's stream to the publisher, and stores its checkpoint.

use alims_operations::errors::with_causes;
use alims_operations::ports::DeadLetters;
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::DynamoDbEventResponse;
use aws_sdk_dynamodbstreams::error::BoxError;
use serde_dynamo::AttributeValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::database::{EmbeddedDatabase, LOG_TABLE};
use crate::folder::DataFolder;
use crate::mapping::{BOUNDS, EventSourceMapping, sequence_number};
use crate::stream::{Checkpoint, CheckpointFile, LogStream};

/// How soon an idle stream is polled again. A write also sends a notification.
const IDLE_FIRST: Duration = Duration::from_millis(20);
/// How long an idle stream is left alone at most.
const IDLE_MAX: Duration = Duration::from_millis(200);
/// How long to wait when the stream cannot be read.
const UNREADABLE_WAIT: Duration = Duration::from_millis(500);
/// How long the current batch may take when the pump stops. An unfinished batch is delivered again.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the pump draws from.
pub struct Source {
    /// Finds the stream of the table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Reads the stream.
    pub streams: aws_sdk_dynamodbstreams::Client,
    /// The log's table.
    pub table: String,
    /// How far this pump has come.
    pub checkpoint: CheckpointFile,
    /// Notified after every write, so that an event need not wait for the next poll.
    pub written: Arc<Notify>,
    /// Whether the records of changed and removed entries get lost.
    pub loses_changes: bool,
}

impl Source {
    /// The log's stream in this database, and the checkpoint of the data folder.
    pub(crate) fn of(
        database: &EmbeddedDatabase,
        dynamodb: aws_sdk_dynamodb::Client,
        folder: &DataFolder,
        written: Arc<Notify>,
        loses_changes: bool,
    ) -> Self {
        let streams = aws_sdk_dynamodbstreams::Client::new(&database.sdk_config());
        let checkpoint = CheckpointFile::new(folder.stream_checkpoint());
        Self { dynamodb, streams, table: LOG_TABLE.to_owned(), checkpoint, written, loses_changes }
    }
}

/// A running pump.
pub struct Pump {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Pump {
    /// Starts pumping to `function`.
    pub fn start<F, D, Called>(source: Source, function: F, dead_letters: D) -> Self
    where
        F: Fn(Event) -> Called + Send + Sync + 'static,
        Called: Future<Output = DynamoDbEventResponse> + Send + 'static,
        D: DeadLetters + 'static,
    {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let mapping = EventSourceMapping::new(function, dead_letters, BOUNDS);
        let task = tokio::spawn(async move {
            let mut checkpoint = source.checkpoint.read();
            while !stopped.is_cancelled() {
                if let Err(error) = pump(&source, &mapping, &mut checkpoint, &stopped).await {
                    tracing::warn!(error = with_causes(&*error), "the log's stream cannot be read");
                    let _ = tokio::time::timeout(UNREADABLE_WAIT, stopped.cancelled()).await;
                }
            }
        });
        Self { stop, task }
    }

    /// Finishes the current batch, or cancels it when that takes too long.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(STOP_TIMEOUT, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Pumps until the stream cannot be read or the pump is stopped.
async fn pump<F, D, Called>(
    source: &Source,
    mapping: &EventSourceMapping<F, D>,
    checkpoint: &mut Option<Checkpoint>,
    stopped: &CancellationToken,
) -> Result<(), BoxError>
where
    F: Fn(Event) -> Called,
    Called: Future<Output = DynamoDbEventResponse> + Send + 'static,
    D: DeadLetters,
{
    let mut stream = LogStream::open(&source.dynamodb, &source.streams, &source.table, checkpoint.as_ref()).await?;
    let mut idle = IDLE_FIRST;
    while !stopped.is_cancelled() {
        let records = stream.read(BOUNDS.batch_records_max).await?;
        let Some(last) = records.last().map(|last| sequence_number(last).to_owned()) else {
            tokio::select! {
                () = source.written.notified() => idle = IDLE_FIRST,
                () = tokio::time::sleep(idle) => idle = IDLE_MAX.min(idle * 2),
                () = stopped.cancelled() => {}
            }
            continue;
        };
        idle = IDLE_FIRST;
        let mut remember = |sequence_number: &str| {
            let reached = stream.checkpoint(sequence_number);
            source.checkpoint.write(&reached);
            *checkpoint = Some(reached);
        };
        let is_there = |record: &EventRecord| !(source.loses_changes && is_change(record));
        let wanted: Vec<EventRecord> = records.into_iter().filter(is_there).filter(passes_the_filter).collect();
        mapping.deliver(wanted, &mut remember).await;
        remember(&last);
    }
    Ok(())
}

/// The prefixes of the entries that are events: versions, refusals, quarantines and releases, and due dates that passed.
const EVENTS: [&str; 4] = ["v#", "r#", "q#", "d#"];

/// The mapping's filter, the same as on AWS: new entries that are events, and every change of the log.
fn passes_the_filter(record: &EventRecord) -> bool {
    let is_event = |entry: &AttributeValue| matches!(entry, AttributeValue::S(entry) if EVENTS.iter().any(|kind| entry.starts_with(kind)));
    is_change(record) || record.event_name == "INSERT" && record.change.keys.get("entry").is_some_and(is_event)
}

fn is_change(record: &EventRecord) -> bool {
    matches!(record.event_name.as_str(), "MODIFY" | "REMOVE")
}
