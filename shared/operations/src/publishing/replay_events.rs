//! Putting a workflow's events on the bus again, from a version on: in order, and marked as replayed.
//!
//! *Again* is meant: only what the index says is published is replayed. Whatever follows has yet to make its first
//! appearance, and a replay that went on to the head could put version 5 before the publisher has put version 4.
//! Nobody's checkpoint is moved, so a replay may run beside the publisher and be repeated at any time.

use std::sync::Arc;

use crate::chain_walk::{event_at, goes_on_at, identified, readable};
use crate::decision::now;
use crate::head::{Head, authorise, authorise_by_name};
use crate::ports::{
    AccessPolicy, Clock, EventBus, Ids, LogError, QuarantineLog, StoreError, WorkflowIndex, WorkflowLog, entry_of,
};
use crate::publishing::cursor::{Lane, Stop, catch_up};
use crate::refusals::keep;
use crate::{Forbidden, NotKept, Publishing, Quarantined, TooManyRefusals};
use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{Break, ChainWalk, Fault};
use alims_domain::identifiers::{EventId, Version, WorkflowId, WorkflowKey};
use alims_domain::limits::{REPLAYED_EVENTS_MAX, WALK_ITEMS_MAX};
use alims_domain::refusal::{Refusal, RefusalCode, RefusalEventType};

/// What replaying needs.
#[derive(Clone)]
pub struct Replaying<L, I, B> {
    /// The log that is read, the index that says how far it is published, and the bus.
    pub publishing: Publishing<L, I, B>,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time, for a refusal.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids, for a refusal.
    pub ids: Arc<dyn Ids>,
}

/// What one replay put on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The first version that was put.
    pub from: Version,
    /// The last one.
    pub to: Version,
    /// How many events that were.
    pub events: u64,
    /// Where to go on; none when all that is published was put.
    pub next: Option<Version>,
}

/// Why events were not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayEventsError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The first version that is asked for was not published yet, so there is no *again*.
    #[error("the workflow is at version {head}, and nothing is published from the version asked for on")]
    NotPublished {
        /// The version the workflow is at.
        head: Version,
        /// The last version that is published; none when none is known to be.
        published: Option<Version>,
    },
    /// The stored versions are not what they should be: none was put.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The bus did not confirm an event, and none after it was put.
    #[error("version {next} was not replayed: {why}")]
    Interrupted {
        /// The version to go on from.
        next: Version,
        /// What the bus said.
        why: String,
    },
    /// So much of the caller's was refused that this is not kept any more.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotKept> for ReplayEventsError {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::TooMany(too_many) => Self::TooManyRefusals(too_many),
            NotKept::Store(error) => Self::Store(error),
        }
    }
}

/// The operation's name, everywhere.
const OPERATION: &str = "replay-events";

/// Replays what is published of a workflow of the caller's tenant, from a version on; at most
/// [`REPLAYED_EVENTS_MAX`] events.
///
/// The versions are checked before the first of them is put, each against the one before it. What lies outside them is
/// not: that is what `verify-workflow-history` is for.
///
/// # Errors
/// When there is no such workflow, the caller may not, nothing is published from that version on, what is stored is
/// broken, or one of the ports fails.
pub async fn replay_events<L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B: EventBus>(
    ports: &Replaying<L, I, B>,
    call: &Call,
    workflow_id: &WorkflowId,
    from: Version,
) -> Result<Replay, ReplayEventsError> {
    let key = call.key(workflow_id);
    let Publishing { log, index, .. } = &ports.publishing;
    let head = permitted_head(ports, call, &key).await?;
    let entry = entry_of(index, &key).await?;
    // The index was read after the head and may have gone past it.
    let published = entry.map(|entry| entry.published_version.min(head));
    let Some(last) = published.filter(|published| from <= *published) else {
        return Err(ReplayEventsError::NotPublished { head, published });
    };
    let within_bound = Version::try_from(from.get().saturating_add(REPLAYED_EVENTS_MAX - 1));
    let to = within_bound.map_or(last, |bound| bound.min(last));
    let sound = sound_versions(log, &key, from, to).await?;
    let (lanes, events) = catch_up(&ports.publishing, vec![Lane::again(key, from, to, sound)]).await;
    match lanes.into_iter().find_map(|lane| Some((lane.stop?, lane.checkpoint))) {
        None => Ok(Replay { from, to, events, next: to.next().filter(|next| *next <= last) }),
        Some((Stop::Later(why) | Stop::Never(why), reached)) => {
            Err(ReplayEventsError::Interrupted { next: reached.and_then(Version::next).unwrap_or(from), why })
        }
    }
}

