//! Reading a state, and judging its moves beforehand: by whom they may be made and what the rules say.

use alims_domain::access::Action;
use alims_domain::lifecycle::State;
use alims_operations::create_workflow::create_workflow;
use alims_operations::get_workflow_state::{
    self, EvaluatedMove, RulesAnswer, WorkflowNow, evaluate_workflow_state, get_workflow_state,
};
use alims_operations::ports::{AccessPolicy, QuarantineLog, TransitionRules};
use alims_operations::request_state_transition::request_state_transition;
use alims_operations::{ReadPorts, ReadWorkflowError};
use alims_testing::builders::{a_break, a_key, a_quarantine, at, version};
use alims_testing::{
    EverybodyMay, Faulty, FixedClock, MemoryLog, NobodyMay, OnlyTheseMay, RulesThatAllow, RulesThatAreDown,
    RulesThatDeny, Script,
};
use std::sync::Arc;

use crate::request_state_transition::{ShownSamples, created_with_a_sample};
use crate::support::newer::{is_newer, newer_in};
use crate::{alice, allowing, new, to};

/// A log in which `w` is ACTIVE.
async fn active() -> MemoryLog {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    request_state_transition(&allowing(&log), &alice(), &"w".parse().unwrap(), &to(State::Active)).await.unwrap();
    log
}

/// What `w` may do, and which calls of the log that took.
async fn evaluated(
    log: &MemoryLog,
    policy: impl AccessPolicy + 'static,
    rules: impl TransitionRules,
) -> (Result<(WorkflowNow, Vec<EvaluatedMove>), ReadWorkflowError>, Vec<&'static str>) {
    let script = Script::default();
    let reading = ReadPorts { store: Faulty::new(log.clone(), &script), policy: Arc::new(policy) };
    let ports = get_workflow_state::Ports { reading, rules, clock: Arc::new(FixedClock::new(at(60_000))) };
    (evaluate_workflow_state(&ports, &alice(), &"w".parse().unwrap()).await, script.calls())
}

#[tokio::test]
async fn each_move_of_the_lifecycle_is_judged_by_policies_and_rules_and_nothing_is_written() {
    let log = active().await;
    let before = log.entries(&a_key("w"));
    let some = OnlyTheseMay(vec![Action::GetWorkflowState, Action::PauseWorkflow]);
    let (found, calls) = evaluated(&log, some, RulesThatDeny).await;
    let (now, moves) = found.unwrap();
    assert_eq!(now.workflow.current_state, State::Active);
    let targets: Vec<State> = moves.iter().map(|judged| judged.target_state).collect();
    assert_eq!(targets, State::Active.allowed_transitions());
    for judged in &moves {
        let may = judged.access.is_ok();
        assert_eq!(may, judged.target_state == State::Paused);
        if let Err(forbidden) = &judged.access {
            assert_eq!(forbidden.policies, ["none-but-these"]);
        }
        let RulesAnswer::Deny(violation) = &judged.rules else { panic!("{judged:?}") };
        assert_eq!((violation.reasons.len(), &violation.ruleset[..]), (2, "test"));
    }
    assert_eq!(calls, ["log.head", "log.quarantine"]);
    assert_eq!(log.entries(&a_key("w")), before);

    let (found, _) = evaluated(&log, EverybodyMay, RulesThatAllow).await;
    let allowed = |judged: &EvaluatedMove| judged.access.is_ok() && matches!(judged.rules, RulesAnswer::Allow(_));
    assert!(found.unwrap().1.iter().all(allowed));
}

#[tokio::test]
async fn rules_that_are_down_are_told_as_such_for_each_move() {
    let (found, calls) = evaluated(&active().await, EverybodyMay, RulesThatAreDown).await;
    let (_, moves) = found.unwrap();
    assert_eq!(moves.len(), 4);
    assert!(moves.iter().all(|judged| matches!(judged.rules, RulesAnswer::Unavailable(_))), "{moves:?}");
    assert_eq!(calls, ["log.head", "log.quarantine"]);
}

