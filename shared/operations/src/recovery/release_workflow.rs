//! Releasing a workflow from quarantine: a person's recorded act, with a reason. The stored history stays as it is.

use alims_domain::access::Action;
use alims_domain::attempt::{Attempt, RefusedBy};
use alims_domain::call::Call;
use alims_domain::hash_chain::{Break, Fault};
use alims_domain::identifiers::{EventId, Reason, Version, WorkflowId, WorkflowKey};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{
    BreakFound, BreakId, InForce, QuarantineEntry, QuarantineRecord, Release, ReleaseEventType,
};
use alims_domain::recovery::bears_witness_of;
use alims_domain::stored_version::StoredVersion;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::append::now;
use crate::errors::{Forbidden, Quarantined};
use crate::head::{Below, Newest, ReadWorkflowError, below_unreadable, newest};
use crate::permission::authorise;
use crate::ports::{
    AccessPolicy, Advanced, Clock, Ids, LogError, QuarantineLog, StoreError, WorkflowIndex, WorkflowLog, entry_of,
};
use crate::refusals::{NotKept, TooManyRefusals, keep};

/// What releasing needs.
#[derive(Clone)]
pub struct Ports<L, I> {
    /// The log.
    pub log: L,
    /// The index, which a lost end of the log leaves ahead of it.
    pub index: I,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

/// Why a workflow was not released.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseWorkflowError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A break that was named is not in force. Nothing was released.
    #[error("break {} is not in force", .0.as_str())]
    NotQuarantined(BreakId),
    /// No version of it can be read, or none of as many as [`alims_domain::limits::UNREADABLE_PASSED_OVER_MAX`] says, so there is
    /// nothing to go on from.
    #[error(transparent)]
    Unreadable(#[from] Quarantined),
    /// So much was refused lately that this is not kept any more.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The store beneath; a write may or may not have happened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ReadWorkflowError> for ReleaseWorkflowError {
    fn from(error: ReadWorkflowError) -> Self {
        match error {
            ReadWorkflowError::NotFound => Self::NotFound,
            ReadWorkflowError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            ReadWorkflowError::Quarantined(quarantined) => Self::Unreadable(quarantined),
            ReadWorkflowError::Store(error) => Self::Store(error),
        }
    }
}

impl From<LogError> for ReleaseWorkflowError {
    fn from(error: LogError) -> Self {
        ReadWorkflowError::from(error).into()
    }
}

impl From<NotKept> for ReleaseWorkflowError {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::TooMany(too_many) => Self::TooManyRefusals(too_many),
            NotKept::Store(error) => Self::Store(error),
        }
    }
}

/// What a person releases, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The breaks, at least one: as a reading of the workflow showed them. No other is covered.
    pub breaks: BTreeSet<BreakId>,
    /// Why.
    pub reason: Reason,
}

/// What was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The newest version that can be read: what the next move builds on.
    pub head: Version,
    /// The releases, one a break, in the order of versions.
    pub releases: Vec<Release>,
    /// Breaks that are still in force.
    pub left: Vec<InForce>,
    /// Whether the same person had released all of it for the same reason before.
    pub repeated: bool,
}

/// The operation's name, everywhere.
const OPERATION: &str = "release-workflow";

/// Releases breaks of a workflow of the caller's tenant: those that are named, and no other. Nothing is released unless each
/// of them is in force, or was released by this person for this reason already.
///
/// Repeating it changes nothing: the answer is the same releases.
///
/// # Errors
/// When there is no such workflow, the caller may not, a break that is named is not in force, no version can be read, or
/// log or index fail.
pub async fn release_workflow<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &ReleaseRequest,
) -> Result<Released, ReleaseWorkflowError> {
    let key = call.key(workflow_id);
    // The record first: what it says was found was there before the log is looked at for a version to go on from.
    let quarantine = ports.log.quarantine(&key).await?;
    let (stored, end) = permitted(ports, call, &key, &request.reason).await?;
    let (mut to_release, mut left, mut releases) = (Vec::new(), Vec::new(), Vec::new());
    for in_force in quarantine.in_force() {
        if request.breaks.contains(&in_force.found.id()) { to_release.push(in_force) } else { left.push(in_force) }
    }
    for id in &request.breaks {
        if to_release.iter().all(|in_force| in_force.found.id() != *id) {
            let before = released_before(&quarantine, call, request, id);
            releases.push(before.ok_or_else(|| ReleaseWorkflowError::NotQuarantined(id.clone()))?);
        }
    }
    let repeated = to_release.is_empty();
    take_index_back(ports, &key, &stored, end, &to_release).await?;
    for in_force in &to_release {
        let entry = QuarantineEntry::Released(release(ports, call, &key, in_force, &request.reason));
        // Somebody may have been quicker: then it is that person's act.
        if let QuarantineEntry::Released(release) = ports.log.record_quarantine(&entry).await? {
            releases.push(release);
        }
    }
    releases.sort_by_key(Release::covers);
    Ok(Released { head: stored.event.version, releases, left, repeated })
}

