//! Anchors: every entry is in exactly one, each names the one before it, and a run that is repeated, divided or
//! disturbed makes the same of them.

use alims_domain::anchor::{Leaf, Manifest, NotAnAnchor, SignedAnchor};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{TenantId, Version};
use alims_domain::lifecycle::State;
use alims_domain::limits::ANCHOR_LAG_SECONDS;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::anchor_heads::{AnchorRun, Ports, anchor_heads, begin};
use alims_operations::ports::WorkflowLog;
use alims_testing::builders::{a_created, a_created_of, a_fresh_tenant, a_key_of, a_move, a_refusal, an_overdue, at};
use alims_testing::{FixedClock, MemoryAnchors, MemoryIndex, MemoryLog, NamedKey};
use std::sync::Arc;

/// Milliseconds after [`at`]`(0)` at which the runs of these tests begin.
const NOW: i64 = 24 * 3_600_000;
/// How many entries an anchor of these tests holds.
const ENTRIES_MAX: usize = 40;

#[derive(Clone, Default)]
pub(crate) struct Bench {
    pub(crate) log: MemoryLog,
    pub(crate) index: MemoryIndex,
    pub(crate) anchors: MemoryAnchors,
}

pub(crate) fn tenant() -> TenantId {
    "default".parse().unwrap()
}

impl Bench {
    pub(crate) fn ports(&self, now: i64) -> Ports<MemoryLog, MemoryIndex, MemoryAnchors, NamedKey> {
        let Self { log, index, anchors } = self.clone();
        Ports {
            log,
            index,
            anchors,
            signer: NamedKey("the key"),
            clock: Arc::new(FixedClock::new(at(now))),
            entries_max: ENTRIES_MAX,
        }
    }

    pub(crate) async fn run(&self, now: i64) -> AnchorRun {
        let run = anchor_heads(&self.ports(now), &[tenant()]).await.unwrap();
        assert_eq!((run.failed.clone(), run.left), (Vec::new(), 0));
        run
    }

    /// A workflow with three versions and a refusal, at the beginning.
    pub(crate) async fn with_a_workflow(&self, id: &str) {
        let created = a_created(id);
        let active = a_move(&created, State::Active);
        let paused = a_move(&active, State::Paused);
        for version in [&created, &active, &paused] {
            self.log.append(version).await.unwrap();
        }
        self.log.record_refusal(&a_refusal(&created.event.key())).await.unwrap();
        self.index.overwrite(IndexEntry::from(&paused.event));
    }
}

fn lag(now: i64) -> Timestamp {
    at(now).earlier_by_seconds(ANCHOR_LAG_SECONDS)
}

#[tokio::test]
async fn an_anchor_names_every_entry_of_its_period_with_its_hash_and_the_newest_version_of_each_workflow() {
    let bench = Bench::default();
    bench.with_a_workflow("w").await;
    let run = bench.run(NOW).await;
    let done = &run.tenants[0];
    assert_eq!((done.made, done.entries, done.newest, done.until, done.finished), (1, 4, 1, lag(NOW), true));
    let manifest = bench.anchors.manifest(&tenant(), 1);
    assert_eq!((manifest.from, manifest.until, &manifest.previous), (begin(), lag(NOW), &ChainHash::genesis()));
    let versions: Vec<&Leaf> = manifest.leaves.iter().filter(|leaf| leaf.version.is_some()).collect();
    let stored = bench.log.entries(&a_key_of(&tenant(), "w")).0;
    let hashes: Vec<&ChainHash> = versions.iter().map(|leaf| &leaf.hash).collect();
    assert_eq!(hashes, stored.iter().map(|stored| &stored.event.hash).collect::<Vec<_>>());
    assert_eq!(manifest.heads.len(), 1);
    assert_eq!((manifest.heads[0].version, &manifest.heads[0].hash), (Version::try_from(3).unwrap(), hashes[2]));
}

#[tokio::test]
async fn an_entry_comes_into_the_anchor_of_its_time_once_nothing_can_come_before_it_any_more() {
    let bench = Bench::default();
    bench.log.append(&a_created("early")).await.unwrap();
    let lag = i64::from(ANCHOR_LAG_SECONDS) * 1000;
    bench.run(lag).await;
    assert_eq!(bench.anchors.manifest(&tenant(), 1).leaves, [], "the period ends before it");
    bench.run(lag + 1).await;
    assert_eq!(bench.anchors.manifest(&tenant(), 2).entries, 1);
    let again = bench.run(lag + 1).await;
    assert_eq!((again.tenants[0].made, again.tenants[0].newest), (0, 2), "there is nothing new to cover");
}

