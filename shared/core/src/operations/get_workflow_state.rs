//! Where a workflow stands: its newest version.

use crate::call::Call;
use crate::event::Workflow;
use crate::identifiers::WorkflowId;
use crate::operations::reading::{authorise, head};
use crate::operations::{ReadWorkflowError, Reading};
use crate::ports::{Action, WorkflowLog};

/// Reads the state of a workflow of the caller's tenant. One strongly consistent read.
///
/// # Errors
/// When there is none, the caller may not see it, or it cannot be read.
pub async fn get_workflow_state<L: WorkflowLog>(
    ports: &Reading<L>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<Workflow, ReadWorkflowError> {
    let head = head(&ports.store, &call.key(workflow_id)).await?;
    authorise(ports.policy.as_ref(), call, Action::GetWorkflowState, &head.event)?;
    Ok(Workflow::from(&head.event))
}
