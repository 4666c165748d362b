//! Verifies that a workflow's stored history is complete and unaltered: it checks the hash chain from the first version
//! on, a bounded part in each call.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::hash_chain::{Break, ChainWalk, Checked};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowId};

use crate::chain_walk::{Budget, still_there, walk_on};
use crate::head::{ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{StoreError, WorkflowLog};

pub use crate::ports::ReadPorts as Ports;

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
pub async fn verify_workflow_history<L: WorkflowLog>(
    ports: &Ports<L>,
    call: &Call,
    workflow_id: &WorkflowId,
    checked: Option<Checked>,
) -> Result<Verification, VerifyWorkflowHistoryError> {
    let key = call.key(workflow_id);
    let newest = newest(&ports.store, &key).await?.ok_or(ReadWorkflowError::NotFound)?;
    let permitted = authorise(ports.policy.as_ref(), call, Action::VerifyWorkflowHistory, &key, newest.event());
    permitted.map_err(ReadWorkflowError::from)?;
    let walk = match checked {
        None => ChainWalk::new(&key),
        Some(checked) => match still_there(&ports.store, &key, &checked).await? {
            Some(reached) => ChainWalk::continuing(&key, reached),
            None => return Err(VerifyWorkflowHistoryError::NotThere(checked)),
        },
    };
    let from = walk.awaited().unwrap_or(Version::LAST);
    let end = Some(newest.version());
    let walked = walk_on(&ports.store, &key, walk, end, &mut Budget::of_a_call(), |_| {}).await?;
    let next = walked.last.as_ref().filter(|_| walked.interrupted).map(Checked::from);
    Ok(Verification {
        from,
        versions_checked: walked.versions,
        head_hash: walked.last.map(|event| event.hash),
        broken: walked.broken,
        next,
    })
}
