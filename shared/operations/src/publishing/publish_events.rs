//! Publishes from the log to the bus, in order. A stream record is only a notification: the log decides what is
//! published.
//!
//! Delivery is at least once, and a workflow's events first appear on the bus in version order without gaps: the
//! publisher puts an event only after the bus accepted all earlier ones, and advances the index only after that.

use alims_domain::bus_event::BusEvent;
use alims_domain::hashing::NotCanonical;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::refusal::Refusal;
use alims_domain::stored_version::StoredVersion;
use std::collections::BTreeMap;

use crate::errors::with_causes;
use crate::ports::{
    DeadLetter, DeadLetters, EventBus, NewerFormat, QuarantineLog, StoreError, WorkflowIndex, WorkflowLog,
};
use crate::publishing::cursor::{Cursor, Stop, catch_up, put_one_a_workflow};

pub use crate::ports::PublishPorts as Ports;

/// One record of the log's stream, read.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamRecord {
    /// A new version.
    Version {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The appended version.
        version: Box<StoredVersion>,
    },
    /// A refused attempt.
    Refusal {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The recorded refusal.
        refusal: Box<Refusal>,
    },
    /// A quarantine or its release.
    Quarantine {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The recorded entry.
        entry: Box<QuarantineEntry>,
    },
    /// An item of a format that only a newer release can read.
    WrittenByNewerRelease {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The item and its format.
        newer: NewerFormat,
    },
    /// A record that should be one of these and is not.
    Unreadable {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The item's key, if it is known.
        key: String,
        /// The error.
        why: String,
    },
    /// A record that needs no work.
    Ignored {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
    },
}

impl StreamRecord {
    /// The record's sequence number.
    #[must_use]
    pub fn sequence_number(&self) -> &str {
        match self {
            Self::Version { sequence_number, .. }
            | Self::Refusal { sequence_number, .. }
            | Self::Quarantine { sequence_number, .. }
            | Self::WrittenByNewerRelease { sequence_number, .. }
            | Self::Unreadable { sequence_number, .. }
            | Self::Ignored { sequence_number } => sequence_number,
        }
    }
}

/// A record that the stream must deliver again; it may redeliver the following ones too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRecord {
    /// The record's sequence number.
    pub sequence_number: String,
    /// Why it was not published this time.
    pub why: String,
}

/// The result of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The number of events that the bus accepted, repeated ones included.
    pub accepted: u64,
    /// Records that the stream must deliver again, in batch order; nothing of them is lost.
    pub failed: Vec<FailedRecord>,
    /// New dead letters.
    pub dead: Vec<DeadLetter>,
}

/// Publishes the events that a batch of stream records announces.
///
/// It never fails as a whole: when even the index is unreadable, every record is among the failed.
pub async fn publish_events<L, I, B, D>(ports: &Ports<L, I, B>, dead_letters: &D, batch: Vec<StreamRecord>) -> Published
where
    L: WorkflowLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    D: DeadLetters,
{
    let order: Vec<String> = batch.iter().map(|record| record.sequence_number().to_owned()).collect();
    let mut published = Published::default();
    let mut notified: BTreeMap<WorkflowKey, Notifications> = BTreeMap::new();
    let mut unordered = Vec::new();
    for record in batch {
        match record {
            StreamRecord::Version { sequence_number, version } => {
                notified.entry(version.event.key()).or_default().add(sequence_number, *version);
            }
            StreamRecord::Refusal { sequence_number, refusal } => {
                unordered.push((sequence_number, refusal.key(), BusEvent::of_refusal(&refusal)));
            }
            StreamRecord::Quarantine { sequence_number, entry } => {
                unordered.push((sequence_number, entry.key(), BusEvent::of_quarantine(&entry)));
            }
            // A newer release publishes it. The stream keeps the record until one runs again.
            StreamRecord::WrittenByNewerRelease { sequence_number, newer } => {
                published.failed.push(FailedRecord { sequence_number, why: newer.to_string() });
            }
            StreamRecord::Unreadable { sequence_number, key, why } => {
                published.dead.push(DeadLetter { sequence_number, key, why });
            }
            StreamRecord::Ignored { .. } => {}
        }
    }
    publish_versions(ports, notified, &mut published).await;
    publish_unordered(&ports.bus, unordered, &mut published).await;
    keep_dead_letters(dead_letters, &mut published).await;
    let place = |failed: &FailedRecord| order.iter().position(|number| *number == failed.sequence_number);
    published.failed.sort_by_key(place);
    published
}

/// The records of one workflow in a batch.
#[derive(Default)]
struct Notifications {
    /// By version: its records and their content.
    versions: BTreeMap<Version, (Vec<String>, StoredVersion)>,
}

impl Notifications {
    fn add(&mut self, sequence_number: String, version: StoredVersion) {
        let entry = self.versions.entry(version.event.version).or_insert_with(|| (Vec::new(), version));
        entry.0.push(sequence_number);
    }
}

