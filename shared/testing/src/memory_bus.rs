//! The event bus in memory, and the dead-letter store.

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::EventId;
use alims_domain::limits::{BUS_CALL_BYTES_MAX, BUS_CALL_ENTRIES_MAX, BUS_ENTRY_OVERHEAD_BYTES};
use alims_operations::ports::{BusError, DeadLetter, DeadLetters, EntryRefused, EventBus, RefusedForGood};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

/// How the bus treats a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextPut {
    /// Accepts every entry.
    Accept,
    /// Accepts every entry except those at these positions, counted from 0.
    RefuseEntries(Vec<usize>),
    /// Accepts every entry except those at these positions, which it never accepts.
    RefuseForGood(Vec<usize>),
    /// Fails, having taken nothing.
    FailBeforeEffect,
    /// Fails, having taken everything: the answer is lost.
    FailAfterEffect,
}

/// A bus that keeps its events. Clones share its events and its script.
///
/// It fails a test that puts more into a call than a call may hold.
#[derive(Clone, Debug, Default)]
pub struct MemoryBus(Arc<Mutex<Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    calls: Vec<Vec<BusEvent>>,
    accepted: Vec<BusEvent>,
    script: VecDeque<NextPut>,
    /// Events that it never accepts.
    unwanted: BTreeSet<EventId>,
}

impl MemoryBus {
    /// Never accepts the event with this id from here on.
    pub fn never_accepts(&self, event_id: EventId) {
        self.0.lock().unwrap().unwanted.insert(event_id);
    }

    /// Accepts every event again, as a bus does whose limit was raised.
    pub fn accepts_all(&self) {
        self.0.lock().unwrap().unwanted.clear();
    }

    /// Scripts the next unscripted call; after the last scripted one the bus accepts everything again.
    pub fn then(&self, next: NextPut) {
        self.0.lock().unwrap().script.push_back(next);
    }

    /// Every call so far, accepted or not.
    #[must_use]
    pub fn calls(&self) -> Vec<Vec<BusEvent>> {
        self.0.lock().unwrap().calls.clone()
    }

    /// Every event that is on the bus, in the order of its appearance, repetitions included.
    #[must_use]
    pub fn accepted(&self) -> Vec<BusEvent> {
        self.0.lock().unwrap().accepted.clone()
    }
}

fn hold_to_limits(entries: &[BusEvent]) {
    assert!(entries.len() <= BUS_CALL_ENTRIES_MAX, "{} entries in one call", entries.len());
    let bytes: usize = entries.iter().map(|entry| entry.detail.len() + BUS_ENTRY_OVERHEAD_BYTES).sum();
    assert!(bytes <= BUS_CALL_BYTES_MAX, "{bytes} bytes in one call");
    let versions: Vec<_> = entries.iter().filter(|entry| entry.version.is_some()).map(|entry| &entry.key).collect();
    let workflows: BTreeSet<_> = versions.iter().collect();
    assert_eq!(workflows.len(), versions.len(), "two events of one workflow in one call");
}

impl EventBus for MemoryBus {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        hold_to_limits(entries);
        let mut bus = self.0.lock().unwrap();
        bus.calls.push(entries.to_vec());
        let next = bus.script.pop_front().unwrap_or(NextPut::Accept);
        let refused = match &next {
            NextPut::FailBeforeEffect => return Err(BusError("the bus is down on purpose".into())),
            NextPut::RefuseEntries(places) | NextPut::RefuseForGood(places) => places.clone(),
            NextPut::Accept | NextPut::FailAfterEffect => Vec::new(),
        };
        let mut results = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            let for_good = matches!(next, NextPut::RefuseForGood(_)) && refused.contains(&place);
            if for_good || bus.unwanted.contains(&entry.event_id) {
                results.push(Err(EntryRefused::ForGood(refused_on_purpose())));
            } else if refused.contains(&place) {
                results.push(Err(EntryRefused::ForNow("refused on purpose".to_owned())));
            } else {
                bus.accepted.push(entry.clone());
                results.push(Ok(()));
            }
        }
        if next == NextPut::FailAfterEffect {
            Err(BusError("the answer is lost on purpose".into()))
        } else {
            Ok(results)
        }
    }
}

fn refused_on_purpose() -> RefusedForGood {
    RefusedForGood { code: "MalformedDetail".to_owned(), message: "refused on purpose".to_owned() }
}

/// Dead letters, kept as long as the clones last, which share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryDeadLetters(Arc<Mutex<Vec<DeadLetter>>>);

impl MemoryDeadLetters {
    /// Every letter, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<DeadLetter> {
        self.0.lock().unwrap().clone()
    }
}

impl DeadLetters for MemoryDeadLetters {
    async fn put(&self, letter: &DeadLetter) -> Result<(), BusError> {
        self.0.lock().unwrap().push(letter.clone());
        Ok(())
    }
}
