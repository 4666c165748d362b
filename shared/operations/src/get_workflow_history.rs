//! Reads a workflow's history, oldest first: its versions, refused attempts (the caller's own, and for callers who may
//! see them those of everybody), and for callers who may see them the quarantines with their releases, and the
//! recoveries; and the due dates that it missed.
//!
//! An entry beside the versions stands behind the version that was the newest when it was made, whatever the clocks say.

mod entries;
mod merging;

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::changes::{VersionChanges, continues_from};
use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{PrincipalId, Version, WorkflowId, WorkflowKey};
use alims_domain::quarantine::QuarantineRecord;
use alims_domain::refusal::KeptRefusal;

use crate::chain_walk::event_at;
use crate::get_workflow_history::entries::Beside;
use crate::get_workflow_history::merging::{Found, Kind, merge};
use crate::head::{Newest, ReadWorkflowError, newest};
use crate::permission::authorise;
use crate::ports::{AccessPolicy, LogError, OverdueLog, QuarantineLog, RecoveryLog, StoreError, WorkflowLog};

pub use crate::get_workflow_history::entries::{HistoryItem, HistoryPosition, Include, QuarantinePlace, Unreadable};
pub use crate::ports::ReadPorts as Ports;

/// One page of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPage {
    /// Oldest first.
    pub items: Vec<HistoryItem>,
    /// What each of its versions changed, in their order; empty when that was not asked for. A version of which the one
    /// before cannot be read is left out.
    pub changes: Vec<VersionChanges>,
    /// Where the next page begins; none on the last page.
    pub next: Option<HistoryPosition>,
}

/// The part of the history to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The entries to include beside the versions; each kind needs a permission.
    pub include: Include,
    /// Continue after this position.
    pub after: HistoryPosition,
    /// The maximum number of items.
    pub limit: usize,
}

/// Reads one page of a workflow's history.
///
/// # Errors
/// When there is no such workflow, the caller may not see it, or it cannot be read.
pub async fn get_workflow_history<L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog>(
    ports: &Ports<L>,
    call: &Call,
    workflow_id: &WorkflowId,
    query: HistoryQuery,
) -> Result<HistoryPage, ReadWorkflowError> {
    let key = call.key(workflow_id);
    let newest = newest(&ports.store, &key).await?;
    let event = newest.as_ref().and_then(Newest::event);
    for action in query.include.actions() {
        authorise(ports.policy.as_ref(), call, action, &key, event)?;
    }
    let shown = Shown::to(ports.policy.as_ref(), call, &key, event, query.include);
    page(&ports.store, &key, &query, shown, newest.is_some()).await
}

/// One page of a workflow's history with everybody's entries, for an export: who may have it was decided before.
pub(crate) async fn whole_page<L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog>(
    log: &L,
    key: &WorkflowKey,
    query: &HistoryQuery,
    exists: bool,
) -> Result<HistoryPage, ReadWorkflowError> {
    page(log, key, query, Shown::All, exists).await
}

async fn page<L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog>(
    log: &L,
    key: &WorkflowKey,
    query: &HistoryQuery,
    shown: Shown<'_>,
    exists: bool,
) -> Result<HistoryPage, ReadWorkflowError> {
    // Before the versions: those that these entries stand behind are in the log by then.
    let beside = beside(log, key, query, shown).await?;
    if !exists {
        return never_created(beside, query);
    }
    let from = query.after.version.map_or(Some(Version::FIRST), Version::next);
    let (versions, stopped) = versions(log, key, from, one_more(query)).await?;
    let (items, next) = merge(versions, stopped, beside, query.after, query.limit);
    let changes = if query.include.changes { changes(log, key, &items).await? } else { Vec::new() };
    Ok(HistoryPage { items, changes, next })
}

