//! Verifies that a workflow's stored history is complete and unaltered: it checks the hash chain from the first version
//! on, and that the versions which were published are still there. Each call checks a bounded part.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::hash_chain::{Break, ChainWalk, Checked};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::quarantine::BreakFound;

use crate::chain_walk::{Budget, still_there, walk_on};
use crate::head::{Newest, ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{QuarantineLog, ReadPorts, StoreError, WorkflowIndex, WorkflowLog, entry_of};
use crate::witness::ever_shown;

/// The ports of a verification.
#[derive(Clone)]
pub struct Ports<L, I> {
    /// The log and the policies.
    pub reading: ReadPorts<L>,
    /// The index, which keeps the hash of the newest published version.
    pub index: I,
}

/// The result of the verification of a part. It claims nothing about the versions before `from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The first version of the part.
    pub from: Version,
    /// The number of valid versions of the part.
    pub versions_checked: u64,
    /// The hash of the last valid version; none when version 1 is broken.
    pub head_hash: Option<ChainHash>,
    /// The first break of the part; none when every version of it is valid.
    pub broken: Option<Break>,
    /// The hash of the version that was published, when the index entry is the evidence of the break.
    pub published_hash: Option<ChainHash>,
    /// Where the next part continues; none when this one reached a break or the end.
    pub next: Option<Checked>,
}

/// Why a history was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyWorkflowHistoryError {
    /// The workflow cannot be read.
    #[error(transparent)]
    Read(#[from] ReadWorkflowError),
    /// The log does not have the version from which the part should continue, as it was then.
    #[error("the log has no version {} with that hash", .0.version)]
    NotThere(Checked),
}

impl From<StoreError> for VerifyWorkflowHistoryError {
    fn from(error: StoreError) -> Self {
        Self::Read(error.into())
    }
}

/// Verifies a bounded part of a workflow's history: from version 1, or behind the version that an earlier part reached.
///
/// The caller may have made up that version. So the operation reads it again, and the result says where the part began.
///
/// # Errors
/// When the workflow does not exist, the caller may not verify it, the part does not continue a part of this log, or
/// the log cannot be read. An unreadable stored version is a finding, not an error.
pub async fn verify_workflow_history<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    call: &Call,
    workflow_id: &WorkflowId,
    checked: Option<Checked>,
) -> Result<Verification, VerifyWorkflowHistoryError> {
    let (key, log) = (call.key(workflow_id), &ports.reading.store);
    let newest = newest(log, &key).await?;
    let event = newest.as_ref().and_then(Newest::event);
    let permitted = authorise(ports.reading.policy.as_ref(), call, Action::VerifyWorkflowHistory, &key, event);
    permitted.map_err(ReadWorkflowError::from)?;
    let newest = newest.ok_or(ReadWorkflowError::NotFound)?;
    // Read before the log is walked: an index read after it could be ahead of it without any fault.
    let indexed = entry_of(&ports.index, &key).await?;
    let walk = match checked {
        None => ChainWalk::new(&key),
        Some(checked) => match still_there(log, &key, &checked).await? {
            Some(reached) => ChainWalk::continuing(&key, reached),
            None => return Err(VerifyWorkflowHistoryError::NotThere(checked)),
        },
    };
    let from = walk.awaited().unwrap_or(Version::LAST);
    let end = Some(newest.version());
    let walked = walk_on(log, &key, walk, end, &mut Budget::of_a_call(), |_| {}).await?;
    let shown = ever_shown(log, &key, indexed.as_ref()).await?;
    // A break of the chain below it says more of what is left. One outside this part belongs to another part.
    let reached = walked.last.as_ref().map(|event| event.version).filter(|_| walked.interrupted);
    let is_here = |at| from <= at && reached.is_none_or(|reached| at <= reached);
    let shown = shown.filter(|shown| is_here(shown.at));
    let shown = shown.filter(|shown| walked.broken.as_ref().is_none_or(|broken| shown.at < broken.at));
    let next = walked.last.as_ref().filter(|_| walked.interrupted && shown.is_none()).map(Checked::from);
    Ok(Verification {
        from,
        versions_checked: walked.versions,
        head_hash: walked.last.map(|event| event.hash),
        broken: shown.as_ref().map(BreakFound::as_break).or(walked.broken),
        published_hash: shown.and_then(|shown| shown.published),
        next,
    })
}
