//! A version of a workflow as the log stores it.

use crate::event::WorkflowEvent;
use crate::idempotency::AcceptedRequest;

/// A version as stored: the event, and the remembered requests.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredVersion {
    /// The event, as the history shows it.
    pub event: WorkflowEvent,
    /// The last accepted requests that carried a key; at most 16, oldest first.
    pub accepted: Vec<AcceptedRequest>,
}
