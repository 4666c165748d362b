//! Whether a workflow's stored history is whole and unaltered: the hash chain, checked from the first version on.

use crate::call::Call;
use crate::chain::{Break, ChainHash, ChainWalk, Fault};
use crate::event::WorkflowEvent;
use crate::identifiers::{Version, WorkflowId, WorkflowKey};
use crate::limits::WALK_ITEMS_MAX;
use crate::operations::reading::authorise_by_name;
use crate::operations::{ReadWorkflowError, Reading};
use crate::ports::{Action, LogError, StoreError, WorkflowLog};

/// What the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many versions were found sound, from version 1 on.
    pub versions_checked: u64,
    /// The hash of the last sound version; none when not even the first is.
    pub head_hash: Option<ChainHash>,
    /// The first thing found broken; none when all is sound.
    pub broken: Option<Break>,
}

/// Checks the whole history of a workflow, a bounded number of versions at a time.
///
/// # Errors
/// When there is no such workflow, the caller may not have it checked, or the log cannot be read. What is stored but
/// unreadable is a finding, not an error.
pub async fn verify_workflow_history<L: WorkflowLog>(
    ports: &Reading<L>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<Verification, ReadWorkflowError> {
    let key = call.key(workflow_id);
    // The workflow may be unreadable, so the question is asked without knowing more of it than its name.
    let permitted = authorise_by_name(ports.policy.as_ref(), call, Action::VerifyWorkflowHistory, &key);
    let head = ports.store.head(&key).await;
    if matches!(head, Ok(None)) {
        return Err(ReadWorkflowError::NotFound);
    }
    permitted?;
    let end = match head {
        Err(LogError::Store(error)) => return Err(error.into()),
        Err(LogError::Unreadable { version, .. }) => Some(version),
        Ok(head) => head.map(|head| head.event.version),
    };
    let walked = walk_chain(&ports.store, &key, end).await?;
    Ok(Verification {
        versions_checked: walked.last.as_ref().map_or(0, |event| event.version.get()),
        head_hash: walked.last.map(|event| event.hash),
        broken: walked.broken,
    })
}

/// The end of a walk along a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Walked {
    /// The last sound version.
    pub last: Option<WorkflowEvent>,
    /// What stopped the walk before the end.
    pub broken: Option<Break>,
}

/// Walks the chain of one workflow from version 1 and stops at the first break.
///
/// `end` is a version known to be there: a walk that ends before it found a version missing.
///
/// # Errors
/// When the log cannot be read.
pub async fn walk_chain<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    end: Option<Version>,
) -> Result<Walked, StoreError> {
    let mut walk = ChainWalk::new(key);
    let broken = loop {
        let Some(from) = walk.awaited() else { break None };
        let page = match log.versions(key, from, WALK_ITEMS_MAX).await {
            Ok(page) => page,
            Err(LogError::Store(error)) => return Err(error),
            Err(LogError::Unreadable { version, .. }) => {
                let (at, fault) = if version > from { (from, Fault::Missing) } else { (version, Fault::Unreadable) };
                break Some(Break { at, fault });
            }
        };
        if page.is_empty() {
            // Nothing more: sound, unless a later version is known to be there.
            break end.filter(|end| *end >= from).map(|_| Break { at: from, fault: Fault::Missing });
        }
        if let Some(broken) = page.into_iter().find_map(|version| walk.step(version.event).err()) {
            break Some(broken);
        }
    };
    Ok(Walked { last: walk.last().cloned(), broken })
}
