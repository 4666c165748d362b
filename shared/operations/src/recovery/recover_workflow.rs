//! Having a workflow brought back: a recovery is claimed in the log and started, and goes on without the caller.
//!
//! Asking again while one is under way is answered with that one, so an `Idempotency-Key` adds nothing and is not read.

use std::sync::Arc;

use crate::decision::{Attempt, Refuser, now};
use crate::head::{Head, authorise, authorise_by_name};
use crate::ports::{AccessPolicy, Ids, LogError, RecoveryLog, RecoveryStarter, StarterError, StoreError, WorkflowLog};
use crate::recovery::start::{Asking, start};
use crate::{Forbidden, NotKept, StartRecoveryError, Starting, TooManyRefusals};
use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{EventId, Reason, Version, WorkflowId, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::recovery::outcome::Trigger;
use alims_domain::recovery::records::RecoveryClaim;
use alims_domain::ruling::Move;

/// What asking for a recovery needs.
#[derive(Clone)]
pub struct Requesting<L, S> {
    /// The log, and what carries recoveries out.
    pub starting: Starting<L, S>,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
    /// Fresh ids, for a refusal.
    pub ids: Arc<dyn Ids>,
}

/// Why no recovery was started.
#[derive(Debug, thiserror::Error)]
pub enum RecoverWorkflowError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It could not be started now; asking again may.
    #[error(transparent)]
    Start(#[from] StartRecoveryError),
    /// So much was refused lately that this is not kept any more.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotKept> for RecoverWorkflowError {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::TooMany(too_many) => Self::TooManyRefusals(too_many),
            NotKept::Store(error) => Self::Store(error),
        }
    }
}

impl From<StarterError> for RecoverWorkflowError {
    fn from(error: StarterError) -> Self {
        Self::Start(error.into())
    }
}

/// The operation's name, everywhere.
const OPERATION: &str = "recover-workflow";

/// Starts a recovery of a workflow of the caller's tenant, or joins the one that is under way, and says which.
///
/// Whether anything is out of order the recovery finds out.
///
/// # Errors
/// When there is no such workflow, the caller may not, or the recovery cannot be started.
pub async fn recover_workflow<L: WorkflowLog + RecoveryLog, S: RecoveryStarter>(
    ports: &Requesting<L, S>,
    call: &Call,
    workflow_id: &WorkflowId,
    reason: Option<Reason>,
) -> Result<RecoveryClaim, RecoverWorkflowError> {
    let key = call.key(workflow_id);
    let version = permitted_version(ports, call, &key, reason.as_ref()).await?;
    let asking = Asking {
        trigger: Trigger::Request,
        requested_by: call.principal.id.clone(),
        roles: call.principal.roles.clone(),
        reason,
        correlation_id: call.correlation_id.clone(),
        delay_seconds: 0,
    };
    Ok(start(&ports.starting, &key, version, &asking).await?)
}

/// The version the workflow is at, for a caller who may recover it. A head that cannot be read is known by its name
/// alone.
async fn permitted_version<L: WorkflowLog, S>(
    ports: &Requesting<L, S>,
    call: &Call,
    key: &WorkflowKey,
    reason: Option<&Reason>,
) -> Result<Version, RecoverWorkflowError> {
    let (policy, action) = (ports.policy.as_ref(), Action::RecoverWorkflow);
    let (permitted, head, version) = match ports.starting.log.head(key).await {
        Ok(None) => return Err(RecoverWorkflowError::NotFound),
        Ok(Some(stored)) => {
            let version = stored.event.version;
            (authorise(policy, call, action, &stored.event), Some(Head::of(stored)), version)
        }
        Err(LogError::Unreadable { version, .. }) => (authorise_by_name(policy, call, action, key), None, version),
        Err(LogError::Store(error)) => return Err(error.into()),
    };
    let Err(forbidden) = permitted else { return Ok(version) };
    record(ports, call, key, head.as_ref(), reason, &forbidden).await?;
    Err(forbidden.into())
}

/// Keeps a refused attempt. It is audit: an answer is given only once it is kept.
async fn record<L: WorkflowLog, S>(
    ports: &Requesting<L, S>,
    call: &Call,
    key: &WorkflowKey,
    head: Option<&Head>,
    reason: Option<&Reason>,
    forbidden: &Forbidden,
) -> Result<(), NotKept> {
    let transition = move_of(head.map(Head::event), reason);
    let now = now(ports.starting.clock.as_ref(), head);
    let attempt = Attempt { operation: OPERATION, call, key, head, transition: &transition, context: None, now };
    attempt.record_bounded(EventId(ports.ids.fresh()), &ports.starting.log, Refuser::Policy(forbidden)).await
}

/// The move a recovery makes.
pub(crate) fn move_of(head: Option<&WorkflowEvent>, reason: Option<&Reason>) -> Move {
    Move {
        from: head.map(|head| head.to_state),
        to: State::Active,
        reason: reason.cloned(),
        metadata: head.map(|head| head.metadata.clone()).unwrap_or_default(),
        failure: None,
    }
}
