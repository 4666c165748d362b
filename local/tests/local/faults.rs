//! The stream pump, the publisher and the real adapters, with everything going wrong that may: whatever happens, the
//! first appearances of each workflow's events are in order and complete, and nothing is stuck.

use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_eventbridge::EventBridgeBus;
use alims_local::pump::{Pump, Source};
use alims_local::stream::CheckpointFile;
use alims_local::{Config, Server};
use alims_operations::PublishPorts;
use alims_operations::ports::{
    Advanced, IndexCount, IndexEntries, IndexPage, IndexQuery, StoreError, WorkflowIndex, WorkflowLog,
};
use alims_testing::builders::{a_chain, a_key, at};
use alims_testing::{FixedClock, MemoryDeadLetters, SequentialIds};
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use aws_sdk_dynamodb::types::AttributeValue;
use fastrand::Rng;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::faulty_eventbridge::{Deed, FAULTS, FaultyEventBridge};

/// How long all events may take. It is reached only when something is stuck.
const PATIENCE: Duration = Duration::from_secs(120);
const WORKFLOWS: usize = 12;
const VERSIONS: usize = 8;
const BUS_FAULTS: usize = 25;
const KILLS: usize = 6;

/// An index whose publisher dies at it: on the way to it, when the events are out already, or on the way back.
#[derive(Clone)]
struct Deadly {
    index: DynamoIndex,
    fate: Arc<Mutex<Fate>>,
}

struct Fate {
    rng: Rng,
    kills_left: usize,
}

impl Deadly {
    /// Where a panic takes the whole call down, as the end of its process would.
    fn perhaps_die(&self, where_to: &str) {
        let dies = {
            let mut fate = self.fate.lock().unwrap();
            let dies = fate.kills_left > 0 && fate.rng.u8(..4) == 0;
            fate.kills_left -= usize::from(dies);
            dies
        };
        assert!(!dies, "killed on purpose {where_to}");
    }
}

impl WorkflowIndex for Deadly {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        self.index.entries(keys).await
    }

    async fn advance_keeping(&self, entry: &IndexEntry, kept: &Labels) -> Result<Advanced, StoreError> {
        self.perhaps_die("before advancing");
        let advanced = self.index.advance_keeping(entry, kept).await;
        self.perhaps_die("after advancing");
        advanced
    }

    async fn mark_quarantined(&self, key: &WorkflowKey, created_at: Timestamp) -> Result<(), StoreError> {
        self.index.mark_quarantined(key, created_at).await
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        self.index.repair(entry, seen).await
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        self.index.list(query).await
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        self.index.count(tenant_id, state, reads_max).await
    }
}

/// A stream at its worst: it hands records over shuffled, hands old ones over again, and stops half-way.
struct Mischief {
    rng: Rng,
    delivered: Vec<EventRecord>,
}

impl Mischief {
    /// What the publisher gets of a batch, and the first record that is not even tried.
    fn spoil(&mut self, mut records: Vec<EventRecord>) -> (Vec<EventRecord>, Option<String>) {
        let half_way = records.len() > 1 && self.rng.u8(..4) == 0;
        let untried = if half_way { records.split_off(records.len() / 2) } else { Vec::new() };
        let old = self.rng.usize(..5);
        let again: Vec<EventRecord> = (0..old).filter_map(|_| self.rng.choice(&self.delivered).cloned()).collect();
        self.delivered.extend(records.iter().cloned());
        records.extend(again);
        self.rng.shuffle(&mut records);
        (records, untried.into_iter().next().and_then(|record| record.change.sequence_number))
    }
}

type Ports = PublishPorts<DynamoLog, Deadly, EventBridgeBus>;

/// Starts one publisher on the whole stream, from its beginning.
fn start_publisher(
    server: &Server,
    ports: &Ports,
    dead: &MemoryDeadLetters,
    folder: &Path,
    seed: u64,
    half_way: &Arc<AtomicUsize>,
) -> Pump {
    let source = Source {
        dynamodb: alims_dynamodb::client(&server.dynamodb()),
        streams: aws_sdk_dynamodbstreams::Client::new(&server.dynamodb()),
        table: "WorkflowLog".to_owned(),
        checkpoint: CheckpointFile::new(folder.join(format!("checkpoint-{seed}.json"))),
        written: Arc::default(),
        loses_changes: false,
    };
    let mischief = Arc::new(Mutex::new(Mischief { rng: Rng::with_seed(seed), delivered: Vec::new() }));
    let (clock, ids) = (Arc::new(FixedClock::new(at(0))), Arc::new(SequentialIds::default()));
    let ports = alims_operations::publish_events::Ports { publishing: ports.clone(), clock, ids };
    let (letters, half_way) = (dead.clone(), half_way.clone());
    let function = move |mut event: Event| {
        let (ports, letters) = (ports.clone(), letters.clone());
        let (records, untried) = mischief.lock().unwrap().spoil(std::mem::take(&mut event.records));
        half_way.fetch_add(usize::from(untried.is_some()), Ordering::Relaxed);
        event.records = records;
        async move {
            let publish = |batch| publish_events::publish_events(&ports, &letters, batch);
            let mut response: DynamoDbEventResponse = alims_dynamodb::publish_batch(event, publish).await;
            if untried.is_some() {
                let mut failure = DynamoDbBatchItemFailure::default();
                failure.item_identifier = untried;
                response.batch_item_failures.push(failure);
            }
            response
        }
    };
    Pump::start(source, function, dead.clone())
}

