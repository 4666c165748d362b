//! A page of a list of workflows.

use alims_domain::identifiers::{PrincipalId, Version, WorkflowId, WorkflowType};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::IndexPage;
use serde::Serialize;

use crate::cursor::ListCursors;

/// One workflow in a list, at its last published version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowSummary {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// The state.
    pub current_state: State,
    /// The state before; absent at version 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<State>,
    /// The last version whose event was published; the workflow may have a newer version.
    pub published_version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the published version was made.
    pub updated_at: Timestamp,
    /// Who created it.
    pub created_by: PrincipalId,
    /// The labels; absent when there are none.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub labels: Labels,
    /// When the work should be finished; absent when it has no due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who should do the work; absent when it is assigned to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PrincipalId>,
}

impl From<IndexEntry> for WorkflowSummary {
    fn from(entry: IndexEntry) -> Self {
        Self {
            workflow_id: entry.key.workflow_id,
            workflow_type: entry.workflow_type,
            current_state: entry.current_state,
            previous_state: entry.previous_state,
            published_version: entry.published_version,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            created_by: entry.created_by,
            labels: entry.labels,
            due_at: entry.due_at,
            assignee: entry.assignee,
        }
    }
}

/// A page of a list, newest first. A page may be short or empty although more pages follow. The pages may miss a
/// workflow that changes while they are read: see the description of the operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowList {
    /// The workflows.
    pub items: Vec<WorkflowSummary>,
    /// The cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl WorkflowList {
    /// Renders a page.
    #[must_use]
    pub fn new(page: IndexPage, cursors: &ListCursors) -> Self {
        let next_cursor = page.next.map(|position| cursors.seal(&position));
        Self { items: page.items.into_iter().map(WorkflowSummary::from).collect(), next_cursor }
    }
}
