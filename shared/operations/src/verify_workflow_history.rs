//! Verifies that a workflow's stored history is complete and unaltered: it checks the hash chain from the first version
//! on, that the versions which were published are still there, and then the entries beside the versions. Each call checks
//! a bounded part.

mod anchored;
mod kept;

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{Break, ChainWalk, Checked};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::quarantine::BreakFound;
use futures_util::future::join;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::chain_walk::{Budget, still_there, walk_on};
use crate::head::{Newest, ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{
    AnchorWitness, OverdueLog, QuarantineLog, ReadPorts, RecoveryLog, StoreError, WorkflowIndex, WorkflowLog, entry_of,
};
use crate::verify_workflow_history::kept::KeptPart;
use crate::witness::ever_shown;

pub use crate::verify_workflow_history::anchored::Anchored;
pub use crate::verify_workflow_history::kept::{BrokenEntry, EntryFault, EntryName, KeptChecked, KeptPosition};

/// The ports of a verification.
#[derive(Clone)]
pub struct Ports<L, I, W> {
    /// The log and the policies.
    pub reading: ReadPorts<L>,
    /// The index, which keeps the hash of the newest published version.
    pub index: I,
    /// The anchors of the log.
    pub anchors: W,
}

/// How far a verification has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// The last version that was found valid.
    pub checked: Checked,
    /// The position among the entries beside the versions; none before the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptPosition>,
}

impl From<Checked> for Reached {
    fn from(checked: Checked) -> Self {
        Self { checked, kept: None }
    }
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
    /// The hash of the version that was published or anchored, when the index entry or the newest anchor is the evidence
    /// of the break.
    pub published_hash: Option<ChainHash>,
    /// The sound entries beside the versions; none while versions are left to check, or when one of them is broken.
    pub kept: Option<KeptChecked>,
    /// The entries of the part that are not as the service wrote them.
    pub broken_entries: Vec<BrokenEntry>,
    /// What the newest anchor says of the versions of the part; none before the first anchor.
    pub anchored: Option<Anchored>,
    /// Where the next part continues; none when this one reached a break, a broken entry or the end.
    pub next: Option<Reached>,
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

/// Verifies a bounded part of a workflow's history: from version 1, or from where an earlier part ended. The entries
/// beside the versions come behind the last version: each names a version, which is valid by then.
///
/// The caller may have made up where the earlier part ended. So the operation reads that version again, and the result says where the part began.
///
/// # Errors
/// When the workflow does not exist, the caller may not verify it, the part does not continue a part of this log, or
/// the log cannot be read. An unreadable stored version is a finding, not an error.
pub async fn verify_workflow_history<L, I, W>(
    ports: &Ports<L, I, W>,
    call: &Call,
    workflow_id: &WorkflowId,
    reached: Option<Reached>,
) -> Result<Verification, VerifyWorkflowHistoryError>
where
    L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog,
    I: WorkflowIndex,
    W: AnchorWitness,
{
    let (key, log) = (call.key(workflow_id), &ports.reading.store);
    let newest = newest(log, &key).await?;
    let event = newest.as_ref().and_then(Newest::event);
    let permitted = authorise(ports.reading.policy.as_ref(), call, Action::VerifyWorkflowHistory, &key, event);
    permitted.map_err(ReadWorkflowError::from)?;
    let newest = newest.ok_or(ReadWorkflowError::NotFound)?;
    // Read before the log is walked: what is read after it could be ahead of it without any fault.
    let (indexed, anchor) = join(entry_of(&ports.index, &key), ports.anchors.newest_anchor(&key.tenant_id)).await;
    let (indexed, anchor) = (indexed?, anchor?);
    let (checked, after) = reached.map_or((None, None), |reached| (Some(reached.checked), reached.kept));
    let walk = match checked {
        None => ChainWalk::new(&key),
        Some(checked) => match still_there(log, &key, &checked).await? {
            Some(reached) => ChainWalk::continuing(&key, reached),
            None => return Err(VerifyWorkflowHistoryError::NotThere(checked)),
        },
    };
    let from = walk.awaited().unwrap_or(Version::LAST);
    let end = Some(newest.version());
    let mut hashes = BTreeMap::new();
    let seen = |event: &WorkflowEvent| {
        hashes.insert(event.version, event.hash.clone());
    };
    let walked = walk_on(log, &key, walk, end, &mut Budget::of_a_call(), seen).await?;
    let shown = ever_shown(log, &key, indexed.as_ref()).await?;
    // A break of the chain below it says more of what is left. One outside this part belongs to another part.
    let last = walked.last.as_ref().map(|event| event.version).filter(|_| walked.interrupted);
    let is_here = |at| from <= at && last.is_none_or(|last| at <= last);
    let shown = shown.filter(|shown| is_here(shown.at));
    let shown = shown.filter(|shown| walked.broken.as_ref().is_none_or(|broken| shown.at < broken.at));
    let end = Some(newest.version()).filter(|_| walked.broken.is_none() && !walked.interrupted);
    let compared = anchor.map(|anchor| anchored::compare(anchor, workflow_id, &hashes, end));
    let (anchored, contradiction) = compared.map_or((None, None), |(anchored, found)| (Some(anchored), found));
    let shown = [contradiction, shown].into_iter().flatten().min_by_key(|found| found.at);
    let broken = shown.as_ref().map(BreakFound::as_break).or(walked.broken);
    let is_whole = broken.is_none() && !walked.interrupted;
    let kept = if is_whole { Some(kept::check(log, &key, after, hashes).await?) } else { None };
    let goes_on = broken.is_none() && kept.as_ref().is_none_or(KeptPart::goes_on);
    let position = kept.as_ref().map_or(after, |kept| kept.next);
    let next = walked.last.as_ref().filter(|_| goes_on).map(|last| Reached { checked: last.into(), kept: position });
    Ok(Verification {
        from,
        versions_checked: walked.versions,
        head_hash: walked.last.map(|event| event.hash),
        broken,
        published_hash: shown.and_then(|shown| shown.published),
        kept: kept.as_ref().map(|kept| kept.checked),
        broken_entries: kept.map(|kept| kept.broken).unwrap_or_default(),
        anchored,
        next,
    })
}
