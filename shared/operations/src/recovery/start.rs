//! Starts a recovery once: the log says who owns the attempt, the starter whether it is running.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{CorrelationId, PrincipalId, Reason, RecoveryId, Version, WorkflowKey};
use alims_domain::limits::{
    AUTOMATIC_ATTEMPTS_MAX, AUTOMATIC_ATTEMPTS_WINDOW_HOURS, AUTOMATIC_DELAY_GROWTH, AUTOMATIC_DELAY_SECONDS_FIRST,
    AUTOMATIC_DELAY_SECONDS_MAX,
};
use alims_domain::quarantine::Met;
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::joined_since;
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Trigger};
use alims_domain::recovery::records::{RecoveryAttempt, RecoveryClaim};
use alims_domain::timestamp::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::metrics;
use crate::ports::{Claimed, Clock, ExecutionStatus, RecoveryLog, RecoveryStarter, Start, StarterError, StoreError};

/// The ports for starting a recovery.
#[derive(Clone)]
pub struct StartPorts<L, S> {
    /// The log, which holds the claims.
    pub log: L,
    /// The service that runs recoveries.
    pub starter: S,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
}

/// Why no recovery was started.
#[derive(Debug, thiserror::Error)]
pub enum StartRecoveryError {
    /// Too many other recoveries ended during the start of this one.
    #[error("recoveries kept ending while one was being started")]
    Contended,
    /// The service that runs recoveries did not answer, or refused.
    #[error(transparent)]
    Starter(#[from] StarterError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The requester of a recovery, and its trigger.
pub(crate) struct Asking {
    pub trigger: Trigger,
    pub requested_by: PrincipalId,
    pub roles: BTreeSet<String>,
    pub reason: Option<Reason>,
    pub correlation_id: Option<CorrelationId>,
    pub delay_seconds: u32,
}

impl Asking {
    /// The service itself, without roles: it does not meet rules that require a person.
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

    fn claim(&self, key: &WorkflowKey, met: Met, attempt: u32, claimed_at: Timestamp) -> RecoveryClaim {
        let Met { version, head_hash } = met;
        RecoveryClaim {
            recovery_id: RecoveryId::of_attempt(key, version, attempt),
            tenant_id: key.tenant_id.clone(),
            workflow_id: key.workflow_id.clone(),
            version,
            head_hash,
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

/// The version at which a recovery is claimed.
#[derive(Clone)]
pub(crate) struct Claiming {
    /// The version.
    version: Met,
    /// A running recovery that was claimed at this version or later does the same, and is joined.
    joined_since: Version,
}

impl Claiming {
    /// At a version of which nothing more is known.
    pub(crate) fn at(version: Version, head: &WorkflowEvent) -> Self {
        let head_hash = (head.version == version).then(|| head.hash.clone());
        Self { version: Met { version, head_hash }, joined_since: version }
    }

    /// At the newest stored version, which is above the newest readable one when it is unreadable.
    pub(crate) fn at_end(head: Option<&WorkflowEvent>, end: Met) -> Self {
        Self { joined_since: joined_since(head, end.version), version: end }
    }
}

/// How many recoveries may end during the start of one.
const STARTS_MAX: usize = 4;

/// Starts a recovery of a workflow at a version, or joins the running one. A repetition changes nothing while that one
/// runs. A person's recovery supersedes one that only waits for its delay.
pub(crate) async fn start<L: RecoveryLog, S: RecoveryStarter>(
    ports: &StartPorts<L, S>,
    key: &WorkflowKey,
    claiming: Claiming,
    asking: &Asking,
) -> Result<RecoveryClaim, StartRecoveryError> {
    for _ in 0..STARTS_MAX {
        let recoveries = ports.log.recoveries(key, 1).await?;
        // Another caller may have seen a later version and recovered that.
        let Claiming { version: ref met, joined_since } = claiming;
        let version = recoveries.newest().map_or(met.version, |newest| newest.claim.version.max(met.version));
        let head_hash = met.head_hash.clone().filter(|_| version == met.version);
        let attempt = recoveries.attempts_at(version).saturating_add(1);
        let newest = recoveries.attempts.into_iter().next();
        let claim = match newest.filter(|newest| newest.claim.version >= joined_since) {
            // A person need not wait for the delay of an automatic recovery.
            Some(RecoveryAttempt { claim, ended: None })
                if asking.trigger == Trigger::Request && waits(ports, &claim) =>
            {
                let outcome = Outcome::gave_up("Superseded", "a person asked while it waited");
                ports.log.record_recovery(&claim.ended(outcome, ports.clock.now())).await?;
                continue;
            }
            Some(RecoveryAttempt { claim, ended: None }) => claim,
            Some(_) | None => {
                let claim = asking.claim(key, Met { version, head_hash }, attempt, ports.clock.now());
                match ports.log.claim_recovery(&claim).await? {
                    Claimed::Ours => claim,
                    // That recovery may only be waiting.
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

/// Starts a claimed recovery, unless it is running: the claimant may have been interrupted before the start. Returns
/// whether it is running; if it has ended, this records the outcome and claims nothing instead.
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

/// Records the outcome `gave-up` for an attempt whose execution ended without one. Returns the status of the execution.
pub(crate) async fn close<L: RecoveryLog, S: RecoveryStarter>(
    ports: &StartPorts<L, S>,
    claim: &RecoveryClaim,
) -> Result<ExecutionStatus, StartRecoveryError> {
    let status = ports.starter.status(&claim.recovery_id).await?;
    if let ExecutionStatus::Ended(how) = status {
        let outcome = Outcome::gave_up(how.as_str(), "the execution ended and had recorded no outcome");
        ports.log.record_recovery(&claim.ended(outcome, ports.clock.now())).await?;
        metrics::recovered(OutcomeStatus::GaveUp);
    }
    Ok(status)
}

/// The delay of the next automatic recovery; none when there were too many. `attempts` are newest first.
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
