//! The walk over the open workflows: every sweep compares them first, whatever the round has still to do.

use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::StartPorts;
use alims_operations::ports::{
    Advanced, IndexCount, IndexEntries, IndexPage, IndexQuery, OpenPart, OpenWorkflows, StoreError, SweepPosition,
    SweepPositions, WalkPosition, WorkflowIndex,
};
use alims_operations::sweep_workflows::{self, Swept, sweep_workflows};
use alims_testing::builders::{a_key, at};
use alims_testing::{FixedClock, MemoryIndex, SequentialIds, SteppingClock};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{LATER, Yard};

/// A workflow of two versions, of which the second is not published.
fn behind(yard: &Yard, id: &str) {
    yard.at(id, &[State::Active]);
    yard.index.overwrite(IndexEntry::from(&yard.log.entries(&a_key(id)).0[0].event));
}

/// What a sweep does whose clock is 40 seconds later each time that it is read: it begins three parts of the open
/// workflows, and one of the round.
async fn swept_slowly(yard: &Yard) -> Swept {
    let ports = yard.sweeping(LATER);
    let clock = Arc::new(SteppingClock::new(at(LATER), 40_000));
    let starting = StartPorts { clock, ..ports.starting };
    sweep_workflows(&sweep_workflows::Ports { starting, ..ports }).await.unwrap()
}

#[tokio::test]
async fn an_open_workflow_that_is_behind_is_found_though_the_round_does_not_come_to_it() {
    let mut yard = Yard::default();
    yard.log = yard.log.walking_at_most(1);
    for id in ["a", "b", "c"] {
        yard.at(id, &[State::Active, State::Completed]);
    }
    behind(&yard, "z-behind");
    let swept = swept_slowly(&yard).await;
    assert_eq!((swept.finished, swept.workflows), (false, 1), "the round does not come to it: {swept:?}");
    assert_eq!((swept.open, swept.coverage, swept.behind), (1, Some(100.0), 1));
    assert_eq!(yard.running(), ["z-behind"]);
}

#[tokio::test]
async fn a_workflow_is_helped_once_though_both_walks_meet_it() {
    let yard = Yard::default();
    behind(&yard, "behind");
    let swept = yard.swept().await;
    assert_eq!((swept.open, swept.workflows, swept.behind, swept.started), (1, 1, 1, 1));
}

#[tokio::test]
async fn a_walk_that_stops_early_says_how_much_it_covered_and_the_next_one_goes_on() {
    let mut yard = Yard::default();
    yard.index = yard.index.walking_at_most(10);
    for number in 0..50 {
        yard.at(&format!("w-{number:02}"), &[State::Active]);
    }
    let first = swept_slowly(&yard).await;
    assert_eq!(first.open, 30);
    assert!(first.coverage.unwrap() < 100.0, "there are more, though it is not known how many: {first:?}");
    let second = swept_slowly(&yard).await;
    assert_eq!((second.open, second.coverage), (20, Some(40.0)));
    let third = swept_slowly(&yard).await;
    assert_eq!((third.open, third.coverage), (30, Some(60.0)), "it knows now how many there are");
}

/// An index whose table does not have the order of open workflows yet, as during the deployment that adds it.
#[derive(Clone, Default)]
struct Older(MemoryIndex);

impl OpenWorkflows for Older {
    async fn open_part(&self, _: Option<&WalkPosition>) -> Result<OpenPart, StoreError> {
        Err(StoreError::Refused("the table does not have the specified index".into()))
    }
}

