//! Lists what happened in a tenant, newest first: every entry of the log by its own time. Eventually consistent.
//!
//! The policies are asked once, about the tenant. An entry need not have a workflow to ask about, such as a refused
//! creation, and the permission is that of an auditor: to see the whole tenant. Other callers see their own entries
//! only, which hold what they sent and what the service answered.

use alims_domain::access::{Action, Resource};
use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::AuditEntry;
use alims_domain::call::Call;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{PrincipalId, WorkflowId};
use alims_domain::limits::{ACTIVITY_AHEAD_SECONDS, ACTIVITY_DAYS_DEFAULT, ACTIVITY_DAYS_MAX};
use alims_domain::overdue::KeptOverdue;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::sealed::Sealed;
use alims_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::errors::Forbidden;
use crate::get_workflow_history::{HistoryItem, Unreadable};
use crate::permission::permitted;
use crate::ports::{
    AccessPolicy, ActivityEntry, ActivityLog, ActivityPosition, ActivityQuery, Clock, KeptEntry, ReadPorts, StoreError,
};

const DAY_SECONDS: u32 = 24 * 60 * 60;

/// The ports of list-activity.
#[derive(Clone)]
pub struct Ports<L> {
    /// The log and the policies.
    pub reading: ReadPorts<L>,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
}

/// Filters of the activity. A filter that is none matches every entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ActivityFilter {
    /// Only entries of this instant or later.
    pub from: Option<Timestamp>,
    /// Only entries before this instant.
    pub to: Option<Timestamp>,
    /// Only what this principal did or asked for.
    pub principal: Option<PrincipalId>,
    /// Only entries of this kind.
    pub kind: Option<ActivityKind>,
}

/// A place in a walk: its span of time, which stays that of its first page, and where it continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityPlace {
    /// From this instant on.
    pub from: Timestamp,
    /// Before this instant.
    pub to: Timestamp,
    /// Continue here.
    pub after: ActivityPosition,
}

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityItem {
    /// The entry's own time.
    pub at: Timestamp,
    /// The workflow; none of an audit entry.
    pub workflow_id: Option<WorkflowId>,
    /// The kind; none when an unreadable entry does not say it.
    pub kind: Option<ActivityKind>,
    /// The entry.
    pub entry: ShownEntry,
    /// The place behind it.
    pub place: ActivityPlace,
}

/// An entry of the activity.
#[derive(Clone, Debug, PartialEq)]
pub enum ShownEntry {
    /// Of a workflow, as its history has it.
    OfWorkflow(HistoryItem),
    /// Of the tenant.
    Audit(Box<Sealed<AuditEntry>>),
    /// Of the tenant, and unreadable: the hash of the stored bytes.
    UnreadableAudit(ChainHash),
}

/// One page of activity.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityPage {
    /// Newest first.
    pub items: Vec<ActivityItem>,
    /// Where the next page begins; none on the last page.
    pub next: Option<ActivityPlace>,
}

/// Why activity could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListActivityError {
    /// The caller may not list it, or not that of others.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists one page of at most `limit` entries at a place, or the first page.
///
/// # Errors
/// When the caller may not see them or the log cannot be read.
pub async fn list_activity<L: ActivityLog>(
    ports: &Ports<L>,
    call: &Call,
    filter: ActivityFilter,
    place: Option<ActivityPlace>,
    limit: usize,
) -> Result<ActivityPage, ListActivityError> {
    let Ports { reading: ReadPorts { store, policy }, clock } = ports;
    let seen = seen(policy.as_ref(), call, filter.principal.as_ref())?;
    let (from, to) = span(&filter, place.as_ref(), clock.now());
    let principal = if seen == Seen::Own { Some(call.principal.id.clone()) } else { filter.principal };
    let tenant_id = call.principal.tenant_id.clone();
    let query = ActivityQuery {
        tenant_id,
        from,
        to,
        principal,
        kind: filter.kind,
        after: place.map(|place| place.after),
        limit,
    };
    let page = store.activity(&query).await?;
    let behind = |after| ActivityPlace { from, to, after };
    // An unreadable entry is no caller's own: its attribute for the principal may be what was altered.
    let items = page.items.into_iter().filter(|item| seen == Seen::All || item.entry.by() == Some(&call.principal.id));
    let items = items.map(|item| {
        let ActivityEntry { at, workflow_id, kind, entry, position } = item;
        ActivityItem { at, workflow_id, kind, entry: shown(entry), place: behind(position) }
    });
    Ok(ActivityPage { items: items.collect(), next: page.next.map(behind) })
}

