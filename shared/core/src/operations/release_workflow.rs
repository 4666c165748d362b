//! Releasing a workflow from quarantine: a person's recorded act, with a reason. The stored history stays as it is.

use std::sync::Arc;

use crate::call::Call;
use crate::chain::Fault;
use crate::identifiers::{EventId, Reason, Version, WorkflowId, WorkflowKey};
use crate::operations::reading::{authorise, head as newest};
use crate::operations::refusing::keep;
use crate::operations::{Forbidden, NotKept, Quarantined, ReadWorkflowError, TooManyRefusals};
use crate::ports::{
    AccessPolicy, Action, Advanced, Clock, Ids, IndexEntry, LogError, QuarantineLog, StoreError, StoredVersion,
    WorkflowIndex, WorkflowLog,
};
use crate::quarantine::{Quarantine, QuarantineEntry, QuarantineRecord, Release, ReleaseEventType};
use crate::recovery::bears_witness_of;
use crate::refusal::{Refusal, RefusalCode, RefusalEventType};

/// What releasing needs.
#[derive(Clone)]
pub struct Releasing<L, I> {
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
    /// No break is recorded that is not released.
    #[error("the workflow is not quarantined")]
    NotQuarantined,
    /// Its newest version cannot be read, so nothing could be built on it.
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

/// What was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The workflow's newest version: what the next move builds on.
    pub head: Version,
    /// The releases, one a break, in the order of versions.
    pub releases: Vec<Release>,
    /// Whether the same person had released it for the same reason before.
    pub repeated: bool,
}

/// The operation's name, everywhere.
const OPERATION: &str = "release-workflow";

/// Releases every break of a workflow of the caller's tenant that is recorded and not released yet.
///
/// Repeating it changes nothing: whoever released it last is told the same again.
///
/// # Errors
/// When there is no such workflow, the caller may not, nothing is quarantined, or log or index fail.
pub async fn release_workflow<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    ports: &Releasing<L, I>,
    call: &Call,
    workflow_id: &WorkflowId,
    reason: Reason,
) -> Result<Released, ReleaseWorkflowError> {
    let key = call.key(workflow_id);
    let head = newest(&ports.log, &key).await?;
    if let Err(forbidden) = authorise(ports.policy.as_ref(), call, Action::ReleaseWorkflow, &head.event) {
        record(ports, call, &key, &head, &reason, &forbidden).await?;
        return Err(forbidden.into());
    }
    let quarantine = ports.log.quarantine(&key).await?;
    let in_force = quarantine.in_force();
    if in_force.is_empty() {
        let last = repeated(&quarantine, call, &reason).ok_or(ReleaseWorkflowError::NotQuarantined)?;
        return Ok(Released { head: head.event.version, releases: vec![last], repeated: true });
    }
    take_index_back(ports, &key, &head, &in_force).await?;
    let mut releases = Vec::with_capacity(in_force.len());
    for quarantined in in_force {
        let entry = QuarantineEntry::Released(release(ports, call, quarantined, &reason));
        // Somebody may have been quicker: then it is that person's act.
        if let QuarantineEntry::Released(release) = ports.log.record_quarantine(&entry).await? {
            releases.push(release);
        }
    }
    Ok(Released { head: head.event.version, releases, repeated: false })
}

/// Takes the index back to where a lost end of the log began. Otherwise the publisher would take the versions that are
/// made in place of the lost ones for published. It is done before the release is recorded: until then nobody moves the
/// workflow, and whoever is interrupted in between does it again.
///
/// An entry that bears witness of no break in force stays as it is: a loss that nobody has found yet is known by it.
async fn take_index_back<L: WorkflowLog, I: WorkflowIndex>(
    ports: &Releasing<L, I>,
    key: &WorkflowKey,
    head: &StoredVersion,
    in_force: &[&Quarantine],
) -> Result<(), ReleaseWorkflowError> {
    if in_force.iter().all(|quarantine| quarantine.fault != Fault::Missing) {
        return Ok(());
    }
    let Some(indexed) = ports.index.entries(std::slice::from_ref(key)).await?.remove(key) else { return Ok(()) };
    let loss = in_force.iter().find(|quarantine| bears_witness_of(&indexed, &quarantine.found()));
    let Some(loss) = loss.filter(|_| indexed.published_version > head.event.version) else { return Ok(()) };
    let left = match loss.broken_at_version.previous() {
        // A move that was under way when the loss was found has made a version since, and that is not published.
        Some(left) if left < head.event.version => ports.log.versions(key, left, 1).await?.into_iter().next(),
        Some(_) | None => None,
    };
    let entry = IndexEntry::from(&left.as_ref().unwrap_or(head).event);
    match ports.index.repair(&entry, Some(&indexed)).await? {
        Advanced::Yes => Ok(()),
        Advanced::AlreadyThere => Err(StoreError::Unavailable("the index changed meanwhile".into()).into()),
    }
}

/// The newest release, if it is the one that is asked for again.
fn repeated(quarantine: &QuarantineRecord, call: &Call, reason: &Reason) -> Option<Release> {
    let last = quarantine.releases().last().map(|&release| release.clone())?;
    (last.requested_by == call.principal.id && last.reason == *reason).then_some(last)
}

fn release<L, I>(ports: &Releasing<L, I>, call: &Call, quarantined: &Quarantine, reason: &Reason) -> Release {
    Release {
        event_id: EventId(ports.ids.fresh()),
        tenant_id: quarantined.tenant_id.clone(),
        workflow_id: quarantined.workflow_id.clone(),
        event_type: ReleaseEventType::default(),
        broken_at_version: quarantined.broken_at_version,
        fault: quarantined.fault,
        content: quarantined.content.clone(),
        timestamp: ports.clock.now().max(quarantined.timestamp),
        requested_by: call.principal.id.clone(),
        reason: reason.clone(),
        correlation_id: call.correlation_id.clone(),
    }
}

/// Keeps a refused attempt. It is audit: an answer is given only once it is kept.
async fn record<L: WorkflowLog, I>(
    ports: &Releasing<L, I>,
    call: &Call,
    key: &WorkflowKey,
    head: &StoredVersion,
    reason: &Reason,
    forbidden: &Forbidden,
) -> Result<(), NotKept> {
    let refusal = Refusal {
        event_id: EventId(ports.ids.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        event_type: RefusalEventType::default(),
        operation: OPERATION.to_owned(),
        version: Some(head.event.version),
        current_state: Some(head.event.to_state),
        target_state: None,
        timestamp: ports.clock.now().max(head.event.timestamp),
        requested_by: call.principal.id.clone(),
        reason: Some(reason.clone()),
        code: RefusalCode::Forbidden,
        reasons: Vec::new(),
        ruleset: None,
        ruleset_version: None,
        policies: forbidden.policies.clone(),
        correlation_id: call.correlation_id.clone(),
        further_not_kept: None,
    };
    keep(&ports.log, refusal).await
}