impl WorkflowIndex for Older {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        self.0.entries(keys).await
    }

    async fn advance_keeping(&self, entry: &IndexEntry, kept: &Labels) -> Result<Advanced, StoreError> {
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

#[tokio::test]
async fn the_round_goes_on_while_the_index_cannot_tell_which_workflows_are_open() {
    let yard = Yard::default();
    yard.at("missing", &[State::Active]);
    let Yard { log, starter, positions, .. } = yard.clone();
    let starting = StartPorts { log, starter, clock: Arc::new(FixedClock::new(at(LATER))) };
    let ids = Arc::new(SequentialIds::default());
    let ports = sweep_workflows::Ports { starting, index: Older::default(), positions, ids };
    for position in [SweepPosition::default(), SweepPosition { open: Some(WalkPosition("x".into())), ..<_>::default() }]
    {
        ports.positions.keep_sweep_position(&position).await.unwrap();
        let recorder = DebuggingRecorder::new();
        let swept = {
            let _installed = metrics::set_default_local_recorder(&recorder);
            sweep_workflows(&ports).await.unwrap()
        };
        assert_eq!((swept.open, swept.coverage, swept.workflows, swept.finished), (0, None, 1, true));
        assert_eq!(told(&recorder).get("SweepCoverage"), Some(&0.0), "an alarm sees it");
        let kept = ports.positions.sweep_position().await.unwrap();
        assert_eq!((kept.swept_at, kept.open_percent), (Some(at(LATER)), None), "and a person, too");
    }
    assert_eq!(yard.running(), ["missing"]);
}

#[tokio::test]
async fn the_age_of_the_last_complete_round_grows_until_the_next_one_ends() {
    let mut yard = Yard::default();
    yard.log = yard.log.walking_at_most(1);
    for id in ["a", "b", "c"] {
        yard.at(id, &[State::Active]);
    }
    let first = swept_slowly(&yard).await;
    assert!(!first.finished && first.round_age_seconds > 0, "since the first round began: {first:?}");
    let second = yard.swept().await;
    assert_eq!((second.finished, second.round_age_seconds), (true, 0), "{second:?}");
    let later = sweep_workflows(&yard.sweeping(LATER + 60_000)).await.unwrap();
    assert_eq!((later.finished, later.round_age_seconds), (true, 0));
    let ended = yard.positions.sweep_position().await.unwrap().round_ended;
    assert_eq!(ended, Some(at(LATER + 60_000)));
    yard.positions.keep_sweep_position(&SweepPosition { round_ended: Some(at(0)), ..<_>::default() }).await.unwrap();
    let unfinished = swept_slowly(&yard).await;
    assert!(!unfinished.finished && unfinished.round_age_seconds >= 3600, "{unfinished:?}");
}

#[tokio::test]
async fn a_sweep_keeps_when_it_swept_and_how_many_of_the_open_workflows_it_compared() {
    let mut yard = Yard::default();
    yard.index = yard.index.walking_at_most(1);
    for id in ["a", "b", "c", "d", "e", "f", "g"] {
        yard.at(id, &[State::Active]);
    }
    yard.swept().await;
    let whole = yard.positions.sweep_position().await.unwrap();
    assert_eq!((whole.swept_at, whole.open_percent), (Some(at(LATER)), Some(100)));
    let swept = swept_slowly(&yard).await;
    let part = yard.positions.sweep_position().await.unwrap();
    assert!(part.swept_at > whole.swept_at, "{part:?}");
    // Three of seven are 42.9 percent.
    assert_eq!((swept.open, part.open_percent), (3, Some(42)), "rounded down, so that only all are 100");
}

/// Values of metrics by name.
fn told(recorder: &DebuggingRecorder) -> BTreeMap<String, f64> {
    let seen = recorder.snapshotter().snapshot().into_vec().into_iter();
    seen.map(|(key, _, _, value)| {
        let value = match value {
            DebugValue::Counter(number) => f64::from(u32::try_from(number).unwrap()),
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(values) => panic!("{values:?}"),
        };
        (key.key().name().to_owned(), value)
    })
    .collect()
}

#[tokio::test]
async fn a_sweep_tells_its_coverage_as_metrics() {
    let yard = Yard::default();
    behind(&yard, "behind");
    yard.at("fine", &[State::Active]);
    let recorder = DebuggingRecorder::new();
    {
        let _installed = metrics::set_default_local_recorder(&recorder);
        yard.swept().await;
    }
    let expected = [("SweptWorkflows", 4.0), ("WorkflowsBehind", 1.0), ("SweepCoverage", 100.0), ("SweepRound", 0.0)];
    assert_eq!(told(&recorder), expected.map(|(name, value)| (name.to_owned(), value)).into());
}
