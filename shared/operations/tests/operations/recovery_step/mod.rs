//! The turns of a recovery, one after another: what each does, and how they end.

mod altered_meanwhile;
mod colliding;
mod faults;
mod golden;
mod long;
mod unpublishable;
mod unreadable_meanwhile;

use alims_domain::event::EventType;
use alims_domain::hash_chain::BreakKind;
use alims_domain::lifecycle::State;
use alims_domain::limits::{RECOVERY_DEADLINE_SECONDS, RECOVERY_TURNS_MAX};
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, StepKind, Trigger};
use alims_operations::PublishPorts;
use alims_operations::ports::RecoveryLog;
use alims_operations::recovery_step::{self, recovery_step};
use alims_testing::builders::{a_claim, a_key, at, version};
use alims_testing::{
    Faulty, FixedClock, NextPut, RulesThatAllow, RulesThatAreDown, RulesThatDeny, Script, SteppingClock,
};
use serde_json::json;
use std::sync::Arc;

use crate::support::newer::{newer_in, w_0};
use crate::support::site::{Site, carried_out, claimed, recovering, retryable, status, steps};
use crate::{alice, allowing, publishing, to};

#[tokio::test]
async fn a_failed_workflow_of_which_nothing_was_published_is_reactivated_and_published() {
    let site = Site::failed().await;
    let ended = carried_out(&site.with(RulesThatAllow), claimed(&site, 3, 1).await, 0).await.unwrap();
    assert_eq!(status(&ended), OutcomeStatus::Recovered);
    assert_eq!(
        steps(&ended),
        [
            StepKind::Assessed,
            StepKind::RulesAllowed,
            StepKind::Reactivated,
            StepKind::EventsPublished,
            StepKind::IndexRebuilt,
            StepKind::Confirmed
        ]
    );
    assert_eq!((ended.turns, ended.steps[3].events), (6, Some(4)));
    site.assert_in_order();
    let head = site.head();
    assert_eq!(
        (head.event_type, head.to_state, head.version),
        (EventType::WorkflowRecovered, State::Active, version(4))
    );
    assert_eq!(
        (head.requested_by.as_str(), head.reason.map(String::from)),
        ("sue", Some("The instrument is back.".into()))
    );
    let kept = site.log.recoveries(&a_key("w"), 5).await.unwrap().attempts.remove(0).ended.unwrap();
    assert_eq!((kept.outcome.status, kept.steps.len()), (OutcomeStatus::Recovered, 6));
}

#[tokio::test]
async fn a_recovery_of_a_workflow_in_order_writes_its_outcome_and_nothing_else() {
    let site = Site::torn(&[State::Active]).await;
    let first = carried_out(&site.with(RulesThatDeny), claimed(&site, 2, 1).await, 0).await.unwrap();
    assert_eq!((status(&first), site.bus.accepted().len()), (OutcomeStatus::Recovered, 2));
    let second = carried_out(&site.with(RulesThatDeny), claimed(&site, 2, 2).await, 0).await.unwrap();
    assert_eq!((status(&second), steps(&second)), (OutcomeStatus::AlreadyConsistent, vec![StepKind::Assessed]));
    assert_eq!(site.bus.accepted().len(), 2);
}

#[tokio::test]
async fn an_index_entry_that_is_lost_or_spoilt_is_rebuilt() {
    let site = Site::torn(&[State::Active]).await;
    carried_out(&site.with(RulesThatAllow), claimed(&site, 2, 1).await, 0).await.unwrap();
    site.index.remove(&a_key("w"));
    let lost = carried_out(&site.with(RulesThatAllow), claimed(&site, 2, 2).await, 0).await.unwrap();
    assert_eq!(status(&lost), OutcomeStatus::Recovered);
    site.assert_in_order();
    site.index.overwrite(IndexEntry { current_state: State::Paused, ..IndexEntry::from(&site.head()) });
    let spoilt = carried_out(&site.with(RulesThatAllow), claimed(&site, 2, 3).await, 0).await.unwrap();
    assert!(steps(&spoilt).contains(&StepKind::IndexRebuilt));
    site.assert_in_order();
}

