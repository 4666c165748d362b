//! The index entry of a workflow: a projection of its newest published version.

use crate::event::WorkflowEvent;
use crate::hashing::ChainHash;
use crate::identifiers::{PrincipalId, Version, WorkflowKey, WorkflowType};
use crate::labels::Labels;
use crate::lifecycle::State;
use crate::timestamp::Timestamp;

/// One workflow in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The workflow.
    pub key: WorkflowKey,
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// The state at the published version.
    pub current_state: State,
    /// The state before the last change of state; none when there was no change.
    pub previous_state: Option<State>,
    /// The last version whose event the bus accepted.
    pub published_version: Version,
    /// When version 1 was made.
    pub created_at: Timestamp,
    /// When the published version was made.
    pub updated_at: Timestamp,
    /// Who made version 1.
    pub created_by: PrincipalId,
    /// The labels at the published version.
    pub labels: Labels,
    /// When the work should be finished, at the published version.
    pub due_at: Option<Timestamp>,
    /// Who should do the work, at the published version.
    pub assignee: Option<PrincipalId>,
    /// The hash of the published version: an entry with the same version and another hash belongs to another history.
    pub head_hash: ChainHash,
}

impl IndexEntry {
    /// Whether the workflow can leave its state.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.current_state.is_closed()
    }

    /// Whether the work should be finished by now and is not.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && self.due_at.is_some_and(|due_at| due_at <= now)
    }
}

impl From<&WorkflowEvent> for IndexEntry {
    fn from(event: &WorkflowEvent) -> Self {
        Self {
            key: event.key(),
            workflow_type: event.workflow_type.clone(),
            current_state: event.to_state,
            previous_state: event.state_before(),
            published_version: event.version,
            created_at: event.created_at,
            updated_at: event.timestamp,
            created_by: event.created_by.clone(),
            labels: event.labels.clone(),
            due_at: event.due_at,
            assignee: event.assignee.clone(),
            head_hash: event.hash.clone(),
        }
    }
}
