//! Publishes a workflow's events again, from a version on: in order, and marked as replayed.
//!
//! A replay covers only versions that the index shows as published. Later ones have yet to make their first appearance,
//! and a replay up to the head could put version 5 before the publisher has put version 4. A replay moves no
//! checkpoint, so it may run next to the publisher and be repeated at any time.

use alims_domain::access::Action;
use alims_domain::attempt::{Attempt, RefusedBy};
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{Break, BreakKind, ChainWalk};
use alims_domain::identifiers::{EventId, Version, WorkflowId, WorkflowKey};
use alims_domain::limits::{REPLAYED_EVENTS_MAX, WALK_ITEMS_MAX};
use alims_domain::projection::IndexEntry;
use alims_domain::witness::Testimony;
use std::sync::Arc;

use crate::append::now;
use crate::chain_walk::{Page, event_at, goes_on_at, identified, readable};
use crate::errors::{Forbidden, Quarantined};
use crate::head::{Newest, newest};
use crate::permission::authorise;
use crate::ports::{
    AccessPolicy, Clock, EventBus, Ids, PublishPorts, QuarantineLog, StoreError, WorkflowIndex, WorkflowLog, entry_of,
};
use crate::publishing::cursor::{Cursor, catch_up};
use crate::refusals::{NotKept, TooManyRefusals, keep};
use crate::witness::consulted;

/// The ports of a replay.
#[derive(Clone)]
pub struct Ports<L, I, B> {
    /// The log that is read, the index that says how far it is published, and the bus.
    pub publishing: PublishPorts<L, I, B>,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time, for a refusal.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids, for a refusal.
    pub ids: Arc<dyn Ids>,
}

/// The result of one replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The first version that was put.
    pub from: Version,
    /// The last one.
    pub to: Version,
    /// The number of events.
    pub events: u64,
    /// Where to continue; none when all published events were put.
    pub next: Option<Version>,
}

/// Why events were not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayEventsError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The policies do not allow the caller to do this.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The first requested version is not published yet, so there is nothing to repeat.
    #[error("the workflow is at version {head}, and nothing is published from the version asked for on")]
    NotPublished {
        /// The workflow's current version.
        head: Version,
        /// The last published version; none when none is known.
        published: Option<Version>,
    },
    /// The stored versions are broken: none was put.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The bus did not confirm an event, and none after it was put.
    #[error("version {next} was not replayed: {why}")]
    Interrupted {
        /// The version to continue from.
        next: Version,
        /// The answer of the bus.
        why: String,
    },
    /// Too many of the caller's attempts were refused, so this refusal was not kept.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The store failed.
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

/// The operation's name in logs, policies and records.
const OPERATION: &str = "replay-events";

/// Replays the published events of a workflow of the caller's tenant, from a version on; at most
/// [`REPLAYED_EVENTS_MAX`] events.
///
/// It checks the versions before it puts the first, each against the one before it. It does not check versions outside
/// the range: `verify-workflow-history` does.
///
/// # Errors
/// When the workflow does not exist, the caller may not do this, nothing is published from that version on, the stored
/// versions are broken, or a port fails.
pub async fn replay_events<L: WorkflowLog + QuarantineLog, I: WorkflowIndex, B: EventBus>(
    ports: &Ports<L, I, B>,
    call: &Call,
    workflow_id: &WorkflowId,
    from: Version,
) -> Result<Replay, ReplayEventsError> {
    let key = call.key(workflow_id);
    let PublishPorts { log, index, .. } = &ports.publishing;
    let head = permitted_head(ports, call, &key).await?;
    let indexed = entry_of(index, &key).await?;
    // The index was read after the head and may be ahead of it.
    let published = indexed.as_ref().map(|entry| entry.published_version.min(head));
    let Some(last) = published.filter(|published| from <= *published) else {
        return Err(ReplayEventsError::NotPublished { head, published });
    };
    not_contradicted(log, &key, head, indexed.as_ref()).await?;
    let within_bound = Version::try_from(from.get().saturating_add(REPLAYED_EVENTS_MAX - 1));
    let to = within_bound.map_or(last, |bound| bound.min(last));
    let sound = sound_versions(log, &key, from, to).await?;
    let (cursors, events) = catch_up(&ports.publishing, vec![Cursor::replaying(key, from, to, sound)]).await;
    match cursors.into_iter().find_map(|cursor| Some((cursor.stop?, cursor.checkpoint))) {
        None => Ok(Replay { from, to, events, next: to.next().filter(|next| *next <= last) }),
        Some((stop, reached)) => {
            let next = reached.and_then(Version::next).unwrap_or(from);
            Err(ReplayEventsError::Interrupted { next, why: stop.to_string() })
        }
    }
}

/// Refuses when the index entry contradicts the log: what was made in place of published versions must not appear on the
/// bus for the first time as a repetition.
async fn not_contradicted<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
    head: Version,
    indexed: Option<&IndexEntry>,
) -> Result<(), ReplayEventsError> {
    let Some(indexed) = indexed else { return Ok(()) };
    match consulted(log, key, indexed).await? {
        Testimony::Agrees => Ok(()),
        // Until a recovery has put the index in order, nothing that stands there now is known to be published.
        Testimony::Released => Err(ReplayEventsError::NotPublished { head, published: None }),
        Testimony::Contradicts(found) => Err(Quarantined(found.as_break()).into()),
    }
}

/// The newest stored version, for a caller who may replay the workflow. The read of the range decides whether an
/// unreadable version may be passed over.
async fn permitted_head<L: WorkflowLog, I, B>(
    ports: &Ports<L, I, B>,
    call: &Call,
    key: &WorkflowKey,
) -> Result<Version, ReplayEventsError> {
    let log = &ports.publishing.log;
    let newest = newest(log, key).await?;
    let head = newest.as_ref().and_then(Newest::event);
    if let Err(forbidden) = authorise(ports.policy.as_ref(), call, Action::ReplayEvents, key, head) {
        let now = now(ports.clock.as_ref(), head);
        let attempt =
            Attempt { operation: OPERATION, call, key, head, target_state: None, reason: None, meaning: None, now };
        keep(log, attempt.refused(EventId(ports.ids.fresh()), RefusedBy::Policies(&forbidden))).await?;
        return Err(forbidden.into());
    }
    Ok(newest.ok_or(ReplayEventsError::NotFound)?.version())
}

/// The events of a range. Each follows from the one before it, and the first from the one before the range. Like the
/// publisher, it passes over a released break and replays the readable versions behind it.
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
            Page::Versions(page) if page.is_empty() => Some(Break { at: next, fault: BreakKind::Missing }),
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
        if matches!(broken.fault, BreakKind::Altered | BreakKind::Foreign) {
            events.extend(event_at(log, key, broken.at).await?);
        }
        let Some(next) = goes_on_at(log, key, &broken, begun_at).await? else { break };
        begun_at = next;
        walk = ChainWalk::resuming(key, next, events.last().cloned());
    }
    events.retain(|event| event.version >= from);
    Ok(events)
}
