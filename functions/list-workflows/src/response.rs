//! A page of a list of workflows.

use alims_domain::identifiers::{PrincipalId, Version, WorkflowId, WorkflowType};
use alims_domain::json::Metadata;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::signature::Signatures;
use alims_domain::timestamp::Timestamp;
use alims_operations::list_workflows::{ListPage, ListedWorkflow, PublishedVersion};
use serde::Serialize;

use crate::cursor::ListCursors;

/// One workflow in a list, at its last published version.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowSummary {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// The state.
    pub current_state: State,
    /// The state before the last change of state; absent while there was none.
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
    /// When the work should be finished; absent without a due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who should do the work; absent without an assignee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PrincipalId>,
    /// `true` when the workflow is open and was due by now, at the service's clock; else absent.
    #[serde(skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub overdue: bool,
    /// With `quarantined=true`: `true`, as a quarantine is in force. Else absent, which says nothing.
    #[serde(skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub quarantined: bool,
    /// With `include=metadata`: the metadata of the published version; absent when `unreadable` is `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// With `include=metadata`: the workflow whose work this one does again; absent when it replaces none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<WorkflowId>,
    /// With `include=metadata`: the electronic signatures so far, oldest first; absent when there are none.
    #[serde(skip_serializing_if = "Signatures::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub signatures: Signatures,
    /// With `include=metadata`: `true` when the published version cannot be read, or is not as it was published; else
    /// absent. A verification of the history says what is wrong.
    #[serde(skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub unreadable: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(yes: &bool) -> bool {
    !yes
}

impl WorkflowSummary {
    fn new(listed: ListedWorkflow, quarantined: bool) -> Self {
        let ListedWorkflow { entry, overdue, version } = listed;
        let (metadata, replaces, signatures, unreadable) = match version {
            Some(PublishedVersion::Read(event)) => (Some(event.metadata), event.replaces, event.signatures, false),
            Some(PublishedVersion::Unreadable) => (None, None, Signatures::default(), true),
            None => (None, None, Signatures::default(), false),
        };
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
            overdue,
            quarantined,
            metadata,
            replaces,
            signatures,
            unreadable,
        }
    }
}

/// A page of a list. A page may be short or empty although more pages follow. Unless they are in the order of creation,
/// the pages may miss a workflow that changes while they are read: see the description of the operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowList {
    /// The workflows.
    pub items: Vec<WorkflowSummary>,
    /// The cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl WorkflowList {
    /// Renders a page, of quarantined workflows or of others.
    #[must_use]
    pub fn new(page: ListPage, quarantined: bool, cursors: &ListCursors) -> Self {
        let next_cursor = page.next.map(|position| cursors.seal(&position));
        let items = page.items.into_iter().map(|listed| WorkflowSummary::new(listed, quarantined)).collect();
        Self { items, next_cursor }
    }
}
