//! Publishing under everything a stream and a bus may do: shuffled, repeated and missing doorbells, entries refused,
//! calls failed with and without effect, an index that fails, and several publishers at once.

use alims_domain::bus_event::BusEvent;
use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::WorkflowKey;
use alims_domain::projection::IndexEntry;
use alims_domain::stored_version::StoredVersion;
use alims_operations::Publishing;
use alims_operations::ports::{
    Advanced, BusError, EntryRefused, EventBus, IndexEntries, IndexPage, IndexQuery, StoreError, WorkflowIndex,
};
use alims_operations::publish_events::{StreamRecord, publish_events};
use alims_testing::builders::{a_chain, a_key, a_refusal, at, sealed, version};
use alims_testing::{Fault, Faulty, MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog, NextPut, Script};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tokio::task::yield_now;

use crate::publishing;

/// A log with these workflows, each with so many versions.
pub(crate) async fn filled(lengths: &[usize]) -> (MemoryLog, Vec<StoredVersion>) {
    use alims_operations::ports::WorkflowLog;
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

fn assert_complete(bus: &MemoryBus, index: &MemoryIndex, lengths: &[usize]) {
    let seen = first_appearances(bus);
    for (number, length) in lengths.iter().enumerate() {
        let key = a_key(&format!("w-{number:02}"));
        assert_eq!(seen[&key], (1..=*length as u64).collect::<Vec<_>>(), "{key}");
    }
    let published: Vec<u64> = index.all().iter().map(|entry| entry.published_version.get()).collect();
    assert_eq!(published, lengths.iter().map(|length| *length as u64).collect::<Vec<_>>());
}

/// Hands batches over again and again, as a stream does, until nothing is left of them.
pub(crate) async fn deliver<I: WorkflowIndex, B: EventBus>(
    ports: &Publishing<MemoryLog, I, B>,
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

    async fn advance(&self, entry: &IndexEntry) -> Result<Advanced, StoreError> {
        yield_now().await;
        self.0.advance(entry).await
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        yield_now().await;
        self.0.repair(entry, seen).await
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        self.0.list(query).await
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

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![Just(Fault::BeforeEffect), Just(Fault::AfterEffect)]
}

/// What a stream may make of the versions of a log: any order, any repetition, anything left out but the last of each
/// workflow, cut into batches.
fn deliveries(lengths: Vec<usize>) -> impl Strategy<Value = (Vec<usize>, Vec<Vec<(usize, usize)>>)> {
    let all: Vec<(usize, usize)> = lengths
        .iter()
        .enumerate()
        .flat_map(|(workflow, length)| (0..*length).map(move |version| (workflow, version)))
        .collect();
    let last: Vec<(usize, usize)> =
        lengths.iter().enumerate().map(|(workflow, length)| (workflow, length - 1)).collect();
    let some = prop::sample::subsequence(all.clone(), 0..=all.len());
    let more = vec(prop::sample::select(all), 0..20);
    (some, more, 1_usize..20)
        .prop_flat_map(move |(some, more, size)| {
            let rung: Vec<(usize, usize)> = some.into_iter().chain(more).chain(last.iter().copied()).collect();
            (Just(rung).prop_shuffle(), Just(size))
        })
        .prop_map(move |(rung, size)| (lengths.clone(), rung.chunks(size).map(<[_]>::to_vec).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_stream_bus_and_index_do_first_appearances_are_in_order_and_complete(
        (lengths, batches) in vec(1_usize..9, 1..14).prop_flat_map(deliveries),
        puts in vec(next_put(), 0..12),
        index_faults in vec((0_usize..20, fault()), 0..5),
        publishers in 1_usize..4,
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let (log, versions) = filled(&lengths).await;
            let version_of = |(workflow, version): (usize, usize)| {
                let before: usize = lengths[..workflow].iter().sum();
                &versions[before + version]
            };
            let (bus, index, script) = (MemoryBus::default(), MemoryIndex::default(), Script::default());
            puts.into_iter().for_each(|put| bus.then(put));
            index_faults.into_iter().for_each(|(call, fault)| script.fail(call, fault));
            let index_port = Polite(Faulty::new(index.clone(), &script));
            let ports = Publishing { log, index: index_port, bus: Polite(bus.clone()) };
            // Each publisher has a share of the batches, one after another; the publishers run at the same time.
            let work = (0..publishers).map(|publisher| {
                let (ports, batches) = (&ports, &batches);
                async move {
                    for batch in batches.iter().skip(publisher).step_by(publishers) {
                        let records = batch.iter().enumerate().map(|(at, rung)| ring(version_of(*rung), at));
                        deliver(ports, records.collect()).await;
                    }
                }
            });
            futures_util::future::join_all(work).await;
            assert_complete(&bus, &index, &lengths);
        });
    }
}

#[tokio::test]
async fn a_version_that_cannot_be_read_is_put_aside_and_blocks_nobody() {
    let (log, versions) = filled(&[3, 2]).await;
    log.damage(&a_key("w-00"), version(2), "a bit fell over");
    let ports = publishing(&log);
    let dead_letters = MemoryDeadLetters::default();
    // The records of versions 1 and 3 of the first workflow, and all of the second.
    let batch = [0, 2, 3, 4].map(|at: usize| ring(&versions[at], at)).to_vec();
    let published = publish_events(&ports, &dead_letters, batch).await;
    assert_eq!(published.failed, []);
    assert_eq!(dead_letters.all(), published.dead);
    assert_eq!(dead_letters.all().iter().map(|dead| dead.sequence_number.as_str()).collect::<Vec<_>>(), ["2"]);
    let seen = first_appearances(&ports.bus);
    assert_eq!((&seen[&a_key("w-00")], &seen[&a_key("w-01")]), (&vec![1], &vec![1, 2]));
}

#[tokio::test]
async fn another_version_than_was_published_is_put_aside_and_not_passed_over() {
    let (log, versions) = filled(&[2]).await;
    let ports = publishing(&log);
    let dead_letters = MemoryDeadLetters::default();
    publish_events(&ports, &dead_letters, vec![ring(&versions[1], 1)]).await;
    // The log loses its last version and goes on without it.
    let other = sealed(WorkflowEvent { timestamp: at(999_999), ..versions[1].event.clone() });
    log.overwrite(other.clone());
    let published = publish_events(&ports, &dead_letters, vec![ring(&other, 2)]).await;
    assert_eq!((published.accepted, published.failed.len(), dead_letters.all().len()), (0, 0, 1));
    assert_eq!(first_appearances(&ports.bus)[&a_key("w-00")], [1, 2]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_put_aside_or_comes_again() {
    let (log, versions) = filled(&[1]).await;
    let ports = publishing(&log);
    let unreadable = StreamRecord::Unreadable { sequence_number: "7".into(), key: "k".into(), why: "no pk".into() };
    let dead_letters = MemoryDeadLetters::default();
    let batch = vec![unreadable.clone(), ring(&versions[0], 8)];
    let published = publish_events(&ports, &dead_letters, batch).await;
    assert_eq!((published.accepted, published.failed.len(), dead_letters.all().len()), (1, 0, 1));
    let full = Faulty::new(MemoryDeadLetters::default(), &Script::failing(0, Fault::BeforeEffect));
    let published = publish_events(&ports, &full, vec![unreadable]).await;
    assert_eq!(published.failed[0].sequence_number, "7");
}

#[tokio::test]
async fn refusals_are_published_as_they_come_and_only_the_failed_come_again() {
    let (log, _) = filled(&[1]).await;
    let ports = publishing(&log);
    ports.bus.then(NextPut::RefuseEntries(vec![0]));
    let record = |at: usize| StreamRecord::Refusal {
        sequence_number: at.to_string(),
        refusal: Box::new(a_refusal(&a_key("w-00"))),
    };
    let published = publish_events(&ports, &MemoryDeadLetters::default(), vec![record(1), record(2)]).await;
    assert_eq!(published.accepted, 1);
    assert_eq!(published.failed.iter().map(|failed| failed.sequence_number.as_str()).collect::<Vec<_>>(), ["1"]);
}

#[tokio::test]
async fn a_long_way_to_go_is_not_begun_anew_when_it_is_interrupted() {
    let (log, versions) = filled(&[350]).await;
    let ports = publishing(&log);
    (0..250).for_each(|_| ports.bus.then(NextPut::Accept));
    ports.bus.then(NextPut::FailBeforeEffect);
    let last = versions.last().unwrap();
    let published = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(last, 1)]).await;
    assert_eq!(published.failed.len(), 1);
    assert_eq!(ports.index.all()[0].published_version, version(250));
    let published = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(last, 1)]).await;
    assert_eq!((published.accepted, published.failed.len()), (100, 0));
    assert_complete(&ports.bus, &ports.index, &[350]);
}

#[tokio::test]
async fn what_failed_is_told_in_the_order_of_the_batch() {
    let (log, versions) = filled(&[2, 1, 1]).await;
    let index = Faulty::new(MemoryIndex::default(), &Script::failing(0, Fault::BeforeEffect));
    let ports = Publishing { log, index, bus: MemoryBus::default() };
    // Neither the workflows' order nor that of the numbers.
    let batch: Vec<StreamRecord> = [(3, 7), (0, 2), (2, 9), (1, 1)].map(|(at, n)| ring(&versions[at], n)).into();
    let published = publish_events(&ports, &MemoryDeadLetters::default(), batch).await;
    let failed: Vec<&str> = published.failed.iter().map(|failed| failed.sequence_number.as_str()).collect();
    assert_eq!(failed, ["7", "2", "9", "1"]);
}
