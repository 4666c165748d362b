//! The sweep: it is bounded, continues where it stopped, helps without a request and closes abandoned attempts.

mod bounded;
mod open;
mod refused_walk;

use alims_domain::lifecycle::State;
use alims_domain::limits::{CHECKED_VERSIONS_MAX, SWEEP_CHECKS_MAX, SWEEP_GRACE_SECONDS, SWEEP_WORKFLOWS_MAX};
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Trigger};
use alims_operations::StartPorts;
use alims_operations::ports::{
    EndedHow, QuarantineLog, RecoveryLog, RecoveryStarter, SweepPosition, SweepPositions, WalkPosition,
};
use alims_operations::sweep_workflows::{self, Swept, sweep_workflows};
use alims_testing::builders::{a_chain, a_claim, a_created, a_key, a_move, at, version};
use alims_testing::{
    CallFault, Faulty, FixedClock, MemoryIndex, MemoryLog, MemoryPositions, MemoryStarter, Script, SequentialIds,
};
use std::sync::Arc;

/// Long after everything that the builders make.
const LATER: i64 = 3_600_000;

#[derive(Clone, Default)]
struct Yard {
    log: MemoryLog,
    index: MemoryIndex,
    starter: MemoryStarter,
    positions: MemoryPositions,
}

impl Yard {
    fn sweeping(&self, now: i64) -> sweep_workflows::Ports<MemoryLog, MemoryIndex, MemoryStarter, MemoryPositions> {
        let Self { log, index, starter, positions } = self.clone();
        let starting = StartPorts { log, starter, clock: Arc::new(FixedClock::new(at(now))) };
        sweep_workflows::Ports { starting, index, positions, ids: Arc::new(SequentialIds::default()) }
    }

    async fn swept(&self) -> Swept {
        sweep_workflows(&self.sweeping(LATER)).await.unwrap()
    }

    /// A workflow, moved along, and published.
    fn at(&self, id: &str, path: &[State]) {
        let mut head = a_created(id);
        self.log.overwrite(head.clone());
        for to in path {
            head = a_move(&head, *to);
            self.log.overwrite(head.clone());
        }
        self.index.overwrite(IndexEntry::from(&head.event));
    }

    fn running(&self) -> Vec<String> {
        self.starter.running().into_iter().map(|document| document.workflow_id.to_string()).collect()
    }
}

/// Otherwise a sweep would run out of its time at this workflow each time, and never come to those behind it.
#[tokio::test]
async fn a_history_longer_than_a_sweep_checks_is_reported_and_the_others_are_swept() {
    let yard = Yard::default();
    let path: Vec<State> =
        [State::Active, State::Paused].into_iter().cycle().take(SWEEP_CHECKS_MAX * CHECKED_VERSIONS_MAX + 50).collect();
    yard.at("long", &path);
    yard.at("missing", &[State::Active]);
    yard.index.remove(&a_key("missing"));
    let swept = yard.swept().await;
    assert_eq!((swept.workflows, swept.started, swept.finished), (2, 1, true));
    let failed: Vec<String> = swept.failed.iter().map(|(key, _)| key.workflow_id.to_string()).collect();
    assert_eq!((failed, yard.running()), (vec!["long".to_owned()], vec!["missing".to_owned()]));
}

#[tokio::test]
async fn a_sweep_recovers_workflows_behind_missing_wrong_or_failed_and_leaves_others_alone() {
    let yard = Yard::default();
    for id in ["behind", "fine", "missing", "wrong"] {
        yard.at(id, &[State::Active]);
    }
    yard.at("done", &[State::Active, State::Completed]);
    yard.at("failed", &[State::Active, State::Failed]);
    yard.index.overwrite(IndexEntry::from(&a_created("behind").event));
    let first = yard.log.entries(&a_key("behind")).0[0].event.clone();
    yard.index.overwrite(IndexEntry::from(&first));
    yard.index.remove(&a_key("missing"));
    let wrong = yard.log.entries(&a_key("wrong")).0[1].event.clone();
    yard.index.overwrite(IndexEntry { current_state: State::Paused, ..IndexEntry::from(&wrong) });
    let swept = yard.swept().await;
    assert_eq!((swept.workflows, swept.started, swept.finished, swept.failed.len()), (6, 4, true, 0));
    assert_eq!((swept.open, swept.behind, swept.coverage), (4, 3, Some(100.0)), "a failed one is not behind");
    let mut running = yard.running();
    running.sort();
    assert_eq!(running, ["behind", "failed", "missing", "wrong"]);
    assert!(yard.starter.running().iter().all(|it| it.trigger == Trigger::Sweep && it.requested_by.is_reserved()));
    let again = yard.swept().await;
    assert_eq!(yard.starter.started(), 4, "what is under way is joined: {again:?}");
}

