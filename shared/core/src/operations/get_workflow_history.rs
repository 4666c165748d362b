//! A workflow's history, oldest first: its versions, and the refused attempts between them for those who may see them.

use crate::call::Call;
use crate::event::WorkflowEvent;
use crate::identifiers::{EventId, Version, WorkflowId, WorkflowKey};
use crate::operations::reading::{authorise, authorise_by_name};
use crate::operations::{ReadWorkflowError, Reading};
use crate::ports::{Action, WorkflowLog};
use crate::refusal::Refusal;

/// One item of a history.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryItem {
    /// What happened.
    Version(Box<WorkflowEvent>),
    /// What was refused.
    Refusal(Box<Refusal>),
}

/// Where a history goes on: after this version and after this refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryPosition {
    /// The last version given; none before the first.
    pub version: Option<Version>,
    /// The last refusal given; none before the first.
    pub refusal: Option<EventId>,
}

/// One page of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPage {
    /// Oldest first.
    pub items: Vec<HistoryItem>,
    /// Where the next page begins; none when there is none.
    pub next: Option<HistoryPosition>,
}

/// What of the history to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Whether to give refused attempts too; that takes a permission of its own.
    pub include_refusals: bool,
    /// Go on after this position.
    pub after: HistoryPosition,
    /// At most so many items.
    pub limit: usize,
}

/// Reads one page of a workflow's history.
///
/// # Errors
/// When there is no such workflow, the caller may not see it, or it cannot be read.
pub async fn get_workflow_history<L: WorkflowLog>(
    ports: &Reading<L>,
    call: &Call,
    workflow_id: &WorkflowId,
    query: HistoryQuery,
) -> Result<HistoryPage, ReadWorkflowError> {
    let key = call.key(workflow_id);
    let Some(head) = ports.store.head(&key).await? else { return never_created(ports, call, &key, query).await };
    authorise(ports.policy.as_ref(), call, Action::GetWorkflowHistory, &head.event)?;
    if query.include_refusals {
        authorise(ports.policy.as_ref(), call, Action::GetWorkflowRefusals, &head.event)?;
    }
    // One more than asked for tells whether there is a next page.
    let wanted = query.limit.saturating_add(1);
    let from = query.after.version.map_or(Some(Version::FIRST), Version::next);
    let versions = match from {
        Some(from) => ports.store.versions(&key, from, wanted).await?,
        None => Vec::new(),
    };
    let refusals = if query.include_refusals {
        ports.store.refusals(&key, query.after.refusal, wanted).await?
    } else {
        Vec::new()
    };
    let reached = versions.last().map(|version| version.event.version).or(query.after.version);
    // More than was wanted, or the log stops before a version that it cannot read: then there is a next page, and it
    // meets the error.
    let stopped = reached.is_none_or(|reached| reached < head.event.version);
    let events = versions.into_iter().map(|version| version.event).collect();
    Ok(merge(events, refusals, query.after, query.limit, stopped))
}

/// The history of a workflow that does not exist: the attempts to create it, when there were any and the caller may see
/// them.
async fn never_created<L: WorkflowLog>(
    ports: &Reading<L>,
    call: &Call,
    key: &WorkflowKey,
    query: HistoryQuery,
) -> Result<HistoryPage, ReadWorkflowError> {
    let may = [Action::GetWorkflowHistory, Action::GetWorkflowRefusals]
        .into_iter()
        .all(|action| authorise_by_name(ports.policy.as_ref(), call, action, key).is_ok());
    if !query.include_refusals || !may {
        return Err(ReadWorkflowError::NotFound);
    }
    let refusals = ports.store.refusals(key, query.after.refusal, query.limit.saturating_add(1)).await?;
    if refusals.is_empty() && query.after.refusal.is_none() {
        return Err(ReadWorkflowError::NotFound);
    }
    Ok(merge(Vec::new(), refusals, query.after, query.limit, false))
}

/// Lays two lists, each in its own order, into one by time; at the same instant the version comes first.
///
/// `stopped` says that more versions follow than were given; what is later than the last of these has to wait for them.
fn merge(
    versions: Vec<WorkflowEvent>,
    refusals: Vec<Refusal>,
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
            (Some(version), Some(refusal)) => version.timestamp <= refusal.timestamp,
            (Some(_), None) => true,
            (None, _) if stopped => break,
            (None, _) => false,
        };
        if version_is_next {
            items.extend(versions.next().map(|version| {
                position.version = Some(version.version);
                HistoryItem::Version(Box::new(version))
            }));
        } else if let Some(refusal) = refusals.next() {
            position.refusal = Some(refusal.event_id);
            items.push(HistoryItem::Refusal(Box::new(refusal)));
        } else {
            break;
        }
    }
    let more = stopped || versions.peek().is_some() || refusals.peek().is_some();
    HistoryPage { items, next: more.then_some(position) }
}
