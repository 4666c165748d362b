//! Refusals: who is asked in which order, and what is kept.

use alims_domain::call::Call;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RefusalCode;
use alims_operations::create_workflow::{CreateWorkflowError, create_workflow};
use alims_operations::get_workflow_history::{
    HistoryItem, HistoryPosition, HistoryQuery, Unreadable, get_workflow_history,
};
use alims_operations::ports::{AccessPolicy, WorkflowLog};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, TransitionRequest, request_state_transition, try_state_transition,
};
use alims_operations::{ReadWorkflowError, Reading};
use alims_testing::builders::{a_call_with_key, a_chain, a_key, version};
use alims_testing::{EverybodyMay, MemoryLog, NobodyMay, RulesThatAllow, RulesThatDeny};
use std::sync::Arc;

use crate::{alice, allowing, deciding, new, to};

async fn created() -> MemoryLog {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    log
}

fn codes(log: &MemoryLog) -> Vec<RefusalCode> {
    log.entries(&a_key("w")).1.iter().map(|refusal| refusal.code).collect()
}

#[tokio::test]
async fn the_policy_is_asked_before_the_lifecycle_and_the_lifecycle_before_the_rules() {
    let log = created().await;
    let mut ports = deciding(log.clone(), RulesThatDeny);
    ports.policy = Arc::new(NobodyMay);
    let id = "w".parse().unwrap();
    let refused = request_state_transition(&ports, &alice(), &id, &to(State::Paused)).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::Forbidden(_))));
    let ports = deciding(log.clone(), RulesThatDeny);
    let refused = request_state_transition(&ports, &alice(), &id, &to(State::Paused)).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::InvalidTransition(_))));
    let refused = request_state_transition(&ports, &alice(), &id, &to(State::Active)).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::RuleViolation(_))));
    assert_eq!(codes(&log), [RefusalCode::Forbidden, RefusalCode::InvalidTransition, RefusalCode::RuleViolation]);
    assert_eq!(log.entries(&a_key("w")).0.len(), 1);
}

#[tokio::test]
async fn whoever_may_not_is_told_nothing_of_what_is_there() {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &a_call_with_key("alice", "k-1"), &new("w")).await.unwrap();
    let mut ports = allowing(&log);
    ports.policy = Arc::new(NobodyMay);
    let id = "w".parse().unwrap();
    let stale = TransitionRequest { expected_version: Some(version(9)), ..to(State::Active) };
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
async fn a_refused_creation_is_shown_to_those_who_may_see_refusals() {
    let log = MemoryLog::default();
    drop(create_workflow(&deciding(log.clone(), RulesThatDeny), &alice(), &new("w")).await);
    let query = HistoryQuery { include_refusals: true, after: HistoryPosition::default(), limit: 10 };
    let ports = Reading { store: log, policy: Arc::new(EverybodyMay) };
    let page = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await.unwrap();
    assert!(matches!(&page.items[..], [HistoryItem::Refusal(_)]), "{page:?}");
    let without = HistoryQuery { include_refusals: false, ..query };
    for (policy, query) in [(Arc::new(EverybodyMay) as Arc<dyn AccessPolicy>, without), (Arc::new(NobodyMay), query)] {
        let ports = Reading { policy, ..ports.clone() };
        let hidden = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await;
        assert!(matches!(hidden, Err(ReadWorkflowError::NotFound)), "{hidden:?}");
    }
}

#[tokio::test]
async fn a_history_does_not_end_before_a_version_that_cannot_be_read() {
    let log = MemoryLog::default();
    for stored in a_chain(&a_key("w"), 4, 1) {
        log.append(&stored).await.unwrap();
    }
    log.damage(&a_key("w"), version(3), "a bit fell over");
    let ports = Reading { store: log, policy: Arc::new(EverybodyMay) };
    let query = HistoryQuery { include_refusals: false, after: HistoryPosition::default(), limit: 10 };
    let page = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await.unwrap();
    let content = MemoryLog::content_of_damaged("a bit fell over");
    let gap = HistoryItem::Unreadable(Unreadable::Version { version: version(3), content });
    assert_eq!((page.items.len(), page.items.get(2), page.next), (4, Some(&gap), None));
}

#[tokio::test]
async fn a_refused_creation_is_kept_and_leaves_the_id_free() {
    let log = MemoryLog::default();
    let refused = create_workflow(&deciding(log.clone(), RulesThatDeny), &alice(), &new("w")).await;
    assert!(matches!(refused, Err(CreateWorkflowError::RuleViolation(_))));
    assert_eq!(codes(&log), [RefusalCode::RuleViolation]);
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
}

#[tokio::test]
async fn a_dry_run_writes_nothing_whatever_it_finds() {
    let log = created().await;
    let ports = deciding(log.clone(), RulesThatDeny);
    let id = "w".parse().unwrap();
    assert!(try_state_transition(&ports, &alice(), &id, &to(State::Active)).await.is_err());
    assert!(try_state_transition(&ports, &alice(), &id, &to(State::Paused)).await.is_err());
    let allowed = try_state_transition(&allowing(&log), &alice(), &id, &to(State::Active)).await.unwrap();
    assert_eq!(allowed.workflow.version, Version::FIRST);
    assert_eq!((log.entries(&a_key("w")).0.len(), codes(&log).len()), (1, 0));
}

#[tokio::test]
async fn a_version_the_caller_did_not_decide_on_is_a_conflict_and_no_refusal() {
    let log = created().await;
    let request = TransitionRequest { expected_version: Some(version(2)), ..to(State::Active) };
    let refused = request_state_transition(&allowing(&log), &alice(), &"w".parse().unwrap(), &request).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::VersionConflict(at)) if at.version == Version::FIRST));
    assert!(codes(&log).is_empty());
}

#[tokio::test]
async fn a_key_is_good_for_one_request_of_one_principal() {
    let log = created().await;
    let ports = deciding(log.clone(), RulesThatAllow);
    let (id, key) = ("w".parse().unwrap(), |who: &str| -> Call { a_call_with_key(who, "k") });
    let first = request_state_transition(&ports, &key("alice"), &id, &to(State::Active)).await.unwrap();
    request_state_transition(&ports, &key("bob"), &id, &to(State::Paused)).await.unwrap();
    let again = request_state_transition(&ports, &key("alice"), &id, &to(State::Active)).await.unwrap();
    assert!(again.repeated && again.event == first.event);
    let other = request_state_transition(&ports, &key("alice"), &id, &to(State::Paused)).await;
    assert!(matches!(other, Err(RequestStateTransitionError::KeyReused)));
}

#[tokio::test]
async fn an_altered_head_moves_no_more() {
    let log = created().await;
    let mut stored = log.entries(&a_key("w")).0[0].clone();
    stored.event.requested_by = "mallory".parse().unwrap();
    log.overwrite(stored);
    let refused = request_state_transition(&allowing(&log), &alice(), &"w".parse().unwrap(), &to(State::Active)).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::Quarantined(_))), "{refused:?}");
}
