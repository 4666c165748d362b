//! Starts a recovery on request: it is claimed in the log and started, and runs without the caller.
//!
//! A request during a recovery returns that recovery, so an `Idempotency-Key` adds nothing and is not read.

use alims_domain::access::Action;
use alims_domain::attempt::{Attempt, RefusedBy};
use alims_domain::call::Call;
use alims_domain::identifiers::{EventId, Reason, WorkflowId, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::recovery::outcome::Trigger;
use alims_domain::recovery::records::RecoveryClaim;
use std::sync::Arc;

use crate::append::now;
use crate::errors::Forbidden;
use crate::head::{Newest, newest};
use crate::permission::authorise;
use crate::ports::{AccessPolicy, Ids, RecoveryLog, RecoveryStarter, StarterError, StoreError, WorkflowLog};
use crate::recovery::start::{Asking, Claiming, StartPorts, StartRecoveryError, start};
use crate::refusals::{NotKept, TooManyRefusals, keep};

/// The ports of a recovery request.
#[derive(Clone)]
pub struct Ports<L, S> {
    /// The log, and the service that runs recoveries.
    pub starting: StartPorts<L, S>,
    /// The policies.
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
    /// The policies do not allow the caller to do this.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It could not be started now; a retry may succeed.
    #[error(transparent)]
    Start(#[from] StartRecoveryError),
    /// Too many attempts were refused lately, so this refusal was not kept.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The store failed.
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

/// The operation's name in logs, policies and records.
const OPERATION: &str = "recover-workflow";

/// Starts a recovery of a workflow of the caller's tenant, or joins the running one, and says which.
///
/// The recovery itself finds out whether anything needs repair.
///
/// # Errors
/// When the workflow does not exist, the caller may not do this, or the recovery cannot be started.
pub async fn recover_workflow<L: WorkflowLog + RecoveryLog, S: RecoveryStarter>(
    ports: &Ports<L, S>,
    call: &Call,
    workflow_id: &WorkflowId,
    reason: Option<Reason>,
) -> Result<RecoveryClaim, RecoverWorkflowError> {
    let key = call.key(workflow_id);
    let claiming = permitted_version(ports, call, &key, reason.as_ref()).await?;
    let asking = Asking {
        trigger: Trigger::Request,
        requested_by: call.principal.id.clone(),
        roles: call.principal.roles.clone(),
        reason,
        correlation_id: call.correlation_id.clone(),
        delay_seconds: 0,
    };
    Ok(start(&ports.starting, &key, claiming, &asking).await?)
}

/// The current version of the workflow, for a caller who may recover it.
async fn permitted_version<L: WorkflowLog, S>(
    ports: &Ports<L, S>,
    call: &Call,
    key: &WorkflowKey,
    reason: Option<&Reason>,
) -> Result<Claiming, RecoverWorkflowError> {
    let StartPorts { log, clock, .. } = &ports.starting;
    let newest = newest(log, key).await?;
    let head = newest.as_ref().and_then(Newest::event);
    if let Err(forbidden) = authorise(ports.policy.as_ref(), call, Action::RecoverWorkflow, key, head) {
        let (target_state, now) = (Some(State::Active), now(clock.as_ref(), head));
        let attempt = Attempt { operation: OPERATION, call, key, head, target_state, reason, meaning: None, now };
        keep(log, attempt.refused(EventId(ports.ids.fresh()), RefusedBy::Policies(&forbidden))).await?;
        return Err(forbidden.into());
    }
    let newest = newest.as_ref().ok_or(RecoverWorkflowError::NotFound)?;
    Ok(Claiming::at_end(newest.event(), newest.met()))
}
