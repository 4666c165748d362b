//! Reads the stream's records of items that were changed or removed. The service does neither, so each is the evidence of
//! a change behind its back, also when the log looks as before again.

use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version};
use alims_domain::quarantine::BreakFound;
use alims_operations::publish_events::{Image, LogChange, StreamRecord};
use aws_lambda_events::event::dynamodb::EventRecord;
use serde_dynamo::{AttributeValue, Item};
use std::collections::HashMap;

use crate::item::{
    ENTRY, PK, QUARANTINE_PREFIX, RECOVERY_PREFIX, VERSION_PREFIX, named, stands_at, text_of, version_beside,
    version_read_from, workflow_named_by,
};
use crate::item_hash::item_hash;

/// The attribute of every entry but a recovery's that identifies its event.
const EVENT_ID: &str = "event_id";
/// The attribute of a version that holds its hash.
const HASH: &str = "hash";
/// The attribute of a refusal, and of a due date that passed, that names the version that it met.
const VERSION: &str = "version";

/// Turns a record of a changed or removed item into the evidence that it is. It reads no image, so an image can be
/// anything: unreadable, of another workflow, or of a newer format. No release changes an item.
pub(crate) fn changed(record: EventRecord) -> StreamRecord {
    let change = record.change;
    let sequence_number = change.sequence_number.unwrap_or_default();
    let (keys, before, after) = (change.keys, change.old_image, change.new_image);
    if !before.is_empty() && before == after {
        // Amazon DynamoDB writes no record of such a write, the embedded database may.
        return StreamRecord::Ignored { sequence_number };
    }
    let entry = text_of(&keys, ENTRY).unwrap_or_default();
    let content = evidence(&sequence_number, &keys, &before, &after);
    let change = LogChange {
        key: text_of(&keys, PK).and_then(workflow_named_by),
        item: named(&keys),
        found: BreakFound::new(stands_beside(entry, &before, &after), BreakKind::Changed, content),
        version: version_read_from(entry),
        before: (!before.is_empty()).then(|| image(&before)),
        after: (!after.is_empty()).then(|| image(&after)),
        by: record.user_identity.map(|identity| identity.principal_id).filter(|by| !by.is_empty()),
    };
    StreamRecord::Changed { sequence_number, change: Box::new(change) }
}

/// Identifies the change: the same record has the same hash whenever it comes, and no other record has it, so that the
/// release of one change covers no later one.
fn evidence(sequence_number: &str, keys: &Item, before: &Item, after: &Item) -> ChainHash {
    let part = |item: &Item| AttributeValue::M(item.inner().clone());
    let number = AttributeValue::S(sequence_number.to_owned());
    let parts = [("keys", part(keys)), ("before", part(before)), ("after", part(after)), ("sequence_number", number)];
    let parts: HashMap<String, AttributeValue> = parts.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    item_hash(&parts.into())
}

/// The version that the entry was made at; the first one where nothing says so.
fn stands_beside(entry: &str, before: &Item, after: &Item) -> Version {
    if entry.starts_with(VERSION_PREFIX) {
        version_read_from(entry).or_else(|| stands_at(entry)).unwrap_or(Version::FIRST)
    } else if entry.starts_with(RECOVERY_PREFIX) || entry.starts_with(QUARANTINE_PREFIX) {
        version_beside(entry)
    } else {
        version_of(before).or_else(|| version_of(after)).unwrap_or(Version::FIRST)
    }
}

fn version_of(item: &Item) -> Option<Version> {
    let Some(AttributeValue::N(number)) = item.get(VERSION) else { return None };
    number.parse().ok().and_then(|number: u64| Version::try_from(number).ok())
}

fn image(item: &Item) -> Image {
    let text = |name| text_of(item, name).map(str::to_owned);
    Image {
        content: item_hash(item),
        event_id: text(EVENT_ID).and_then(|id| EventId::try_from(id).ok()),
        hash: text(HASH).and_then(|hash| ChainHash::try_from(hash).ok()),
    }
}
