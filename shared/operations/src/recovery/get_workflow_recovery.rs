//! How the newest attempt to recover a workflow goes: from its claim, its outcome and its execution.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::identifiers::{WorkflowId, WorkflowKey};
use alims_domain::quarantine::InForce;
use alims_domain::recovery::records::RecoveryAttempt;
use std::sync::Arc;

use crate::head::{ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{
    AccessPolicy, EndedHow, ExecutionStatus, QuarantineLog, RecoveryLog, RecoveryStarter, StarterError, StoreError,
    WorkflowLog,
};

/// What telling of a recovery needs.
#[derive(Clone)]
pub struct Ports<L, S> {
    /// The log.
    pub log: L,
    /// What carries recoveries out.
    pub starter: S,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
}

/// How the newest recovery is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There never was one.
    None,
    /// It is under way, or waits for its delay.
    Running(Box<RecoveryAttempt>),
    /// It has ended, and said how.
    Ended(Box<RecoveryAttempt>),
    /// Its execution has ended and no outcome is recorded: it gave up.
    Vanished(Box<RecoveryAttempt>, EndedHow),
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryStatus {
    /// How the newest recovery is.
    pub progress: Progress,
    /// The breaks that are not released.
    pub quarantines: Vec<InForce>,
}

/// Why it could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetWorkflowRecoveryError {
    /// The workflow cannot be read.
    #[error(transparent)]
    Read(#[from] ReadWorkflowError),
    /// What carries recoveries out does not answer.
    #[error(transparent)]
    Starter(#[from] StarterError),
}

impl From<StoreError> for GetWorkflowRecoveryError {
    fn from(error: StoreError) -> Self {
        Self::Read(error.into())
    }
}

/// Tells of the newest recovery of a workflow of the caller's tenant. Changes nothing.
///
/// # Errors
/// When there is no such workflow, the caller may not see it, or log or starter do not answer.
pub async fn get_workflow_recovery<L, S>(
    ports: &Ports<L, S>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<RecoveryStatus, GetWorkflowRecoveryError>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    S: RecoveryStarter,
{
    let key = call.key(workflow_id);
    let newest = newest(&ports.log, &key).await?.ok_or(ReadWorkflowError::NotFound)?;
    let permitted = authorise(ports.policy.as_ref(), call, Action::GetWorkflowRecovery, &key, newest.event());
    permitted.map_err(ReadWorkflowError::from)?;
    let quarantines = ports.log.quarantine(&key).await?.in_force();
    let progress = match newest_attempt(&ports.log, &key).await? {
        None => Progress::None,
        Some(attempt) if attempt.ended.is_some() => Progress::Ended(Box::new(attempt)),
        Some(attempt) => match ports.starter.status(&attempt.claim.recovery_id).await? {
            ExecutionStatus::Running | ExecutionStatus::Unknown => Progress::Running(Box::new(attempt)),
            ExecutionStatus::Ended(how) => vanished(ports, attempt, how).await?,
        },
    };
    Ok(RecoveryStatus { progress, quarantines })
}

/// The newest attempt whose claim can be read.
async fn newest_attempt<L: RecoveryLog>(log: &L, key: &WorkflowKey) -> Result<Option<RecoveryAttempt>, StoreError> {
    Ok(log.recoveries(key, 1).await?.attempts.into_iter().next())
}

/// It may have recorded its outcome and ended after the log was read.
async fn vanished<L: RecoveryLog, S>(
    ports: &Ports<L, S>,
    attempt: RecoveryAttempt,
    how: EndedHow,
) -> Result<Progress, StoreError> {
    let again = newest_attempt(&ports.log, &attempt.claim.key()).await?;
    Ok(match again {
        Some(newest) if newest.ended.is_some() => Progress::Ended(Box::new(newest)),
        Some(newest) if newest.claim != attempt.claim => Progress::Running(Box::new(newest)),
        Some(_) | None => Progress::Vanished(Box::new(attempt), how),
    })
}