/// Compares each version with the one that it continues from. On a page that is nearly always the one shown before it;
/// before the first, and across released breaks, it takes a read.
async fn changes<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    items: &[HistoryItem],
) -> Result<Vec<VersionChanges>, StoreError> {
    let mut changes = Vec::new();
    let mut shown: Option<&WorkflowEvent> = None;
    for item in items {
        let HistoryItem::Version(event) = item else { continue };
        let read = match (continues_from(event), shown) {
            (None, _) => None,
            (Some(before), Some(shown)) if shown.version == before => None,
            (Some(before), _) => match event_at(log, key, before).await? {
                Some(read) => Some(read),
                None => {
                    shown = Some(event);
                    continue;
                }
            },
        };
        let before = read.as_ref().or(shown).filter(|_| event.version != Version::FIRST);
        changes.push(VersionChanges::between(before, event));
        shown = Some(event);
    }
    Ok(changes)
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
    fn to(
        policy: &dyn AccessPolicy,
        call: &'a Call,
        key: &WorkflowKey,
        newest: Option<&WorkflowEvent>,
        include: Include,
    ) -> Self {
        // The policies log each answer, so they are asked only about what the caller asks for.
        match include.refusals.then(|| authorise(policy, call, Action::GetWorkflowRefusals, key, newest)) {
            Some(Ok(())) => Self::All,
            Some(Err(_)) | None => Self::Own(&call.principal.id),
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

/// One more than requested shows whether there is a next page.
fn one_more(query: &HistoryQuery) -> usize {
    query.limit.saturating_add(1)
}

/// The entries beside the versions, behind the position: of each kind at most one more than requested, in its order.
///
/// Quarantines are few, and every move reads all of them: they are sorted here, because their keys are in another order.
async fn beside<L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog>(
    log: &L,
    key: &WorkflowKey,
    query: &HistoryQuery,
    shown: Shown<'_>,
) -> Result<[Kind; 4], StoreError> {
    let HistoryQuery { include, after, .. } = query;
    let refusals = if include.refusals { log.refusals(key, after.refusal, one_more(query)).await? } else { Vec::new() };
    let recoveries =
        if include.recoveries { log.recoveries_after(key, after.recovery, one_more(query)).await? } else { Vec::new() };
    let overdue = if include.overdue { log.overdue(key, after.overdue, one_more(query)).await? } else { Vec::new() };
    let quarantines = if include.quarantines { log.quarantine(key).await? } else { QuarantineRecord::default() };
    let is_cut = |found: usize| found >= one_more(query);
    let (cut_recoveries, cut_refusals) = (is_cut(recoveries.len()), is_cut(refusals.len()));
    let cut_overdue = is_cut(overdue.len());
    let refusal = |kept: KeptRefusal| {
        let is_shown = shown.includes(&kept);
        Beside { is_shown, ..Beside::from(kept) }
    };
    Ok([
        // At the same instant a recovery comes before what it may have led to.
        Kind::of(recoveries.into_iter().map(Beside::from), cut_recoveries),
        Kind::of(refusals.into_iter().map(refusal), cut_refusals),
        Kind::of(in_order(quarantines, after), false),
        Kind::of(overdue.into_iter().map(Beside::from), cut_overdue),
    ])
}

/// The quarantines and releases behind a position, in the order of their places.
fn in_order(record: QuarantineRecord, after: &HistoryPosition) -> Vec<Beside> {
    let unreadable = record.unreadable.into_iter().map(|found| Beside::unreadable_quarantine(found.at, found.content));
    let entries = record.entries.into_iter().map(Beside::from).chain(unreadable);
    let place = |entry: &Beside| HistoryPosition::default().behind(&entry.item).quarantine;
    let mut behind: Vec<Beside> = entries.filter(|entry| place(entry) > after.quarantine).collect();
    behind.sort_by_key(place);
    behind
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

/// The history of a workflow that has no versions: what the log has beside them, if there is any and the caller may see
/// it.
fn never_created(beside: [Kind; 4], query: &HistoryQuery) -> Result<HistoryPage, ReadWorkflowError> {
    let (items, next) = merge(Vec::new(), false, beside, query.after, query.limit);
    if items.is_empty() && next.is_none() && query.after == HistoryPosition::default() {
        return Err(ReadWorkflowError::NotFound);
    }
    Ok(HistoryPage { items, changes: Vec::new(), next })
}
