//! Releases a workflow from quarantine: a person's recorded act, with a reason. The stored history stays as it is.

use alims_domain::access::Action;
use alims_domain::attempt::{Attempt, RefusedBy};
use alims_domain::call::Call;
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::identifiers::{EventId, Reason, Version, WorkflowId, WorkflowKey};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{
    BreakFound, BreakId, InForce, Met, QuarantineEntry, QuarantineRecord, Release, ReleaseEventType,
};
use alims_domain::stored_version::StoredVersion;
use alims_domain::witness::bears_witness_of;
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

/// The ports of a release.
#[derive(Clone)]
pub struct Ports<L, I> {
    /// The log.
    pub log: L,
    /// The index, which is ahead of the log when the log lost its end.
    pub index: I,
    /// The policies.
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
    /// The policies do not allow the caller to do this.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A named break is not in force. Nothing was released.
    #[error("break {} is not in force", .0.as_str())]
    NotQuarantined(BreakId),
    /// No version is readable, or none within [`alims_domain::limits::UNREADABLE_PASSED_OVER_MAX`] versions, so there
    /// is no version to continue from.
    #[error(transparent)]
    Unreadable(#[from] Quarantined),
    /// Too many attempts were refused lately, so this refusal was not kept.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The store failed; a write may or may not have happened.
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

/// The breaks to release, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The breaks, at least one, with the ids that the workflow's state shows. The release covers no other.
    pub breaks: BTreeSet<BreakId>,
    /// The reason.
    pub reason: Reason,
}

/// The result of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The newest readable version, which the next transition continues from.
    pub head: Version,
    /// The releases, one per break, in version order.
    pub releases: Vec<Release>,
    /// Breaks still in force.
    pub left: Vec<InForce>,
    /// Whether the same person had released all of them for the same reason before.
    pub repeated: bool,
}

/// The operation's name in logs, policies and records.
const OPERATION: &str = "release-workflow";

/// Releases the named breaks of a workflow of the caller's tenant, and no others. It releases nothing unless each of
/// them is in force, or was already released by this person for this reason.
///
/// A repetition changes nothing and returns the same releases.
///
/// # Errors
/// When the workflow does not exist, the caller may not do this, a named break is not in force, no version is readable,
/// or log or index fail.
pub async fn release_workflow<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &ReleaseRequest,
) -> Result<Released, ReleaseWorkflowError> {
    let key = call.key(workflow_id);
    // The record first: a break in it was found before the search for a readable version begins.
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
    take_index_back(ports, &key, &stored, end.version, &to_release).await?;
    for in_force in &to_release {
        let entry = QuarantineEntry::Released(release(ports, call, &key, (in_force, end.clone()), &request.reason));
        // Another person may have been faster; then the release is that person's act.
        if let QuarantineEntry::Released(release) = ports.log.record_quarantine(&entry).await? {
            releases.push(release);
        }
    }
    releases.sort_by_key(Release::covers);
    Ok(Released { head: stored.event.version, releases, left, repeated })
}

/// The newest readable version, released or not, and the newest stored one, for a caller who may release the workflow.
async fn permitted<L: WorkflowLog, I>(
    ports: &Ports<L, I>,
    call: &Call,
    key: &WorkflowKey,
    reason: &Reason,
) -> Result<(StoredVersion, Met), ReleaseWorkflowError> {
    let newest = newest(&ports.log, key).await?;
    let end = newest.as_ref().map(Newest::met);
    let stored = match newest {
        None => None,
        Some(Newest::Readable(stored)) => Some(*stored),
        Some(Newest::Unreadable(version, content)) => {
            match below_unreadable(&ports.log, key, version, &content, |_| true).await? {
                Below::Readable(stored) => Some(*stored),
                Below::Nothing | Below::Unreleased(_) => None,
            }
        }
    };
    let head = stored.as_ref().map(|stored| &stored.event);
    if let Err(forbidden) = authorise(ports.policy.as_ref(), call, Action::ReleaseWorkflow, key, head) {
        let (reason, now) = (Some(reason), now(ports.clock.as_ref(), head));
        let attempt = Attempt { operation: OPERATION, call, key, head, target_state: None, reason, meaning: None, now };
        keep(&ports.log, attempt.refused(EventId(ports.ids.fresh()), RefusedBy::Policies(&forbidden))).await?;
        return Err(forbidden.into());
    }
    let end = end.ok_or(ReleaseWorkflowError::NotFound)?;
    let unreadable = Break { at: end.version, fault: BreakKind::Unreadable };
    stored.map(|stored| (stored, end)).ok_or_else(|| Quarantined(unreadable).into())
}

