//! Lists the tenant's workflows, newest first, from the index: eventually consistent.

use alims_domain::access::{Action, Resource};
use alims_domain::call::Call;
use alims_domain::identifiers::{PrincipalId, WorkflowType};
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;

use crate::errors::Forbidden;
use crate::permission::{permitted, sees};
use crate::ports::{AccessPolicy, IndexPage, IndexPosition, IndexQuery, StoreError, WorkflowIndex};

pub use crate::ports::ReadPorts as Ports;

/// Filters of a list. A filter that is none matches every workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this type.
    pub workflow_type: Option<WorkflowType>,
    /// Only those created by this principal.
    pub created_by: Option<PrincipalId>,
    /// Only those updated at this instant or later.
    pub updated_after: Option<Timestamp>,
    /// Only those updated before this instant.
    pub updated_before: Option<Timestamp>,
}

/// Why workflows could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListWorkflowsError {
    /// The caller may not list.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists one page of at most `limit` workflows after the position `after`, of those that the caller may see. The policies
/// are asked about each.
///
/// # Errors
/// When the caller may not list workflows or the index cannot be read.
pub async fn list_workflows<I: WorkflowIndex>(
    ports: &Ports<I>,
    call: &Call,
    filter: ListFilter,
    after: Option<IndexPosition>,
    limit: usize,
) -> Result<IndexPage, ListWorkflowsError> {
    let tenant_id = &call.principal.tenant_id;
    let resource =
        Resource { tenant_id, workflow_id: None, workflow_type: None, current_state: None, created_by: None };
    permitted(ports.policy.as_ref(), call, Action::ListWorkflows, resource)?;
    let ListFilter { state, workflow_type, created_by, updated_after, updated_before } = filter;
    let tenant_id = tenant_id.clone();
    let query = IndexQuery { tenant_id, state, workflow_type, created_by, updated_after, updated_before, after, limit };
    let mut page = ports.store.list(&query).await?;
    page.items.retain(|entry| is_shown(ports.policy.as_ref(), call, entry));
    Ok(page)
}

/// Whether the caller sees this workflow: the list shows its state, so the policies must permit both. A page gets
/// shorter by those that are left out, and the next one begins where this one ends in the index.
fn is_shown(policy: &dyn AccessPolicy, call: &Call, entry: &IndexEntry) -> bool {
    let resource = Resource {
        tenant_id: &entry.key.tenant_id,
        workflow_id: Some(&entry.key.workflow_id),
        workflow_type: Some(&entry.workflow_type),
        current_state: Some(entry.current_state),
        created_by: Some(&entry.created_by),
    };
    [Action::ListWorkflows, Action::GetWorkflowState].into_iter().all(|action| sees(policy, call, action, resource))
}