#[tokio::test]
async fn each_anchor_begins_where_the_one_before_ended_and_names_it_by_its_hash() {
    let bench = Bench::default();
    bench.with_a_workflow("w").await;
    for run in 1..=3 {
        bench.run(NOW * run).await;
    }
    let signed = |number| SignedAnchor::read(&bench.anchors.bytes(&tenant(), number)).unwrap();
    for number in 2..=3 {
        let (before, this) = (bench.anchors.manifest(&tenant(), number - 1), bench.anchors.manifest(&tenant(), number));
        assert_eq!((this.from, this.number), (before.until, number));
        assert_eq!(this.previous, signed(number - 1).hash());
        assert_eq!(this.previous, ChainHash::of(signed(number - 1).manifest.as_bytes()));
        assert_eq!(this.leaves, []);
    }
}

#[tokio::test]
async fn a_period_with_more_entries_than_an_anchor_holds_is_divided_and_each_entry_is_in_one_anchor() {
    let bench = Bench::default();
    let entries = 3 * ENTRIES_MAX + ENTRIES_MAX / 2;
    for number in 0..entries {
        let mut version = a_created(&format!("w-{number:06}"));
        version.event.timestamp = at(i64::try_from(number).unwrap() * 10);
        bench.log.overwrite(version);
    }
    let run = bench.run(NOW).await;
    assert_eq!((run.tenants[0].entries, run.tenants[0].finished), (u64::try_from(entries).unwrap(), true));
    let mut names = Vec::new();
    for number in 1..=run.tenants[0].newest {
        let manifest = bench.anchors.manifest(&tenant(), number);
        assert!(manifest.leaves.len() <= ENTRIES_MAX, "{}", manifest.leaves.len());
        names.extend(manifest.leaves.into_iter().map(|leaf| leaf.entry));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), entries);
    assert!(run.tenants[0].newest > 3);
}

#[tokio::test]
async fn without_a_name_every_tenant_of_the_index_and_of_the_anchors_is_anchored() {
    let bench = Bench::default();
    bench.with_a_workflow("w").await;
    let (other, named) = (a_fresh_tenant(), a_fresh_tenant());
    let created = a_created_of(&a_key_of(&other, "w"));
    bench.index.overwrite(IndexEntry::from(&created.event));
    bench.log.append(&created).await.unwrap();
    // It has nothing but a record beside the versions, and is found once it was named.
    bench.log.record_refusal(&a_refusal(&a_key_of(&named, "w"))).await.unwrap();
    let tenants = |run: AnchorRun| run.tenants.into_iter().map(|tenant| tenant.tenant_id).collect::<Vec<_>>();
    let mut expected = vec![tenant(), other];
    expected.sort_unstable();
    assert_eq!(tenants(anchor_heads(&bench.ports(NOW), &[]).await.unwrap()), expected);
    anchor_heads(&bench.ports(NOW), std::slice::from_ref(&named)).await.unwrap();
    assert_eq!(bench.anchors.manifest(&named, 1).entries, 1);
    expected.push(named);
    expected.sort_unstable();
    assert_eq!(tenants(anchor_heads(&bench.ports(2 * NOW), &[]).await.unwrap()), expected);
}

#[tokio::test]
async fn nothing_is_built_on_an_anchor_that_cannot_be_read_and_other_tenants_are_anchored_all_the_same() {
    let bench = Bench::default();
    bench.run(NOW).await;
    let newer = SignedAnchor::new(r#"{"format":2,"leaves":"in another form"}"#.to_owned(), b"");
    for odd in [Vec::new(), b"no anchor".to_vec(), newer.to_bytes().unwrap()] {
        bench.anchors.overwrite(&tenant(), 1, odd.clone());
        let other = a_fresh_tenant();
        let run = anchor_heads(&bench.ports(2 * NOW), &[tenant(), other.clone()]).await.unwrap();
        assert_eq!(run.failed.len(), 1);
        assert_eq!((&run.failed[0].0, run.tenants.len()), (&tenant(), 1), "{}", run.failed[0].1);
        assert_eq!(bench.anchors.bytes(&tenant(), 1), odd);
    }
    assert_eq!(Manifest::read(&newer.manifest), Err(NotAnAnchor::NewerFormat(2)));
}

#[tokio::test]
async fn an_overdue_record_and_an_entry_that_cannot_be_read_are_anchored_too() {
    let bench = Bench::default();
    let key = a_key_of(&tenant(), "w");
    alims_operations::ports::OverdueLog::record_overdue(&bench.log, &an_overdue(&key, at(0))).await.unwrap();
    bench.log.append(&a_created("w")).await.unwrap();
    bench.log.damage(&key, Version::FIRST, "altered");
    bench.run(NOW).await;
    assert_eq!(bench.anchors.manifest(&tenant(), 1).entries, 2);
}
