//! The index: the newest published version of each workflow, for lists. A projection of the log, rebuilt at any time.

use alims_domain::identifiers::{PrincipalId, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use std::collections::BTreeMap;
use std::future::Future;

use crate::ports::failure::{NewerFormat, StoreError};

/// Where a list goes on: after this entry, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexPosition {
    /// When the entry was updated.
    pub updated_at: Timestamp,
    /// Which workflow it was.
    pub workflow_id: WorkflowId,
}

/// Which workflows of a tenant to list. A filter that is none lets everything through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexQuery {
    /// Whose workflows.
    pub tenant_id: alims_domain::identifiers::TenantId,
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
    /// Go on after this entry.
    pub after: Option<IndexPosition>,
    /// At most so many.
    pub limit: usize,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPage {
    /// Newest first, by `updated_at` and then by `workflow_id`, both descending.
    pub items: Vec<IndexEntry>,
    /// Where the next page begins; none when there is none. A page may be short, even empty, and still have a next
    /// one: filters are applied to a bounded number of entries a page.
    pub next: Option<IndexPosition>,
}

/// The entries that were asked for and exist.
pub type IndexEntries = BTreeMap<WorkflowKey, Result<IndexEntry, NewerFormat>>;

/// The entry of one workflow, if the index has it.
///
/// # Errors
/// When the index cannot be read, or a newer release wrote the entry.
pub async fn entry_of<I: WorkflowIndex>(index: &I, key: &WorkflowKey) -> Result<Option<IndexEntry>, StoreError> {
    let mut entries = index.entries(std::slice::from_ref(key)).await?;
    Ok(entries.remove(key).transpose()?)
}

/// What became of an advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The entry is now the given one.
    Yes,
    /// The index has this version or a later one already; it is as it was.
    AlreadyThere,
}

/// The newest published version of each workflow. Lists from it are eventually consistent.
pub trait WorkflowIndex: Send + Sync {
    /// The entries of these workflows, those that exist. Any number of keys: the adapter MUST split calls and ask
    /// again for keys the store left unprocessed. A stale answer is allowed. An entry of a newer format MUST be given as
    /// such: it keeps no other from being read.
    fn entries(&self, keys: &[WorkflowKey]) -> impl Future<Output = Result<IndexEntries, StoreError>> + Send;

    /// Puts an entry in place, if the index is still behind its `published_version` or has none. An entry of a newer
    /// format MUST be left as it is, and the answer be [`StoreError::NewerFormat`]; so it MUST be for `repair`.
    fn advance(&self, entry: &IndexEntry) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// Puts an entry in place of one that is wrong, if it is still as it was `seen`; for recovery only.
    fn repair(
        &self,
        entry: &IndexEntry,
        seen: Option<&IndexEntry>,
    ) -> impl Future<Output = Result<Advanced, StoreError>> + Send;

    /// One page of a tenant's workflows.
    fn list(&self, query: &IndexQuery) -> impl Future<Output = Result<IndexPage, StoreError>> + Send;
}
