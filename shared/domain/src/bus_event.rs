//! An entry for the event bus, rendered from an item of the log.

use serde::Serialize;

use crate::event::WorkflowEvent;
use crate::hashing::NotCanonical;
use crate::identifiers::{EventId, Version, WorkflowKey};
use crate::overdue::{Overdue, WORKFLOW_OVERDUE};
use crate::quarantine::{QuarantineEntry, WORKFLOW_QUARANTINED, WORKFLOW_RELEASED};
use crate::refusal::{Refusal, WORKFLOW_TRANSITION_REFUSED};
use crate::sealed::ShownRef;
use crate::timestamp::Timestamp;

/// One rendered entry for the bus. It fixes the content; the adapter decides how to send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusEvent {
    /// The workflow it is about.
    pub key: WorkflowKey,
    /// The event's identity.
    pub event_id: EventId,
    /// The version that the event made; none for what makes no version: a refusal, a quarantine, a release, and
    /// the record that a workflow was overdue.
    pub version: Option<Version>,
    /// The kind of event, such as `WorkflowCreated`; each kind has a schema.
    pub detail_type: &'static str,
    /// The event as compact JSON.
    pub detail: String,
    /// When it happened.
    pub at: Timestamp,
}

/// An event that is published again carries `replay: true`.
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
            detail: serde_json::to_string(&ShownRef(refusal))?,
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
                (WORKFLOW_QUARANTINED, serde_json::to_string(&ShownRef(entry))?, entry.timestamp)
            }
            QuarantineEntry::Released(entry) => {
                (WORKFLOW_RELEASED, serde_json::to_string(&ShownRef(entry))?, entry.timestamp)
            }
        };
        Ok(Self { key: entry.key(), event_id: entry.event_id(), version: None, detail_type, detail, at })
    }

    /// Renders the record that a workflow was overdue.
    ///
    /// # Errors
    /// When it has no JSON, which a stored one always has.
    pub fn of_overdue(overdue: &Overdue) -> Result<Self, NotCanonical> {
        Ok(Self {
            key: overdue.key(),
            event_id: overdue.event_id,
            version: None,
            detail_type: WORKFLOW_OVERDUE,
            detail: serde_json::to_string(&ShownRef(overdue))?,
            at: overdue.timestamp,
        })
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
