//! Reads the records of the log's stream.

use alims_domain::overdue::Overdue;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::refusal::Refusal;
use alims_domain::stored_version::StoredVersion;
use alims_operations::ports::NewerFormat;
use alims_operations::publish_events::{Published, StreamRecord};
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use serde_dynamo::Item;

use crate::audit::{AUDIT_PREFIX, is_audit_partition};
use crate::change::changed;
use crate::item::{
    ENTRY, Kept, OVERDUE_PREFIX, PK, QUARANTINE_PREFIX, RECOVERY_PREFIX, REFUSAL_PREFIX, Stored, VERSION_PREFIX, named,
    newer_format, text_of,
};

/// Publishes one batch of the stream, and reports the records that must be delivered again.
///
/// The stream continues from the first record that is reported as failed. A report without a sequence number makes it
/// deliver the whole batch again, which is right for a record that has none.
pub async fn publish_batch<P, F>(event: Event, publish: P) -> DynamoDbEventResponse
where
    P: FnOnce(Vec<StreamRecord>) -> F,
    F: Future<Output = Published>,
{
    let published = publish(event.records.into_iter().map(stream_record).collect()).await;
    let mut response = DynamoDbEventResponse::default();
    for failed in published.failed {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(failed.sequence_number);
        response.batch_item_failures.push(failure);
    }
    response
}

/// Turns one stream record into a notification. An unreadable record becomes a value of its own and does not block the
/// next one.
///
/// Only new items are notifications: the service never changes the log, so a record of a change comes from another
/// writer, and its content must not be published.
#[must_use]
pub fn stream_record(record: EventRecord) -> StreamRecord {
    if matches!(record.event_name.as_str(), "MODIFY" | "REMOVE") {
        return changed(record);
    }
    let change = record.change;
    // An empty identifier reports the whole batch as failed: right for a record that cannot be named.
    let sequence_number = change.sequence_number.unwrap_or_default();
    let key = named(&change.keys);
    if record.event_name != "INSERT" {
        let why = "the record does not say what became of the item".to_owned();
        return StreamRecord::Unreadable { sequence_number, key, why };
    }
    let entry = text_of(&change.keys, ENTRY).unwrap_or_default();
    let not_read = |sequence_number, why| match why {
        NotRead::NewerFormat(newer) => StreamRecord::WrittenByNewerRelease { sequence_number, newer },
        NotRead::Unreadable(why) => StreamRecord::Unreadable { sequence_number, key: key.clone(), why },
    };
    if entry.starts_with(VERSION_PREFIX) {
        match image::<StoredVersion>(&change.keys, change.new_image) {
            Ok(version) => StreamRecord::Version { sequence_number, version: Box::new(version) },
            Err(why) => not_read(sequence_number, why),
        }
    } else if entry.starts_with(REFUSAL_PREFIX) {
        match image::<Refusal>(&change.keys, change.new_image) {
            Ok(refusal) => StreamRecord::Refusal { sequence_number, refusal: Box::new(refusal) },
            Err(why) => not_read(sequence_number, why),
        }
    } else if entry.starts_with(QUARANTINE_PREFIX) {
        match image::<QuarantineEntry>(&change.keys, change.new_image) {
            Ok(entry) => StreamRecord::Quarantine { sequence_number, entry: Box::new(entry) },
            Err(why) => not_read(sequence_number, why),
        }
    } else if entry.starts_with(OVERDUE_PREFIX) {
        match image::<Overdue>(&change.keys, change.new_image) {
            Ok(overdue) => StreamRecord::Overdue { sequence_number, overdue: Box::new(overdue) },
            Err(why) => not_read(sequence_number, why),
        }
    } else if entry.starts_with(RECOVERY_PREFIX) || is_audit(&change.keys) {
        // Claims and outcomes are not events; the versions show the effect of a recovery. Nor are audit entries: an event
        // on the bus is one of a workflow.
        StreamRecord::Ignored { sequence_number }
    } else {
        let newer = newer_format(&change.new_image).map(NotRead::NewerFormat);
        let unknown = || NotRead::Unreadable("the item is of no kind that the log has".to_owned());
        not_read(sequence_number, newer.unwrap_or_else(unknown))
    }
}

/// Whether the keys are those of an audit entry.
fn is_audit(keys: &Item) -> bool {
    let is_named = text_of(keys, ENTRY).is_some_and(|entry| entry.starts_with(AUDIT_PREFIX));
    is_named && text_of(keys, PK).is_some_and(is_audit_partition)
}

/// Reads the new item, which must have the key the record is about.
fn image<T: Stored>(keys: &Item, image: Item) -> Result<T, NotRead> {
    if [PK, ENTRY].iter().any(|name| image.get(*name) != keys.get(*name)) {
        return Err(NotRead::Unreadable("the item does not have the key of its record".to_owned()));
    }
    match T::kept(image).map_err(NotRead::NewerFormat)? {
        Kept::Readable(value) => Ok(value),
        Kept::Unreadable { why, .. } => Err(NotRead::Unreadable(why)),
    }
}

/// Why an item is none that this release can make sense of.
enum NotRead {
    NewerFormat(NewerFormat),
    Unreadable(String),
}
