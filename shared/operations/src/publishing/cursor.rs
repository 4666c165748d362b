//! Brings workflows up to date on the bus: in strict order within one, concurrently across many.
//!
//! Publishing, recovery and replay all use this module.

use alims_domain::bus_event::BusEvent;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::hashing::{ChainHash, NotCanonical};
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::limits::{
    BUS_CALL_BYTES_MAX, BUS_CALL_ENTRIES_MAX, BUS_ENTRY_OVERHEAD_BYTES, PUBLISHER_CONCURRENCY_MAX, WALK_ITEMS_MAX,
};
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::fmt;

use crate::chain_walk::identified;
use crate::errors::with_causes;
use crate::metrics;
use crate::ports::{
    Advanced, EntryRefused, EventBus, LogError, PublishPorts, QuarantineLog, RefusedEvent, RefusedForGood, StoreError,
    WorkflowIndex, WorkflowLog,
};

/// Why publication of a workflow stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A retry may succeed.
    Retryable(String),
    /// A retry will not succeed: the version is missing from the log or unreadable.
    Permanent(String),
    /// The bus never accepts this event as it is. The events after it wait for it, so that no subscriber meets a gap;
    /// the index stays before it, and says so.
    Refused(RefusedEvent, RefusedForGood),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retryable(why) | Self::Permanent(why) => f.write_str(why),
            Self::Refused(RefusedEvent { version: Some(version), .. }, why) => {
                write!(f, "the bus refuses version {version} for good: {why}")
            }
            Self::Refused(RefusedEvent { version: None, .. }, why) => {
                write!(f, "the bus refuses the event for good: {why}")
            }
        }
    }
}

impl Stop {
    /// Why the bus did not take this event.
    pub(crate) fn of(event: &BusEvent, why: NotTaken) -> Self {
        match why {
            NotTaken::ForNow(why) => Self::Retryable(why),
            NotTaken::ForGood(why) => {
                let (event_id, version, code) = (event.event_id, event.version, why.code.clone());
                Self::Refused(RefusedEvent { event_id, version, code }, why)
            }
        }
    }
}

/// Why the bus did not confirm an event.
#[derive(Clone, Debug)]
pub(crate) enum NotTaken {
    ForNow(String),
    ForGood(RefusedForGood),
}

/// The publication of one workflow, from its published version to a target version.
#[derive(Debug)]
pub(crate) struct Cursor {
    key: WorkflowKey,
    /// The next version to put; none after the last possible one.
    next: Option<Version>,
    /// The target version.
    last: Version,
    /// Events in memory, by version; the log supplies the others.
    at_hand: BTreeMap<Version, WorkflowEvent>,
    /// The last event that the bus accepted and the index does not show yet.
    accepted: Option<WorkflowEvent>,
    /// Whether this is a replay: the events are already on the bus and in the index.
    replaying: bool,
    /// The version that both bus and index have reached; for a replay, the version that the bus has received again.
    pub checkpoint: Option<Version>,
    /// The labels that every version has had since the entry that it began from; none when it read no entry.
    kept: Labels,
    /// Why it stopped; none while it runs, and none when it reached its target.
    pub stop: Option<Stop>,
    /// When the target version was made, if a notification said so.
    last_made_at: Option<Timestamp>,
    /// The hash that the index entry keeps of the published version: the first event must follow from it.
    follows: Option<ChainHash>,
    /// Whether it stopped because the first event does not follow from that version.
    pub contradicted: bool,
    /// The first version that is held back, because it was changed or removed before it was published.
    held_back_from: Option<Version>,
    /// When the first event that the bus took was made.
    pub oldest_accepted: Option<Timestamp>,
}