#[tokio::test]
async fn a_sweep_leaves_young_versions_to_the_publisher() {
    let yard = Yard::default();
    yard.at("w", &[State::Active]);
    yard.index.remove(&a_key("w"));
    // Version 2 was made at one second.
    let old_enough = 1000 + i64::from(SWEEP_GRACE_SECONDS) * 1000;
    assert_eq!(sweep_workflows(&yard.sweeping(old_enough - 1)).await.unwrap().started, 0);
    assert_eq!(sweep_workflows(&yard.sweeping(old_enough)).await.unwrap().started, 1);
}

#[tokio::test]
async fn a_sweep_does_not_retry_a_failure_that_lasts_or_was_refused_or_was_tried_too_often() {
    let yard = Yard::default();
    yard.at("refused", &[State::Active, State::Failed]);
    let refused = a_claim(&a_key("refused"), 3, 1);
    yard.log.claim_recovery(&refused).await.unwrap();
    yard.log.record_recovery(&refused.ended(Outcome::of(OutcomeStatus::Refused), at(9))).await.unwrap();
    let mut lasting = yard.log.entries(&a_key("refused")).0;
    lasting.iter_mut().for_each(|version| version.event.workflow_id = "lasting".parse().unwrap());
    yard.at("tried", &[State::Active, State::Failed]);
    for attempt in 1..=5 {
        let mut claim = a_claim(&a_key("tried"), 3, attempt);
        claim.trigger = Trigger::Failure;
        yard.log.claim_recovery(&claim).await.unwrap();
        yard.log.record_recovery(&claim.ended(Outcome::gave_up("Down", "down"), at(9))).await.unwrap();
    }
    assert_eq!(yard.swept().await.started, 0);
    assert_eq!(yard.starter.started(), 0);
}

#[tokio::test]
async fn a_refused_workflow_is_recovered_all_the_same_when_it_is_behind() {
    let yard = Yard::default();
    yard.at("w", &[State::Active, State::Failed]);
    let refused = a_claim(&a_key("w"), 3, 1);
    yard.log.claim_recovery(&refused).await.unwrap();
    yard.log.record_recovery(&refused.ended(Outcome::of(OutcomeStatus::Refused), at(9))).await.unwrap();
    yard.index.overwrite(IndexEntry::from(&yard.log.entries(&a_key("w")).0[1].event));
    assert_eq!(yard.swept().await.started, 1);
}

#[tokio::test]
async fn a_claim_is_given_time_to_be_started_before_a_sweep_starts_it() {
    let yard = Yard::default();
    yard.at("w", &[State::Active]);
    // Claimed at one second, and not started yet.
    yard.log.claim_recovery(&a_claim(&a_key("w"), 2, 1)).await.unwrap();
    let old_enough = 1000 + i64::from(SWEEP_GRACE_SECONDS) * 1000;
    assert_eq!(sweep_workflows(&yard.sweeping(old_enough - 1)).await.unwrap().started, 0);
    assert_eq!(sweep_workflows(&yard.sweeping(old_enough)).await.unwrap().started, 1);
}

#[tokio::test]
async fn a_recovery_that_gave_up_is_tried_again_as_the_next_attempt() {
    let yard = Yard::default();
    yard.at("w", &[State::Active, State::Failed]);
    let mut claim = a_claim(&a_key("w"), 3, 1);
    claim.trigger = Trigger::Failure;
    yard.log.claim_recovery(&claim).await.unwrap();
    yard.log.record_recovery(&claim.ended(Outcome::gave_up("Down", "down"), at(9))).await.unwrap();
    assert_eq!(yard.swept().await.started, 1);
    assert_eq!(yard.starter.running().remove(0).attempt, 2);
}

#[tokio::test]
async fn a_sweep_closes_ended_recoveries_starts_unknown_ones_and_leaves_running_ones() {
    let yard = Yard::default();
    for id in ["ended", "running", "unknown"] {
        yard.at(id, &[State::Active]);
        let claim = a_claim(&a_key(id), 2, 1);
        yard.log.claim_recovery(&claim).await.unwrap();
        if id != "unknown" {
            yard.starter.start(&RecoveryDocument::of(&claim)).await.unwrap();
        }
        if id == "ended" {
            yard.starter.end(&claim.recovery_id, EndedHow::TimedOut);
        }
    }
    let swept = yard.swept().await;
    assert_eq!((swept.closed, swept.started), (1, 1));
    assert!(yard.running().contains(&"unknown".to_owned()), "{:?}", yard.running());
    let outcome = async |id| {
        yard.log.recoveries(&a_key(id), 1).await.unwrap().attempts.remove(0).ended.map(|it| it.outcome.status)
    };
    assert_eq!(outcome("ended").await, Some(OutcomeStatus::GaveUp));
    assert_eq!((outcome("running").await, outcome("unknown").await), (None, None));
    assert_eq!(yard.swept().await.closed, 0);
}

