//! Putting a workflow's events on the bus again, from a version on: in order, and marked as replayed.
//!
//! *Again* is meant: only what the index says is published is replayed. Whatever follows has yet to make its first
//! appearance, and a replay that went on to the head could put version 5 before the publisher has put version 4.
//! No checkpoint is moved, so a replay may run beside the publisher and be repeated at any time.

use alims_domain::access::Action;
use alims_domain::attempt::{Attempt, RefusedBy};
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{Break, ChainWalk, Fault};
use alims_domain::identifiers::{EventId, Version, WorkflowId, WorkflowKey};
use alims_domain::limits::{REPLAYED_EVENTS_MAX, WALK_ITEMS_MAX};
use std::sync::Arc;

use crate::append::now;
use crate::chain_walk::{Page, event_at, goes_on_at, identified, readable};
use crate::errors::{Forbidden, Quarantined};
use crate::head::newest;
use crate::permission::authorise;
use crate::ports::{
    AccessPolicy, Clock, EventBus, Ids, PublishPorts, QuarantineLog, StoreError, WorkflowIndex, WorkflowLog, entry_of,
};
use crate::publishing::cursor::{Cursor, Stop, catch_up};
use crate::refusals::{NotKept, TooManyRefusals, keep};

/// What replaying needs.
#[derive(Clone)]
pub struct Ports<L, I, B> {
    /// The log that is read, the index that says how far it is published, and the bus.
    pub publishing: PublishPorts<L, I, B>,
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
    ports: &Ports<L, I, B>,
    call: &Call,
    workflow_id: &WorkflowId,
    from: Version,
) -> Result<Replay, ReplayEventsError> {
    let key = call.key(workflow_id);
    let PublishPorts { log, index, .. } = &ports.publishing;
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
    let (cursors, events) = catch_up(&ports.publishing, vec![Cursor::replaying(key, from, to, sound)]).await;
    match cursors.into_iter().find_map(|cursor| Some((cursor.stop?, cursor.checkpoint))) {
        None => Ok(Replay { from, to, events, next: to.next().filter(|next| *next <= last) }),
        Some((Stop::Retryable(why) | Stop::Permanent(why), reached)) => {
            Err(ReplayEventsError::Interrupted { next: reached.and_then(Version::next).unwrap_or(from), why })
        }
    }
}

/// The newest version that is there, for a caller who may replay it. Whether one that cannot be read may be passed over is
/// decided when the range is read.
async fn permitted_head<L: WorkflowLog, I, B>(
    ports: &Ports<L, I, B>,
    call: &Call,
    key: &WorkflowKey,
) -> Result<Version, ReplayEventsError> {
    let log = &ports.publishing.log;
    let newest = newest(log, key).await?.ok_or(ReplayEventsError::NotFound)?;
    let head = newest.event();
    if let Err(forbidden) = authorise(ports.policy.as_ref(), call, Action::ReplayEvents, key, head) {
        let now = now(ports.clock.as_ref(), head);
        let attempt = Attempt { operation: OPERATION, call, key, head, target_state: None, reason: None, now };
        keep(log, attempt.refused(EventId(ports.ids.fresh()), RefusedBy::Policies(&forbidden))).await?;
        return Err(forbidden.into());
    }
    Ok(newest.version())
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
            Page::Versions(page) if page.is_empty() => Some(Break { at: next, fault: Fault::Missing }),
            Page::Versions(page) => page.into_iter().find_map(|stored| match walk.step(stored.event.clone()) {
                Ok(()) => {
                    events.push(stored.event);
                    None
                }
                Err(broken) => Some(broken),
            }),
            Page::Broken(broken) => Some(broken),
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
