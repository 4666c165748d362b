//! The close look at one workflow, and what a sweep has done so far.

use alims_domain::identifiers::{EventId, PrincipalId, Version, WorkflowKey};
use alims_domain::limits::{
    PUBLISHER_CONCURRENCY_MAX, RECOVERY_ATTEMPTS_READ_MAX, SWEEP_CHECKS_MAX, SWEEP_GRACE_SECONDS,
};
use alims_domain::quarantine::{BreakFound, FoundBy, Quarantine};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Trigger};
use alims_domain::recovery::records::{RecoveryAttempt, RecoveryClaim};
use alims_domain::recovery::{Findings, RecoveryPlan, plan};
use alims_domain::timestamp::Timestamp;
use futures_util::StreamExt;
use futures_util::stream;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::errors::with_causes;
use crate::metrics;
use crate::ports::{
    ExecutionStatus, Ids, QuarantineLog, RecoveryLog, RecoveryStarter, StoreError, WorkflowIndex, WorkflowLog,
};
use crate::quarantining::quarantine;
use crate::recovery::assess::{AssessError, Assessed, assess_part};
use crate::recovery::start::{
    Asking, Claiming, StartPorts, StartRecoveryError, automatic_delay, close, start, start_claimed,
};

/// The ports of a sweep.
#[derive(Clone)]
pub struct Ports<L, I, S, P> {
    /// The log, the service that runs recoveries, and the server's time.
    pub starting: StartPorts<L, S>,
    /// The index.
    pub index: I,
    /// The position where the last sweep stopped.
    pub positions: P,
    /// Fresh ids, for quarantines.
    pub ids: Arc<dyn Ids>,
}

/// The result of one sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swept {
    /// Open workflows compared with the log, and looked at closely where that was needed.
    pub open: u64,
    /// The share of the open workflows that this was, in percent; none when the index cannot tell which are open.
    pub coverage: Option<f64>,
    /// Workflows of the log that the round checked.
    pub workflows: u64,
    /// Workflows that waited for a close look when the time was over. The next walk meets them again.
    pub left: u64,
    /// Workflows whose index entry was behind the log, missing or wrong, and not because they are young.
    pub behind: u64,
    /// Recoveries started.
    pub started: u64,
    /// Their claims.
    pub recoveries: Vec<RecoveryClaim>,
    /// Workflows for which a break was recorded.
    pub quarantined: Vec<WorkflowKey>,
    /// Recoveries that had ended without an outcome and now have one.
    pub closed: u64,
    /// Workflows that this sweep could not check or repair, each with the reason.
    pub failed: Vec<(WorkflowKey, String)>,
    /// Whether the round reached the end of the log; the next one starts at the beginning.
    pub finished: bool,
    /// Seconds since the last complete round ended; before the first one did, since it began.
    pub round_age_seconds: u64,
}

/// The time of a walk.
#[derive(Clone, Copy)]
pub(super) struct Time {
    /// The walk begins no part after it.
    pub(super) enough: Timestamp,
    /// A part begins no close look after it.
    pub(super) looks_until: Timestamp,
}

/// The operation's name in logs, policies and records.
const OPERATION: &str = "sweep-workflows";

/// Looks at each of these workflows, some at the same time, and counts what it did. It begins no look after `until`:
/// otherwise a part that takes longer than the function has would be the beginning of every later sweep. Returns those
/// that are left.
pub(super) async fn look_closely<L, I, S, P>(
    ports: &Ports<L, I, S, P>,
    workflows: Vec<WorkflowKey>,
    swept: &mut Swept,
    until: Timestamp,
) -> BTreeSet<WorkflowKey>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    S: RecoveryStarter,
{
    let looks: Vec<_> = workflows.into_iter().map(|key| sweep_keyed(ports, key, until)).collect();
    let looks: Vec<_> = stream::iter(looks).buffered(PUBLISHER_CONCURRENCY_MAX).collect().await;
    let mut left = BTreeSet::new();
    for (key, look) in looks {
        match look {
            Some(did) => swept.count(key, did),
            None => drop(left.insert(key)),
        }
    }
    swept.left += u64::try_from(left.len()).unwrap_or(u64::MAX);
    left
}

impl Swept {
    fn count(&mut self, key: WorkflowKey, did: Result<Did, SweepFailure>) {
        match did {
            Ok(Did { closed, behind, helped }) => {
                self.closed += closed;
                self.behind += u64::from(behind);
                match helped {
                    Helped::NotNeeded => {}
                    Helped::Started(claim) => {
                        self.started += 1;
                        self.recoveries.push(*claim);
                    }
                    Helped::Quarantined => self.quarantined.push(key),
                }
            }
            Err(why) => self.failed.push((key, with_causes(&why))),
        }
    }
}

/// The result for one workflow.
struct Did {
    closed: u64,
    behind: bool,
    helped: Helped,
}

enum Helped {
    NotNeeded,
    Started(Box<RecoveryClaim>),
    Quarantined,
}

