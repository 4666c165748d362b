//! Whether a workflow's stored history is whole and unaltered: the hash chain, checked from the first version on.

use crate::call::Call;
use crate::chain::{Break, ChainHash, ChainWalk, Fault};
use crate::event::WorkflowEvent;
use crate::identifiers::{Version, WorkflowId, WorkflowKey};
use crate::limits::WALK_ITEMS_MAX;
use crate::operations::reading::{authorise, authorise_by_name};
use crate::operations::{ReadWorkflowError, Reading};
use crate::ports::{Action, LogError, StoreError, StoredVersion, WorkflowLog};

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
    let (policy, action) = (ports.policy.as_ref(), Action::VerifyWorkflowHistory);
    let (permitted, end) = match ports.store.head(&key).await {
        Ok(None) => return Err(ReadWorkflowError::NotFound),
        Ok(Some(head)) => (authorise(policy, call, action, &head.event), Some(head.event.version)),
        // Of what cannot be read nothing is known but its name.
        Err(LogError::Unreadable { version, .. }) => (authorise_by_name(policy, call, action, &key), Some(version)),
        Err(LogError::Store(error)) => return Err(error.into()),
    };
    permitted?;
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
    walk_chain_seeing(log, key, end, |_| {}).await
}

/// The same, and `seen` sees every sound version in its order.
pub(super) async fn walk_chain_seeing<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    end: Option<Version>,
    seen: impl FnMut(&WorkflowEvent),
) -> Result<Walked, StoreError> {
    walk_on(log, key, ChainWalk::new(key), end, seen).await
}

/// The same from where `walk` stands.
pub(super) async fn walk_on<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    mut walk: ChainWalk<'_>,
    end: Option<Version>,
    mut seen: impl FnMut(&WorkflowEvent),
) -> Result<Walked, StoreError> {
    let broken = loop {
        let Some(from) = walk.awaited() else { break None };
        let page = match readable(log, key, from, WALK_ITEMS_MAX).await? {
            Ok(page) => page,
            Err(broken) => break Some(broken),
        };
        if page.is_empty() {
            // Nothing more: sound, unless a later version is known to be there.
            break end.filter(|end| *end >= from).map(|_| Break { at: from, fault: Fault::Missing });
        }
        let walked = page.into_iter().try_for_each(|version| {
            walk.step(version.event)?;
            walk.last().into_iter().for_each(&mut seen);
            Ok(())
        });
        if let Err(broken) = walked {
            break Some(broken);
        }
    };
    Ok(Walked { last: walk.last().cloned(), broken })
}

/// The versions from `from` on, at most `limit` of them; or the break, when the first of them cannot be read.
///
/// # Errors
/// When the log cannot be read.
pub(super) async fn readable<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    from: Version,
    limit: usize,
) -> Result<Result<Vec<StoredVersion>, Break>, StoreError> {
    match log.versions(key, from, limit).await {
        Ok(page) => Ok(Ok(page)),
        Err(LogError::Store(error)) => Err(error),
        Err(LogError::Unreadable { version, .. }) => {
            let (at, fault) = if version > from { (from, Fault::Missing) } else { (version, Fault::Unreadable) };
            Ok(Err(Break { at, fault }))
        }
    }
}
