//! Assesses a workflow: compares log, index and quarantine record for the plan.

use alims_domain::hash_chain::Checked;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::RECOVERY_ATTEMPTS_READ_MAX;
use alims_domain::quarantine::{BreakFound, Met};
use alims_domain::recovery::Findings;

use crate::chain_walk::{Budget, Part, WalkedPast, event_at, walk_part};
use crate::head::newest;
use crate::ports::{QuarantineLog, RecoveryLog, StoreError, WorkflowIndex, WorkflowLog, entry_of};

/// Why a workflow could not be assessed.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result of a part of an assessment.
#[derive(Debug)]
pub enum Assessed {
    /// All facts that the plan needs.
    Whole(Box<Findings>),
    /// The history is longer than one call checks: the next part continues behind this version.
    Interrupted(Checked),
}

/// Assesses a workflow, part by part: collects all facts that the plan needs.
///
/// # Errors
/// When the workflow does not exist, or log or index cannot be read.
pub async fn assess<L: WorkflowLog + QuarantineLog + RecoveryLog, I: WorkflowIndex>(
    log: &L,
    index: &I,
    key: &WorkflowKey,
) -> Result<Findings, AssessError> {
    let mut checked = None;
    loop {
        match assess_part(log, index, key, checked).await? {
            Assessed::Whole(findings) => return Ok(*findings),
            Assessed::Interrupted(reached) => checked = Some(reached),
        }
    }
}

/// Assesses a workflow, and checks a bounded part of its history: from version 1, or behind the version that an earlier
/// part reached. Each part reads all else anew, so that the last one compares index and log as they are then.
///
/// # Errors
/// As for [`assess`].
pub async fn assess_part<L: WorkflowLog + QuarantineLog + RecoveryLog, I: WorkflowIndex>(
    log: &L,
    index: &I,
    key: &WorkflowKey,
    checked: Option<Checked>,
) -> Result<Assessed, AssessError> {
    // The index first: an index read after the log could be ahead of it without any fault.
    let indexed = entry_of(index, key).await?;
    let quarantine = log.quarantine(key).await?;
    let Met { version: end, head_hash: end_hash } = newest(log, key).await?.ok_or(AssessError::NotFound)?.met();
    let log_state = match walk_part(log, key, (checked, Some(end)), &quarantine, Budget::of_a_call(), |_| {}).await? {
        Part::Interrupted(reached) => return Ok(Assessed::Interrupted(reached)),
        Part::Whole(WalkedPast::End(Some(last))) => Ok(*last),
        // Every version is unreadable and released: there is no version to continue from.
        Part::Whole(WalkedPast::End(None)) => Err(BreakFound::nothing_is_left(Version::FIRST)),
        Part::Whole(WalkedPast::Broken(found)) => Err(found),
    };
    let claimed = match (&log_state, &indexed) {
        (Ok(last), Some(indexed)) if indexed.published_version == last.version => Some(last.clone()),
        // The walk has read every version; the next assessment finds a version that became unreadable since.
        (Ok(_), Some(indexed)) => event_at(log, key, indexed.published_version).await?,
        (Ok(_), None) | (Err(_), _) => None,
    };
    let recoveries = log.recoveries(key, RECOVERY_ATTEMPTS_READ_MAX).await?;
    let unreadable_recoveries = recoveries.unreadable;
    let findings = Findings { log: log_state, end, end_hash, indexed, claimed, quarantine, unreadable_recoveries };
    Ok(Assessed::Whole(Box::new(findings)))
}
