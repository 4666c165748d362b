//! From the log to the bus, in order. A stream record is only a doorbell: what is published follows from the log.
//!
//! At least once, and the first appearances of a workflow's events on the bus are in version order without gaps: an
//! event is put only after all before it were accepted, and the index advances only after that.

use std::collections::BTreeMap;

use crate::ports::{
    DeadLetter, DeadLetters, EventBus, NewerFormat, Publishing, QuarantineLog, StoreError, WorkflowIndex, WorkflowLog,
};
use crate::publishing::cursor::{Lane, Stop, catch_up, chain_of, put_one_a_workflow};
use alims_domain::bus_event::BusEvent;
use alims_domain::hashing::NotCanonical;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::refusal::Refusal;
use alims_domain::stored_version::StoredVersion;

/// One record of the log's stream, read.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamRecord {
    /// A new version.
    Version {
        /// The record's place in the stream, the stream's own text.
        sequence_number: String,
        /// What was appended.
        version: Box<StoredVersion>,
    },
    /// A refused attempt.
    Refusal {
        /// The record's place in the stream, the stream's own text.
        sequence_number: String,
        /// What was recorded.
        refusal: Box<Refusal>,
    },
    /// A quarantine or its release.
    Quarantine {
        /// The record's place in the stream, the stream's own text.
        sequence_number: String,
        /// What was recorded.
        entry: Box<QuarantineEntry>,
    },
    /// An item of a format that only a newer release can read.
    WrittenByNewerRelease {
        /// The record's place in the stream, the stream's own text.
        sequence_number: String,
        /// Which item, and which format.
        newer: NewerFormat,
    },
    /// A record that is none of these, though it should be one.
    Unreadable {
        /// The record's place in the stream, the stream's own text.
        sequence_number: String,
        /// The item's key, as far as it can be told.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// A record that asks for nothing.
    Ignored {
        /// The record's place in the stream, the stream's own text.
        sequence_number: String,
    },
}

impl StreamRecord {
    /// The record's place in the stream.
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

/// A record to be handed over again: what follows it in the stream may come again too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRecord {
    /// The record's place in the stream.
    pub sequence_number: String,
    /// Why it was not published this time.
    pub why: String,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// How many events the bus accepted; a repeated one counts.
    pub accepted: u64,
    /// Records to be handed over again, in the order of the batch; nothing of them is lost.
    pub failed: Vec<FailedRecord>,
    /// Records that were put aside as dead letters.
    pub dead: Vec<DeadLetter>,
}

/// Publishes what a batch of stream records rings for.
///
/// Never fails as a whole: when not even the index can be read, every record is among the failed.
pub async fn publish_events<L, I, B, D>(
    ports: &Publishing<L, I, B>,
    dead_letters: &D,
    batch: Vec<StreamRecord>,
) -> Published
where
    L: WorkflowLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    D: DeadLetters,
{
    let order: Vec<String> = batch.iter().map(|record| record.sequence_number().to_owned()).collect();
    let mut published = Published::default();
    let mut doorbells: BTreeMap<WorkflowKey, Doorbell> = BTreeMap::new();
    let mut unordered = Vec::new();
    for record in batch {
        match record {
            StreamRecord::Version { sequence_number, version } => {
                doorbells.entry(version.event.key()).or_default().ring(sequence_number, *version);
            }
            StreamRecord::Refusal { sequence_number, refusal } => {
                unordered.push((sequence_number, refusal.key(), BusEvent::of_refusal(&refusal)));
            }
            StreamRecord::Quarantine { sequence_number, entry } => {
                unordered.push((sequence_number, entry.key(), BusEvent::of_quarantine(&entry)));
            }
            // A newer release publishes it. Until one runs again, the stream keeps the record.
            StreamRecord::WrittenByNewerRelease { sequence_number, newer } => {
                published.failed.push(FailedRecord { sequence_number, why: newer.to_string() });
            }
            StreamRecord::Unreadable { sequence_number, key, why } => {
                published.dead.push(DeadLetter { sequence_number, key, why });
            }
            StreamRecord::Ignored { .. } => {}
        }
    }
    publish_versions(ports, doorbells, &mut published).await;
    publish_unordered(&ports.bus, unordered, &mut published).await;
    put_aside(dead_letters, &mut published).await;
    let place = |failed: &FailedRecord| order.iter().position(|number| *number == failed.sequence_number);
    published.failed.sort_by_key(place);
    published
}

/// What a batch says of one workflow.
#[derive(Default)]
struct Doorbell {
    /// By version: the records that rang for it, and what they carried.
    rung: BTreeMap<Version, (Vec<String>, StoredVersion)>,
}

impl Doorbell {
    fn ring(&mut self, sequence_number: String, version: StoredVersion) {
        let entry = self.rung.entry(version.event.version).or_insert_with(|| (Vec::new(), version));
        entry.0.push(sequence_number);
    }
}

