//! Starting a recovery once: the log says who has the attempt, the starter whether it is under way.

use alims_domain::identifiers::{CorrelationId, PrincipalId, Reason, RecoveryId, Version, WorkflowKey};
use alims_domain::limits::{
    AUTOMATIC_ATTEMPTS_MAX, AUTOMATIC_ATTEMPTS_WINDOW_HOURS, AUTOMATIC_DELAY_GROWTH, AUTOMATIC_DELAY_SECONDS_FIRST,
    AUTOMATIC_DELAY_SECONDS_MAX,
};
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::outcome::{Outcome, Trigger};
use alims_domain::recovery::records::{RecoveryAttempt, RecoveryClaim};
use alims_domain::timestamp::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ports::{Claimed, Clock, ExecutionStatus, RecoveryLog, RecoveryStarter, Start, StarterError, StoreError};

/// What starting a recovery needs.
#[derive(Clone)]
pub struct StartPorts<L, S> {
    /// The log, where attempts are claimed.
    pub log: L,
    /// What carries recoveries out.
    pub starter: S,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
}

/// Why no recovery was started.
#[derive(Debug, thiserror::Error)]
pub enum StartRecoveryError {
    /// One after another ended while this one was being started.
    #[error("recoveries kept ending while one was being started")]
    Contended,
    /// What carries recoveries out did not answer, or refused.
    #[error(transparent)]
    Starter(#[from] StarterError),
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who asks for a recovery, and how.
pub(crate) struct Asking {
    pub trigger: Trigger,
    pub requested_by: PrincipalId,
    pub roles: BTreeSet<String>,
    pub reason: Option<Reason>,
    pub correlation_id: Option<CorrelationId>,
    pub delay_seconds: u32,
}

impl Asking {
    /// The service itself, with no roles: what the rules ask of a person it does not fulfil.
    pub(crate) fn automatic(trigger: Trigger, correlation_id: Option<CorrelationId>, delay_seconds: u32) -> Self {
        Self {
            trigger,
            requested_by: PrincipalId::automatic_recovery(),
            roles: BTreeSet::new(),
            reason: None,
            correlation_id,
            delay_seconds,
        }
    }

    fn claim(&self, key: &WorkflowKey, version: Version, attempt: u32, claimed_at: Timestamp) -> RecoveryClaim {
        RecoveryClaim {
            recovery_id: RecoveryId::of_attempt(key, version, attempt),
            tenant_id: key.tenant_id.clone(),
            workflow_id: key.workflow_id.clone(),
            version,
            attempt,
            trigger: self.trigger,
            requested_by: self.requested_by.clone(),
            roles: self.roles.clone(),
            reason: self.reason.clone(),
            correlation_id: self.correlation_id.clone(),
            delay_seconds: self.delay_seconds,
            claimed_at,
        }
    }
}

/// How many recoveries may end while one is being started.
const STARTS_MAX: usize = 4;

/// Starts a recovery of a workflow at a version, or joins the one that is under way. Repeating it changes nothing as
/// long as that one has not ended. One that only waits for its delay is superseded by a person's.
pub(crate) async fn start<L: RecoveryLog, S: RecoveryStarter>(
    ports: &StartPorts<L, S>,
    key: &WorkflowKey,
    version: Version,
    asking: &Asking,
) -> Result<RecoveryClaim, StartRecoveryError> {
    for _ in 0..STARTS_MAX {
        let recoveries = ports.log.recoveries(key, 1).await?;
        // Somebody may have seen a later version than we have, and recovered that.
        let version = recoveries.newest().map_or(version, |newest| newest.claim.version.max(version));
        let attempt = recoveries.attempts_at(version).saturating_add(1);
        let newest = recoveries.attempts.into_iter().next();
        let claim = match newest.filter(|newest| newest.claim.version == version) {
            // A person need not wait for what waits by itself.
            Some(RecoveryAttempt { claim, ended: None })
                if asking.trigger == Trigger::Request && waits(ports, &claim) =>
            {
                let outcome = Outcome::gave_up("Superseded", "a person asked while it waited");
                ports.log.record_recovery(&claim.ended(outcome, ports.clock.now())).await?;
                continue;
            }
            Some(RecoveryAttempt { claim, ended: None }) => claim,
            Some(_) | None => {
                let claim = asking.claim(key, version, attempt, ports.clock.now());
                match ports.log.claim_recovery(&claim).await? {
                    Claimed::Ours => claim,
                    // It may be one that only waits.
                    Claimed::Taken => continue,
                }
            }
        };
        if start_claimed(ports, &claim).await? {
            return Ok(claim);
        }
    }
    Err(StartRecoveryError::Contended)
}

/// Starts what was claimed, unless it goes on already: whoever claimed it may have been interrupted before the start.
/// Says whether it goes on; if it has ended, that is recorded, and nothing is claimed instead.
pub(crate) async fn start_claimed<L: RecoveryLog, S: RecoveryStarter>(
    ports: &StartPorts<L, S>,
    claim: &RecoveryClaim,
) -> Result<bool, StartRecoveryError> {
    match ports.starter.start(&RecoveryDocument::of(claim)).await? {
        Start::Started | Start::AlreadyRunning => Ok(true),
        Start::Ended => {
            close(ports, claim).await?;
            Ok(false)
        }
    }
}

/// Whether a recovery has not begun yet, because its delay is not over.
fn waits<L, S>(ports: &StartPorts<L, S>, claim: &RecoveryClaim) -> bool {
    ports.clock.now() < claim.claimed_at.later_by_seconds(claim.delay_seconds)
}

/// Records of an attempt whose execution has ended that it gave up, unless it recorded an outcome itself. Says how the
/// execution is.
pub(crate) async fn close<L: RecoveryLog, S: RecoveryStarter>(
    ports: &StartPorts<L, S>,
    claim: &RecoveryClaim,
) -> Result<ExecutionStatus, StartRecoveryError> {
    let status = ports.starter.status(&claim.recovery_id).await?;
    if let ExecutionStatus::Ended(how) = status {
        let outcome = Outcome::gave_up(how.as_str(), "the execution ended and had recorded no outcome");
        ports.log.record_recovery(&claim.ended(outcome, ports.clock.now())).await?;
    }
    Ok(status)
}

/// How long the next automatic recovery is to wait; none when there were too many. `attempts` are newest first.
pub(crate) fn automatic_delay(attempts: &[RecoveryAttempt], now: Timestamp) -> Option<u32> {
    let hour_millis = 3_600_000;
    let since = now.unix_millis().saturating_sub(i64::from(AUTOMATIC_ATTEMPTS_WINDOW_HOURS) * hour_millis);
    let made = attempts
        .iter()
        .map(|attempt| &attempt.claim)
        .take_while(|claim| claim.trigger != Trigger::Request && claim.claimed_at.unix_millis() > since)
        .count();
    let made = u32::try_from(made).unwrap_or(u32::MAX);
    let grown = AUTOMATIC_DELAY_GROWTH.saturating_pow(made).saturating_mul(AUTOMATIC_DELAY_SECONDS_FIRST);
    (made < AUTOMATIC_ATTEMPTS_MAX).then_some(grown.min(AUTOMATIC_DELAY_SECONDS_MAX))
}
