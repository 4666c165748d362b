//! Reads a workflow's history, oldest first: its versions, and the refused attempts for callers who may see them.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version, WorkflowId, WorkflowKey};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::timestamp::Timestamp;

use crate::head::{ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{LogError, StoreError, WorkflowLog};

pub use crate::ports::ReadPorts as Ports;

/// One item of a history.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryItem {
    /// A version's event.
    Version(Box<WorkflowEvent>),
    /// A refused attempt.
    Refusal(Box<Refusal>),
    /// A stored entry that is unreadable.
    Unreadable(Unreadable),
}

/// An unreadable entry of a history. The history shows it in its place and hides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A version.
    Version {
        /// The version.
        version: Version,
        /// The hash of the stored bytes: the content of the break.
        content: ChainHash,
    },
    /// A refused attempt.
    Refusal {
        /// The identity of the refusal.
        event_id: EventId,
        /// The hash of the stored bytes.
        content: ChainHash,
    },
}

/// The position where a history continues: after this version and after this refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryPosition {
    /// The last version already returned; none before the first.
    pub version: Option<Version>,
    /// The last refusal already returned; none before the first.
    pub refusal: Option<EventId>,
}

/// One page of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPage {
    /// Oldest first.
    pub items: Vec<HistoryItem>,
    /// Where the next page begins; none on the last page.
    pub next: Option<HistoryPosition>,
}

/// The part of the history to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Whether to include refused attempts; this needs a permission of its own.
    pub include_refusals: bool,
    /// Continue after this position.
    pub after: HistoryPosition,
    /// The maximum number of items.
    pub limit: usize,
}

/// Reads one page of a workflow's history.
///
/// # Errors
/// When there is no such workflow, the caller may not see it, or it cannot be read.
pub async fn get_workflow_history<L: WorkflowLog>(
    ports: &Ports<L>,
    call: &Call,
    workflow_id: &WorkflowId,
    query: HistoryQuery,
) -> Result<HistoryPage, ReadWorkflowError> {
    let key = call.key(workflow_id);
    let Some(newest) = newest(&ports.store, &key).await? else {
        return never_created(ports, call, &key, query).await;
    };
    let wants = [Some(Action::GetWorkflowHistory), query.include_refusals.then_some(Action::GetWorkflowRefusals)];
    for action in wants.into_iter().flatten() {
        authorise(ports.policy.as_ref(), call, action, &key, newest.event())?;
    }
    // One more than requested shows whether there is a next page.
    let wanted = query.limit.saturating_add(1);
    let from = query.after.version.map_or(Some(Version::FIRST), Version::next);
    let (versions, stopped) = versions(&ports.store, &key, from, wanted).await?;
    let refusals = if query.include_refusals {
        ports.store.refusals(&key, query.after.refusal, wanted).await?
    } else {
        Vec::new()
    };
    Ok(merge(versions, refusals, query.after, query.limit, stopped))
}

/// A version, or the unreadable entry in its place.
enum Found {
    Event(Box<WorkflowEvent>),
    Unreadable(Version, ChainHash),
}

impl Found {
    fn version(&self) -> Version {
        match self {
            Self::Event(event) => event.version,
            Self::Unreadable(version, _) => *version,
        }
    }

    /// Whether it comes before a refusal of this instant. An unreadable version has no instant; it follows the version
    /// before it.
    fn is_before(&self, instant: Timestamp) -> bool {
        match self {
            Self::Event(event) => event.timestamp <= instant,
            Self::Unreadable(..) => true,
        }
    }
}

