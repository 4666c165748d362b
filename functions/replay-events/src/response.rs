//! The result of a replay.

use alims_domain::identifiers::{Version, WorkflowId};
use alims_operations::replay_events::Replay;
use serde::Serialize;

/// The events that a replay sent to the bus again, each marked `replay: true`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayReport {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The first version that was sent.
    pub from_version: Version,
    /// The last version that was sent.
    pub to_version: Version,
    /// The number of events.
    pub events_published: u64,
    /// The version to continue from with another request; absent when the replay is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_version: Option<Version>,
}

impl ReplayReport {
    /// Renders a replay.
    #[must_use]
    pub fn new(workflow_id: WorkflowId, replay: Replay) -> Self {
        let Replay { from, to, events, next } = replay;
        Self { workflow_id, from_version: from, to_version: to, events_published: events, next_version: next }
    }
}