#[tokio::test]
async fn a_recovery_that_the_rules_refuse_records_every_reason_once_and_repairs_all_else() {
    let site = Site::failed().await;
    let ended = carried_out(&site.with(RulesThatDeny), claimed(&site, 3, 1).await, 0).await.unwrap();
    let outcome = ended.outcome.clone().unwrap();
    assert_eq!((outcome.status, outcome.reasons.len()), (OutcomeStatus::Refused, 2));
    assert_eq!((outcome.ruleset.as_deref(), outcome.ruleset_version.as_deref()), (Some("test"), Some("1")));
    let (versions, refusals) = site.log.entries(&a_key("w"));
    assert_eq!((versions.len(), refusals.len()), (3, 1));
    assert_eq!((refusals[0].operation.as_str(), refusals[0].requested_by.as_str()), ("recovery-step", "sue"));
    site.assert_in_order();
    let again = carried_out(&site.with(RulesThatDeny), claimed(&site, 3, 2).await, 0).await.unwrap();
    assert_eq!((status(&again), again.turns), (OutcomeStatus::Refused, 3), "nothing is left to be published");
}

/// Of its three versions the first two were published, and the index says so.
async fn failed_and_behind() -> Site {
    let site = Site::failed().await;
    is_at(&site, 2);
    site
}

/// The index is at an earlier version, and right about that one.
fn is_at(site: &Site, published: usize) {
    site.index.overwrite(IndexEntry::from(&site.log.entries(&a_key("w")).0[published - 1].event));
}

#[tokio::test]
async fn a_refused_workflow_of_which_only_events_are_missing_has_them_published() {
    let site = failed_and_behind().await;
    let ended = carried_out(&site.with(RulesThatDeny), claimed(&site, 3, 1).await, 0).await.unwrap();
    assert_eq!(status(&ended), OutcomeStatus::Refused);
    assert_eq!((site.first_appearances(), site.index.all()), (vec![3], vec![IndexEntry::from(&site.head())]));
}

/// A refused recovery as it is before it looks whether all is in order now.
async fn before_it_is_confirmed(site: &Site) -> RecoveryDocument {
    let mut document = claimed(site, 3, 1).await;
    while document.next != Next::Confirm {
        document = recovery_step(&site.with(RulesThatDeny), document).await.unwrap();
    }
    document
}

#[tokio::test]
async fn an_index_that_is_lost_or_set_back_before_all_is_confirmed_is_put_in_order_after_all() {
    for damage in [|site: &Site| site.index.remove(&a_key("w")), |site: &Site| is_at(site, 1)] {
        let site = Site::failed().await;
        let document = before_it_is_confirmed(&site).await;
        damage(&site);
        let ended = carried_out(&site.with(RulesThatDeny), document, 0).await.unwrap();
        assert!(steps(&ended).contains(&StepKind::ChangedMeanwhile), "{:?}", steps(&ended));
        assert_eq!(status(&ended), OutcomeStatus::Refused);
        site.assert_in_order();
    }
}

#[tokio::test]
async fn a_workflow_that_fails_while_it_is_put_in_order_is_brought_back_as_well() {
    let site = Site::torn(&[State::Active]).await;
    let document = before_it_is_confirmed(&site).await;
    site.goes(State::Failed).await;
    // The publisher is quick: nothing is missing any more but the move back.
    site.index.overwrite(IndexEntry::from(&site.head()));
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert!(steps(&ended).contains(&StepKind::Reactivated), "{:?}", steps(&ended));
    assert_eq!(site.head().to_state, State::Active);
}

#[tokio::test]
async fn a_broken_history_ends_a_recovery_that_says_where_and_how() {
    let site = Site::failed().await;
    site.log.remove(&a_key("w"), version(2));
    let ended = carried_out(&site.with(RulesThatAllow), claimed(&site, 3, 1).await, 0).await.unwrap();
    let expected = Outcome {
        broken_at_version: Some(version(2)),
        fault: Some(BreakKind::Missing),
        ..Outcome::of(OutcomeStatus::Quarantined)
    };
    assert_eq!(ended.outcome, Some(expected.clone()));
    let kept = site.log.recoveries(&a_key("w"), 1).await.unwrap().attempts.remove(0).ended.unwrap();
    assert_eq!(kept.outcome, expected);
}