impl Cursor {
    /// The publication of a workflow after `published` up to `last`. None when there is nothing to publish.
    pub(crate) fn new(
        key: WorkflowKey,
        published: Option<Version>,
        last: Version,
        at_hand: impl IntoIterator<Item = WorkflowEvent>,
    ) -> Option<Self> {
        let next = published.map_or(Some(Version::FIRST), Version::next).filter(|next| *next <= last)?;
        let at_hand = at_hand.into_iter().map(|event| (event.version, event)).collect();
        Some(Self {
            key,
            next: Some(next),
            last,
            at_hand,
            accepted: None,
            replaying: false,
            checkpoint: published,
            kept: Labels::default(),
            stop: None,
            last_made_at: None,
            follows: None,
            contradicted: false,
            held_back_from: None,
            oldest_accepted: None,
        })
    }

    /// The replay of a workflow's published events from `from` to `last`. It leaves the index unchanged, because the
    /// index already shows them.
    pub(crate) fn replaying(
        key: WorkflowKey,
        from: Version,
        last: Version,
        at_hand: impl IntoIterator<Item = WorkflowEvent>,
    ) -> Self {
        let at_hand = at_hand.into_iter().map(|event| (event.version, event)).collect();
        Self {
            key,
            next: Some(from),
            last,
            at_hand,
            accepted: None,
            replaying: true,
            checkpoint: None,
            kept: Labels::default(),
            stop: None,
            last_made_at: None,
            follows: None,
            contradicted: false,
            held_back_from: None,
            oldest_accepted: None,
        }
    }

    /// The same, for a notification of a version made at this instant.
    pub(crate) fn notified_at(self, made_at: Timestamp) -> Self {
        Self { last_made_at: Some(made_at), ..self }
    }

    /// The same, but it begins from this entry, and stops when its first event does not follow from the published version.
    pub(crate) fn following(self, indexed: &IndexEntry) -> Self {
        Self { follows: Some(indexed.head_hash.clone()), kept: indexed.labels.clone(), ..self }
    }

    /// Whether it begins before this version.
    pub(crate) fn is_before(&self, version: Version) -> bool {
        self.next.is_some_and(|next| next < version)
    }

    /// Whether it begins after this version.
    pub(crate) fn is_after(&self, version: Version) -> bool {
        self.next.is_none_or(|next| next > version)
    }

    pub(crate) fn key(&self) -> &WorkflowKey {
        &self.key
    }

    /// Makes it stop before this version.
    pub(crate) fn hold_back_from(&mut self, version: Option<Version>) {
        self.held_back_from = version;
    }

    /// How many versions it has yet to publish.
    pub(crate) fn lag(&self) -> f64 {
        let left = self.next.map_or(0, |next| (self.last.get() + 1).saturating_sub(next.get()));
        u32::try_from(left).map_or(f64::from(u32::MAX), f64::from)
    }

    fn awaited(&self) -> Option<Version> {
        self.unfinished().filter(|next| self.held_back_from.is_none_or(|from| *next < from))
    }

    fn unfinished(&self) -> Option<Version> {
        self.next.filter(|next| *next <= self.last && self.stop.is_none())
    }

    /// Says why it did not go on, when the next version is held back.
    fn stop_if_held_back(&mut self) {
        if let (Some(_), Some(from)) = (self.unfinished(), self.held_back_from) {
            self.stop = Some(Stop::Permanent(held_back(from)));
        }
    }

    fn lacks(&self) -> Option<Version> {
        self.awaited().filter(|next| !self.at_hand.contains_key(next))
    }

    /// How many versions are left, this one included; at most the size of one read.
    fn left_from(&self, from: Version) -> usize {
        let left = (self.last.get() + 1).saturating_sub(from.get());
        usize::try_from(left).unwrap_or(WALK_ITEMS_MAX).min(WALK_ITEMS_MAX)
    }

    /// Takes the next event from memory, if it is there and follows.
    fn take(&mut self) -> Option<WorkflowEvent> {
        let event = self.awaited().and_then(|next| self.at_hand.remove(&next))?;
        let resumed = event.resumes.as_ref().map(|resumes| resumes.from_version);
        let continues = self.checkpoint == resumed.or_else(|| event.version.previous());
        if self.follows.take().is_some_and(|hash| continues && event.previous_hash != hash) {
            self.stop =
                Some(Stop::Permanent(format!("version {} does not follow from the published one", event.version)));
            self.contradicted = true;
            return None;
        }
        Some(event)
    }

