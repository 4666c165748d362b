//! What the operations share when they read: the head, and whether the caller may see it.

use futures_util::future::join;

use crate::call::Call;
use crate::chain::{Break, Fault, is_intact};
use crate::event::WorkflowEvent;
use crate::identifiers::WorkflowKey;
use crate::operations::assessing::content_of;
use crate::operations::{Forbidden, Quarantined};
use crate::ports::{
    AccessDecision, AccessPolicy, AccessQuestion, Action, LogError, QuarantineLog, Resource, StoreError, StoredVersion,
    WorkflowLog,
};
use crate::quarantine::{BreakFound, QuarantineRecord};

/// Why a workflow could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadWorkflowError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The caller may not read it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// What is stored cannot be read.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LogError> for ReadWorkflowError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Store(error) => Self::Store(error),
            LogError::Unreadable { version, .. } => {
                Self::Quarantined(Quarantined(Break { at: version, fault: Fault::Unreadable }))
            }
        }
    }
}

/// The newest version of a workflow that exists.
pub(super) async fn head<L: WorkflowLog>(log: &L, key: &WorkflowKey) -> Result<StoredVersion, ReadWorkflowError> {
    log.head(key).await?.ok_or(ReadWorkflowError::NotFound)
}

/// The same, for those who build on it, and whether they may: no quarantine is in force, and its content fits its hash
/// or was released as it is. Both are read at once, so that this costs no time.
pub(super) async fn free_head<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
) -> Result<(StoredVersion, Result<(), Quarantined>), ReadWorkflowError> {
    let (head, quarantine) = join(head(log, key), log.quarantine(key)).await;
    let (head, quarantine) = (head?, quarantine?);
    let free = may_be_built_on(&head.event, &quarantine);
    Ok((head, free))
}

/// Whether a newest version may be built on, by the record that was read beside it.
pub(super) fn may_be_built_on(head: &WorkflowEvent, quarantine: &QuarantineRecord) -> Result<(), Quarantined> {
    match quarantine.in_force().first() {
        Some(in_force) => Err(Quarantined(in_force.found().as_break())),
        None => intact(head, quarantine),
    }
}

/// Whether the newest version may be built on: its content fits its hash, or was released as it is.
pub(super) fn intact(head: &WorkflowEvent, quarantine: &QuarantineRecord) -> Result<(), Quarantined> {
    let (at, fault) = (head.version, Fault::Altered);
    if is_intact(head) || quarantine.is_released(&BreakFound { at, fault, content: content_of(head) }) {
        Ok(())
    } else {
        Err(Quarantined(Break { at, fault }))
    }
}

/// Whether the caller may do this to an existing workflow.
pub(super) fn authorise(
    policy: &dyn AccessPolicy,
    call: &Call,
    action: Action,
    workflow: &WorkflowEvent,
) -> Result<(), Forbidden> {
    let resource = Resource {
        tenant_id: &workflow.tenant_id,
        workflow_id: Some(&workflow.workflow_id),
        workflow_type: Some(&workflow.workflow_type),
        current_state: Some(workflow.to_state),
        created_by: Some(&workflow.created_by),
    };
    let (request_id, principal) = (call.request_id.as_str(), &call.principal);
    decide(policy, &AccessQuestion { request_id, principal, action, resource })
}

/// Whether the caller may do this to a workflow of which nothing but its name is known, or can be.
pub(super) fn authorise_by_name(
    policy: &dyn AccessPolicy,
    call: &Call,
    action: Action,
    key: &WorkflowKey,
) -> Result<(), Forbidden> {
    let resource = Resource {
        tenant_id: &key.tenant_id,
        workflow_id: Some(&key.workflow_id),
        workflow_type: None,
        current_state: None,
        created_by: None,
    };
    let (request_id, principal) = (call.request_id.as_str(), &call.principal);
    decide(policy, &AccessQuestion { request_id, principal, action, resource })
}

/// Whether the policies permit what is asked.
pub(super) fn decide(policy: &dyn AccessPolicy, question: &AccessQuestion<'_>) -> Result<(), Forbidden> {
    match policy.decide(question) {
        AccessDecision::Permitted { .. } => Ok(()),
        AccessDecision::Forbidden { policies } => Err(Forbidden { action: question.action.as_str(), policies }),
    }
}
