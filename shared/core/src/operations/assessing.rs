//! Finding out how a workflow is: log, index and record of quarantines, laid side by side for the plan.

use std::cmp::Ordering;

use crate::chain::{Break, ChainHash, ChainWalk, Fault, canonical_json};
use crate::event::WorkflowEvent;
use crate::identifiers::{Version, WorkflowKey};
use crate::operations::verify_workflow_history::walk_on;
use crate::ports::{LogError, QuarantineLog, StoreError, StoredVersion, WorkflowIndex, WorkflowLog};
use crate::quarantine::{BreakFound, QuarantineRecord};
use crate::recovery::Findings;

/// Why a workflow could not be assessed.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds out how a workflow is: its newest version as far as it can be read, and what the plan needs to know.
///
/// # Errors
/// When there is no such workflow, or log or index cannot be read.
pub async fn assess<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    log: &L,
    index: &I,
    key: &WorkflowKey,
) -> Result<(Option<StoredVersion>, Findings), AssessError> {
    // The index first: read after the log it could be ahead of what was seen there, with nothing wrong at all.
    let indexed = index.entries(std::slice::from_ref(key)).await?.remove(key);
    let quarantine = log.quarantine(key).await?;
    let (head, end) = match log.head(key).await {
        Ok(None) => return Err(AssessError::NotFound),
        Ok(Some(head)) => (Some(head.clone()), head.event.version),
        Err(LogError::Unreadable { version, .. }) => (None, version),
        Err(LogError::Store(error)) => return Err(error.into()),
    };
    let log_state = newest_sound(log, key, head.as_ref(), end, &quarantine).await?;
    let claimed = match (&log_state, &indexed) {
        (Ok(last), Some(indexed)) if indexed.published_version == last.version => Some(last.clone()),
        (Ok(_), Some(indexed)) => event_at(log, key, indexed.published_version).await?,
        (Ok(_), None) | (Err(_), _) => None,
    };
    Ok((head, Findings { log: log_state, indexed, claimed, quarantine }))
}

/// Walks the chain to its end, past every break that was released, and stops at the first that was not.
async fn newest_sound<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    head: Option<&StoredVersion>,
    end: Version,
    quarantine: &QuarantineRecord,
) -> Result<Result<WorkflowEvent, BreakFound>, StoreError> {
    let mut from = Version::FIRST;
    loop {
        let walked = walk_on(log, key, ChainWalk::beginning_at(key, from), Some(end), |_| {}).await?;
        let broken = match (walked.broken, walked.last) {
            (Some(broken), _) => broken,
            (None, Some(last)) => return Ok(Ok(last)),
            (None, None) => Break { at: from, fault: Fault::Missing },
        };
        let found = identified(log, key, &broken).await?;
        if !quarantine.is_released(&found) {
            return Ok(Err(found));
        }
        match goes_on_at(log, key, &broken, from).await? {
            Some(next) if next <= end => from = next,
            // The newest version itself was released: it is built on as it is, if it can be read.
            Some(_) | None => return Ok(head.map(|head| head.event.clone()).ok_or(found)),
        }
    }
}

/// Where the walk goes on behind a break that was released; always further on than it began.
async fn goes_on_at<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    broken: &Break,
    began_at: Version,
) -> Result<Option<Version>, StoreError> {
    match broken.fault {
        // Whether it follows from the version before was what is released: the walk begins anew with it.
        Fault::Unlinked if broken.at > began_at => Ok(Some(broken.at)),
        Fault::Missing => match log.versions(key, broken.at, 1).await {
            Ok(found) => Ok(found.first().map(|stored| stored.event.version)),
            Err(LogError::Unreadable { version, .. }) => Ok(Some(version)),
            Err(LogError::Store(error)) => Err(error),
        },
        Fault::Unlinked | Fault::Unreadable | Fault::Foreign | Fault::Altered => Ok(broken.at.next()),
    }
}

/// Names a break by what is stored where it is.
pub(super) async fn identified<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    broken: &Break,
) -> Result<BreakFound, StoreError> {
    let nothing = ChainHash::genesis();
    let content = match (broken.fault, log.versions(key, broken.at, 1).await) {
        (_, Err(LogError::Store(error))) => return Err(error),
        (Fault::Missing, _) => nothing,
        (_, Err(LogError::Unreadable { version, why, .. })) => match version.cmp(&broken.at) {
            Ordering::Equal => ChainHash::of(why.as_bytes()),
            Ordering::Less | Ordering::Greater => nothing,
        },
        (_, Ok(found)) => {
            let there = found.iter().find(|stored| stored.event.version == broken.at);
            there.map_or(nothing, |stored| content_of(&stored.event))
        }
    };
    Ok(BreakFound { at: broken.at, fault: broken.fault, content })
}

/// The hash of all that the history shows of a version, its own hash included.
pub(super) fn content_of(event: &WorkflowEvent) -> ChainHash {
    match canonical_json(event) {
        Ok(json) => ChainHash::of(&json),
        // What has no canonical JSON has another spelling, and that is as good to tell it from others.
        Err(_) => ChainHash::of(format!("{event:?}").as_bytes()),
    }
}

async fn event_at<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    version: Version,
) -> Result<Option<WorkflowEvent>, StoreError> {
    match log.versions(key, version, 1).await {
        Ok(found) => Ok(found.into_iter().map(|stored| stored.event).find(|event| event.version == version)),
        // The walk has read every version; what became unreadable since is found by the next assessment.
        Err(LogError::Unreadable { .. }) => Ok(None),
        Err(LogError::Store(error)) => Err(error),
    }
}
