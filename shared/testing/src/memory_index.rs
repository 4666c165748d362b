//! The index in memory.

use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::overdue::Deadline;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    Advanced, DeadlinePosition, DuePart, DueWorkflows, IndexCount, IndexEntries, IndexPage, IndexPart, IndexPosition,
    IndexQuery, IndexWalk, ListOrder, OpenPart, OpenWorkflows, Sought, StoreError, WalkPosition, WorkflowIndex,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// An index that lasts as long as its clones, which share it.
#[derive(Clone, Debug)]
pub struct MemoryIndex {
    entries: Arc<Mutex<BTreeMap<WorkflowKey, IndexEntry>>>,
    /// The workflows that were marked as quarantined, and the instants of their creation.
    marked: Arc<Mutex<BTreeMap<WorkflowKey, Timestamp>>>,
    deadlines: Arc<Mutex<DeadlinePosition>>,
    evaluated_max: usize,
    open_max: usize,
}

impl Default for MemoryIndex {
    fn default() -> Self {
        Self {
            entries: Arc::default(),
            marked: Arc::default(),
            deadlines: Arc::default(),
            evaluated_max: usize::MAX,
            open_max: usize::MAX,
        }
    }
}

impl MemoryIndex {
    /// The same index, but one page of a list and one read of a count look at no more than so many entries (at
    /// least one), so that they are short, as a store's are.
    #[must_use]
    pub fn evaluating_at_most(mut self, entries: usize) -> Self {
        self.evaluated_max = entries.max(1);
        self
    }

    /// The same index, but a part of a walk over the open or the due workflows holds at most so many (at least one).
    #[must_use]
    pub fn walking_at_most(mut self, entries: usize) -> Self {
        self.open_max = entries.max(1);
        self
    }

    /// Every entry of every tenant.
    #[must_use]
    pub fn all(&self) -> Vec<IndexEntry> {
        self.entries.lock().unwrap().values().cloned().collect()
    }

    /// Writes an entry without any condition.
    pub fn overwrite(&self, entry: IndexEntry) {
        self.entries.lock().unwrap().insert(entry.key.clone(), entry);
    }

    /// Removes an entry.
    pub fn remove(&self, key: &WorkflowKey) {
        self.entries.lock().unwrap().remove(key);
    }
}

/// The workflow after which a walk continues.
fn after(from: Option<&WalkPosition>, walk: &str) -> Result<Option<WorkflowKey>, StoreError> {
    let Some(from) = from else { return Ok(None) };
    let key = from.0.strip_prefix(walk).and_then(|key| key.split_once('/')).and_then(|(tenant, workflow)| {
        Some(WorkflowKey { tenant_id: tenant.parse().ok()?, workflow_id: workflow.parse().ok()? })
    });
    key.map(Some).ok_or_else(|| StoreError::Refused("no such position".into()))
}

/// A position is the key of the last workflow of the part before.
impl DueWorkflows for MemoryIndex {
    async fn due_part(&self, until: Timestamp, from: Option<&WalkPosition>) -> Result<DuePart, StoreError> {
        let after = after(from, "due:")?;
        let entries = self.entries.lock().unwrap();
        // As a store does: a part looks at so many that have a due date, and names those of them that are due.
        let mut open = entries
            .values()
            .filter(|entry| !entry.current_state.is_closed())
            .filter(|entry| after.as_ref().is_none_or(|after| entry.key > *after))
            .filter_map(|entry| Some(Deadline { key: entry.key.clone(), due_at: entry.due_at? }))
            .peekable();
        let mut deadlines: Vec<Deadline> = open.by_ref().take(self.open_max).collect();
        let next = open.peek().and(deadlines.last()).map(|last| WalkPosition(format!("due:{}", last.key)));
        deadlines.retain(|deadline| deadline.due_at <= until);
        Ok(DuePart { deadlines, next })
    }

    async fn deadline_position(&self) -> Result<DeadlinePosition, StoreError> {
        Ok(self.deadlines.lock().unwrap().clone())
    }

    async fn keep_deadline_position(&self, position: &DeadlinePosition) -> Result<(), StoreError> {
        *self.deadlines.lock().unwrap() = position.clone();
        Ok(())
    }
}

/// A position is the key of the last workflow of the part before.
impl OpenWorkflows for MemoryIndex {
    async fn open_part(&self, from: Option<&WalkPosition>) -> Result<OpenPart, StoreError> {
        let after = after(from, "open:")?;
        let entries = self.entries.lock().unwrap();
        let mut open = entries
            .values()
            .filter(|entry| !entry.current_state.allowed_transitions().is_empty())
            .map(|entry| &entry.key)
            .filter(|key| after.as_ref().is_none_or(|after| *key > after))
            .peekable();
        let workflows: Vec<WorkflowKey> = open.by_ref().take(self.open_max).cloned().collect();
        let next = open.peek().and(workflows.last()).map(|last| WalkPosition(format!("open:{last}")));
        Ok(OpenPart { workflows, next })
    }
}

