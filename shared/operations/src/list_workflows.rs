//! Lists the tenant's workflows from the index: eventually consistent.
//!
//! What the index does not hold comes from the log: whether a quarantine is in force, and the metadata of the published
//! version. Both are read for the workflows of one page only.

use alims_domain::access::{Action, Resource};
use alims_domain::call::Call;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::is_intact;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::{LIST_METADATA_BYTES_MAX, LOOKED_UP_AT_ONCE_MAX};
use alims_domain::projection::IndexEntry;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::sync::Arc;

use crate::chain_walk::size_of;
use crate::errors::Forbidden;
use crate::permission::{permitted, sees};
use crate::ports::{
    AccessPolicy, Clock, EntryFilter, IndexPosition, IndexQuery, ListOrder, QuarantineLog, StoreError, WorkflowIndex,
    WorkflowLog,
};

/// The ports of a list.
#[derive(Clone)]
pub struct Ports<L, I> {
    /// The log, for what the index does not hold.
    pub log: L,
    /// The index.
    pub index: I,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time, which says what is overdue.
    pub clock: Arc<dyn Clock>,
}

/// What a list holds, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// The filters that an index entry passes or does not.
    pub entries: EntryFilter,
    /// Only those that are overdue now.
    pub overdue: bool,
    /// Only those with a quarantine in force.
    pub quarantined: bool,
    /// The order. A list by a label, or of quarantined workflows, is in the order of creation, whatever this says.
    pub order: ListOrder,
}

/// The requested page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPart {
    /// Continue after this position.
    pub after: Option<IndexPosition>,
    /// The maximum number of items.
    pub limit: usize,
    /// Whether each item has the metadata of its published version.
    pub with_metadata: bool,
}

/// One workflow in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedWorkflow {
    /// Its index entry.
    pub entry: IndexEntry,
    /// Whether it is overdue now.
    pub overdue: bool,
    /// Its published version, if metadata were asked for.
    pub version: Option<PublishedVersion>,
}

/// The version that an index entry shows, as the log has it.
#[derive(Clone, Debug, PartialEq)]
pub enum PublishedVersion {
    /// It is as it was published.
    Read(Box<WorkflowEvent>),
    /// It cannot be read, or is not the one that was published.
    Unreadable,
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListPage {
    /// In the order of the list.
    pub items: Vec<ListedWorkflow>,
    /// Where the next page begins; none on the last page. A page may be short or even empty and still have a next one.
    pub next: Option<IndexPosition>,
}

/// Why workflows could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListWorkflowsError {
    /// The caller may not list.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists one page of the workflows that the caller may see. The policies are asked about each.
///
/// # Errors
/// When the caller may not list workflows, or index or log cannot be read. A single published version that cannot be
/// read is no error, unless a newer release wrote it.
pub async fn list_workflows<L: WorkflowLog + QuarantineLog, I: WorkflowIndex>(
    ports: &Ports<L, I>,
    call: &Call,
    filter: ListFilter,
    part: ListPart,
) -> Result<ListPage, ListWorkflowsError> {
    let tenant_id = &call.principal.tenant_id;
    let resource = Resource::of_tenant(tenant_id);
    permitted(ports.policy.as_ref(), call, Action::ListWorkflows, resource)?;
    let now = ports.clock.now();
    let ListFilter { entries, overdue, quarantined, order } = filter;
    let filter = EntryFilter { overdue_at: overdue.then_some(now), ..entries };
    let ListPart { after, limit, with_metadata } = part;
    let query = IndexQuery { tenant_id: tenant_id.clone(), filter, quarantined, order, after, limit };
    let mut page = ports.index.list(&query).await?;
    page.items.retain(|entry| is_shown(ports.policy.as_ref(), call, entry));
    if quarantined {
        page.items = in_quarantine(&ports.log, page.items).await?;
    }
    let listed = |entry: IndexEntry| ListedWorkflow { overdue: entry.is_overdue(now), entry, version: None };
    let page = ListPage { items: page.items.into_iter().map(listed).collect(), next: page.next };
    if with_metadata { Ok(completed(&ports.log, page, query.listed_in()).await?) } else { Ok(page) }
}

/// Whether the caller sees this workflow: the list shows its state, so the policies must permit both. A page gets
/// shorter by those that are left out, and the next one begins where this one ends in the index.
fn is_shown(policy: &dyn AccessPolicy, call: &Call, entry: &IndexEntry) -> bool {
    let resource = Resource {
        tenant_id: &entry.key.tenant_id,
        workflow_id: Some(&entry.key.workflow_id),
        workflow_type: Some(&entry.workflow_type),
        current_state: Some(entry.current_state),
        created_by: Some(&entry.created_by),
    };
    [Action::ListWorkflows, Action::GetWorkflowState].into_iter().all(|action| sees(policy, call, action, resource))
}

/// Those of them with a quarantine in force: the index only knows which were quarantined once.
async fn in_quarantine<L: QuarantineLog>(log: &L, entries: Vec<IndexEntry>) -> Result<Vec<IndexEntry>, StoreError> {
    let looked_up = stream::iter(entries)
        .map(async |entry| {
            let record = log.quarantine(&entry.key).await?;
            Ok(Some(entry).filter(|_| !record.in_force().is_empty()))
        })
        .buffered(LOOKED_UP_AT_ONCE_MAX);
    looked_up.try_filter_map(async |entry| Ok(entry)).try_collect().await
}

/// The same page with the published version of each item, as far as these have room in one answer. The first one always
/// has.
async fn completed<L: WorkflowLog>(log: &L, page: ListPage, order: ListOrder) -> Result<ListPage, StoreError> {
    let (mut complete, mut bytes) = (Vec::with_capacity(page.items.len()), 0_usize);
    let mut left = page.items.into_iter();
    loop {
        let some: Vec<ListedWorkflow> = left.by_ref().take(LOOKED_UP_AT_ONCE_MAX).collect();
        if some.is_empty() {
            return Ok(ListPage { items: complete, next: page.next });
        }
        let keys: Vec<(WorkflowKey, Version)> =
            some.iter().map(|listed| (listed.entry.key.clone(), listed.entry.published_version)).collect();
        let mut versions = log.versions_at(&keys).await?;
        for (listed, key) in some.into_iter().zip(keys) {
            let as_published = |event: &WorkflowEvent| event.hash == listed.entry.head_hash && is_intact(event);
            let version = match versions.remove(&key).map(|stored| stored.event).filter(as_published) {
                Some(event) => PublishedVersion::Read(Box::new(event)),
                None => PublishedVersion::Unreadable,
            };
            if let PublishedVersion::Read(event) = &version {
                bytes = bytes.saturating_add(size_of(event));
            }
            if bytes > LIST_METADATA_BYTES_MAX
                && let Some(last) = complete.last().map(|listed: &ListedWorkflow| &listed.entry)
            {
                return Ok(ListPage { next: IndexPosition::of(last, order), items: complete });
            }
            complete.push(ListedWorkflow { version: Some(version), ..listed });
        }
    }
}