/// The newest version that is there, for a caller who may replay it. A head that cannot be read is known by its name alone;
/// whether it may be passed over is decided when the range is read.
async fn permitted_head<L: WorkflowLog, I, B>(
    ports: &Replaying<L, I, B>,
    call: &Call,
    key: &WorkflowKey,
) -> Result<Version, ReplayEventsError> {
    let (policy, action) = (ports.policy.as_ref(), Action::ReplayEvents);
    let (permitted, head, end) = match ports.publishing.log.head(key).await {
        Ok(None) => return Err(ReplayEventsError::NotFound),
        Ok(Some(stored)) => {
            let end = stored.event.version;
            (authorise(policy, call, action, &stored.event), Some(Head::of(stored)), end)
        }
        Err(LogError::Unreadable { version, .. }) => (authorise_by_name(policy, call, action, key), None, version),
        Err(LogError::Store(error)) => return Err(error.into()),
    };
    if let Err(forbidden) = permitted {
        record(ports, call, key, head.as_ref(), &forbidden).await?;
        return Err(forbidden.into());
    }
    Ok(end)
}

/// Keeps a refused attempt. It is audit: an answer is given only once it is kept.
async fn record<L: WorkflowLog, I, B>(
    ports: &Replaying<L, I, B>,
    call: &Call,
    key: &WorkflowKey,
    head: Option<&Head>,
    forbidden: &Forbidden,
) -> Result<(), NotKept> {
    let refusal = Refusal {
        event_id: EventId(ports.ids.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        event_type: RefusalEventType::default(),
        operation: OPERATION.to_owned(),
        version: head.map(|head| head.event().version),
        current_state: head.map(|head| head.event().to_state),
        target_state: None,
        timestamp: now(ports.clock.as_ref(), head),
        requested_by: call.principal.id.clone(),
        reason: None,
        code: RefusalCode::Forbidden,
        reasons: Vec::new(),
        ruleset: None,
        ruleset_version: None,
        policies: forbidden.policies.clone(),
        correlation_id: call.correlation_id.clone(),
        further_not_kept: None,
    };
    keep(&ports.publishing.log, refusal).await
}

/// The events of a range, each found to follow from the one before it, and the first from the one before the range. A break
/// that was released is passed over as the publisher does: what can be read behind it is replayed.
async fn sound_versions<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
    from: Version,
    to: Version,
) -> Result<Vec<WorkflowEvent>, ReplayEventsError> {
    let mut begun_at = from.previous().unwrap_or(from);
    let mut walk = ChainWalk::beginning_at(key, begun_at);
    let mut events = Vec::new();
    while let Some(next) = walk.awaited().filter(|next| *next <= to) {
        let left = usize::try_from(to.get().saturating_sub(next.get()) + 1).unwrap_or(WALK_ITEMS_MAX);
        let broken = match readable(log, key, next, left).await? {
            Ok(page) if page.is_empty() => Some(Break { at: next, fault: Fault::Missing }),
            Ok(page) => page.into_iter().find_map(|stored| match walk.step(stored.event.clone()) {
                Ok(()) => {
                    events.push(stored.event);
                    None
                }
                Err(broken) => Some(broken),
            }),
            Err(broken) => Some(broken),
        };
        let Some(broken) = broken else { continue };
        let found = identified(log, key, &broken).await?;
        if !log.quarantine(key).await?.is_released(&found) {
            return Err(Quarantined(broken).into());
        }
        if matches!(broken.fault, Fault::Altered | Fault::Foreign) {
            events.extend(event_at(log, key, broken.at).await?);
        }
        let Some(next) = goes_on_at(log, key, &broken, begun_at).await? else { break };
        begun_at = next;
        walk = ChainWalk::resuming(key, next, events.last().cloned());
    }
    events.retain(|event| event.version >= from);
    Ok(events)
}