/// Moves the index back to the newest readable version when it shows a version that is lost or will be passed over.
/// Otherwise the publisher would take the new versions in place of lost ones for published, and lists would continue to
/// show a state that the workflow no longer has. This happens before the release is recorded: until then no transition
/// is possible, and an interrupted release repeats it.
///
/// An entry that is no evidence of a released break stays unchanged: it may be the only evidence of a loss that is not
/// found yet. It also stays where versions of the log were made after the published ones: those are not published, so no
/// version of the log can be called the published one. Publisher, recovery and sweep then publish from the beginning.
async fn take_index_back<L: WorkflowLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    key: &WorkflowKey,
    stored: &StoredVersion,
    end: Version,
    to_release: &[InForce],
) -> Result<(), ReleaseWorkflowError> {
    let concerns_index = |fault| matches!(fault, BreakKind::Missing | BreakKind::Unreadable);
    if to_release.iter().all(|in_force| !concerns_index(in_force.found.fault)) {
        return Ok(());
    }
    let Some(indexed) = entry_of(&ports.index, key).await? else { return Ok(()) };
    let (published, readable) = (indexed.published_version, stored.event.version);
    let loss = to_release.iter().map(|in_force| &in_force.found).find(|found| bears_witness_of(&indexed, found));
    let left = match loss.filter(|_| published > end).map(|loss| loss.at.previous()) {
        // A transition in progress when the loss was found has made a version since, and that is unpublished.
        Some(Some(left)) if left < readable => match readable_at_most(ports, key, left).await? {
            Some(stored) => Some(stored),
            // No version is readable there: the sweep repairs the index.
            None => return Ok(()),
        },
        Some(_) => None,
        None if published > readable && published <= end && releases_unreadable(published, to_release) => None,
        None => return Ok(()),
    };
    let left = &left.as_ref().unwrap_or(stored).event;
    if loss.is_some() && left.timestamp > indexed.updated_at {
        return Ok(());
    }
    let entry = IndexEntry::from(left);
    match ports.index.repair(&entry, Some(&indexed)).await? {
        Advanced::Yes => Ok(()),
        Advanced::AlreadyThere => Err(StoreError::Unavailable("the index changed meanwhile".into()).into()),
    }
}

/// The newest readable version that is not above this one.
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

/// Whether these breaks release that version as unreadable.
fn releases_unreadable(version: Version, to_release: &[InForce]) -> bool {
    let is_it = |found: &BreakFound| found.fault == BreakKind::Unreadable && found.at == version;
    to_release.iter().any(|in_force| is_it(&in_force.found))
}

/// The earlier release of a break by the same person for the same reason.
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

fn release<L, I>(
    ports: &Ports<L, I>,
    call: &Call,
    key: &WorkflowKey,
    (in_force, newest): (&InForce, Met),
    reason: &Reason,
) -> Release {
    let BreakFound { at, fault, content, published } = in_force.found.clone();
    let now = ports.clock.now();
    Release {
        event_id: EventId(ports.ids.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        event_type: ReleaseEventType::default(),
        broken_at_version: at,
        fault,
        content,
        published_hash: published,
        timestamp: in_force.recorded.as_ref().map_or(now, |recorded| now.max(recorded.timestamp)),
        version: Some(newest.version),
        head_hash: newest.head_hash,
        requested_by: call.principal.id.clone(),
        reason: reason.clone(),
        correlation_id: call.correlation_id.clone(),
        beside: None,
    }
}