/// The versions of each workflow in the order of their first appearance on the bus.
fn first_appearances(bus: &FaultyEventBridge) -> BTreeMap<String, Vec<u64>> {
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for detail in bus.accepted() {
        let versions = seen.entry(detail["workflow_id"].as_str().unwrap().to_owned()).or_default();
        let version = detail["version"].as_u64().unwrap();
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    seen
}

/// Waits until the index says of every workflow that its last version is published.
async fn until_published(index: &DynamoIndex, chains: &[Vec<StoredVersion>]) {
    let keys: Vec<WorkflowKey> = chains.iter().map(|chain| chain[0].event.key()).collect();
    let last: Vec<IndexEntry> = chains.iter().map(|chain| IndexEntry::from(&chain.last().unwrap().event)).collect();
    let arrived = async {
        loop {
            let entries = index.entries(&keys).await.unwrap();
            if keys.iter().zip(&last).all(|(key, last)| entries.get(key) == Some(&Ok(last.clone()))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.expect("something is stuck");
}

/// A record that nobody can read, in the middle of the others.
async fn append_nonsense(server: &Server) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    alims_dynamodb::client(&server.dynamodb())
        .put_item()
        .table_name("WorkflowLog")
        .item("pk", text("default#nonsense"))
        .item("entry", text("v#0000000001"))
        .item("event", text("no event"))
        .send()
        .await
        .unwrap();
}

/// One run: so many publishers at once on one stream. Returns what the bus did, how often a publisher was killed and
/// how often a batch stopped half-way.
async fn run(seed: u64, publishers: u64) -> (BTreeMap<Deed, usize>, usize, usize) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(Config { hold_events: true, ..Config::new(data.path()) }).await.unwrap();
    let (bus, endpoint) = FaultyEventBridge::serve(seed, BUS_FAULTS).await;
    let client = alims_dynamodb::client(&server.dynamodb());
    let log = DynamoLog::new(client.clone(), "WorkflowLog");
    let index = DynamoIndex::new(client, "WorkflowIndex");
    let fate = Arc::new(Mutex::new(Fate { rng: Rng::with_seed(seed), kills_left: KILLS }));
    let ports = PublishPorts {
        log: log.clone(),
        index: Deadly { index: index.clone(), fate: fate.clone() },
        bus: EventBridgeBus::new(&server.dynamodb().to_builder().endpoint_url(endpoint).build(), "bus"),
    };
    let (dead, half_way) = (MemoryDeadLetters::default(), Arc::default());
    let pumps: Vec<Pump> = (0..publishers)
        .map(|publisher| start_publisher(&server, &ports, &dead, data.path(), seed * 10 + publisher, &half_way))
        .collect();

    let chains: Vec<Vec<StoredVersion>> = (0..WORKFLOWS)
        .map(|number| a_chain(&a_key(&format!("w-{number:02}")), VERSIONS, seed + number as u64))
        .collect();
    let (first, second) = chains.split_at(WORKFLOWS / 2);
    for half in [first, second] {
        join_all(half.iter().map(async |chain| {
            for version in chain {
                log.append(version).await.unwrap();
            }
        }))
        .await;
        append_nonsense(&server).await;
    }
    until_published(&index, &chains).await;
    for pump in pumps {
        pump.stop().await;
    }
    server.stop().await;

    let seen = first_appearances(&bus);
    for chain in &chains {
        let id = chain[0].event.workflow_id.to_string();
        assert_eq!(seen[&id], (1..=VERSIONS as u64).collect::<Vec<_>>(), "{id}, seed {seed}");
    }
    let put_aside: Vec<String> = dead.all().into_iter().map(|letter| letter.key).collect();
    assert!(!put_aside.is_empty(), "nobody can read the record");
    assert!(put_aside.iter().all(|key| key.contains("nonsense")), "seed {seed}: {put_aside:?}");
    let kills = KILLS - fate.lock().unwrap().kills_left;
    (bus.deeds(), kills, half_way.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn first_appearances_are_in_order_and_complete_whatever_goes_wrong() {
    let (mut deeds, mut kills, mut half_way) = (BTreeMap::<Deed, usize>::new(), 0, 0);
    for (done, killed, stopped) in join_all((0..4).map(|seed| run(seed, 1 + seed % 2))).await {
        done.into_iter().for_each(|(deed, times)| *deeds.entry(deed).or_default() += times);
        kills += killed;
        half_way += stopped;
    }
    // A fault that never came would have shown nothing.
    for fault in FAULTS {
        assert!(deeds.contains_key(&fault), "{fault:?} never happened: {deeds:?}");
    }
    assert!(kills > 0 && half_way > 0, "{kills} kills, {half_way} batches that stopped half-way");
}