/// Whose entries a caller sees.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    All,
    Own,
}

/// Whether the caller sees all entries or their own ones only.
fn seen(policy: &dyn AccessPolicy, call: &Call, asked: Option<&PrincipalId>) -> Result<Seen, Forbidden> {
    let tenant_id = &call.principal.tenant_id;
    let resource = Resource::of_tenant(tenant_id);
    let Err(forbidden) = permitted(policy, call, Action::ListActivity, resource) else { return Ok(Seen::All) };
    if asked.is_some_and(|asked| *asked != call.principal.id) {
        return Err(forbidden);
    }
    permitted(policy, call, Action::ListOwnActivity, resource).map(|()| Seen::Own)
}

/// The span of a walk. Where the caller names no end, it ends a little after the present, so that the walk ends. A named
/// end holds: the entries of a server whose clock was far ahead are found where they say they are.
fn span(filter: &ActivityFilter, place: Option<&ActivityPlace>, now: Timestamp) -> (Timestamp, Timestamp) {
    if let Some(place) = place {
        return (place.from, place.to);
    }
    let days = |days: u32| days.saturating_mul(DAY_SECONDS);
    let latest = now.later_by_seconds(ACTIVITY_AHEAD_SECONDS);
    let to = match (filter.from, filter.to) {
        (_, Some(to)) => to,
        (Some(from), None) => from.later_by_seconds(days(ACTIVITY_DAYS_MAX)).min(latest),
        (None, None) => latest,
    };
    let begins = || filter.to.unwrap_or(now).earlier_by_seconds(days(ACTIVITY_DAYS_DEFAULT));
    (filter.from.unwrap_or_else(begins), to)
}

/// The entry, that of a workflow as its history shows it.
pub(crate) fn shown(entry: KeptEntry) -> ShownEntry {
    ShownEntry::OfWorkflow(match entry {
        KeptEntry::Audit(entry) => return ShownEntry::Audit(entry),
        KeptEntry::UnreadableAudit(content) => return ShownEntry::UnreadableAudit(content),
        KeptEntry::Version(event) => HistoryItem::Version(event),
        KeptEntry::Refusal(refusal) => HistoryItem::Refusal(refusal),
        KeptEntry::Quarantine(entry) => match *entry {
            QuarantineEntry::Quarantined(entry) => HistoryItem::Quarantined(Box::new(entry)),
            QuarantineEntry::Released(entry) => HistoryItem::Released(Box::new(entry)),
        },
        KeptEntry::Recovery(kept) => HistoryItem::Recovery(kept),
        KeptEntry::Overdue(kept) => match *kept {
            KeptOverdue::Overdue(overdue) => HistoryItem::Overdue(overdue),
            KeptOverdue::Unreadable { due_at, content } => {
                HistoryItem::Unreadable(Unreadable::Overdue { due_at, content })
            }
        },
        KeptEntry::UnreadableVersion(version, content) => {
            HistoryItem::Unreadable(Unreadable::Version { version, content })
        }
        KeptEntry::UnreadableRefusal(event_id, content) => {
            HistoryItem::Unreadable(Unreadable::Refusal { event_id, content })
        }
        KeptEntry::UnreadableQuarantine(version, content) => {
            HistoryItem::Unreadable(Unreadable::Quarantine { version, content })
        }
    })
}
