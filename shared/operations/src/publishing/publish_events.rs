//! Publishes from the log to the bus, in order. A stream record is only a notification: the log decides what is
//! published.
//!
//! Delivery is at least once, and a workflow's events first appear on the bus in version order without gaps: the
//! publisher puts an event only after the bus accepted all earlier ones, and advances the index only after that.

use alims_domain::bus_event::BusEvent;
use alims_domain::hashing::NotCanonical;
use alims_domain::identifiers::{EventId, PrincipalId, Version, WorkflowKey};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{FoundBy, Quarantine, QuarantineEntry};
use alims_domain::stored_version::StoredVersion;
use alims_domain::witness::Testimony;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::errors::with_causes;
use crate::head::newest;
use crate::metrics;
use crate::ports::{
    Clock, DeadLetter, DeadLetters, EventBus, Ids, PublishPorts, QuarantineLog, RefusedEvent, StoreError,
    WorkflowIndex, WorkflowLog,
};
use crate::publishing::changes::{OPERATION, hold_back_changed, quarantine_changed};
use crate::publishing::cursor::{Cursor, Stop, catch_up, put_one_a_workflow};
use crate::publishing::marks::mark_all;
use crate::quarantining::quarantine;
use crate::witness::consulted;

pub use crate::publishing::batch::{Announced, FailedRecord, Image, LogChange, Published, StreamRecord};

/// The ports of the publisher.
#[derive(Clone)]
pub struct Ports<L, I, B> {
    /// Log, index and bus.
    pub publishing: PublishPorts<L, I, B>,
    /// The server's time, for a break that it finds.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids, for a break that it finds.
    pub ids: Arc<dyn Ids>,
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
    // Before anything is published: what was changed is not published as if it were new.
    let batch = quarantine_changed(&ports.publishing.log, (&ports.clock, &ports.ids), batch, &mut published).await;
    let mut notified: BTreeMap<WorkflowKey, Notifications> = BTreeMap::new();
    let (mut unordered, mut quarantined) = (Vec::new(), BTreeMap::new());
    for record in batch {
        match record {
            StreamRecord::Version { sequence_number, version } => {
                notified.entry(version.event.key()).or_default().add(sequence_number, *version);
            }
            StreamRecord::Refusal { sequence_number, refusal } => {
                unordered.push((sequence_number, refusal.key(), BusEvent::of_refusal(&refusal)));
            }
            StreamRecord::Quarantine { sequence_number, entry } => {
                if matches!(*entry, QuarantineEntry::Quarantined(_)) {
                    quarantined.insert(sequence_number.clone(), entry.key());
                }
                unordered.push((sequence_number, entry.key(), BusEvent::of_quarantine(&entry)));
            }
            StreamRecord::Overdue { sequence_number, overdue } => {
                unordered.push((sequence_number, overdue.key(), BusEvent::of_overdue(&overdue)));
            }
            // A newer release publishes it. The stream keeps the record until one runs again.
            StreamRecord::WrittenByNewerRelease { sequence_number, newer } => {
                published.failed.push(FailedRecord { sequence_number, why: newer.to_string() });
            }
            StreamRecord::Unreadable { sequence_number, key, why } => {
                published.dead.push(DeadLetter { sequence_number, key, why, refused: None });
            }
            // Changes are dealt with by now.
            StreamRecord::Changed { .. } | StreamRecord::Ignored { .. } => {}
        }
    }
    publish_versions(ports, notified, &mut published).await;
    // Before the event: a subscriber who hears of a quarantine finds it in the list.
    let unmarked = mark_all((&ports.publishing.log, &ports.publishing.index), quarantined).await;
    unordered.retain(|(sequence_number, ..)| !unmarked.contains_key(sequence_number));
    let unmarked = unmarked.into_iter().map(|(sequence_number, why)| FailedRecord { sequence_number, why });
    published.failed.extend(unmarked);
    publish_unordered(&ports.publishing.bus, unordered, &mut published).await;
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

