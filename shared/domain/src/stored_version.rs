//! A version of a workflow as the log keeps it.

use crate::event::WorkflowEvent;
use crate::idempotency::AcceptedRequest;

/// A version as it is stored: the event, and what is remembered of repeated requests.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredVersion {
    /// What the history shows.
    pub event: WorkflowEvent,
    /// The last accepted requests that carried a key; at most 16, oldest first.
    pub accepted: Vec<AcceptedRequest>,
}
