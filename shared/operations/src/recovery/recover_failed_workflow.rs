//! Starts an automatic recovery after a retryable failure was published, with a delay that grows with each attempt.

use alims_domain::identifiers::{CorrelationId, Version, WorkflowKey};
use alims_domain::limits::RECOVERY_ATTEMPTS_READ_MAX;
use alims_domain::recovery::is_to_be_reactivated;
use alims_domain::recovery::outcome::Trigger;
use alims_domain::recovery::records::{RecoveryAttempt, RecoveryClaim};

use crate::ports::{LogError, RecoveryLog, RecoveryStarter, StoreError, WorkflowLog};
use crate::recovery::start::{Asking, Claiming, StartRecoveryError, automatic_delay, start, start_claimed};

pub use crate::recovery::start::StartPorts as Ports;

/// A published failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFailure {
    /// The failed workflow.
    pub key: WorkflowKey,
    /// The version that the failure made.
    pub version: Version,
    /// Links it to its cause in other services.
    pub correlation_id: Option<CorrelationId>,
}

/// The result for a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureHandled {
    /// A recovery was started; it waits for its delay first.
    Started(Box<RecoveryClaim>),
    /// Nothing had to be done.
    Left(LeftAlone),
}

/// Why no recovery was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftAlone {
    /// The workflow is missing, has changed since, or its newest version is unreadable.
    MovedOn,
    /// The failure is not marked as retryable.
    NotRetryable,
    /// A recovery at this version exists: this is a repeated event.
    HasRecovery,
    /// There were too many automatic recoveries; a person must review the workflow.
    TooMany,
}

/// Starts a recovery of a failed workflow. A repeated event starts no second one.
///
/// # Errors
/// When log or starter fail; then the event must be delivered again.
pub async fn recover_failed_workflow<L: WorkflowLog + RecoveryLog, S: RecoveryStarter>(
    ports: &Ports<L, S>,
    failure: &PublishedFailure,
) -> Result<FailureHandled, StartRecoveryError> {
    let PublishedFailure { key, version, correlation_id } = failure;
    let head = match ports.log.head(key).await {
        Ok(head) => head,
        // The sweep handles unreadable versions.
        Err(LogError::Unreadable { .. }) => None,
        Err(LogError::Store(error)) => return Err(StoreError::into(error)),
    };
    // An amendment since then is a newer version in the same failure.
    let Some(head) = head.filter(|head| head.event.state_since() == *version) else {
        return Ok(FailureHandled::Left(LeftAlone::MovedOn));
    };
    if !is_to_be_reactivated(&head.event, Trigger::Failure) {
        return Ok(FailureHandled::Left(LeftAlone::NotRetryable));
    }
    let attempts = ports.log.recoveries(key, RECOVERY_ATTEMPTS_READ_MAX).await?.attempts;
    let at_this_version = attempts.first().filter(|newest| newest.claim.version >= *version);
    match at_this_version {
        Some(RecoveryAttempt { claim, ended: None }) if start_claimed(ports, claim).await? => {
            return Ok(FailureHandled::Started(Box::new(claim.clone())));
        }
        Some(_) => return Ok(FailureHandled::Left(LeftAlone::HasRecovery)),
        None => {}
    }
    let Some(delay) = automatic_delay(&attempts, ports.clock.now()) else {
        return Ok(FailureHandled::Left(LeftAlone::TooMany));
    };
    let asking = Asking::automatic(Trigger::Failure, correlation_id.clone(), delay);
    Ok(FailureHandled::Started(Box::new(start(ports, key, Claiming::at(*version, &head.event), &asking).await?)))
}