    /// Whether a record shows a version that does not fit what was published: another one with the number of the
    /// published version, or an earlier one that was made after it. Time never decreases along a history.
    fn contradict(&self, indexed: &IndexEntry) -> bool {
        let IndexEntry { published_version, updated_at, head_hash, .. } = indexed;
        self.versions.iter().any(|(version, (_, carried))| match version.cmp(published_version) {
            Ordering::Less => carried.event.timestamp > *updated_at,
            Ordering::Equal => carried.event.hash != *head_hash,
            Ordering::Greater => false,
        })
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
    let index = match ports.publishing.index.entries(&keys).await {
        Ok(index) => index,
        Err(error) => {
            for notifications in notified.into_values() {
                fail(notifications, None, &index_unreadable(&error), published);
            }
            return;
        }
    };
    let (mut moving, mut cursors, mut doubted) = (Vec::new(), Vec::new(), Vec::new());
    for (key, notifications) in notified {
        let indexed = match index.get(&key) {
            Some(Ok(entry)) => Some(entry),
            Some(Err(newer)) => {
                fail(notifications, None, &newer.to_string(), published);
                continue;
            }
            None => None,
        };
        match indexed.filter(|entry| notifications.contradict(entry)) {
            Some(entry) => doubted.push(Doubted { key, notifications, indexed: entry.clone() }),
            None => {
                if let Some(cursor) = cursor_of(&key, &notifications, indexed) {
                    cursors.push(cursor);
                    moving.push((key, notifications));
                }
            }
        }
    }
    hold_back_changed(&ports.publishing.log, without_notification(&mut cursors, &moving)).await;
    cursors.iter().for_each(|cursor| metrics::PUBLISHER_LAG_VERSIONS.record(cursor.lag(), &[]));
    let (cursors, accepted) = catch_up(&ports.publishing, cursors).await;
    measure(ports, &cursors);
    published.accepted += accepted;
    for ((key, notifications), cursor) in moving.into_iter().zip(cursors) {
        match index.get(&key).and_then(|entry| entry.as_ref().ok()).filter(|_| cursor.contradicted) {
            Some(entry) => doubted.push(Doubted { key, notifications, indexed: entry.clone() }),
            None => conclude(&key, notifications, cursor, published),
        }
    }
    publish_doubted(ports, doubted, published).await;
}

/// The cursors that begin at a version without a notification in the batch: that one came in an earlier batch.
fn without_notification<'a>(
    cursors: &'a mut [Cursor],
    moving: &'a [(WorkflowKey, Notifications)],
) -> impl Iterator<Item = &'a mut Cursor> {
    let first = |notifications: &Notifications| notifications.versions.keys().next().copied();
    let paired = cursors.iter_mut().zip(moving);
    paired.filter(move |(cursor, (_, it))| first(it).is_some_and(|first| cursor.is_before(first))).map(|(it, _)| it)
}

/// Measures how late each workflow's events are. One value a workflow: a batch has at most 100 of them, and so many
/// values of a metric go into one line for Amazon CloudWatch.
fn measure<L, I, B>(ports: &Ports<L, I, B>, cursors: &[Cursor]) {
    let now = ports.clock.now();
    for made_at in cursors.iter().filter_map(|cursor| cursor.oldest_accepted) {
        let millis = now.unix_millis().saturating_sub(made_at.unix_millis());
        let age = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        metrics::PUBLISHER_LAG.record(age.as_secs_f64(), &[]);
    }
}

/// What became of the records of a workflow whose cursor has ended.
fn conclude(key: &WorkflowKey, notifications: Notifications, cursor: Cursor, published: &mut Published) {
    match cursor.stop {
        None => {}
        Some(Stop::Retryable(why)) => fail(notifications, cursor.checkpoint, &why, published),
        Some(Stop::Permanent(why)) => dead_letter(key, notifications, cursor.checkpoint, (&why, None), published),
        // The records of later versions too: these wait for the refused one, and the next notification tries it again.
        Some(Stop::Refused(refused, why)) => {
            let why = Stop::Refused(refused.clone(), why).to_string();
            dead_letter(key, notifications, cursor.checkpoint, (&why, Some(refused)), published);
        }
    }
}

/// A workflow whose records, or whose log, do not fit its index entry.
struct Doubted {
    key: WorkflowKey,
    notifications: Notifications,
    indexed: IndexEntry,
}

