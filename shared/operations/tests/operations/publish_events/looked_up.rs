//! What the publisher tells the index so that workflows are looked up: labels that were kept, and quarantines.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::limits::WALK_ITEMS_MAX;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::WORKFLOW_QUARANTINED;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::PublishPorts;
use alims_operations::ports::{
    Advanced, IndexCount, IndexEntries, IndexPage, IndexQuery, StoreError, WorkflowIndex, WorkflowLog,
};
use alims_testing::builders::{a_break, a_created, a_key, a_list, a_move, a_quarantine, labels, sealed, version};
use alims_testing::{CallFault, Faulty, MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog, Script};
use std::sync::{Arc, Mutex};

use super::record;
use crate::support::stream::{filled, publish_events, ring};

/// An index that remembers which labels it was told to have been kept, by version. Before the first advance another
/// publisher may bring it to an entry.
#[derive(Clone, Default)]
struct Told(MemoryIndex, Arc<Mutex<Vec<(u64, Labels)>>>, Option<IndexEntry>);

impl WorkflowIndex for Told {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        self.0.entries(keys).await
    }

    async fn advance_keeping(&self, entry: &IndexEntry, kept: &Labels) -> Result<Advanced, StoreError> {
        let is_first = self.1.lock().unwrap().is_empty();
        self.2.iter().filter(|_| is_first).for_each(|others| self.0.overwrite(others.clone()));
        self.1.lock().unwrap().push((entry.published_version.get(), kept.clone()));
        self.0.advance_keeping(entry, kept).await
    }

    async fn mark_quarantined(&self, key: &WorkflowKey, created_at: Timestamp) -> Result<(), StoreError> {
        self.0.mark_quarantined(key, created_at).await
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        self.0.repair(entry, seen).await
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        self.0.list(query).await
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        self.0.count(tenant_id, state, reads_max).await
    }
}

/// A workflow whose versions have these labels.
async fn with_labels(of: &[&[(&str, &str)]]) -> (MemoryLog, Vec<StoredVersion>) {
    let (log, mut versions) = (MemoryLog::default(), Vec::<StoredVersion>::new());
    for (pairs, number) in of.iter().zip(0..) {
        let event = match versions.last() {
            None => a_created("w").event,
            Some(before) => a_move(before, if number % 2 == 1 { State::Active } else { State::Paused }).event,
        };
        let next = sealed(WorkflowEvent { labels: labels(pairs), ..event });
        log.append(&next).await.unwrap();
        versions.push(next);
    }
    (log, versions)
}

#[tokio::test]
async fn the_publisher_says_that_a_label_was_kept_when_every_version_since_the_entry_has_it() {
    let (a, b): (&[_], &[_]) = (&[("x", "a")], &[("x", "b")]);
    let both: &[_] = &[("x", "a"), ("y", "c")];
    for (of, published, expected) in [
        (vec![a, a], 1, a),
        (vec![a, a, a, both], 1, a),
        (vec![a, both], 1, a),
        (vec![both, a], 1, a),
        (vec![a, b], 1, &[]),
        (vec![a, b, a], 1, &[]),
        (vec![a, &[], a], 1, &[]),
        (vec![b, a, a], 2, a),
        (vec![a, a], 0, &[]),
    ] {
        let (log, versions) = with_labels(&of).await;
        let index = Told::default();
        if published > 0 {
            index.0.overwrite(IndexEntry::from(&versions[published - 1].event));
        }
        let ports = PublishPorts { log, index: index.clone(), bus: MemoryBus::default() };
        let last = versions.last().unwrap();
        let done = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(last, 1)]).await;
        assert_eq!((done.failed, done.dead), (vec![], vec![]));
        assert_eq!(*index.1.lock().unwrap(), [(of.len() as u64, labels(expected))], "{of:?} after {published}");
    }
}

/// The entry of another publisher may have lost a label and its hint meanwhile: what this one knew of its own entry says
/// nothing any more.
#[tokio::test]
async fn a_publisher_that_was_overtaken_says_of_no_label_that_it_was_kept() {
    let a: &[_] = &[("x", "a")];
    let (read_at_once, last) = (WALK_ITEMS_MAX as u64, WALK_ITEMS_MAX as u64 + 5);
    let of: Vec<&[(&str, &str)]> = (0..last).map(|_| a).collect();
    let (log, versions) = with_labels(&of).await;
    let others = IndexEntry { labels: Labels::default(), ..IndexEntry::from(&versions[WALK_ITEMS_MAX + 2].event) };
    for (overtaken_by, expected) in [(None, a), (Some(others), &[][..])] {
        let index = Told(MemoryIndex::default(), Arc::default(), overtaken_by);
        index.0.overwrite(IndexEntry::from(&versions[0].event));
        let ports = PublishPorts { log: log.clone(), index: index.clone(), bus: MemoryBus::default() };
        let done = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(versions.last().unwrap(), 1)]).await;
        assert_eq!((done.failed, done.dead), (vec![], vec![]));
        // The first advance is between two reads of the log.
        let told = [(read_at_once + 1, labels(a)), (last, labels(expected))];
        assert_eq!(*index.1.lock().unwrap(), told);
    }
}

#[tokio::test]
async fn a_quarantine_is_on_the_bus_only_when_its_workflow_is_marked() {
    let (log, versions) = filled(&[2]).await;
    let key = a_key("w-00");
    let batch = vec![ring(&versions[1], 1), record(2, &a_quarantine(&key, &a_break(2)))];
    let counting = Script::default();
    let ports = |script: &Script| PublishPorts {
        log: log.clone(),
        index: Faulty::new(MemoryIndex::default(), script),
        bus: MemoryBus::default(),
    };
    publish_events(&ports(&counting), &MemoryDeadLetters::default(), batch.clone()).await;
    assert!(counting.calls().contains(&"index.mark_quarantined"));
    for call in 0..counting.calls().len() {
        for fault in [CallFault::BeforeEffect, CallFault::AfterEffect] {
            let ports = ports(&Script::failing(call, fault));
            let done = publish_events(&ports, &MemoryDeadLetters::default(), batch.clone()).await;
            let on_the_bus = ports.bus.accepted().iter().any(|event| event.detail_type == WORKFLOW_QUARANTINED);
            let failed = done.failed.iter().any(|failed| failed.sequence_number == "2");
            assert_ne!(on_the_bus, failed, "{call} {fault:?}");
            let query = IndexQuery { quarantined: true, ..a_list(&key.tenant_id, 10) };
            let index = ports.index.inner();
            index.overwrite(IndexEntry::from(&versions[1].event));
            let marked = !index.list(&query).await.unwrap().items.is_empty();
            assert!(marked || !on_the_bus, "{call} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_quarantine_of_a_workflow_without_a_beginning_is_published_without_a_mark() {
    let (log, _) = filled(&[2]).await;
    log.damage(&a_key("w-00"), version(1), "a bit fell over");
    for key in [a_key("w-00"), a_key("unknown")] {
        let script = Script::default();
        let index = Faulty::new(MemoryIndex::default(), &script);
        let ports = PublishPorts { log: log.clone(), index, bus: MemoryBus::default() };
        let batch = vec![record(1, &a_quarantine(&key, &a_break(1)))];
        let done = publish_events(&ports, &MemoryDeadLetters::default(), batch).await;
        assert_eq!((done.accepted, done.failed, done.dead), (1, vec![], vec![]));
        assert!(!script.calls().contains(&"index.mark_quarantined"), "{key}");
    }
}
