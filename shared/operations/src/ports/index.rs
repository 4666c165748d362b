//! The index: the newest published version of each workflow, for lists and counts. A projection of the log that can
//! be rebuilt at any time.

use alims_domain::identifiers::{LabelName, LabelValue, PrincipalId, TenantId, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use crate::ports::failure::{NewerFormat, StoreError};

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ListOrder {
    /// The last updated first. A workflow that changes moves to the front.
    #[default]
    Updated,
    /// The last created first. No workflow ever changes its place.
    Created,
    /// Open workflows with a due date, the nearest first. A workflow leaves its place when its due date changes or its
    /// work ends.
    Due,
}

/// The position where a list continues: after this entry, in list order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexPosition {
    /// The instant of the entry by which the list is ordered.
    pub at: Timestamp,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
}

impl IndexPosition {
    /// The position of an entry in a list of this order; none when it is not in one.
    #[must_use]
    pub fn of(entry: &IndexEntry, order: ListOrder) -> Option<Self> {
        let at = match order {
            ListOrder::Updated => Some(entry.updated_at),
            ListOrder::Created => Some(entry.created_at),
            ListOrder::Due => entry.due_at.filter(|_| entry.is_open()),
        };
        at.map(|at| Self { at, workflow_id: entry.key.workflow_id.clone() })
    }
}

/// Filters of index entries. A filter that is none, or that names nothing, passes every entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only those in one of these states.
    pub states: BTreeSet<State>,
    /// Only those of this type.
    pub workflow_type: Option<WorkflowType>,
    /// Only those created by this principal.
    pub created_by: Option<PrincipalId>,
    /// Only those with this assignee.
    pub assignee: Option<PrincipalId>,
    /// Only those with all these labels. The first one is looked up, so it should be the one that fewest have.
    pub labels: Vec<(LabelName, LabelValue)>,
    /// Only those due before this instant.
    pub due_before: Option<Timestamp>,
    /// Only those that are overdue at this instant.
    pub overdue_at: Option<Timestamp>,
    /// Only those created at this instant or later.
    pub created_after: Option<Timestamp>,
    /// Only those created before this instant.
    pub created_before: Option<Timestamp>,
    /// Only those updated at this instant or later.
    pub updated_after: Option<Timestamp>,
    /// Only those updated before this instant.
    pub updated_before: Option<Timestamp>,
}

impl EntryFilter {
    /// Whether an entry passes every filter.
    #[must_use]
    pub fn passes(&self, entry: &IndexEntry) -> bool {
        let within = |at: Timestamp, from: Option<Timestamp>, before: Option<Timestamp>| {
            from.is_none_or(|from| at >= from) && before.is_none_or(|before| at < before)
        };
        (self.states.is_empty() || self.states.contains(&entry.current_state))
            && self.workflow_type.as_ref().is_none_or(|workflow_type| entry.workflow_type == *workflow_type)
            && self.created_by.as_ref().is_none_or(|creator| entry.created_by == *creator)
            && self.assignee.as_ref().is_none_or(|assignee| entry.assignee.as_ref() == Some(assignee))
            && self.labels.iter().all(|(name, value)| entry.labels.has(name, value))
            && self
                .due_before
                .is_none_or(|before| entry.is_open() && entry.due_at.is_some_and(|due_at| due_at < before))
            && self.overdue_at.is_none_or(|now| entry.is_overdue(now))
            && within(entry.created_at, self.created_after, self.created_before)
            && within(entry.updated_at, self.updated_after, self.updated_before)
    }
}

/// What a list of a tenant's workflows holds, and where it continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexQuery {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The filters.
    pub filter: EntryFilter,
    /// Only those that were marked as quarantined. Each may have been released since.
    pub quarantined: bool,
    /// The order. A list of marked workflows or of those with a label is in the order of creation, whatever this says.
    pub order: ListOrder,
    /// Continue after this entry.
    pub after: Option<IndexPosition>,
    /// The maximum number of items.
    pub limit: usize,
}

