//! A sweep of due dates that is interrupted at any of its calls, repeated, and met by another one.

use alims_domain::lifecycle::State;
use alims_domain::overdue::Deadline;
use alims_operations::ports::WalkPosition;
use alims_operations::ports::{DeadlinePosition, DueWorkflows, StoreError};
use alims_operations::sweep_deadlines::{Ports, Swept, sweep_deadlines};
use alims_testing::builders::{a_key, at};
use alims_testing::{CallFault, Faulty, MemoryIndex, MemoryLog, Script};
use futures_util::FutureExt;

use super::{Bench, NOW};
use crate::support::faults::each_step_failed;

/// Three late workflows, in parts of two.
fn a_bench() -> Bench {
    let bench = Bench { index: MemoryIndex::default().walking_at_most(2), ..Bench::default() };
    for id in ["a", "b", "c"] {
        bench.at(id, State::Active, Some(1000));
    }
    bench
}

fn faulty(bench: &Bench, script: &Script) -> Ports<Faulty<MemoryLog>, Faulty<MemoryIndex>> {
    let Ports { log, index, clock, ids } = bench.sweeping(NOW);
    Ports { log: Faulty::new(log, script), index: Faulty::new(index, script), clock, ids }
}

async fn assert_each_recorded_once(bench: &Bench) {
    for id in ["a", "b", "c"] {
        assert_eq!(bench.recorded(id).await, [1000], "{id}");
    }
}

#[tokio::test]
async fn a_sweep_that_fails_at_any_call_is_repeated_and_each_due_date_is_recorded_once() {
    each_step_failed(async |script: &Script| {
        let bench = a_bench();
        let ports = faulty(&bench, script);
        let mut noted: Vec<Deadline> = Vec::new();
        let mut first = Vec::new();
        // One fault costs one sweep at most.
        for sweep in 0..3 {
            noted.extend(sweep_deadlines(&ports).await.map(|swept| swept.noted).unwrap_or_default());
            if sweep == 1 {
                assert_each_recorded_once(&bench).await;
                first = bench.records("b").await;
            }
        }
        assert_eq!(bench.records("b").await, first, "the first record stays");
        // A sweep that failed as a whole told nothing of what it had recorded.
        let names: std::collections::BTreeSet<_> = noted.iter().collect();
        assert_eq!(names.len(), noted.len(), "each is logged once");
    })
    .await;
}

#[tokio::test]
async fn a_failed_look_at_a_workflow_is_reported_and_stops_no_other() {
    let script = Script::default();
    let bench = a_bench();
    sweep_deadlines(&faulty(&bench, &script)).await.unwrap();
    let calls = script.calls();
    for call in ["log.head", "log.quarantine", "log.record_overdue"] {
        let bench = a_bench();
        let place = calls.iter().position(|name| *name == call).unwrap();
        let script = Script::failing(place, CallFault::BeforeEffect);
        let swept = sweep_deadlines(&faulty(&bench, &script)).await.unwrap();
        assert_eq!((swept.noted.len(), swept.failed.len(), swept.finished), (2, 1, true), "{call}");
    }
}

/// The other one runs as a whole before each of the calls.
#[tokio::test]
async fn two_sweeps_at_once_make_one_record_of_each_due_date() {
    let script = Script::default();
    sweep_deadlines(&faulty(&a_bench(), &script)).await.unwrap();
    for call in 0..script.calls().len() {
        let bench = a_bench();
        let (script, other) = (Script::default(), bench.clone());
        let (told, heard) = std::sync::mpsc::channel::<Swept>();
        script.meanwhile(call, move || {
            let swept = sweep_deadlines(&other.sweeping(NOW)).now_or_never().unwrap().unwrap();
            told.send(swept).unwrap();
        });
        let swept = sweep_deadlines(&faulty(&bench, &script)).await.unwrap();
        let other = heard.recv().unwrap();
        assert_eq!(swept.noted.len() + other.noted.len(), 3, "before call {call}");
        assert_each_recorded_once(&bench).await;
    }
}

/// Such as one of a release with another index.
#[tokio::test]
async fn a_position_that_is_none_does_not_stop_the_sweep() {
    let bench = a_bench();
    let next = Some(WalkPosition("nowhere".to_owned()));
    let spoilt = DeadlinePosition { next, began: Some(at(0)), ended: None };
    bench.index.keep_deadline_position(&spoilt).await.unwrap();
    assert!(bench.swept_at(NOW).await.finished);
    assert_each_recorded_once(&bench).await;
}

#[tokio::test]
async fn a_sweep_without_an_index_or_a_log_is_an_error_and_keeps_its_position() {
    for call in ["index.deadline_position", "index.due_part", "log.overdue_noted", "index.keep_deadline_position"] {
        let bench = a_bench();
        let script = Script::default();
        sweep_deadlines(&faulty(&a_bench(), &script)).await.unwrap();
        // Its last call of this kind, in the second part.
        let place = script.calls().iter().rposition(|name| *name == call).unwrap();
        let script = Script::failing(place, CallFault::BeforeEffect);
        let failed = sweep_deadlines(&faulty(&bench, &script)).await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{call}: {failed:?}");
        let kept = bench.index.deadline_position().await.unwrap().next;
        let first = if call == "index.deadline_position" { None } else { Some(format!("due:{}", a_key("b"))) };
        assert_eq!(kept.map(|position| position.0), first, "{call}");
        bench.swept_at(NOW).await;
        bench.swept_at(NOW).await;
        assert_each_recorded_once(&bench).await;
    }
}
