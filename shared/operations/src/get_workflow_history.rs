//! Reads a workflow's history, oldest first: its versions, and the refused attempts that the caller may see.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, PrincipalId, Version, WorkflowId, WorkflowKey};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::timestamp::Timestamp;

use crate::head::{Newest, ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{AccessPolicy, LogError, StoreError, WorkflowLog};

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
    /// Whether to include refused attempts: all of them with a permission of its own, without it those of the caller.
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
    let newest = newest(&ports.store, &key).await?;
    let event = newest.as_ref().and_then(Newest::event);
    authorise(ports.policy.as_ref(), call, Action::GetWorkflowHistory, &key, event)?;
    let shown = Shown::to(ports.policy.as_ref(), call, &key, event);
    if newest.is_none() {
        return never_created(ports, &key, query, shown).await;
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
    let pending = refusals.len() >= wanted;
    let refusals = Refusals { shown, found: refusals, stopped: pending };
    Ok(merge(versions, refusals, query.after, query.limit, stopped))
}

/// Whose refused attempts a caller sees.
#[derive(Clone, Copy)]
enum Shown<'a> {
    /// Everybody's.
    All,
    /// The own ones: they say nothing that their caller was not told.
    Own(&'a PrincipalId),
}

impl<'a> Shown<'a> {
    fn to(policy: &dyn AccessPolicy, call: &'a Call, key: &WorkflowKey, newest: Option<&WorkflowEvent>) -> Self {
        match authorise(policy, call, Action::GetWorkflowRefusals, key, newest) {
            Ok(()) => Self::All,
            Err(_) => Self::Own(&call.principal.id),
        }
    }

    /// Whether the caller sees this one. Whose an unreadable one is, is not known.
    fn includes(self, refusal: &KeptRefusal) -> bool {
        match (self, refusal) {
            (Self::All, _) => true,
            (Self::Own(caller), KeptRefusal::Refusal(refusal)) => refusal.requested_by == *caller,
            (Self::Own(_), KeptRefusal::Unreadable { .. }) => false,
        }
    }
}

/// The refused attempts of one read, oldest first.
struct Refusals<'a> {
    shown: Shown<'a>,
    found: Vec<KeptRefusal>,
    /// Whether the log may have more.
    stopped: bool,
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
    key: &WorkflowKey,
    query: HistoryQuery,
    shown: Shown<'_>,
) -> Result<HistoryPage, ReadWorkflowError> {
    if !query.include_refusals {
        return Err(ReadWorkflowError::NotFound);
    }
    let wanted = query.limit.saturating_add(1);
    let found = ports.store.refusals(key, query.after.refusal, wanted).await?;
    let stopped = found.len() >= wanted;
    let none_is_shown = !found.iter().any(|refusal| shown.includes(refusal));
    if none_is_shown && !stopped && query.after.refusal.is_none() {
        return Err(ReadWorkflowError::NotFound);
    }
    Ok(merge(Vec::new(), Refusals { shown, found, stopped }, query.after, query.limit, false))
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
    refusals: Refusals<'_>,
    after: HistoryPosition,
    limit: usize,
    stopped: bool,
) -> HistoryPage {
    let mut versions = versions.into_iter().peekable();
    let Refusals { shown, found, stopped: more_refusals } = refusals;
    let mut refusals = found.into_iter().peekable();
    let mut items = Vec::new();
    let mut position = after;
    while items.len() < limit {
        let version_is_next = match (versions.peek(), refusals.peek()) {
            (Some(version), Some(refusal)) => instant_of(refusal).is_none_or(|instant| version.is_before(instant)),
            // An earlier refusal may follow in the next read.
            (_, None) if more_refusals => break,
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
            if !shown.includes(&refusal) {
                continue;
            }
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
    let more = stopped || more_refusals || versions.peek().is_some() || refusals.peek().is_some();
    HistoryPage { items, next: more.then_some(position) }
}