/// Why one workflow could not be checked or repaired.
#[derive(Debug, thiserror::Error)]
enum SweepFailure {
    #[error(transparent)]
    Start(#[from] StartRecoveryError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A longer check would stop the sweep: it keeps its position only between two parts of the log.
    #[error("its history is longer than a sweep checks; verify it, or start a recovery")]
    TooLong,
}

/// None when it is too late to begin.
async fn sweep_keyed<L, I, S, P>(
    ports: &Ports<L, I, S, P>,
    key: WorkflowKey,
    until: Timestamp,
) -> (WorkflowKey, Option<Result<Did, SweepFailure>>)
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    S: RecoveryStarter,
{
    if ports.starting.clock.now() >= until {
        return (key, None);
    }
    let did = sweep_one(ports, &key).await;
    (key, Some(did))
}

async fn sweep_one<L, I, S, P>(ports: &Ports<L, I, S, P>, key: &WorkflowKey) -> Result<Did, SweepFailure>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    S: RecoveryStarter,
{
    let log = &ports.starting.log;
    let mut attempts = log.recoveries(key, RECOVERY_ATTEMPTS_READ_MAX).await?.attempts;
    let now = ports.starting.clock.now();
    let mut closed = 0;
    for (number, RecoveryAttempt { claim, ended }) in attempts.iter().enumerate() {
        if ended.is_some() {
            continue;
        }
        match close(&ports.starting, claim).await? {
            ExecutionStatus::Ended(_) => closed += 1,
            // The claimant was interrupted before the start, or the starter forgot the execution: start it now. An
            // older attempt has a newer one next to it that does the same.
            ExecutionStatus::Unknown if is_settled(claim, now) && number == 0 => {
                let started = start_claimed(&ports.starting, claim).await?;
                let helped = if started { Helped::Started(Box::new(claim.clone())) } else { Helped::NotNeeded };
                return Ok(Did { closed: closed + u64::from(!started), behind: false, helped });
            }
            ExecutionStatus::Unknown if is_settled(claim, now) => {
                let outcome = Outcome::gave_up("NeverStarted", "a newer recovery was started in its place");
                log.record_recovery(&claim.ended(outcome, now)).await?;
                metrics::recovered(OutcomeStatus::GaveUp);
                closed += 1;
            }
            ExecutionStatus::Unknown | ExecutionStatus::Running => {}
        }
    }
    if closed > 0 {
        attempts = log.recoveries(key, RECOVERY_ATTEMPTS_READ_MAX).await?.attempts;
    }
    let helped = |helped| Ok(Did { closed, behind: false, helped });
    let findings = match assessed(log, &ports.index, key).await {
        Ok(Some(findings)) => findings,
        Ok(None) => return Err(SweepFailure::TooLong),
        // This key has no versions: it holds refused requests that named an id which does not exist.
        Err(AssessError::NotFound) => return helped(Helped::NotNeeded),
        Err(AssessError::Store(error)) => return Err(error.into()),
    };
    let (claiming, correlation_id, behind) = match plan(&findings, Trigger::Sweep) {
        RecoveryPlan::AlreadyConsistent => return helped(Helped::NotNeeded),
        RecoveryPlan::Quarantine(found) if is_recorded(&findings, &found) => {
            return helped(Helped::NotNeeded);
        }
        RecoveryPlan::Quarantine(found) => {
            let principal = PrincipalId::automatic_recovery();
            let newest = Some(findings.met());
            let by = FoundBy { operation: OPERATION, principal, recovery_id: None, timestamp: now, newest };
            let entry = Quarantine::new(EventId(ports.ids.fresh()), key, &found, by);
            quarantine(log, entry).await?;
            return helped(Helped::Quarantined);
        }
        RecoveryPlan::Repair(repairs) => {
            let Ok(head) = &findings.log else { return helped(Helped::NotNeeded) };
            // A version this young is being published, or waits for its own recovery, at this moment.
            let young = head.timestamp.later_by_seconds(SWEEP_GRACE_SECONDS) > now;
            let only_failed = repairs.publish.is_none() && !repairs.rebuild_index;
            if young || (only_failed && was_decided(&attempts, findings.end)) {
                return helped(Helped::NotNeeded);
            }
            (Claiming::at_end(Some(head), findings.met()), head.correlation_id.clone(), !only_failed)
        }
    };
    // Sweeps are rare enough to need no delay; but their recoveries count towards the maximum.
    if automatic_delay(&attempts, now).is_none() {
        return Ok(Did { closed, behind, helped: Helped::NotNeeded });
    }
    let asking = Asking::automatic(Trigger::Sweep, correlation_id, 0);
    let claim = start(&ports.starting, key, claiming, &asking).await?;
    Ok(Did { closed, behind, helped: Helped::Started(Box::new(claim)) })
}

/// Assesses a workflow; none when its history is longer than a sweep checks.
async fn assessed<L, I>(log: &L, index: &I, key: &WorkflowKey) -> Result<Option<Findings>, AssessError>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
{
    let mut checked = None;
    for _ in 0..SWEEP_CHECKS_MAX {
        match assess_part(log, index, key, checked).await? {
            Assessed::Whole(findings) => return Ok(Some(*findings)),
            Assessed::Interrupted(reached) => checked = Some(reached),
        }
    }
    Ok(None)
}

/// Whether a claim is old enough to act on.
fn is_settled(claim: &RecoveryClaim, now: Timestamp) -> bool {
    claim.claimed_at.later_by_seconds(SWEEP_GRACE_SECONDS) <= now
}

/// Whether this break is recorded, and its release is not.
fn is_recorded(findings: &Findings, found: &BreakFound) -> bool {
    findings.quarantine.in_force().iter().any(|in_force| in_force.found == *found && in_force.recorded.is_some())
}

/// Whether the newest recovery at this version ended in a decision that a repetition would not change. An amendment makes
/// another version, on which the rules may decide otherwise.
pub(super) fn was_decided(attempts: &[RecoveryAttempt], version: Version) -> bool {
    let newest = attempts.first().filter(|newest| newest.claim.version >= version);
    newest.and_then(|newest| newest.ended.as_ref()).is_some_and(|ended| match ended.outcome.status {
        OutcomeStatus::Refused => true,
        OutcomeStatus::Recovered
        | OutcomeStatus::AlreadyConsistent
        | OutcomeStatus::Quarantined
        | OutcomeStatus::GaveUp => false,
    })
}