#[tokio::test]
async fn a_caller_who_may_not_see_the_state_sees_no_moves_and_an_altered_state_has_none() {
    let log = active().await;
    let (found, calls) = evaluated(&log, NobodyMay, RulesThatAllow).await;
    assert!(matches!(found, Err(ReadWorkflowError::Forbidden(_))), "{found:?}");
    assert_eq!(calls, ["log.head", "log.quarantine"]);
    let mut stored = log.entries(&a_key("w")).0[1].clone();
    stored.event.requested_by = "mallory".parse().unwrap();
    log.overwrite(stored);
    let (found, _) = evaluated(&log, EverybodyMay, RulesThatAllow).await;
    assert!(matches!(found, Err(ReadWorkflowError::Quarantined(_))), "{found:?}");
    // Read without its moves, it is shown as making none.
    let reading = ReadPorts { store: log.clone(), policy: Arc::new(EverybodyMay) };
    let now = get_workflow_state(&reading, &alice(), &"w".parse().unwrap()).await.unwrap();
    assert!(now.makes_no_transition && now.quarantines.is_empty());
    // Once it is quarantined, the state says so, and the rules are not asked.
    log.record_quarantine(&a_quarantine(&a_key("w"), &a_break(2))).await.unwrap();
    let some = OnlyTheseMay(vec![Action::GetWorkflowState, Action::PauseWorkflow]);
    let (now, moves) = evaluated(&log, some, RulesThatAllow).await.0.unwrap();
    assert!(now.makes_no_transition && !now.quarantines.is_empty());
    let judged: Vec<_> = moves.iter().map(|judged| (judged.target_state, judged.access.is_ok())).collect();
    let expected = State::Active.allowed_transitions().into_iter().map(|target| (target, target == State::Paused));
    assert_eq!(judged, expected.collect::<Vec<_>>());
    assert!(moves.iter().all(|judged| matches!(judged.rules, RulesAnswer::NotAsked)), "{moves:?}");
    let (found, _) = evaluated(&MemoryLog::default(), EverybodyMay, RulesThatAllow).await;
    assert!(matches!(found, Err(ReadWorkflowError::NotFound)), "{found:?}");
}

#[tokio::test]
async fn a_workflow_that_has_ended_has_no_moves_to_judge() {
    let log = active().await;
    request_state_transition(&allowing(&log), &alice(), &"w".parse().unwrap(), &to(State::Completed)).await.unwrap();
    let (found, _) = evaluated(&log, EverybodyMay, RulesThatAreDown).await;
    assert!(found.unwrap().1.is_empty());
}

#[tokio::test]
async fn a_move_that_is_only_evaluated_is_shown_with_the_metadata_that_it_would_keep() {
    let reading = ReadPorts { store: created_with_a_sample().await, policy: Arc::new(EverybodyMay) };
    let clock = Arc::new(FixedClock::new(at(60_000)));
    let ports = get_workflow_state::Ports { reading, rules: ShownSamples("S-1", "S-1"), clock };
    let (_, moves) = evaluate_workflow_state(&ports, &alice(), &"w".parse().unwrap()).await.unwrap();
    assert_eq!(moves.len(), 1);
}

#[tokio::test]
async fn a_state_is_read_unless_the_newest_version_is_of_a_newer_format() {
    for newer in 1..=3 {
        let reading = ReadPorts { store: newer_in(newer), policy: Arc::new(EverybodyMay) };
        let state = get_workflow_state(&reading, &alice(), &"w-0".parse().unwrap()).await;
        let met = matches!(&state, Err(ReadWorkflowError::Store(error)) if is_newer(error));
        assert_eq!((met, state.is_ok()), (newer == 3, newer != 3), "{state:?}");
    }
}

#[tokio::test]
async fn a_caller_who_may_not_see_a_state_does_not_learn_whether_there_is_one() {
    let unreadable = active().await;
    unreadable.damage(&a_key("w"), version(2), "a bit fell over");
    for log in [active().await, MemoryLog::default(), unreadable, newer_in(3)] {
        let reading = ReadPorts { store: log, policy: Arc::new(NobodyMay) };
        for id in ["w", "w-0"] {
            let state = get_workflow_state(&reading, &alice(), &id.parse().unwrap()).await;
            assert!(matches!(state, Err(ReadWorkflowError::Forbidden(_))), "{state:?}");
        }
    }
}
