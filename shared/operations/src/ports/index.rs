//! The index: the newest published version of each workflow, for lists and counts. A projection of the log that can
//! be rebuilt at any time.

use alims_domain::identifiers::{PrincipalId, TenantId, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use std::collections::BTreeMap;
use std::future::Future;

use crate::ports::failure::{NewerFormat, StoreError};

/// The position where a list continues: after this entry, in list order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexPosition {
    /// When the entry was updated.
    pub updated_at: Timestamp,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
}

/// Filters of a tenant's workflows. A filter that is none matches every workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexQuery {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this type.
    pub workflow_type: Option<WorkflowType>,
    /// Only those created by this principal.
    pub created_by: Option<PrincipalId>,
    /// Only those updated at this instant or later.
    pub updated_after: Option<Timestamp>,
    /// Only those updated before this instant.
    pub updated_before: Option<Timestamp>,
    /// Continue after this entry.
    pub after: Option<IndexPosition>,
    /// The maximum number of items.
    pub limit: usize,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPage {
    /// Newest first, by `updated_at` and then by `workflow_id`, both descending.
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
    fn advance(&self, entry: &IndexEntry) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// Replaces a wrong entry, if it is still as `seen`; for recovery only.
    fn repair(
        &self,
        entry: &IndexEntry,
        seen: Option<&IndexEntry>,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// One page of a tenant's workflows.
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
