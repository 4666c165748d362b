//! Where a workflow stands: its newest version.

use futures_util::future::join;

use crate::call::Call;
use crate::event::Workflow;
use crate::identifiers::WorkflowId;
use crate::operations::reading::{authorise, head};
use crate::operations::{ReadWorkflowError, Reading};
use crate::ports::{Action, QuarantineLog, WorkflowLog};
use crate::quarantine::Quarantine;

/// Where a workflow stands.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowNow {
    /// Its newest version.
    pub workflow: Workflow,
    /// The quarantine that is in force, if one is: it can be read and not be moved.
    pub quarantine: Option<Quarantine>,
}

/// Reads the state of a workflow of the caller's tenant. Two strongly consistent reads at once.
///
/// # Errors
/// When there is none, the caller may not see it, or it cannot be read.
pub async fn get_workflow_state<L: WorkflowLog + QuarantineLog>(
    ports: &Reading<L>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<WorkflowNow, ReadWorkflowError> {
    let key = call.key(workflow_id);
    let (head, record) = join(head(&ports.store, &key), ports.store.quarantine(&key)).await;
    let head = head?;
    authorise(ports.policy.as_ref(), call, Action::GetWorkflowState, &head.event)?;
    let quarantine = record?.in_force().first().map(|&in_force| in_force.clone());
    Ok(WorkflowNow { workflow: Workflow::from(&head.event), quarantine })
}