impl IndexQuery {
    /// The order that the list has.
    #[must_use]
    pub fn listed_in(&self) -> ListOrder {
        if self.quarantined || !self.filter.labels.is_empty() { ListOrder::Created } else { self.order }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPage {
    /// In the order of the list: by its instant and then by `workflow_id`, both descending, or both ascending in the
    /// order of due dates.
    pub items: Vec<IndexEntry>,
    /// Where the next page begins; none on the last page. A page may be short or even empty and still have a next one,
    /// because each page applies the filters to a bounded number of entries.
    pub next: Option<IndexPosition>,
}

/// How many workflows were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexCount {
    /// The counted entries: all of them, or a lower bound.
    pub workflows: u64,
    /// Whether the count reached the end. When false, there may be more.
    pub complete: bool,
}

/// The requested entries that exist.
pub type IndexEntries = BTreeMap<WorkflowKey, Result<IndexEntry, NewerFormat>>;

/// The entry of one workflow, if the index has it.
///
/// # Errors
/// When the index cannot be read, or a newer release wrote the entry.
pub async fn entry_of<I: WorkflowIndex>(index: &I, key: &WorkflowKey) -> Result<Option<IndexEntry>, StoreError> {
    let mut entries = index.entries(std::slice::from_ref(key)).await?;
    Ok(entries.remove(key).transpose()?)
}

/// The result of an advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The entry is now the given one.
    Yes,
    /// The index already has this version or a later one; it is unchanged.
    AlreadyThere,
}

/// The newest published version of each workflow. Lists and counts from it are eventually consistent.
pub trait WorkflowIndex: Send + Sync {
    /// The existing entries of these workflows. The number of keys is unlimited: the adapter MUST split calls and ask
    /// again for keys that the store left unprocessed. The read MUST be strongly consistent: an old entry could hide the
    /// hash of a version that was published since. An adapter MUST return an entry of a newer format as such, so that it
    /// blocks no other.
    fn entries(&self, keys: &[WorkflowKey]) -> impl Future<Output = Result<IndexEntries, StoreError>> + Send;

    /// Writes an entry, if the index is behind its `published_version` or has no entry. An adapter MUST leave an entry
    /// of a newer format unchanged and return [`StoreError::NewerFormat`]; the same holds for `repair`.
    ///
    /// From then on a list by a label of the entry MUST find the workflow until a write removes the label, whatever
    /// writes run at the same time or fail half-way; the same holds for `repair`. What an adapter keeps for that MUST
    /// be there before the entry is.
    ///
    /// `kept` names labels that every version has had since an entry that the caller read, that entry and this one
    /// included: an adapter may rely on what it keeps for them.
    fn advance_keeping(
        &self,
        entry: &IndexEntry,
        kept: &Labels,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// The same for a caller who read no entry, or does not know the versions since.
    fn advance(&self, entry: &IndexEntry) -> impl Future<Output = Result<Advanced, StoreError>> + Send {
        async { self.advance_keeping(entry, &Labels::default()).await }
    }

    /// Marks a workflow as quarantined, for ever: lists of marked workflows hold it from then on, at the instant of its
    /// creation. A repetition changes nothing. An adapter MUST leave a mark of a newer format unchanged and return
    /// [`StoreError::NewerFormat`].
    fn mark_quarantined(
        &self,
        key: &WorkflowKey,
        created_at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Replaces a wrong entry, if it is still as `seen`; for recovery only.
    fn repair(
        &self,
        entry: &IndexEntry,
        seen: Option<&IndexEntry>,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// One page of a tenant's workflows. In the order of creation, the pages MUST hold each workflow exactly once that
    /// passes the filters during the whole walk and had its entry when the walk began. An adapter MUST look at a bounded
    /// number of entries for a page, and MUST return an entry of a newer format as an error.
    fn list(&self, query: &IndexQuery) -> impl Future<Output = Result<IndexPage, StoreError>> + Send;

    /// Counts a tenant's workflows in a state. The adapter MUST make at most `reads_max` reads of bounded size, and MUST
    /// say when they did not reach the end. An entry counts by its key: an adapter need not read what it says.
    fn count(
        &self,
        tenant_id: &TenantId,
        state: State,
        reads_max: usize,
    ) -> impl Future<Output = Result<IndexCount, StoreError>> + Send;
}