/// A race may leave more than one behind: each is closed, not only the newest.
#[tokio::test]
async fn every_recovery_that_ended_without_an_outcome_is_closed() {
    let yard = Yard::default();
    yard.at("w", &[State::Active]);
    for (attempt, how) in [(1, Some(EndedHow::TimedOut)), (2, None), (3, Some(EndedHow::Aborted))] {
        let claim = a_claim(&a_key("w"), 2, attempt);
        yard.log.claim_recovery(&claim).await.unwrap();
        if let Some(how) = how {
            yard.starter.start(&RecoveryDocument::of(&claim)).await.unwrap();
            yard.starter.end(&claim.recovery_id, how);
        }
    }
    // The second was never started, and a newer one was: it never will be.
    assert_eq!(yard.swept().await.closed, 3);
    let attempts = yard.log.recoveries(&a_key("w"), 5).await.unwrap().attempts;
    let errors: Vec<_> = attempts.into_iter().map(|it| it.ended.unwrap().outcome.error.unwrap()).collect();
    assert_eq!(errors, ["ExecutionAborted", "NeverStarted", "ExecutionTimedOut"]);
    assert_eq!(yard.swept().await.closed, 0);
}

#[tokio::test]
async fn a_break_below_the_head_is_recorded_once_and_nothing_is_started() {
    let yard = Yard::default();
    yard.at("w", &[State::Active, State::Failed]);
    yard.log.remove(&a_key("w"), version(2));
    let swept = yard.swept().await;
    assert_eq!((swept.quarantined, swept.started), (vec![a_key("w")], 0));
    let record = yard.log.quarantine(&a_key("w")).await.unwrap();
    let in_force = record.in_force();
    assert_eq!(in_force[0].recorded.as_ref().unwrap().found_by, "sweep-workflows");
    assert_eq!(yard.swept().await.quarantined, []);
    assert_eq!(yard.log.quarantine(&a_key("w")).await.unwrap(), record);
}

#[tokio::test]
async fn a_sweep_is_bounded_and_the_next_one_goes_on() {
    let mut yard = Yard::default();
    yard.log = yard.log.walking_at_most(100);
    let workflows = SWEEP_WORKFLOWS_MAX + 250;
    for number in 0..workflows {
        yard.log.overwrite(a_created(&format!("w-{number:04}")));
    }
    let first = yard.swept().await;
    assert_eq!((first.workflows, first.finished), (SWEEP_WORKFLOWS_MAX, false));
    let second = yard.swept().await;
    assert_eq!((second.workflows, second.finished), (250, true));
    assert_eq!(u64::try_from(yard.starter.started()).unwrap(), workflows, "each was met once");
    assert_eq!(yard.positions.sweep_position().await.unwrap().round, None, "the next one begins anew");
}

#[tokio::test]
async fn a_position_that_leads_nowhere_does_not_stop_every_sweep_to_come() {
    let yard = Yard::default();
    yard.at("w", &[State::Active]);
    let nowhere = || Some(WalkPosition("nowhere".to_owned()));
    let position = SweepPosition { round: nowhere(), open: nowhere(), ..SweepPosition::default() };
    yard.positions.keep_sweep_position(&position).await.unwrap();
    let swept = yard.swept().await;
    assert_eq!((swept.open, swept.workflows), (1, 1));
}

/// Every call, failed before and after its effect: the next sweep does what is left.
#[tokio::test]
async fn a_sweep_failed_anywhere_and_followed_by_another_does_it_all() {
    let attempt = async |script: &Script| {
        let yard = Yard::default();
        for id in ["behind", "fine"] {
            yard.at(id, &[State::Active]);
        }
        yard.index.remove(&a_key("behind"));
        for version in a_chain(&a_key("broken"), 3, 1) {
            yard.log.overwrite(version);
        }
        yard.log.remove(&a_key("broken"), version(2));
        let claim = a_claim(&a_key("fine"), 2, 1);
        yard.log.claim_recovery(&claim).await.unwrap();
        yard.starter.start(&RecoveryDocument::of(&claim)).await.unwrap();
        yard.starter.end(&claim.recovery_id, EndedHow::Aborted);
        let plain = yard.sweeping(LATER);
        let faulty = sweep_workflows::Ports {
            starting: StartPorts {
                log: Faulty::new(plain.starting.log, script),
                starter: Faulty::new(plain.starting.starter, script),
                clock: plain.starting.clock,
            },
            index: Faulty::new(plain.index, script),
            positions: Faulty::new(plain.positions, script),
            ids: plain.ids,
        };
        for _ in 0..2 {
            drop(sweep_workflows(&faulty).await);
        }
        assert_eq!(yard.running(), ["behind"]);
        assert_eq!(yard.log.quarantine(&a_key("broken")).await.unwrap().entries.len(), 1);
        assert!(yard.log.recoveries(&a_key("fine"), 1).await.unwrap().attempts[0].ended.is_some());
    };
    let script = Script::default();
    attempt(&script).await;
    for call in 0..script.calls().len() / 2 {
        for fault in CallFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}
