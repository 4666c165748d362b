//! Creating and moving, repeated and failed at every step: one effect, or none and an error that says so.

use alims_domain::event::WorkflowEvent;
use alims_domain::lifecycle::State;
use alims_operations::Accepted;
use alims_operations::create_workflow::create_workflow;
use alims_operations::request_state_transition::{RequestStateTransitionError, request_state_transition};
use alims_testing::builders::{a_call_with_key, a_key};
use alims_testing::{Fault, Faulty, MemoryLog, RulesThatAllow, RulesThatAreDown, Script};

use crate::{alice, allowing, deciding, new, to};

#[tokio::test]
async fn a_creation_with_a_key_failed_anywhere_and_repeated_has_one_effect() {
    let call = a_call_with_key("alice", "k-1");
    let attempt = async |script: &Script| {
        let log = MemoryLog::default();
        let ports = deciding(Faulty::new(log.clone(), script), Faulty::new(RulesThatAllow, script));
        let accepted = asked_twice_and_until_answered(async || create_workflow(&ports, &call, &new("w")).await).await;
        let (versions, refusals) = log.entries(&a_key("w"));
        assert_eq!((versions.len(), refusals.len()), (1, 0));
        assert_eq!(accepted, versions[0].event);
    };
    each_step_failed(attempt).await;
}

#[tokio::test]
async fn a_move_with_a_key_failed_anywhere_and_repeated_has_one_effect() {
    let call = a_call_with_key("alice", "k-1");
    let attempt = async |script: &Script| {
        let log = MemoryLog::default();
        create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
        let ports = deciding(Faulty::new(log.clone(), script), Faulty::new(RulesThatAllow, script));
        let id = "w".parse().unwrap();
        let ask = async || request_state_transition(&ports, &call, &id, &to(State::Active)).await;
        let accepted = asked_twice_and_until_answered(ask).await;
        let (versions, refusals) = log.entries(&a_key("w"));
        assert_eq!((versions.len(), refusals.len()), (2, 0));
        assert_eq!(accepted, versions[1].event);
    };
    each_step_failed(attempt).await;
}

/// Asks twice, and again as long as there is no answer, as a client does; one fault takes one more request.
async fn asked_twice_and_until_answered<E: std::fmt::Debug>(
    ask: impl AsyncFn() -> Result<Accepted, E>,
) -> WorkflowEvent {
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.extend(ask().await);
    }
    assert!(answers.len() >= 2, "one fault must not cost two answers");
    assert!(answers[1..].iter().all(|answer| answer.repeated && answer.event == answers[0].event));
    answers.remove(0).event
}

/// Runs once to count the calls, then once for every call and both kinds of fault.
async fn each_step_failed(attempt: impl AsyncFn(&Script)) {
    let script = Script::default();
    attempt(&script).await;
    assert!(!script.calls().is_empty());
    for call in 0..script.calls().len() {
        for fault in Fault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

#[tokio::test]
async fn rules_that_are_down_are_neither_yes_nor_no() {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    let ports = deciding(log.clone(), RulesThatAreDown);
    let answer = request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &to(State::Active)).await;
    assert!(matches!(answer, Err(RequestStateTransitionError::RulesUnavailable(_))));
    assert!(create_workflow(&ports, &alice(), &new("v")).await.is_err());
    let (versions, refusals) = log.entries(&a_key("w"));
    assert_eq!((versions.len(), refusals.len()), (1, 0), "nothing is written");
    assert_eq!(log.keys(), [a_key("w")]);
}

#[tokio::test]
async fn a_refusal_that_cannot_be_kept_is_not_answered_as_one() {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    // The calls are: read the head, read the quarantines, look at what was refused lately, record the refusal.
    for call in [2, 3] {
        let script = Script::failing(call, Fault::BeforeEffect);
        let ports = deciding(Faulty::new(log.clone(), &script), RulesThatAllow);
        let answer = request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &to(State::Paused)).await;
        assert!(matches!(answer, Err(RequestStateTransitionError::Store(_))), "{answer:?}");
        assert!(log.entries(&a_key("w")).1.is_empty());
    }
}

#[tokio::test]
async fn a_clock_that_steps_back_does_not_turn_back_the_history() {
    let log = MemoryLog::default();
    let mut ports = allowing(&log);
    ports.clock = std::sync::Arc::new(alims_testing::SteppingClock::new(alims_testing::builders::at(0), -1000));
    create_workflow(&ports, &alice(), &new("w")).await.unwrap();
    for target in [State::Active, State::Paused, State::Active] {
        request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &to(target)).await.unwrap();
    }
    let times: Vec<_> = log.entries(&a_key("w")).0.iter().map(|version| version.event.timestamp).collect();
    assert!(times.is_sorted(), "{times:?}");
}
