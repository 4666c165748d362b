//! What a replay put on the bus again.

use alims_domain::identifiers::{Version, WorkflowId};
use alims_operations::replay_events::Replay;
use serde::Serialize;

/// What a replay put on the bus again, each event marked `replay: true`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayReport {
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// The first version that was put.
    pub from_version: Version,
    /// The last one.
    pub to_version: Version,
    /// How many events that were.
    pub events_published: u64,
    /// Where to go on with another request; absent when all that is published was put.
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
