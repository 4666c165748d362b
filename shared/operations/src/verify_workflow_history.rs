//! Verifies that a workflow's stored history is complete and unaltered: it checks the hash chain from the first version
//! on, and that the versions which were published are still there.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::hash_chain::Break;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::WorkflowId;
use alims_domain::quarantine::BreakFound;

use crate::chain_walk::walk_chain;
use crate::head::{Newest, ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{QuarantineLog, ReadPorts, WorkflowIndex, WorkflowLog, entry_of};
use crate::witness::ever_shown;

/// The ports of a verification.
#[derive(Clone)]
pub struct Ports<L, I> {
    /// The log and the policies.
    pub reading: ReadPorts<L>,
    /// The index, which keeps the hash of the newest published version.
    pub index: I,
}

/// The result of the verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The number of valid versions, from version 1 on.
    pub versions_checked: u64,
    /// The hash of the last valid version; none when version 1 is broken.
    pub head_hash: Option<ChainHash>,
    /// The first break; none when every version is valid.
    pub broken: Option<Break>,
    /// The hash of the version that was published, when the index entry is the evidence of the break.
    pub published_hash: Option<ChainHash>,
}

/// Verifies the whole history of a workflow, a bounded number of versions at a time.
///
/// # Errors
/// When the workflow does not exist, the caller may not verify it, or the log cannot be read. An unreadable stored
/// version is a finding, not an error.
pub async fn verify_workflow_history<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<Verification, ReadWorkflowError> {
    let (key, log) = (call.key(workflow_id), &ports.reading.store);
    let newest = newest(log, &key).await?;
    let event = newest.as_ref().and_then(Newest::event);
    authorise(ports.reading.policy.as_ref(), call, Action::VerifyWorkflowHistory, &key, event)?;
    let newest = newest.ok_or(ReadWorkflowError::NotFound)?;
    // Read before the log is walked: an index read after it could be ahead of it without any fault.
    let indexed = entry_of(&ports.index, &key).await?;
    let walked = walk_chain(log, &key, Some(newest.version())).await?;
    let shown = ever_shown(log, &key, indexed.as_ref()).await?;
    // A break of the chain below it says more of what is left.
    let shown = shown.filter(|shown| walked.broken.as_ref().is_none_or(|broken| shown.at < broken.at));
    Ok(Verification {
        versions_checked: walked.last.as_ref().map_or(0, |event| event.version.get()),
        head_hash: walked.last.map(|event| event.hash),
        broken: shown.as_ref().map(BreakFound::as_break).or(walked.broken),
        published_hash: shown.and_then(|shown| shown.published),
    })
}
