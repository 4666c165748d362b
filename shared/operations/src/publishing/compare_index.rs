//! Compares the index with the log, as an operator does after a restore of the log: the index is then the witness of what
//! the restored log lacks. It also removes what is no longer of use in the index. The API offers none of this.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::projection::IndexEntry;
use futures_util::future::try_join_all;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::ports::{IndexWalk, LogError, LogWalk, QuarantineLog, Sought, StoreError, WorkflowIndex, WorkflowLog};
use crate::publishing::anomaly::Anomaly;
use crate::publishing::rebuild_index::{Course, Finding, RebuildIndexError, look};

/// What a comparison has found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// Workflows of the log that were checked: chain, quarantines and index entry.
    pub workflows: u64,
    /// Workflows whose index entry is missing, wrong or behind, and which a rebuild puts in order.
    pub behind: u64,
    /// Workflows that are in order, or quarantined, and that lists by their labels or of the quarantined do not show. A
    /// rebuild puts that in order.
    pub unlisted: u64,
    /// Index entries that were looked up in the log.
    pub entries: u64,
    /// Everything that a rebuild leaves as it is, without a limit of their number.
    pub findings: Vec<Finding>,
}

/// Verifies every workflow of the log, and looks up every entry of the index in the log. Changes nothing.
///
/// It calls `progress` after every few workflows; `progress` may stop it there.
///
/// # Errors
/// When log or index fail.
pub async fn compare_index<L, I>(
    log: &L,
    index: &I,
    workflows_at_once: usize,
    mut progress: impl FnMut(&Compared) -> ControlFlow<()>,
) -> Result<Compared, RebuildIndexError>
where
    L: WorkflowLog + QuarantineLog + LogWalk,
    I: WorkflowIndex + IndexWalk,
{
    let at_once = workflows_at_once.max(1);
    let mut compared = Compared::default();
    let (mut before, mut from) = (BTreeSet::new(), None);
    loop {
        let part = log.part(from.as_ref()).await.map_err(RebuildIndexError::Log)?;
        compared.findings.extend(part.strays.into_iter().map(|key| Finding { key, anomaly: Anomaly::Stray }));
        // A workflow whose entries continue in this part was checked when the part before named it.
        let fresh: Vec<WorkflowKey> = part.workflows.difference(&before).cloned().collect();
        for keys in fresh.chunks(at_once) {
            check(log, index, keys, &mut compared).await?;
            if progress(&compared).is_break() {
                return Ok(compared);
            }
        }
        let Some(next) = part.next else { break };
        (from, before) = (Some(next), part.workflows);
    }
    // A partition of the log that has entries but no version is found by both walks.
    let known: BTreeSet<String> = compared.findings.iter().map(|finding| finding.key.clone()).collect();
    let mut from = None;
    loop {
        let part = index.index_part(from.as_ref()).await.map_err(RebuildIndexError::Index)?;
        for entries in part.entries.chunks(at_once) {
            for entry in without_log(log, entries).await? {
                let key = entry.key.to_string();
                if !known.contains(&key) {
                    let anomaly = Anomaly::AheadOfLog { published: entry.published_version, head: None };
                    compared.findings.push(Finding { key, anomaly });
                }
            }
            compared.entries += u64::try_from(entries.len()).unwrap_or_default();
            if progress(&compared).is_break() {
                return Ok(compared);
            }
        }
        let Some(next) = part.next else { return Ok(compared) };
        from = Some(next);
    }
}

/// Removes the entries whose workflow has no version in the log: lists would show workflows that do not exist, and a
/// workflow created under such an id would be taken for a forgery of the lost one. Returns how many were removed.
///
/// # Errors
/// When log or index fail. What was removed stays removed.
pub async fn remove_orphans<L: WorkflowLog, I: IndexWalk>(
    log: &L,
    index: &I,
    mut progress: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<u64, RebuildIndexError> {
    let (mut removed, mut from) = (0, None);
    loop {
        let part = index.index_part(from.as_ref()).await.map_err(RebuildIndexError::Index)?;
        for orphan in without_log(log, &part.entries).await? {
            removed += u64::from(index.remove(orphan).await.map_err(RebuildIndexError::Index)?);
        }
        let Some(next) = part.next else { return Ok(removed) };
        if progress(removed).is_break() {
            return Ok(removed);
        }
        from = Some(next);
    }
}

/// Removes everything from the index. Until it is rebuilt, lists are empty, and it is no witness of a loss any more.
///
/// # Errors
/// When the index fails. What was removed stays removed.
pub async fn empty_index<I: IndexWalk>(
    index: &I,
    mut progress: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<u64, RebuildIndexError> {
    let mut removed = 0;
    loop {
        let some = index.clear_some().await.map_err(RebuildIndexError::Index)?;
        removed += some;
        if some == 0 || progress(removed).is_break() {
            return Ok(removed);
        }
    }
}

async fn check<L: WorkflowLog + QuarantineLog, I: WorkflowIndex + IndexWalk>(
    log: &L,
    index: &I,
    keys: &[WorkflowKey],
    compared: &mut Compared,
) -> Result<(), RebuildIndexError> {
    // The index first: an index read after the log could be ahead of it without any fault.
    let entries = index.entries(keys).await.map_err(RebuildIndexError::Index)?;
    let looks = keys.iter().map(|key| look(log, key, entries.get(key), None));
    let courses = try_join_all(looks).await.map_err(RebuildIndexError::Log)?;
    let mut sought = Vec::new();
    for (key, looked) in keys.iter().zip(courses) {
        if let Some(Ok(entry)) = entries.get(key) {
            let (by_labels, as_quarantined) = (looked.course == Course::InOrder, looked.is_quarantined);
            sought.push(Sought { entry, by_labels, as_quarantined });
        }
        compared.workflows += u64::from(looked.course != Course::NotThere);
        match looked.course {
            Course::NotThere | Course::InOrder => {}
            Course::PutInOrder { .. } => compared.behind += 1,
            Course::LeaveIt(anomaly) => compared.findings.push(Finding { key: key.to_string(), anomaly }),
        }
    }
    let unlisted = index.unlisted(&sought).await.map_err(RebuildIndexError::Index)?;
    compared.unlisted += u64::try_from(unlisted.len()).unwrap_or_default();
    Ok(())
}

/// Those entries whose workflow has no version in the log. They were read before the log is.
async fn without_log<'a, L: WorkflowLog>(
    log: &L,
    entries: &'a [IndexEntry],
) -> Result<Vec<&'a IndexEntry>, RebuildIndexError> {
    let looks = entries.iter().map(async |entry| match log.head(&entry.key).await {
        Ok(None) => Ok(Some(entry)),
        // A version that this release cannot read is one.
        Ok(Some(_)) | Err(LogError::Unreadable { .. } | LogError::Store(StoreError::NewerFormat(_))) => Ok(None),
        Err(LogError::Store(error)) => Err(RebuildIndexError::Log(error)),
    });
    Ok(try_join_all(looks).await?.into_iter().flatten().collect())
}
