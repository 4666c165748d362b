//! Assesses a workflow: compares log, index and quarantine record for the plan.

use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::RECOVERY_ATTEMPTS_READ_MAX;
use alims_domain::quarantine::BreakFound;
use alims_domain::recovery::Findings;

use crate::chain_walk::{WalkedPast, event_at, walk_past_releases};
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

/// Assesses a workflow: collects all facts that the plan needs.
///
/// # Errors
/// When the workflow does not exist, or log or index cannot be read.
pub async fn assess<L: WorkflowLog + QuarantineLog + RecoveryLog, I: WorkflowIndex>(
    log: &L,
    index: &I,
    key: &WorkflowKey,
) -> Result<Findings, AssessError> {
    // The index first: an index read after the log could be ahead of it without any fault.
    let indexed = entry_of(index, key).await?;
    let quarantine = log.quarantine(key).await?;
    let end = newest(log, key).await?.ok_or(AssessError::NotFound)?.version();
    let log_state = match walk_past_releases(log, key, Some(end), &quarantine, |_| {}).await? {
        WalkedPast::End(Some(last)) => Ok(*last),
        // Every version is unreadable and released: there is no version to continue from.
        WalkedPast::End(None) => Err(BreakFound::nothing_is_left(Version::FIRST)),
        WalkedPast::Broken(found) => Err(found),
    };
    let claimed = match (&log_state, &indexed) {
        (Ok(last), Some(indexed)) if indexed.published_version == last.version => Some(last.clone()),
        // The walk has read every version; the next assessment finds a version that became unreadable since.
        (Ok(_), Some(indexed)) => event_at(log, key, indexed.published_version).await?,
        (Ok(_), None) | (Err(_), _) => None,
    };
    let recoveries = log.recoveries(key, RECOVERY_ATTEMPTS_READ_MAX).await?;
    let unreadable_recoveries = recoveries.unreadable;
    Ok(Findings { log: log_state, end, indexed, claimed, quarantine, unreadable_recoveries })
}
