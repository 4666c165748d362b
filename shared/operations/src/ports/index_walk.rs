//! A walk over the whole index, and the removal of its entries: for an operator who restores the log. The service does
//! neither.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::projection::IndexEntry;
use std::future::Future;

use crate::ports::failure::StoreError;
use crate::ports::walk::WalkPosition;

/// One part of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexPart {
    /// Its readable entries. One that cannot be read is not among them: the log can always replace it. Nor is one of a
    /// newer format, which a newer release must walk over.
    pub entries: Vec<IndexEntry>,
    /// Where the next part begins; none after the last one.
    pub next: Option<WalkPosition>,
}

/// What lists should find a workflow by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sought<'a> {
    /// Its entry, as it was read.
    pub entry: &'a IndexEntry,
    /// Whether lists by each of the entry's labels should show it.
    pub by_labels: bool,
    /// Whether lists of quarantined workflows should show it.
    pub as_quarantined: bool,
}

/// Walks over the entries of all tenants, and removes entries.
pub trait IndexWalk: Send + Sync {
    /// A part of bounded size, from the beginning or from a position that an earlier part returned. An adapter MUST
    /// return every entry that is there during the whole walk, and MUST read consistently.
    fn index_part(&self, from: Option<&WalkPosition>) -> impl Future<Output = Result<IndexPart, StoreError>> + Send;

    /// Those of these that a list does not find by what it should. An adapter MUST look again at an entry before it names
    /// the workflow: a label may have been removed since the entry was read.
    fn unlisted(&self, sought: &[Sought<'_>]) -> impl Future<Output = Result<Vec<WorkflowKey>, StoreError>> + Send;

    /// Removes an entry, if it still names the published version and the hash of `seen`; says whether it did. An entry
    /// that is gone counts as removed.
    fn remove(&self, seen: &IndexEntry) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes some of what is there, readable or not, of any format, positions of the sweep included; returns how many
    /// items it removed. 0 means that nothing is left.
    fn clear_some(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}