async fn publish_versions<L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B: EventBus>(
    ports: &Publishing<L, I, B>,
    doorbells: BTreeMap<WorkflowKey, Doorbell>,
    published: &mut Published,
) {
    if doorbells.is_empty() {
        return;
    }
    let keys: Vec<WorkflowKey> = doorbells.keys().cloned().collect();
    let index = match ports.index.entries(&keys).await {
        Ok(index) => index,
        Err(error) => {
            for doorbell in doorbells.into_values() {
                fail(doorbell, None, &index_unreadable(&error), published);
            }
            return;
        }
    };
    let mut rung = Vec::new();
    let mut lanes = Vec::new();
    for (key, doorbell) in doorbells {
        let indexed = match index.get(&key) {
            Some(Ok(entry)) => Some(entry),
            Some(Err(newer)) => {
                fail(doorbell, None, &newer.to_string(), published);
                continue;
            }
            None => None,
        };
        if let Some(why) = indexed.and_then(|entry| contradiction(&doorbell, entry)) {
            bury(&key, doorbell, None, &why, published);
            continue;
        }
        if let Some(lane) = lane(&key, &doorbell, indexed) {
            lanes.push(lane);
            rung.push((key, doorbell));
        }
    }
    let (lanes, accepted) = catch_up(ports, lanes).await;
    published.accepted += accepted;
    for ((key, doorbell), lane) in rung.into_iter().zip(lanes) {
        match lane.stop {
            None => {}
            Some(Stop::Later(why)) => fail(doorbell, lane.checkpoint, &why, published),
            Some(Stop::Never(why)) => bury(&key, doorbell, lane.checkpoint, &why, published),
        }
    }
}

/// Whether what rang is another version than the one that was published under its number: then the log lost versions
/// and went on without them, and putting the new ones on the bus would contradict what subscribers know.
fn contradiction(doorbell: &Doorbell, indexed: &IndexEntry) -> Option<String> {
    let rung = &doorbell.rung.get(&indexed.published_version)?.1.event;
    let contradicts = IndexEntry::from(rung) != *indexed;
    contradicts.then(|| format!("another version {} than this was published", indexed.published_version))
}

/// What is to be published of a workflow: all after the published version, up to the last that was rung for. The events
/// themselves come from the log: what a record carries may be lost or released by now.
fn lane(key: &WorkflowKey, doorbell: &Doorbell, indexed: Option<&IndexEntry>) -> Option<Lane> {
    let (last, (_, rung)) = doorbell.rung.last_key_value()?;
    let (last, made_at) = (*last, rung.event.timestamp);
    let published = indexed.map(|entry| entry.published_version);
    if published.is_some_and(|published| published >= last) {
        return None;
    }
    Lane::new(key.clone(), published, last, []).map(|lane| lane.rung_for(made_at))
}

fn index_unreadable(error: &StoreError) -> String {
    format!("the index could not be read: {}", chain_of(error))
}

/// The records of what the checkpoint has not reached are to come again.
fn fail(doorbell: Doorbell, checkpoint: Option<Version>, why: &str, published: &mut Published) {
    for sequence_number in not_reached(doorbell, checkpoint) {
        published.failed.push(FailedRecord { sequence_number, why: why.to_owned() });
    }
}

/// The records of what the checkpoint can never reach are put aside, so that they block nobody.
fn bury(key: &WorkflowKey, doorbell: Doorbell, checkpoint: Option<Version>, why: &str, published: &mut Published) {
    for sequence_number in not_reached(doorbell, checkpoint) {
        published.dead.push(DeadLetter { sequence_number, key: key.to_string(), why: why.to_owned() });
    }
}

fn not_reached(doorbell: Doorbell, checkpoint: Option<Version>) -> impl Iterator<Item = String> {
    let beyond = move |version: &Version| checkpoint.is_none_or(|checkpoint| *version > checkpoint);
    doorbell.rung.into_iter().filter(move |(version, _)| beyond(version)).flat_map(|(_, (numbers, _))| numbers)
}

/// A dead letter that could not be put aside is not dead yet: its record is to come again.
async fn put_aside<D: DeadLetters>(dead_letters: &D, published: &mut Published) {
    for letter in std::mem::take(&mut published.dead) {
        match dead_letters.put(&letter).await {
            Ok(()) => published.dead.push(letter),
            Err(error) => published.failed.push(FailedRecord {
                sequence_number: letter.sequence_number,
                why: format!("{}; and it could not be put aside: {}", letter.why, chain_of(&error)),
            }),
        }
    }
}

/// A record of the stream and the event it asks for, which stands in no order.
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
    // One of each workflow at a time, so that no call carries two of one.
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
