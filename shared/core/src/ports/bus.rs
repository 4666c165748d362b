//! The event bus: takes events a few at a time, each entry on its own.

use serde::Serialize;
use std::future::Future;

use crate::chain::NotCanonical;
use crate::event::WorkflowEvent;
use crate::identifiers::{EventId, Version, WorkflowKey};
use crate::ports::Cause;
use crate::quarantine::{QuarantineEntry, WORKFLOW_QUARANTINED, WORKFLOW_RELEASED};
use crate::refusal::{Refusal, WORKFLOW_TRANSITION_REFUSED};
use crate::timestamp::Timestamp;

/// One entry for the bus, rendered: what it says is fixed here, how it travels is the adapter's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusEvent {
    /// The workflow it is about.
    pub key: WorkflowKey,
    /// The event's identity.
    pub event_id: EventId,
    /// The version it made; none for what makes none: a refusal, a quarantine, a release.
    pub version: Option<Version>,
    /// The kind of event, such as `WorkflowCreated`: there is a schema for each.
    pub detail_type: &'static str,
    /// The event as compact JSON.
    pub detail: String,
    /// When it happened.
    pub at: Timestamp,
}

/// An event that is published again says so.
#[derive(Serialize)]
struct Replayed<'a> {
    #[serde(flatten)]
    event: &'a WorkflowEvent,
    replay: bool,
}

impl BusEvent {
    /// Renders a version's event.
    ///
    /// # Errors
    /// When it has no JSON, which a stored version always has.
    pub fn of_version(event: &WorkflowEvent) -> Result<Self, NotCanonical> {
        Self::render(event, serde_json::to_string(event)?)
    }

    /// Renders a version's event, marked `replay: true`.
    ///
    /// # Errors
    /// When it has no JSON, which a stored version always has.
    pub fn of_replayed_version(event: &WorkflowEvent) -> Result<Self, NotCanonical> {
        Self::render(event, serde_json::to_string(&Replayed { event, replay: true })?)
    }

    /// Renders a refusal.
    ///
    /// # Errors
    /// When it has no JSON, which a stored refusal always has.
    pub fn of_refusal(refusal: &Refusal) -> Result<Self, NotCanonical> {
        Ok(Self {
            key: refusal.key(),
            event_id: refusal.event_id,
            version: None,
            detail_type: WORKFLOW_TRANSITION_REFUSED,
            detail: serde_json::to_string(refusal)?,
            at: refusal.timestamp,
        })
    }

    /// Renders a quarantine or its release.
    ///
    /// # Errors
    /// When it has no JSON, which a stored one always has.
    pub fn of_quarantine(entry: &QuarantineEntry) -> Result<Self, NotCanonical> {
        let (detail_type, detail, at) = match entry {
            QuarantineEntry::Quarantined(entry) => {
                (WORKFLOW_QUARANTINED, serde_json::to_string(entry)?, entry.timestamp)
            }
            QuarantineEntry::Released(entry) => (WORKFLOW_RELEASED, serde_json::to_string(entry)?, entry.timestamp),
        };
        Ok(Self { key: entry.key(), event_id: entry.event_id(), version: None, detail_type, detail, at })
    }

    fn render(event: &WorkflowEvent, detail: String) -> Result<Self, NotCanonical> {
        Ok(Self {
            key: event.key(),
            event_id: event.event_id,
            version: Some(event.version),
            detail_type: event.event_type.as_str(),
            detail,
            at: event.timestamp,
        })
    }
}

/// The bus did not take one entry; others of the same call it may have taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus did not accept the entry: {0}")]
pub struct EntryRefused(pub String);

/// The call failed as a whole. Its entries may or may not have been accepted.
#[derive(Debug, thiserror::Error)]
#[error("the event bus is unavailable")]
pub struct BusError(#[source] pub Cause);

/// Takes events to whoever listens, at least once.
pub trait EventBus: Send + Sync {
    /// Puts the entries of one call: at most 10, together at most 256 KiB, at most one a workflow.
    ///
    /// An adapter MUST return one result an entry, in the order of the entries, and MUST NOT answer `Ok` for an
    /// entry that the bus did not confirm. An entry that the bus refuses MUST NOT keep it from taking the others. A
    /// call that failed, or whose answer was lost, MUST be an error: it says of no entry whether the bus took it. The
    /// bus MUST take the same entry again. For no entries an adapter MUST return no results, without a call.
    fn put(&self, entries: &[BusEvent])
    -> impl Future<Output = Result<Vec<Result<(), EntryRefused>>, BusError>> + Send;
}

/// A stream record that will never be published, with all that is known of it, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The record's place in the stream.
    pub sequence_number: String,
    /// The item's key, as far as it can be told.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

/// Keeps what cannot be published, so that it blocks nobody and is not lost.
pub trait DeadLetters: Send + Sync {
    /// Keeps one. An adapter MUST NOT answer `Ok` before it is kept for good, and MUST keep every member of it whole.
    /// Keeping one MUST NOT remove another.
    fn put(&self, letter: &DeadLetter) -> impl Future<Output = Result<(), BusError>> + Send;
}
