//! The stream of the log as it reaches a publisher: records, batches that come again, and publishers that run beside others.

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::PublishPorts;
use alims_operations::ports::{
    Advanced, BusError, DeadLetters, EntryRefused, EventBus, IndexCount, IndexEntries, IndexPage, IndexQuery,
    QuarantineLog, StoreError, WorkflowIndex, WorkflowLog,
};
use alims_operations::publish_events::{self, Published, StreamRecord};
use alims_testing::builders::{a_chain, a_key, at};
use alims_testing::{CallFault, FixedClock, MemoryBus, MemoryDeadLetters, MemoryLog, NextPut};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::yield_now;

use crate::IDS;

/// A log with these workflows, each with so many versions.
pub(crate) async fn filled(lengths: &[usize]) -> (MemoryLog, Vec<StoredVersion>) {
    let log = MemoryLog::default();
    let mut versions = Vec::new();
    for (number, length) in lengths.iter().enumerate() {
        for stored in a_chain(&a_key(&format!("w-{number:02}")), *length, number as u64) {
            log.append(&stored).await.unwrap();
            versions.push(stored);
        }
    }
    (log, versions)
}

pub(crate) fn ring(version: &StoredVersion, number: usize) -> StreamRecord {
    StreamRecord::Version { sequence_number: number.to_string(), version: Box::new(version.clone()) }
}

/// Publishes a batch, at an instant after all that these tests make.
pub(crate) async fn publish_events<L, I, B, D>(
    publishing: &PublishPorts<L, I, B>,
    dead_letters: &D,
    batch: Vec<StreamRecord>,
) -> Published
where
    L: WorkflowLog + QuarantineLog + Clone,
    I: WorkflowIndex + Clone,
    B: EventBus + Clone,
    D: DeadLetters,
{
    let (clock, ids) = (Arc::new(FixedClock::new(at(90_000))), Arc::new(IDS.clone()));
    let ports = publish_events::Ports { publishing: publishing.clone(), clock, ids };
    publish_events::publish_events(&ports, dead_letters, batch).await
}

/// The versions of each workflow in the order of their first appearance on the bus.
pub(crate) fn first_appearances(bus: &MemoryBus) -> BTreeMap<WorkflowKey, Vec<u64>> {
    let mut seen: BTreeMap<WorkflowKey, Vec<u64>> = BTreeMap::new();
    for event in bus.accepted() {
        let Some(version) = event.version else { continue };
        let versions = seen.entry(event.key).or_default();
        if !versions.contains(&version.get()) {
            versions.push(version.get());
        }
    }
    seen
}

/// Hands batches over again and again, as a stream does, until nothing is left of them.
pub(crate) async fn deliver<I: WorkflowIndex + Clone, B: EventBus + Clone>(
    ports: &PublishPorts<MemoryLog, I, B>,
    mut batch: Vec<StreamRecord>,
) {
    for _ in 0..100 {
        let published = publish_events(ports, &MemoryDeadLetters::default(), batch.clone()).await;
        assert_eq!(published.dead, []);
        let failed: Vec<&str> = published.failed.iter().map(|failed| failed.sequence_number.as_str()).collect();
        // From the first failed record on everything comes again.
        let Some(first) = batch.iter().position(|record| failed.contains(&record.sequence_number())) else { return };
        batch.drain(..first);
    }
    panic!("the batch is stuck");
}

/// Lets others go first before and after every call, so that several publishers really run into one another.
#[derive(Clone)]
pub(crate) struct Polite<T>(pub(crate) T);

impl<B: EventBus> EventBus for Polite<B> {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        yield_now().await;
        let results = self.0.put(entries).await;
        yield_now().await;
        results
    }
}

impl<I: WorkflowIndex> WorkflowIndex for Polite<I> {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        let entries = self.0.entries(keys).await;
        yield_now().await;
        entries
    }

    async fn advance_keeping(&self, entry: &IndexEntry, kept: &Labels) -> Result<Advanced, StoreError> {
        yield_now().await;
        self.0.advance_keeping(entry, kept).await
    }

    async fn mark_quarantined(&self, key: &WorkflowKey, created_at: Timestamp) -> Result<(), StoreError> {
        self.0.mark_quarantined(key, created_at).await
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        yield_now().await;
        self.0.repair(entry, seen).await
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        self.0.list(query).await
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        self.0.count(tenant_id, state, reads_max).await
    }
}

pub(crate) fn next_put() -> impl Strategy<Value = NextPut> {
    prop_oneof![
        3 => Just(NextPut::Accept),
        2 => vec(0_usize..10, 1..4).prop_map(NextPut::RefuseEntries),
        1 => Just(NextPut::FailBeforeEffect),
        1 => Just(NextPut::FailAfterEffect),
    ]
}

pub(crate) fn fault() -> impl Strategy<Value = CallFault> {
    prop_oneof![Just(CallFault::BeforeEffect), Just(CallFault::AfterEffect)]
}