/// The versions from one on, at most so many, with the unreadable ones among them; and whether the read stopped before
/// the end. The position only increases, even when the log returns a wrong version.
async fn versions<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    mut from: Option<Version>,
    wanted: usize,
) -> Result<(Vec<Found>, bool), StoreError> {
    let mut found = Vec::new();
    while let Some(next) = from {
        if found.len() >= wanted {
            return Ok((found, true));
        }
        match log.versions(key, next, wanted - found.len()).await {
            Ok(page) => {
                let Some(last) = page.last().map(|stored| stored.event.version).filter(|last| *last >= next) else {
                    break;
                };
                from = last.next();
                found.extend(page.into_iter().map(|stored| Found::Event(Box::new(stored.event))));
            }
            Err(LogError::Unreadable { version, .. }) if version < next => break,
            Err(LogError::Unreadable { version, content, .. }) => {
                found.push(Found::Unreadable(version, content));
                from = version.next();
            }
            // Return the versions read so far; the next page meets the error.
            Err(LogError::Store(StoreError::NewerFormat(_))) if !found.is_empty() => return Ok((found, true)),
            Err(LogError::Store(error)) => return Err(error),
        }
    }
    Ok((found, false))
}

/// The history of a workflow that does not exist: the attempts to create it, if there are any and the caller may see
/// them.
async fn never_created<L: WorkflowLog>(
    ports: &Ports<L>,
    call: &Call,
    key: &WorkflowKey,
    query: HistoryQuery,
) -> Result<HistoryPage, ReadWorkflowError> {
    let may = [Action::GetWorkflowHistory, Action::GetWorkflowRefusals]
        .into_iter()
        .all(|action| authorise(ports.policy.as_ref(), call, action, key, None).is_ok());
    if !query.include_refusals || !may {
        return Err(ReadWorkflowError::NotFound);
    }
    let refusals = ports.store.refusals(key, query.after.refusal, query.limit.saturating_add(1)).await?;
    if refusals.is_empty() && query.after.refusal.is_none() {
        return Err(ReadWorkflowError::NotFound);
    }
    Ok(merge(Vec::new(), refusals, query.after, query.limit, false))
}

/// The instant of a refused attempt. The identity of an unreadable one still holds its instant.
fn instant_of(refusal: &KeptRefusal) -> Option<Timestamp> {
    match refusal {
        KeptRefusal::Refusal(refusal) => Some(refusal.timestamp),
        KeptRefusal::Unreadable { event_id, .. } => {
            i64::try_from(event_id.unix_millis()).ok().and_then(Timestamp::from_unix_millis)
        }
    }
}

/// Merges two ordered lists by time; at the same instant the version comes first.
///
/// `stopped` says that more versions follow; refusals later than the last version here must then wait for the next
/// page.
fn merge(
    versions: Vec<Found>,
    refusals: Vec<KeptRefusal>,
    after: HistoryPosition,
    limit: usize,
    stopped: bool,
) -> HistoryPage {
    let mut versions = versions.into_iter().peekable();
    let mut refusals = refusals.into_iter().peekable();
    let mut items = Vec::new();
    let mut position = after;
    while items.len() < limit {
        let version_is_next = match (versions.peek(), refusals.peek()) {
            (Some(version), Some(refusal)) => instant_of(refusal).is_none_or(|instant| version.is_before(instant)),
            (Some(_), None) => true,
            (None, _) if stopped => break,
            (None, _) => false,
        };
        if version_is_next {
            items.extend(versions.next().map(|found| {
                position.version = Some(found.version());
                match found {
                    Found::Event(event) => HistoryItem::Version(event),
                    Found::Unreadable(version, content) => {
                        HistoryItem::Unreadable(Unreadable::Version { version, content })
                    }
                }
            }));
        } else if let Some(refusal) = refusals.next() {
            position.refusal = Some(refusal.event_id());
            items.push(match refusal {
                KeptRefusal::Refusal(refusal) => HistoryItem::Refusal(refusal),
                KeptRefusal::Unreadable { event_id, content } => {
                    HistoryItem::Unreadable(Unreadable::Refusal { event_id, content })
                }
            });
        } else {
            break;
        }
    }
    let more = stopped || versions.peek().is_some() || refusals.peek().is_some();
    HistoryPage { items, next: more.then_some(position) }
}