impl WorkflowIndex for MemoryIndex {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        let entries = self.entries.lock().unwrap();
        Ok(keys.iter().filter_map(|key| entries.get(key).map(|entry| (key.clone(), Ok(entry.clone())))).collect())
    }

    /// It keeps nothing apart for the labels.
    async fn advance_keeping(&self, entry: &IndexEntry, _: &Labels) -> Result<Advanced, StoreError> {
        let mut entries = self.entries.lock().unwrap();
        if entries.get(&entry.key).is_some_and(|there| there.published_version >= entry.published_version) {
            return Ok(Advanced::AlreadyThere);
        }
        entries.insert(entry.key.clone(), entry.clone());
        Ok(Advanced::Yes)
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        let mut entries = self.entries.lock().unwrap();
        let there = entries.get(&entry.key);
        if there != seen && there != Some(entry) {
            return Ok(Advanced::AlreadyThere);
        }
        entries.insert(entry.key.clone(), entry.clone());
        Ok(Advanced::Yes)
    }

    async fn mark_quarantined(&self, key: &WorkflowKey, created_at: Timestamp) -> Result<(), StoreError> {
        self.marked.lock().unwrap().insert(key.clone(), created_at);
        Ok(())
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        let entries = self.entries.lock().unwrap();
        let (order, marked) = (query.listed_in(), self.marked.lock().unwrap());
        let ascending = order == ListOrder::Due;
        let mut of_tenant: Vec<(IndexPosition, &IndexEntry)> = entries
            .values()
            .filter(|entry| entry.key.tenant_id == query.tenant_id)
            .filter(|entry| !query.quarantined || marked.get(&entry.key) == Some(&entry.created_at))
            .filter_map(|entry| Some((IndexPosition::of(entry, order)?, entry)))
            .filter(|(at, _)| query.after.as_ref().is_none_or(|after| if ascending { at > after } else { at < after }))
            .collect();
        of_tenant.sort_by_cached_key(|(at, _)| at.clone());
        if !ascending {
            of_tenant.reverse();
        }

        let mut items = Vec::new();
        let mut last = query.after.clone();
        for (evaluated, (at, entry)) in of_tenant.into_iter().enumerate() {
            if evaluated == self.evaluated_max || items.len() == query.limit {
                return Ok(IndexPage { items, next: last });
            }
            last = Some(at);
            if query.filter.passes(entry) {
                items.push(entry.clone());
            }
        }
        Ok(IndexPage { items, next: None })
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        let entries = self.entries.lock().unwrap();
        let counts = |entry: &&IndexEntry| entry.key.tenant_id == *tenant_id && entry.current_state == state;
        let found = entries.values().filter(counts).count();
        let counted = found.min(self.evaluated_max.saturating_mul(reads_max));
        Ok(IndexCount { workflows: u64::try_from(counted).unwrap(), complete: counted == found })
    }
}

impl IndexWalk for MemoryIndex {
    async fn index_part(&self, from: Option<&WalkPosition>) -> Result<IndexPart, StoreError> {
        let entries = self.entries.lock().unwrap();
        let begin = from.map_or(0, |from| from.0.parse().unwrap());
        let mut left = entries.values().skip(begin);
        let part: Vec<IndexEntry> = left.by_ref().take(self.evaluated_max).cloned().collect();
        let next = left.next().map(|_| WalkPosition((begin + part.len()).to_string()));
        Ok(IndexPart { entries: part, next })
    }

    async fn unlisted(&self, sought: &[Sought<'_>]) -> Result<Vec<WorkflowKey>, StoreError> {
        // It looks labels up in the entries themselves.
        let marked = self.marked.lock().unwrap();
        let is_unlisted =
            |it: &&Sought<'_>| it.as_quarantined && marked.get(&it.entry.key) != Some(&it.entry.created_at);
        Ok(sought.iter().filter(is_unlisted).map(|it| it.entry.key.clone()).collect())
    }

    async fn remove(&self, seen: &IndexEntry) -> Result<bool, StoreError> {
        let mut entries = self.entries.lock().unwrap();
        let changed = entries.get(&seen.key).is_some_and(|there| {
            (there.published_version, &there.head_hash) != (seen.published_version, &seen.head_hash)
        });
        if !changed {
            entries.remove(&seen.key);
        }
        Ok(!changed)
    }

    async fn clear_some(&self) -> Result<u64, StoreError> {
        let mut entries = self.entries.lock().unwrap();
        self.marked.lock().unwrap().clear();
        let some: Vec<WorkflowKey> = entries.keys().take(self.evaluated_max).cloned().collect();
        some.iter().for_each(|key| drop(entries.remove(key)));
        Ok(u64::try_from(some.len()).unwrap())
    }
}
