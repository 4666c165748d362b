//! Deciding on a creation or a move, where both do the same.

mod same_request;
mod same_request_at_once;

use alims_domain::lifecycle::State;
use alims_domain::refusal::RefusalCode;
use alims_operations::create_workflow::{CreateWorkflowError, create_workflow};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, TransitionRequest, request_state_transition,
};
use alims_testing::builders::{a_call_with_key, a_key, version};
use alims_testing::{MemoryLog, NobodyMay, RulesThatAreDown};
use std::sync::Arc;

use crate::{alice, allowing, codes, deciding, new, to};

#[tokio::test]
async fn a_caller_who_may_not_learns_nothing_of_what_is_there() {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &a_call_with_key("alice", "k-1"), &new("w")).await.unwrap();
    let mut ports = allowing(&log);
    ports.policy = Arc::new(NobodyMay);
    let id = "w".parse().unwrap();
    let stale = TransitionRequest { expected_versions: Some(version(9).into()), ..to(State::Active) };
    let refused = request_state_transition(&ports, &alice(), &id, &stale).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::Forbidden(_))), "{refused:?}");
    // Neither that there is such a workflow, nor what an earlier request with the same key was answered.
    for call in [alice(), a_call_with_key("mallory", "k-1"), a_call_with_key("alice", "k-1")] {
        let refused = create_workflow(&ports, &call, &new("w")).await;
        assert!(matches!(refused, Err(CreateWorkflowError::Forbidden(_))), "{refused:?}");
    }
    assert_eq!(codes(&log), [RefusalCode::Forbidden; 4]);
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