    fn render(&self, event: &WorkflowEvent) -> Result<BusEvent, NotCanonical> {
        if self.replaying { BusEvent::of_replayed_version(event) } else { BusEvent::of_version(event) }
    }

    fn was_accepted(&mut self, event: WorkflowEvent) {
        self.next = event.version.next();
        self.oldest_accepted.get_or_insert(event.timestamp);
        if self.replaying {
            self.checkpoint = Some(event.version);
        } else {
            self.kept = self.kept.shared_with(&event.labels);
            self.accepted = Some(event);
        }
    }
}

/// Why versions from this one on are not published.
pub(crate) fn held_back(from: Version) -> String {
    format!("version {from} was changed or removed before this could be published: quarantined")
}

/// Puts all events that the cursors still need on the bus, and advances the index for newly published ones.
///
/// Returns the cursors in their order, each complete or stopped, and the number of events that the bus accepted.
pub(crate) async fn catch_up<L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B: EventBus>(
    ports: &PublishPorts<L, I, B>,
    mut cursors: Vec<Cursor>,
) -> (Vec<Cursor>, u64) {
    let mut accepted = 0;
    loop {
        fill(ports, &mut cursors).await;
        let mut round = Vec::new();
        for (cursor, at) in cursors.iter_mut().zip(0_usize..) {
            let Some(event) = cursor.take() else { continue };
            match cursor.render(&event) {
                Ok(entry) => round.push((at, event, entry)),
                Err(error) => cursor.stop = Some(Stop::Permanent(error.to_string())),
            }
        }
        if round.is_empty() {
            break;
        }
        let entries = round.iter().map(|(_, _, entry)| entry.clone()).collect();
        let results = put_one_a_workflow(&ports.bus, entries).await;
        for ((at, event, entry), result) in round.into_iter().zip(results) {
            let Some(cursor) = cursors.get_mut(at) else { continue };
            match result {
                Ok(()) => {
                    accepted += 1;
                    cursor.was_accepted(event);
                }
                Err(why) => cursor.stop = Some(Stop::of(&entry, why)),
            }
        }
    }
    advance(&ports.index, cursors.iter_mut().collect()).await;
    cursors.iter_mut().for_each(Cursor::stop_if_held_back);
    (cursors, accepted)
}

/// Gives every cursor that lacks its next event the following ones from the log. It advances the index first, so an
/// interrupted workflow with many events need not start over.
async fn fill<L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B>(
    ports: &PublishPorts<L, I, B>,
    cursors: &mut [Cursor],
) {
    let lacking: Vec<&mut Cursor> = cursors.iter_mut().filter(|cursor| cursor.lacks().is_some()).collect();
    advance(&ports.index, lacking).await;
    stream::iter(cursors.iter_mut().filter(|cursor| cursor.lacks().is_some()))
        .for_each_concurrent(PUBLISHER_CONCURRENCY_MAX, async |cursor| {
            while let Some(from) = cursor.lacks() {
                if let Err(error) = fetch(&ports.log, cursor, from).await {
                    cursor.stop = Some(Stop::Retryable(format!("the log could not be read: {}", with_causes(&error))));
                }
            }
        })
        .await;
}