/// The newest version that can be read, released or not, and the newest that is there, for a caller who may release it.
async fn permitted<L: WorkflowLog, I>(
    ports: &Ports<L, I>,
    call: &Call,
    key: &WorkflowKey,
    reason: &Reason,
) -> Result<(StoredVersion, Version), ReleaseWorkflowError> {
    let newest = newest(&ports.log, key).await?.ok_or(ReleaseWorkflowError::NotFound)?;
    let end = newest.version();
    let stored = match newest {
        Newest::Readable(stored) => Some(*stored),
        Newest::Unreadable(version, content) => {
            match below_unreadable(&ports.log, key, version, &content, |_| true).await? {
                Below::Readable(stored) => Some(*stored),
                Below::Nothing | Below::Unreleased(_) => None,
            }
        }
    };
    let head = stored.as_ref().map(|stored| &stored.event);
    if let Err(forbidden) = authorise(ports.policy.as_ref(), call, Action::ReleaseWorkflow, key, head) {
        let (reason, now) = (Some(reason), now(ports.clock.as_ref(), head));
        let attempt = Attempt { operation: OPERATION, call, key, head, target_state: None, reason, now };
        keep(&ports.log, attempt.refused(EventId(ports.ids.fresh()), RefusedBy::Policies(&forbidden))).await?;
        return Err(forbidden.into());
    }
    stored.map(|stored| (stored, end)).ok_or(Quarantined(Break { at: end, fault: Fault::Unreadable }).into())
}

/// Takes the index back to the newest version that can be read, where it stands at one that is lost or that is to be
/// passed over. Otherwise the publisher would take the versions that are made in place of lost ones for published, and
/// lists would go on showing a state that the workflow does not have any more. It is done before the release is recorded:
/// until then no move is made, and an interrupted release does it again.
///
/// An entry that bears witness of no break that is released stays as it is: a loss that was not found yet is known by
/// it.
async fn take_index_back<L: WorkflowLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    key: &WorkflowKey,
    stored: &StoredVersion,
    end: Version,
    to_release: &[InForce],
) -> Result<(), ReleaseWorkflowError> {
    let concerns_index = |fault| matches!(fault, Fault::Missing | Fault::Unreadable);
    if to_release.iter().all(|in_force| !concerns_index(in_force.found.fault)) {
        return Ok(());
    }
    let Some(indexed) = entry_of(&ports.index, key).await? else { return Ok(()) };
    let (published, readable) = (indexed.published_version, stored.event.version);
    let loss = to_release.iter().map(|in_force| &in_force.found).find(|found| bears_witness_of(&indexed, found));
    let left = match loss.filter(|_| published > end).map(|loss| loss.at.previous()) {
        // A move that was under way when the loss was found has made a version since, and that is not published.
        Some(Some(left)) if left < readable => match readable_at_most(ports, key, left).await? {
            Some(stored) => Some(stored),
            // Nothing can be read there: the sweep puts the index in order.
            None => return Ok(()),
        },
        Some(_) => None,
        None if published > readable && published <= end && releases_unreadable(published, to_release) => None,
        None => return Ok(()),
    };
    let entry = IndexEntry::from(&left.as_ref().unwrap_or(stored).event);
    match ports.index.repair(&entry, Some(&indexed)).await? {
        Advanced::Yes => Ok(()),
        Advanced::AlreadyThere => Err(StoreError::Unavailable("the index changed meanwhile".into()).into()),
    }
}

/// The newest version that can be read and is not above this one.
async fn readable_at_most<L: WorkflowLog, I>(
    ports: &Ports<L, I>,
    key: &WorkflowKey,
    at_most: Version,
) -> Result<Option<StoredVersion>, StoreError> {
    let Some(above) = at_most.next() else { return Ok(None) };
    match ports.log.newest_below(key, above).await {
        Ok(found) => Ok(found),
        Err(LogError::Unreadable { version, content, .. }) => {
            match below_unreadable(&ports.log, key, version, &content, |_| true).await? {
                Below::Readable(stored) => Ok(Some(*stored)),
                Below::Nothing | Below::Unreleased(_) => Ok(None),
            }
        }
        Err(LogError::Store(error)) => Err(error),
    }
}

/// Whether that version is released as one that cannot be read.
fn releases_unreadable(version: Version, to_release: &[InForce]) -> bool {
    let is_it = |found: &BreakFound| found.fault == Fault::Unreadable && found.at == version;
    to_release.iter().any(|in_force| is_it(&in_force.found))
}

/// The release of a break by the same person for the same reason.
fn released_before(
    quarantine: &QuarantineRecord,
    call: &Call,
    request: &ReleaseRequest,
    id: &BreakId,
) -> Option<Release> {
    let is_same = |release: &&Release| {
        release.covers().id() == *id && release.requested_by == call.principal.id && release.reason == request.reason
    };
    quarantine.releases().into_iter().rfind(is_same).cloned()
}

fn release<L, I>(ports: &Ports<L, I>, call: &Call, key: &WorkflowKey, in_force: &InForce, reason: &Reason) -> Release {
    let BreakFound { at, fault, content } = in_force.found.clone();
    let now = ports.clock.now();
    Release {
        event_id: EventId(ports.ids.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        event_type: ReleaseEventType::default(),
        broken_at_version: at,
        fault,
        content,
        timestamp: in_force.recorded.as_ref().map_or(now, |recorded| now.max(recorded.timestamp)),
        requested_by: call.principal.id.clone(),
        reason: reason.clone(),
        correlation_id: call.correlation_id.clone(),
        beside: None,
    }
}