/// Only one that waited can have been superseded; one that a person asked for does without that read. The assessment
/// reads the attempts once in both.
#[tokio::test]
async fn a_recovery_that_did_not_wait_does_not_ask_whether_it_was_superseded() {
    for (delay_seconds, reads) in [(0, 1), (1, 2)] {
        let (site, script) = (Site::failed().await, Script::default());
        let Site { log, index, bus } = site.clone();
        let ports = recovering(PublishPorts { log: Faulty::new(log, &script), index, bus }, RulesThatAllow);
        let document = RecoveryDocument { delay_seconds, ..claimed(&site, 3, 1).await };
        recovery_step(&ports, document).await.unwrap();
        let read = script.calls().iter().filter(|call| **call == "log.recoveries").count();
        assert_eq!(read, reads, "{delay_seconds} s: {:?}", script.calls());
    }
}

#[tokio::test]
async fn rules_that_are_down_for_a_while_only_delay_a_recovery() {
    let site = Site::failed().await;
    let mut document = claimed(&site, 3, 1).await;
    document = recovery_step(&site.with(RulesThatAllow), document).await.unwrap();
    assert_eq!(document.next, Next::AskRules);
    for _ in 0..2 {
        let error = recovery_step(&site.with(RulesThatAreDown), document.clone()).await.unwrap_err();
        assert_eq!(error.name(), "RulesUnavailable");
    }
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!(status(&ended), OutcomeStatus::Recovered);
    assert!(site.log.entries(&a_key("w")).1.is_empty(), "unavailable is no refusal");
}

#[tokio::test]
async fn a_bus_that_is_down_stops_neither_the_move_nor_what_is_tried_again() {
    let site = Site::failed().await;
    for _ in 0..3 {
        site.bus.then(NextPut::FailBeforeEffect);
    }
    let ended = carried_out(&site.with(RulesThatAllow), claimed(&site, 3, 1).await, 3).await.unwrap();
    assert_eq!(status(&ended), OutcomeStatus::Recovered);
    site.assert_in_order();
}

#[tokio::test]
async fn a_recovery_whose_time_is_up_gives_up_and_says_so() {
    let site = Site::failed().await;
    let clock = FixedClock::new(at(60_000));
    let mut ports = site.with(RulesThatAreDown);
    ports.clock = Arc::new(clock.clone());
    let document = recovery_step(&ports, claimed(&site, 3, 1).await).await.unwrap();
    assert_eq!(document.started_at, Some(at(60_000)));
    let deadline = 60_000 + i64::from(RECOVERY_DEADLINE_SECONDS) * 1000;
    clock.set(at(deadline));
    assert!(recovery_step(&ports, document.clone()).await.is_err(), "the last try is still made");
    clock.set(at(deadline + 1));
    let gave_up = recovery_step(&ports, document).await.unwrap();
    assert_eq!((gave_up.next, status(&gave_up)), (Next::Record, OutcomeStatus::GaveUp));
    let ended = carried_out(&ports, gave_up, 0).await.unwrap();
    assert_eq!(ended.outcome.unwrap().error.as_deref(), Some("DeadlinePassed"));
    let kept = site.log.recoveries(&a_key("w"), 1).await.unwrap().attempts.remove(0).ended.unwrap();
    assert_eq!(kept.outcome.status, OutcomeStatus::GaveUp);
}

#[tokio::test]
async fn a_recovery_makes_a_bounded_number_of_turns() {
    let site = Site::failed().await;
    let document = RecoveryDocument { turns: RECOVERY_TURNS_MAX - 1, ..claimed(&site, 3, 1).await };
    let after = recovery_step(&site.with(RulesThatAllow), document).await.unwrap();
    assert_eq!((after.next, after.outcome), (Next::AskRules, None), "the last turn is still made");
    let document = RecoveryDocument { turns: RECOVERY_TURNS_MAX, ..claimed(&site, 3, 1).await };
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!(ended.outcome.unwrap().error.as_deref(), Some("TooManyTurns"));
    assert_eq!(site.head().to_state, State::Failed);
}