/// Compares the log with the index entry of each of these. A log that contradicts it was cut off and made anew: its
/// events would bury the hash of what was published, so the publisher records the break instead.
async fn publish_doubted<L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B: EventBus>(
    ports: &Ports<L, I, B>,
    doubted: Vec<Doubted>,
    published: &mut Published,
) {
    let (mut moving, mut cursors) = (Vec::new(), Vec::new());
    for Doubted { key, notifications, indexed } in doubted {
        let after = match settled(ports, &key, &notifications, &indexed).await {
            Ok(Settled::After(after)) => after,
            Ok(Settled::Dead(why)) => {
                dead_letter(&key, notifications, None, (&why, None), published);
                continue;
            }
            Err(error) => {
                fail(notifications, None, &format!("the log could not be read: {}", with_causes(&error)), published);
                continue;
            }
        };
        let last = notifications.versions.last_key_value().map(|(last, (_, carried))| (*last, carried.event.timestamp));
        let cursor = last.and_then(|(last, made_at)| {
            Cursor::new(key.clone(), after, last, []).map(|cursor| cursor.notified_at(made_at))
        });
        if let Some(cursor) = cursor {
            cursors.push(cursor);
            moving.push((key, notifications));
        }
    }
    hold_back_changed(&ports.publishing.log, without_notification(&mut cursors, &moving)).await;
    let (cursors, accepted) = catch_up(&ports.publishing, cursors).await;
    measure(ports, &cursors);
    published.accepted += accepted;
    for ((key, notifications), cursor) in moving.into_iter().zip(cursors) {
        conclude(&key, notifications, cursor, published);
    }
}

/// What is to be done about a doubted workflow.
enum Settled {
    /// Publish what comes after this version; everything, if there is none.
    After(Option<Version>),
    /// Its records can never be published.
    Dead(String),
}

async fn settled<L: WorkflowLog + QuarantineLog, I, B>(
    ports: &Ports<L, I, B>,
    key: &WorkflowKey,
    notifications: &Notifications,
    indexed: &IndexEntry,
) -> Result<Settled, StoreError> {
    let (log, version) = (&ports.publishing.log, indexed.published_version);
    match consulted(log, key, indexed).await? {
        // How much of the history was made anew is not known, so everything is published. A repeated event is harmless.
        Testimony::Released => Ok(Settled::After(None)),
        Testimony::Contradicts(found) => {
            let principal = PrincipalId::automatic_recovery();
            let newest = newest(log, key).await?.map(|newest| newest.met());
            let timestamp = ports.clock.now();
            let by = FoundBy { operation: OPERATION, principal, recovery_id: None, timestamp, newest };
            let entry = Quarantine::new(EventId(ports.ids.fresh()), key, &found, by);
            quarantine(log, entry).await?;
            Ok(Settled::Dead(format!("version {version} was published and is not in the log as it was: quarantined")))
        }
        // The log says what the index says, so the record shows a version that the log does not have.
        Testimony::Agrees if notifications.contradict(indexed) => {
            let record = log.quarantine(key).await?;
            let lost = |(version, (_, carried)): (&Version, &(Vec<String>, StoredVersion))| {
                record.is_in_released_loss(*version, carried.event.timestamp)
            };
            if notifications.versions.iter().filter(|(at, _)| **at <= version).all(lost) {
                Ok(Settled::After(Some(version)))
            } else {
                Ok(Settled::Dead(format!("another version {version} than this was published")))
            }
        }
        Testimony::Agrees => Ok(Settled::After(Some(version))),
    }
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
    let cursor = Cursor::new(key.clone(), published, last, [])?.notified_at(made_at);
    Some(match indexed {
        Some(indexed) => cursor.following(indexed),
        None => cursor,
    })
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
    (why, refused): (&str, Option<RefusedEvent>),
    published: &mut Published,
) {
    for sequence_number in not_reached(notifications, checkpoint) {
        let (key, why, refused) = (key.to_string(), why.to_owned(), refused.clone());
        published.dead.push(DeadLetter { sequence_number, key, why, refused });
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
                published.dead.push(DeadLetter { sequence_number, key, why, refused: None });
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
        let results = put_one_a_workflow(bus, events.clone()).await;
        for ((sequence_number, event), result) in numbers.into_iter().zip(events).zip(results) {
            let Err(why) = result else {
                published.accepted += 1;
                continue;
            };
            let stop = Stop::of(&event, why);
            let why = stop.to_string();
            match stop {
                Stop::Retryable(_) | Stop::Permanent(_) => {
                    published.failed.push(FailedRecord { sequence_number, why });
                }
                Stop::Refused(refused, _) => {
                    let key = event.key.to_string();
                    published.dead.push(DeadLetter { sequence_number, key, why, refused: Some(refused) });
                }
            }
        }
        waiting = later;
    }
}
