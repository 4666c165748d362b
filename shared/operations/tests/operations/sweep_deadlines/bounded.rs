//! The time of a sweep of due dates: it ends, says so, and the next one continues.

use alims_domain::lifecycle::State;
use alims_domain::limits::{DEADLINES_LOOKS_SECONDS_MAX, DEADLINES_SECONDS_MAX};
use alims_operations::sweep_deadlines::{Ports, Swept, sweep_deadlines};
use alims_testing::builders::{a_key, at};
use alims_testing::{Faulty, FixedClock, MemoryIndex, MemoryLog, Script, SteppingClock};
use std::sync::Arc;

use super::{Bench, NOW};

/// So many late workflows, in parts of two.
fn late(number: usize) -> Bench {
    let bench = Bench { index: MemoryIndex::default().walking_at_most(2), ..Bench::default() };
    for number in 0..number {
        bench.at(&format!("w-{number:03}"), State::Active, Some(1000));
    }
    bench
}

async fn slowly(bench: &Bench, step_millis: u32) -> Swept {
    let clock = Arc::new(SteppingClock::new(at(NOW), step_millis.into()));
    sweep_deadlines(&Ports { clock, ..bench.sweeping(NOW) }).await.unwrap()
}

#[tokio::test]
async fn a_sweep_ends_in_time_says_that_it_did_not_finish_and_the_next_one_continues() {
    let bench = late(40);
    // About ten looks at the clock are all that fit.
    let step = DEADLINES_SECONDS_MAX * 1000 / 10;
    let (mut sweeps, mut noted) = (0, 0);
    loop {
        let swept = slowly(&bench, step).await;
        sweeps += 1;
        noted += swept.noted.len();
        assert!(!swept.noted.is_empty() || swept.finished, "no progress: {swept:?}");
        if swept.finished {
            assert_eq!(swept.round_age_seconds, u64::from(step / 1000));
            break;
        }
        assert!(swept.round_age_seconds > 0, "{swept:?}");
        assert!(sweeps < 100, "it does not end");
    }
    assert!(sweeps > 2, "{sweeps}");
    assert_eq!(noted, 40);
    assert!(bench.swept_at(NOW).await.noted.is_empty());
}

/// What is left of a part waits for the next walk; a part that takes too long is not the beginning of every sweep.
#[tokio::test]
async fn a_part_that_takes_too_long_is_left_behind_and_met_again() {
    let bench = late(6);
    let step = DEADLINES_LOOKS_SECONDS_MAX * 1000 / 4;
    let (mut noted, mut left) = (0, 0);
    for sweep in 0..40 {
        let swept = slowly(&bench, step).await;
        if sweep == 0 {
            assert_eq!((swept.due, swept.noted.len(), swept.left), (1, 1, 1), "what is left was not dealt with");
        }
        noted += swept.noted.len();
        left += swept.left;
        assert_eq!(swept.failed, []);
    }
    assert_eq!(noted, 6);
    assert!(left > 0, "else this test shows nothing");
}

/// The next sweep begins with it, and not behind it.
#[tokio::test]
async fn a_part_that_no_time_was_left_for_is_not_passed_over() {
    let bench = late(6);
    let swept = slowly(&bench, DEADLINES_LOOKS_SECONDS_MAX * 1000).await;
    assert_eq!((swept.due, swept.noted.len(), swept.left, swept.finished), (0, 0, 2, false));
    assert_eq!(bench.swept_at(NOW).await.noted.len(), 6);
}

#[tokio::test]
async fn no_part_is_begun_when_the_time_for_parts_is_over() {
    let bench = late(6);
    // The first part takes that time, and there is still time for looks.
    let swept = slowly(&bench, DEADLINES_SECONDS_MAX * 1000 / 5).await;
    assert_eq!((swept.noted.len(), swept.left, swept.finished), (2, 0, false));
}

/// Otherwise many old records would cost as many reads of workflows in each sweep.
#[tokio::test]
async fn a_workflow_that_has_its_record_is_not_read_again() {
    let bench = late(5);
    bench.swept_at(NOW).await;
    let script = Script::default();
    let Ports { log, index, clock, ids } = bench.sweeping(NOW + 300_000);
    let ports: Ports<Faulty<MemoryLog>, MemoryIndex> = Ports { log: Faulty::new(log, &script), index, clock, ids };
    let swept = sweep_deadlines(&ports).await.unwrap();
    assert_eq!((swept.due, swept.noted.len(), swept.finished), (5, 0, true));
    assert_eq!(script.calls(), ["log.overdue_noted"; 3]);
}

#[tokio::test]
async fn the_age_of_a_round_that_does_not_end_grows_from_sweep_to_sweep() {
    let bench = late(200);
    let clock = FixedClock::new(at(NOW));
    let mut ages = Vec::new();
    for minutes in 0..4 {
        clock.set(at(NOW + minutes * 300_000));
        let step = i64::from(DEADLINES_SECONDS_MAX) * 1000 / 3;
        let slow = Arc::new(SteppingClock::new(at(NOW + minutes * 300_000), step));
        let swept = sweep_deadlines(&Ports { clock: slow, ..bench.sweeping(NOW) }).await.unwrap();
        assert!(!swept.finished);
        ages.push(swept.round_age_seconds);
    }
    assert!(ages.is_sorted_by(|one, next| one + 200 < *next), "{ages:?}");
    assert_eq!(bench.recorded("w-199").await, [0_i64; 0]);
    assert!(bench.log.keys().contains(&a_key("w-199")));
}