async fn publish_versions<L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B: EventBus>(
    ports: &Ports<L, I, B>,
    notified: BTreeMap<WorkflowKey, Notifications>,
    published: &mut Published,
) {
    if notified.is_empty() {
        return;
    }
    let keys: Vec<WorkflowKey> = notified.keys().cloned().collect();
    let index = match ports.index.entries(&keys).await {
        Ok(index) => index,
        Err(error) => {
            for notifications in notified.into_values() {
                fail(notifications, None, &index_unreadable(&error), published);
            }
            return;
        }
    };
    let mut moving = Vec::new();
    let mut cursors = Vec::new();
    for (key, notifications) in notified {
        let indexed = match index.get(&key) {
            Some(Ok(entry)) => Some(entry),
            Some(Err(newer)) => {
                fail(notifications, None, &newer.to_string(), published);
                continue;
            }
            None => None,
        };
        if let Some(why) = indexed.and_then(|entry| contradiction(&notifications, entry)) {
            dead_letter(&key, notifications, None, &why, published);
            continue;
        }
        if let Some(cursor) = cursor_of(&key, &notifications, indexed) {
            cursors.push(cursor);
            moving.push((key, notifications));
        }
    }
    let (cursors, accepted) = catch_up(ports, cursors).await;
    published.accepted += accepted;
    for ((key, notifications), cursor) in moving.into_iter().zip(cursors) {
        match cursor.stop {
            None => {}
            Some(Stop::Retryable(why)) => fail(notifications, cursor.checkpoint, &why, published),
            Some(Stop::Permanent(why)) => dead_letter(&key, notifications, cursor.checkpoint, &why, published),
        }
    }
}

/// Whether a record's version differs from the published one with the same number. Then the log lost versions and
/// continued without them, and publishing the new ones would contradict what subscribers know.
fn contradiction(notifications: &Notifications, indexed: &IndexEntry) -> Option<String> {
    let carried = &notifications.versions.get(&indexed.published_version)?.1.event;
    let contradicts = IndexEntry::from(carried) != *indexed;
    contradicts.then(|| format!("another version {} than this was published", indexed.published_version))
}

/// The events of a workflow to publish: all after the published version, up to the last one with a record. The events
/// themselves come from the log, because the content of a record may have been lost or released since.
fn cursor_of(key: &WorkflowKey, notifications: &Notifications, indexed: Option<&IndexEntry>) -> Option<Cursor> {
    let (last, (_, carried)) = notifications.versions.last_key_value()?;
    let (last, made_at) = (*last, carried.event.timestamp);
    let published = indexed.map(|entry| entry.published_version);
    if published.is_some_and(|published| published >= last) {
        return None;
    }
    Cursor::new(key.clone(), published, last, []).map(|cursor| cursor.notified_at(made_at))
}

fn index_unreadable(error: &StoreError) -> String {
    format!("the index could not be read: {}", with_causes(error))
}

/// Marks the records above the checkpoint for redelivery.
fn fail(notifications: Notifications, checkpoint: Option<Version>, why: &str, published: &mut Published) {
    for sequence_number in not_reached(notifications, checkpoint) {
        published.failed.push(FailedRecord { sequence_number, why: why.to_owned() });
    }
}

/// Makes dead letters of the records above a checkpoint that can no longer move, so that they block no others.
fn dead_letter(
    key: &WorkflowKey,
    notifications: Notifications,
    checkpoint: Option<Version>,
    why: &str,
    published: &mut Published,
) {
    for sequence_number in not_reached(notifications, checkpoint) {
        published.dead.push(DeadLetter { sequence_number, key: key.to_string(), why: why.to_owned() });
    }
}

fn not_reached(notifications: Notifications, checkpoint: Option<Version>) -> impl Iterator<Item = String> {
    let beyond = move |version: &Version| checkpoint.is_none_or(|checkpoint| *version > checkpoint);
    notifications.versions.into_iter().filter(move |(version, _)| beyond(version)).flat_map(|(_, (numbers, _))| numbers)
}

/// Stores the dead letters. When that fails, the record is redelivered.
async fn keep_dead_letters<D: DeadLetters>(dead_letters: &D, published: &mut Published) {
    for letter in std::mem::take(&mut published.dead) {
        match dead_letters.put(&letter).await {
            Ok(()) => published.dead.push(letter),
            Err(error) => published.failed.push(FailedRecord {
                sequence_number: letter.sequence_number,
                why: format!("{}; and it could not be kept as a dead letter: {}", letter.why, with_causes(&error)),
            }),
        }
    }
}

/// A stream record and its event, which has no place in the version order.
type Unordered = (String, WorkflowKey, Result<BusEvent, NotCanonical>);

async fn publish_unordered<B: EventBus>(bus: &B, records: Vec<Unordered>, published: &mut Published) {
    let mut waiting = Vec::new();
    for (sequence_number, key, event) in records {
        match event {
            Ok(event) => waiting.push((sequence_number, event)),
            Err(error) => {
                let (key, why) = (key.to_string(), error.to_string());
                published.dead.push(DeadLetter { sequence_number, key, why });
            }
        }
    }
    // One per workflow at a time, so no call carries two of the same workflow.
    while !waiting.is_empty() {
        let mut round: BTreeMap<WorkflowKey, (String, BusEvent)> = BTreeMap::new();
        let mut later = Vec::new();
        for (sequence_number, event) in waiting {
            if round.contains_key(&event.key) {
                later.push((sequence_number, event));
            } else {
                round.insert(event.key.clone(), (sequence_number, event));
            }
        }
        let (numbers, events): (Vec<String>, Vec<BusEvent>) = round.into_values().unzip();
        let results = put_one_a_workflow(bus, events).await;
        for (sequence_number, result) in numbers.into_iter().zip(results) {
            match result {
                Ok(()) => published.accepted += 1,
                Err(why) => published.failed.push(FailedRecord { sequence_number, why }),
            }
        }
        waiting = later;
    }
}
