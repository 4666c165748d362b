//! The close looks of a sweep: only where they can help, and no longer than its time.

use alims_domain::lifecycle::State;
use alims_domain::limits::{AUTOMATIC_ATTEMPTS_MAX, SWEEP_LOOKS_SECONDS_MAX};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Trigger};
use alims_operations::StartPorts;
use alims_operations::ports::{RecoveryLog, SweepPosition, SweepPositions, WalkPosition};
use alims_operations::sweep_workflows::{self, Swept, sweep_workflows};
use alims_testing::builders::{a_claim, a_key, at, sealed};
use alims_testing::{Faulty, Script, SteppingClock};
use std::sync::Arc;

use super::{LATER, Yard};

/// A sweep of the open workflows alone, as the round has nothing left; and how often it looked closely.
async fn swept_open(yard: &Yard) -> (Swept, usize) {
    let round = Some(WalkPosition("default/zz/v0000000001".to_owned()));
    yard.positions.keep_sweep_position(&SweepPosition { round, ..<_>::default() }).await.unwrap();
    let script = Script::default();
    let ports = yard.sweeping(LATER);
    let log = Faulty::new(ports.starting.log, &script);
    let starting = StartPorts { log, starter: ports.starting.starter, clock: ports.starting.clock };
    let ports = sweep_workflows::Ports { starting, index: ports.index, positions: ports.positions, ids: ports.ids };
    let swept = sweep_workflows(&ports).await.unwrap();
    assert_eq!((swept.open, swept.workflows), (1, 0), "{swept:?}");
    // Each close look reads the quarantine, and nothing else does.
    (swept, script.calls().into_iter().filter(|call| *call == "log.quarantine").count())
}

/// A failed workflow whose attempts ended so; each attempt of the sweep is at the failed version 3.
async fn failed(attempts: impl IntoIterator<Item = Option<Outcome>>) -> Yard {
    let yard = Yard::default();
    yard.at("w", &[State::Active, State::Failed]);
    for (number, outcome) in (1..).zip(attempts) {
        let mut claim = a_claim(&a_key("w"), 3, number);
        claim.trigger = Trigger::Failure;
        yard.log.claim_recovery(&claim).await.unwrap();
        if let Some(outcome) = outcome {
            yard.log.record_recovery(&claim.ended(outcome, at(9))).await.unwrap();
        }
    }
    yard
}

#[tokio::test]
async fn a_failure_that_may_be_retried_is_looked_at_and_retried() {
    let gave_up = || Some(Outcome::gave_up("Down", "down"));
    for attempts in [vec![], vec![gave_up()], vec![Some(Outcome::of(OutcomeStatus::Quarantined))], vec![None]] {
        let yard = failed(attempts.clone()).await;
        let (swept, looks) = swept_open(&yard).await;
        // An attempt whose start was lost is started again without a check of the history.
        let is_checked = usize::from(attempts != [None]);
        assert_eq!((swept.started, looks), (1, is_checked), "{attempts:?}");
    }
}

#[tokio::test]
async fn a_failure_that_is_decided_or_was_tried_too_often_is_not_looked_at() {
    let refused = vec![Some(Outcome::of(OutcomeStatus::Refused))];
    let often = vec![Some(Outcome::gave_up("Down", "down")); usize::try_from(AUTOMATIC_ATTEMPTS_MAX).unwrap()];
    for attempts in [refused, often] {
        let (swept, looks) = swept_open(&failed(attempts.clone()).await).await;
        assert_eq!((swept.started, looks), (0, 0), "{attempts:?}");
    }
}

#[tokio::test]
async fn a_failure_that_is_not_retryable_is_not_looked_at() {
    let yard = failed([]).await;
    let mut lasting = yard.log.entries(&a_key("w")).0.remove(2);
    lasting.event.failure.as_mut().unwrap().retryable = false;
    let lasting = sealed(lasting.event);
    yard.log.overwrite(lasting.clone());
    yard.index.overwrite((&lasting.event).into());
    let (swept, looks) = swept_open(&yard).await;
    assert_eq!((swept.started, looks), (0, 0));
}

/// What a sweep does whose clock is so much later each time that it is read.
async fn swept_slowly(yard: &Yard, step_millis: i64) -> Swept {
    let ports = yard.sweeping(LATER);
    let starting = StartPorts { clock: Arc::new(SteppingClock::new(at(LATER), step_millis)), ..ports.starting };
    sweep_workflows(&sweep_workflows::Ports { starting, ..ports }).await.unwrap()
}

/// Else the part would be the beginning of every later sweep, and each would end there.
#[tokio::test]
async fn a_part_with_more_close_looks_than_there_is_time_for_is_passed() {
    let yard = Yard::default();
    for number in 0..200 {
        let id = format!("w-{number:03}");
        yard.at(&id, &[State::Active]);
        yard.index.remove(&a_key(&id));
    }
    let step = i64::from(SWEEP_LOOKS_SECONDS_MAX) * 1000 / 50;
    let swept = swept_slowly(&yard, step).await;
    assert!(swept.workflows > 0 && swept.left > 0, "{swept:?}");
    assert_eq!((swept.workflows + swept.left, swept.finished), (200, true), "the next one goes on behind it");
}

#[tokio::test]
async fn open_workflows_that_were_left_are_not_covered() {
    let yard = Yard::default();
    for number in 0..200 {
        yard.at(&format!("w-{number:03}"), &[State::Active, State::Failed]);
    }
    let step = i64::from(SWEEP_LOOKS_SECONDS_MAX) * 1000 / 300;
    let swept = swept_slowly(&yard, step).await;
    assert!(swept.left > 0 && swept.open > 0 && swept.open < 200, "{swept:?}");
    assert!(swept.coverage.is_some_and(|coverage| coverage < 100.0), "{swept:?}");
    assert_eq!(yard.positions.sweep_position().await.unwrap().round, None, "no part of the round has begun");
    assert!(!swept.finished);
}
