//! The client that fails: each fault does what it says, to the effect and to the answer, and a seed repeats a run.

use alims_domain::bus_event::BusEvent;
use alims_domain::lifecycle::State;
use alims_domain::stored_version::StoredVersion;
use alims_faults::{Attempts, Fault, Plan};
use alims_operations::ports::{EventBus, WorkflowIndex, WorkflowLog};
use alims_proof::harness::{Harness, key};
use alims_proof::seeds::on_a_paused_clock;
use alims_testing::builders::{a_created_of, a_move};
use std::collections::BTreeSet;

/// What became of one append that met a fault at every attempt: whether it was answered, and whether it is there.
async fn appended(fault: Fault) -> (bool, bool) {
    let harness = Harness::open(0).await;
    let version = a_created_of(&key("w"));
    harness.http.follow(Plan::At { call: 0, attempts: Attempts::Every, fault }, 0);
    let answered = harness.log.append(&version).await.is_ok();
    harness.settle().await;
    assert!(harness.http.committed()[&fault] > 0, "{fault} was never met");
    (answered, !harness.kept("w").await.0.is_empty())
}

#[test]
fn every_fault_of_a_write_does_what_it_says_to_effect_and_answer() {
    for fault in Fault::ALL.into_iter().filter(|fault| fault.can_meet("PutItem")) {
        let (answered, there) = on_a_paused_clock(0, appended(fault));
        assert_eq!((answered, there), (fault.leaves_an_answer(), fault.leaves_its_effect()), "{fault}");
    }
}

#[test]
fn a_fault_of_the_first_attempt_only_is_overcome_and_the_write_is_there_once() {
    for fault in Fault::ALL.into_iter().filter(|fault| fault.can_meet("PutItem") && fault.is_tried_again()) {
        on_a_paused_clock(0, async {
            let harness = Harness::open(0).await;
            harness.http.follow(Plan::At { call: 0, attempts: Attempts::First, fault }, 0);
            harness.log.append(&a_created_of(&key("w"))).await.unwrap_or_else(|error| panic!("{fault}: {error}"));
            harness.settle().await;
            assert_eq!(harness.environment.notifications().len(), 1, "{fault}");
        });
    }
}

/// What [timeouts](docs/timeouts.md) add up rests on this.
#[test]
fn a_call_of_a_store_that_hangs_or_fails_ends_within_its_time() {
    for fault in Fault::ALL.into_iter().filter(|fault| fault.can_meet("PutItem")) {
        on_a_paused_clock(0, async {
            let harness = Harness::open(0).await;
            harness.http.follow(Plan::At { call: 0, attempts: Attempts::Every, fault }, 0);
            let begun = tokio::time::Instant::now();
            drop(harness.log.append(&a_created_of(&key("w"))).await);
            let (waited, tick) = (begun.elapsed(), std::time::Duration::from_millis(1));
            assert!(waited <= alims_dynamodb::OPERATION_TIMEOUT + tick, "{fault}: {waited:?}");
        });
    }
}

#[test]
fn an_append_looks_up_and_names_a_winner_that_was_withheld() {
    on_a_paused_clock(0, async {
        let harness = Harness::open(0).await;
        harness.log.append(&a_created_of(&key("w"))).await.unwrap();
        harness.http.follow(Plan::At { call: 0, attempts: Attempts::Every, fault: Fault::ItemWithheld }, 0);
        let other = harness.log.append(&a_created_of(&key("w"))).await;
        assert!(matches!(other, Err(alims_operations::ports::AppendError::VersionTaken(_))), "{other:?}");
        assert_eq!(harness.http.calls(), ["PutItem", "Query"]);
    });
}

fn events(workflows: &[&str]) -> Vec<BusEvent> {
    workflows.iter().map(|workflow| BusEvent::of_version(&a_created_of(&key(workflow)).event).unwrap()).collect()
}

#[test]
fn refused_entries_are_not_on_the_bus_and_the_others_are() {
    for seed in 0..20 {
        on_a_paused_clock(seed, async {
            let harness = Harness::open(seed).await;
            harness.http.follow(Plan::At { call: 0, attempts: Attempts::Every, fault: Fault::EntriesRefused }, seed);
            let workflows = ["a", "b", "c", "d"];
            let results = harness.bus.put(&events(&workflows)).await.unwrap();
            assert!(results.iter().any(Result::is_err));
            for (workflow, result) in workflows.iter().zip(results) {
                assert_eq!(harness.first_appearances(workflow).0.len(), usize::from(result.is_ok()), "{workflow}");
            }
        });
    }
}

#[test]
fn the_index_asks_for_unprocessed_keys_until_the_store_has_answered_for_all() {
    on_a_paused_clock(0, async {
        let harness = Harness::open(0).await;
        let workflows = ["a", "b", "c"].map(key);
        for workflow in &workflows {
            harness.index.advance(&(&a_created_of(workflow).event).into()).await.unwrap();
        }
        harness.http.follow(Plan::At { call: 0, attempts: Attempts::Every, fault: Fault::KeysUnprocessed }, 3);
        assert_eq!(harness.index.entries(&workflows).await.unwrap().len(), 3);
        assert_eq!(harness.http.calls(), ["BatchGetItem", "BatchGetItem"]);
    });
}

/// Appends under drawn faults; what was answered and what is there at the end.
async fn a_drawn_run(seed: u64) -> (Vec<bool>, Vec<Fault>, usize) {
    let harness = Harness::open(seed).await;
    harness.http.follow(Plan::drawn(300), seed);
    let mut outcome = Vec::new();
    for workflow in 0..30 {
        let created: StoredVersion = a_created_of(&key(&format!("w-{workflow}")));
        outcome.push(harness.log.append(&created).await.is_ok());
        outcome.push(harness.log.append(&a_move(&created, State::Active)).await.is_ok());
    }
    harness.settle().await;
    (outcome, harness.http.committed().into_keys().collect(), harness.environment.notifications().len())
}

#[test]
fn a_seed_repeats_its_run_and_another_makes_another() {
    let runs: Vec<_> = [7, 7, 8].map(|seed| on_a_paused_clock(seed, a_drawn_run(seed))).into();
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[test]
fn every_fault_that_can_be_met_is_drawn_some_time() {
    let met: BTreeSet<Fault> = (0..4).flat_map(|seed| on_a_paused_clock(seed, a_drawn_run(seed)).1).collect();
    let possible = Fault::ALL.into_iter().filter(|fault| fault.can_meet("PutItem"));
    assert_eq!(met, possible.collect());
}