/// Gives a cursor its versions from the missing one on. When that version is not available, the cursor stops; when a
/// person has released the break, it continues at the next version that may exist, or is complete if there is none.
async fn fetch<L: WorkflowLog + QuarantineLog>(log: &L, cursor: &mut Cursor, from: Version) -> Result<(), StoreError> {
    let (fault, why, next) = match log.versions(&cursor.key, from, cursor.left_from(from)).await {
        Ok(versions) => {
            let first = versions.first().map(|stored| stored.event.version);
            cursor.at_hand.extend(versions.into_iter().map(|stored| (stored.event.version, stored.event)));
            if first == Some(from) {
                return Ok(());
            }
            (BreakKind::Missing, format!("version {from} is not in the log"), first)
        }
        Err(LogError::Unreadable { version, .. }) if version > from => {
            (BreakKind::Missing, format!("version {from} is not in the log"), Some(version))
        }
        Err(error @ LogError::Unreadable { .. }) => (BreakKind::Unreadable, error.to_string(), from.next()),
        Err(LogError::Store(error)) => return Err(error),
    };
    let found = identified(log, &cursor.key, &Break { at: from, fault }).await?;
    let quarantine = log.quarantine(&cursor.key).await?;
    if quarantine.is_released(&found) {
        // The version that is passed over may have been published without these labels before it broke.
        cursor.kept = Labels::default();
        cursor.next = next.filter(|next| *next > from).or_else(|| cursor.last.next());
    } else if fault == BreakKind::Missing
        && next.is_none()
        && cursor.last_made_at.is_some_and(|made_at| quarantine.is_in_released_loss(from, made_at))
    {
        // The version of this notification was lost since. The version made in its place has its own notification.
        cursor.next = None;
    } else {
        cursor.stop = Some(Stop::Permanent(why));
    }
    Ok(())
}

/// Advances the index to the position of each cursor.
async fn advance<I: WorkflowIndex>(index: &I, cursors: Vec<&mut Cursor>) {
    stream::iter(cursors)
        .for_each_concurrent(PUBLISHER_CONCURRENCY_MAX, async |cursor| {
            let Some(event) = cursor.accepted.take() else { return };
            match index.advance_keeping(&IndexEntry::from(&event), &cursor.kept).await {
                Ok(advanced) => {
                    cursor.checkpoint = Some(event.version);
                    // The entry of another publisher may have had other labels since, and their hints may be gone.
                    cursor.kept = match advanced {
                        Advanced::Yes => event.labels,
                        Advanced::AlreadyThere => Labels::default(),
                    };
                }
                Err(error) => {
                    cursor.stop =
                        Some(Stop::Retryable(format!("the index could not be advanced: {}", with_causes(&error))))
                }
            }
        })
        .await;
}

/// Puts events of different workflows, in as many calls as their number and size need. One result per event, in order.
pub(crate) async fn put_one_a_workflow<B: EventBus>(bus: &B, events: Vec<BusEvent>) -> Vec<Result<(), NotTaken>> {
    let calls = into_calls(events);
    let results: Vec<Result<(), NotTaken>> = stream::iter(calls)
        .map(async |call| match bus.put(&call).await {
            Ok(results) if results.len() == call.len() => {
                results.into_iter().map(|result| result.map_err(not_taken)).collect()
            }
            Ok(_) => vec![Err(NotTaken::ForNow("the bus did not answer for every entry".to_owned())); call.len()],
            Err(error) => vec![Err(NotTaken::ForNow(with_causes(&error))); call.len()],
        })
        .buffered(PUBLISHER_CONCURRENCY_MAX)
        .collect::<Vec<Vec<_>>>()
        .await
        .concat();
    let accepted = results.iter().filter(|result| result.is_ok()).count();
    metrics::EVENTS_PUBLISHED.add(u64::try_from(accepted).unwrap_or(u64::MAX), &[]);
    results
}

fn not_taken(refused: EntryRefused) -> NotTaken {
    match refused {
        EntryRefused::ForNow(_) => NotTaken::ForNow(refused.to_string()),
        EntryRefused::ForGood(why) => {
            metrics::EVENTS_REFUSED.add(1, &[]);
            NotTaken::ForGood(why)
        }
    }
}

fn into_calls(events: Vec<BusEvent>) -> Vec<Vec<BusEvent>> {
    let mut calls = Vec::new();
    let mut call = Vec::new();
    let mut bytes = 0;
    for event in events {
        let weight = event.detail.len() + BUS_ENTRY_OVERHEAD_BYTES;
        if !call.is_empty() && (call.len() == BUS_CALL_ENTRIES_MAX || bytes + weight > BUS_CALL_BYTES_MAX) {
            calls.push(std::mem::take(&mut call));
            bytes = 0;
        }
        bytes += weight;
        call.push(event);
    }
    if !call.is_empty() {
        calls.push(call);
    }
    calls
}
