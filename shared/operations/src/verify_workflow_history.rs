//! Verifies that a workflow's stored history is complete and unaltered: it checks the hash chain from the first version
//! on.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::hash_chain::Break;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::WorkflowId;

use crate::chain_walk::walk_chain;
use crate::head::{ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::WorkflowLog;

pub use crate::ports::ReadPorts as Ports;

/// The result of the verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The number of valid versions, from version 1 on.
    pub versions_checked: u64,
    /// The hash of the last valid version; none when version 1 is broken.
    pub head_hash: Option<ChainHash>,
    /// The first break; none when every version is valid.
    pub broken: Option<Break>,
}

/// Verifies the whole history of a workflow, a bounded number of versions at a time.
///
/// # Errors
/// When the workflow does not exist, the caller may not verify it, or the log cannot be read. An unreadable stored
/// version is a finding, not an error.
pub async fn verify_workflow_history<L: WorkflowLog>(
    ports: &Ports<L>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<Verification, ReadWorkflowError> {
    let key = call.key(workflow_id);
    let newest = newest(&ports.store, &key).await?.ok_or(ReadWorkflowError::NotFound)?;
    authorise(ports.policy.as_ref(), call, Action::VerifyWorkflowHistory, &key, newest.event())?;
    let walked = walk_chain(&ports.store, &key, Some(newest.version())).await?;
    Ok(Verification {
        versions_checked: walked.last.as_ref().map_or(0, |event| event.version.get()),
        head_hash: walked.last.map(|event| event.hash),
        broken: walked.broken,
    })
}
