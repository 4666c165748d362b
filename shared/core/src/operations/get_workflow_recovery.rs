//! How a workflow is, and what a recovery would do: the plan, looked at and not carried out.

use std::sync::Arc;

use crate::call::Call;
use crate::event::{EventType, WorkflowEvent};
use crate::identifiers::WorkflowId;
use crate::operations::ReadWorkflowError;
use crate::operations::reading::{authorise, authorise_by_name};
use crate::operations::recover_workflow::{AssessError, assess};
use crate::ports::{AccessPolicy, Action, WorkflowIndex, WorkflowLog};
use crate::recovery::{RecoveryPlan, plan};

/// What looking at a recovery needs.
#[derive(Clone)]
pub struct Assessing<L, I> {
    /// The log.
    pub log: L,
    /// The index.
    pub index: I,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
}

/// How a workflow is.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoveryStatus {
    /// What a recovery would do now.
    pub plan: RecoveryPlan,
    /// The recovery that made the newest version, if one did.
    pub recovered_by: Option<Box<WorkflowEvent>>,
}

/// Assesses a workflow of the caller's tenant and changes nothing.
///
/// # Errors
/// When there is no such workflow, the caller may not see it, or log or index cannot be read.
pub async fn get_workflow_recovery<L: WorkflowLog, I: WorkflowIndex>(
    ports: &Assessing<L, I>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<RecoveryStatus, ReadWorkflowError> {
    let key = call.key(workflow_id);
    let (head, findings) = assess(&ports.log, &ports.index, &key).await.map_err(|error| match error {
        AssessError::NotFound => ReadWorkflowError::NotFound,
        AssessError::Store(error) => ReadWorkflowError::Store(error),
    })?;
    match &head {
        Some(head) => authorise(ports.policy.as_ref(), call, Action::GetWorkflowRecovery, &head.event)?,
        None => authorise_by_name(ports.policy.as_ref(), call, Action::GetWorkflowRecovery, &key)?,
    }
    let recovered_by =
        head.map(|head| head.event).filter(|event| event.event_type == EventType::WorkflowRecovered).map(Box::new);
    Ok(RecoveryStatus { plan: plan(&findings), recovered_by })
}