#[tokio::test]
async fn an_error_that_the_machine_caught_is_recorded_with_a_cause_of_bounded_length() {
    let site = Site::failed().await;
    let caught = json!({"status": "gave-up", "error": "Lambda.Unknown", "cause": "x".repeat(5000)});
    let mut json = serde_json::to_value(claimed(&site, 3, 1).await).unwrap();
    (json["next"], json["outcome"]) = (json!("record"), caught);
    let document: RecoveryDocument = serde_json::from_value(json).unwrap();
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    let outcome = ended.outcome.unwrap();
    assert_eq!((outcome.error.as_deref(), outcome.cause.unwrap().len()), (Some("Lambda.Unknown"), 1000));
    assert_eq!(site.head().to_state, State::Failed);
}

#[tokio::test]
async fn a_document_that_has_ended_stays_as_it_is() {
    let site = Site::failed().await;
    let claim = a_claim(&a_key("w"), 3, 1);
    let mut document = RecoveryDocument::of(&claim);
    document.next = Next::End;
    document.outcome = Some(Outcome::of(OutcomeStatus::Recovered));
    let after = recovery_step(&site.with(RulesThatAllow), document.clone()).await.unwrap();
    assert_eq!((after.next, after.outcome), (Next::End, document.outcome));
    assert!(site.bus.accepted().is_empty());
}

#[tokio::test]
async fn an_automatic_recovery_publishes_what_is_missing_and_leaves_a_lasting_failure_alone() {
    let site = Site::torn(&[State::Active]).await;
    let lasting = alims_operations::request_state_transition::TransitionRequest {
        failure: Some(retryable(false)),
        ..to(State::Failed)
    };
    let ports = allowing(&site.log);
    let id = "w".parse().unwrap();
    alims_operations::request_state_transition::request_state_transition(&ports, &alice(), &id, &lasting)
        .await
        .unwrap();
    let document = RecoveryDocument { trigger: Trigger::Sweep, ..claimed(&site, 3, 1).await };
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!((status(&ended), site.head().to_state), (OutcomeStatus::Recovered, State::Failed));
    site.assert_in_order();
}

#[tokio::test]
async fn a_document_reads_back_as_it_was_written_and_its_names_are_those_of_the_machine() {
    let site = Site::failed().await;
    let ports = recovering(
        alims_operations::PublishPorts { log: site.log.clone(), index: site.index.clone(), bus: site.bus.clone() },
        RulesThatAllow,
    );
    let mut document = claimed(&site, 3, 1).await;
    let mut turns = Vec::new();
    while document.next != Next::End {
        turns.push(serde_json::to_value(document.next).unwrap());
        document = recovery_step(&ports, document).await.unwrap();
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<RecoveryDocument>(&json).unwrap(), document);
    }
    assert_eq!(json!(turns), json!(["assess", "ask-rules", "apply", "publish", "confirm", "record"]));
}

#[tokio::test]
async fn a_recovery_that_meets_a_newer_version_gives_up_and_quarantines_nothing() {
    let log = newer_in(2);
    let clock = Arc::new(SteppingClock::new(at(60_000), 7));
    let ports = recovery_step::Ports { publishing: publishing(&log), rules: RulesThatAllow, clock };
    let claim = a_claim(&w_0(), 3, 1);
    log.claim_recovery(&claim).await.unwrap();
    let mut document = RecoveryDocument::of(&claim);
    while document.next != Next::End {
        document = recovery_step(&ports, document).await.unwrap();
    }
    let outcome = log.recoveries(&w_0(), 1).await.unwrap().attempts.remove(0).ended.unwrap().outcome;
    assert_eq!((outcome.status, outcome.error.as_deref()), (OutcomeStatus::GaveUp, Some("WrittenByNewerRelease")));
    let record = alims_operations::ports::QuarantineLog::quarantine(&log, &w_0()).await.unwrap();
    assert!(record.entries.is_empty() && ports.publishing.bus.accepted().is_empty());
}
