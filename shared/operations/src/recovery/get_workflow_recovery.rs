//! Reads the status of the newest recovery attempt: from its claim, its outcome and its execution.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::identifiers::{WorkflowId, WorkflowKey};
use alims_domain::quarantine::InForce;
use alims_domain::recovery::records::RecoveryAttempt;
use std::sync::Arc;

use crate::head::{Newest, ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{
    AccessPolicy, EndedHow, ExecutionStatus, QuarantineLog, RecoveryLog, RecoveryStarter, StarterError, StoreError,
    WorkflowLog,
};

/// The ports for reading a recovery.
#[derive(Clone)]
pub struct Ports<L, S> {
    /// The log.
    pub log: L,
    /// The service that runs recoveries.
    pub starter: S,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
}

/// The status of the newest recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The workflow has no recovery.
    None,
    /// It is running, or waits for its delay.
    Running(Box<RecoveryAttempt>),
    /// It has ended with an outcome.
    Ended(Box<RecoveryAttempt>),
    /// Its execution has ended without a recorded outcome: it gave up.
    Vanished(Box<RecoveryAttempt>, EndedHow),
}

/// The recovery status of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryStatus {
    /// The status of the newest recovery.
    pub progress: Progress,
    /// The unreleased breaks.
    pub quarantines: Vec<InForce>,
}

/// Why the status could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetWorkflowRecoveryError {
    /// The workflow cannot be read.
    #[error(transparent)]
    Read(#[from] ReadWorkflowError),
    /// The service that runs recoveries does not answer.
    #[error(transparent)]
    Starter(#[from] StarterError),
}

impl From<StoreError> for GetWorkflowRecoveryError {
    fn from(error: StoreError) -> Self {
        Self::Read(error.into())
    }
}

/// Reads the newest recovery of a workflow of the caller's tenant. Changes nothing.
///
/// # Errors
/// When the workflow does not exist, the caller may not see it, or log or starter do not answer.
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
    let newest = newest(&ports.log, &key).await?;
    let event = newest.as_ref().and_then(Newest::event);
    let permitted = authorise(ports.policy.as_ref(), call, Action::GetWorkflowRecovery, &key, event);
    permitted.map_err(ReadWorkflowError::from)?;
    newest.ok_or(ReadWorkflowError::NotFound)?;
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

/// The newest attempt with a readable claim.
async fn newest_attempt<L: RecoveryLog>(log: &L, key: &WorkflowKey) -> Result<Option<RecoveryAttempt>, StoreError> {
    Ok(log.recoveries(key, 1).await?.attempts.into_iter().next())
}

/// Reads the log once more: the execution may have recorded its outcome and ended after the first read.
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
