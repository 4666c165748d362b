//! Creating a workflow: once for one key, recorded when it is refused, and never over what is there.

use alims_domain::access::Action;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RefusalCode;
use alims_operations::create_workflow::{CreateWorkflowError, NewWorkflow, create_workflow};
use alims_operations::ports::{LogError, QuarantineLog, WorkflowLog};
use alims_operations::{DecisionPorts, NotReplaceable, WhyNotReplaceable};
use alims_testing::builders::{
    a_break, a_call_with_key, a_created_of, a_key, a_key_of, a_move, a_quarantine, a_release, sealed,
};
use alims_testing::{Faulty, MemoryLog, NotOfThisType, OnlyTheseMay, RulesThatAllow, RulesThatDeny, Script};
use std::sync::Arc;

use crate::support::faults::{asked_twice_and_until_answered, each_step_failed};
use crate::support::newer::{is_newer, newer_in, w_0};
use crate::support::site::{Site, versions_of};
use crate::{alice, allowing, codes, deciding, new};

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
async fn a_refused_creation_is_kept_and_leaves_the_id_free() {
    let log = MemoryLog::default();
    let refused = create_workflow(&deciding(log.clone(), RulesThatDeny), &alice(), &new("w")).await;
    assert!(matches!(refused, Err(CreateWorkflowError::RuleViolation(_))));
    assert_eq!(codes(&log), [RefusalCode::RuleViolation]);
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
}

#[tokio::test]
async fn a_creation_over_a_newer_version_is_an_error_and_writes_nothing() {
    let log = newer_in(1);
    for call in [alice(), a_call_with_key("alice", "k-1")] {
        let created = create_workflow(&allowing(&log), &call, &new("w-0")).await;
        assert!(
            matches!(&created, Err(CreateWorkflowError::Log(LogError::Store(error))) if is_newer(error)),
            "{created:?}"
        );
    }
    let (versions, refusals) = log.entries(&w_0());
    assert_eq!((versions.len(), refusals.len()), (2, 0));
}

/// A history whose first version is gone goes on at another one.
#[tokio::test]
async fn a_history_without_its_first_version_is_not_created_over() {
    let site = Site::torn(&[State::Active]).await;
    site.log.remove(&a_key("w"), Version::FIRST);
    let keyed = a_call_with_key("alice", "k-1");
    for call in [alice(), keyed] {
        let answer = create_workflow(&allowing(&site.log), &call, &new("w")).await;
        assert!(matches!(answer, Err(CreateWorkflowError::AlreadyExists(_))), "{answer:?}");
    }
    assert_eq!(versions_of(&site).len(), 1);
}

/// A log with the workflow `old` in this state.
async fn with_old_in(states: &[State]) -> MemoryLog {
    let log = MemoryLog::default();
    let mut version = a_created_of(&a_key("old"));
    log.append(&version).await.unwrap();
    for state in states {
        version = a_move(&version, *state);
        log.append(&version).await.unwrap();
    }
    log
}

fn again(workflow_id: &str, old: &str) -> NewWorkflow {
    NewWorkflow { replaces: Some(old.parse().unwrap()), ..new(workflow_id) }
}

fn why<T: std::fmt::Debug>(created: Result<T, CreateWorkflowError>) -> WhyNotReplaceable {
    match created {
        Err(CreateWorkflowError::NotReplaceable(NotReplaceable { workflow_id, why })) => {
            assert!(["old", "w"].contains(&workflow_id.as_str()), "{workflow_id}");
            why
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_workflow_replaces_one_that_is_finished_or_cancelled_and_no_other() {
    use State::{Active, Cancelled, Completed, Failed, Paused};
    for states in [&[Active, Completed][..], &[Active, Cancelled], &[Active, Failed, Cancelled]] {
        let log = with_old_in(states).await;
        let created = create_workflow(&allowing(&log), &alice(), &again("w", "old")).await.unwrap();
        assert_eq!(created.event.replaces.as_ref().map(|old| old.as_str()), Some("old"));
        // The same one may be replaced again.
        create_workflow(&allowing(&log), &alice(), &again("w-2", "old")).await.unwrap();
        assert_eq!(log.entries(&a_key("old")).0.len(), states.len() + 1, "the replaced one stays as it is");
    }
    for states in [&[][..], &[Active], &[Active, Paused], &[Active, Failed]] {
        let log = with_old_in(states).await;
        let refused = create_workflow(&allowing(&log), &alice(), &again("w", "old")).await;
        let state = states.last().copied().unwrap_or(State::Created);
        assert_eq!(why(refused), WhyNotReplaceable::NotClosed(state));
        let (versions, refusals) = log.entries(&a_key("w"));
        assert_eq!((versions.len(), codes(&log)), (0, vec![RefusalCode::ReplacedWorkflowNotClosed]));
        assert_eq!(refusals[0].replaces.as_ref().map(|old| old.as_str()), Some("old"));
        assert_eq!((refusals[0].operation.as_str(), refusals[0].current_state), ("create-workflow", None));
    }
}

#[tokio::test]
async fn a_workflow_that_is_missing_another_tenants_its_own_or_not_readable_is_not_found() {
    let log = with_old_in(&[State::Active, State::Completed]).await;
    let created = create_workflow(&allowing(&log), &alice(), &again("w", "w")).await;
    assert_eq!(why(created), WhyNotReplaceable::NotFound);
    let empty = MemoryLog::default();
    let elsewhere = sealed({
        let closed = a_move(&a_created_of(&a_key_of(&"other".parse().unwrap(), "old")), State::Active);
        a_move(&closed, State::Completed).event
    });
    empty.overwrite(elsewhere);
    assert_eq!(
        why(create_workflow(&allowing(&empty), &alice(), &again("w", "old")).await),
        WhyNotReplaceable::NotFound
    );
    let may_not_read = DecisionPorts { policy: Arc::new(OnlyTheseMay(vec![Action::CreateWorkflow])), ..allowing(&log) };
    assert_eq!(why(create_workflow(&may_not_read, &alice(), &again("w", "old")).await), WhyNotReplaceable::NotFound);
    let of_this_type = NotOfThisType("sample-analysis".parse().unwrap(), Some(Action::GetWorkflowState));
    let may_not_read = DecisionPorts { policy: Arc::new(of_this_type), ..allowing(&log) };
    assert_eq!(why(create_workflow(&may_not_read, &alice(), &again("w", "old")).await), WhyNotReplaceable::NotFound);
    for log in [log, empty] {
        let (versions, refusals) = log.entries(&a_key("w"));
        assert_eq!((versions.len(), refusals.len()), (0, 0), "a mistaken id is no audit data");
    }
}

/// One who may not read it learns nothing of its history either.
#[tokio::test]
async fn a_workflow_whose_history_is_broken_or_newer_is_replaced_by_none() {
    let closed = [State::Active, State::Completed];
    let log = with_old_in(&closed).await;
    let found = a_break(2);
    log.record_quarantine(&a_quarantine(&a_key("old"), &found)).await.unwrap();
    let refused = why(create_workflow(&allowing(&log), &alice(), &again("w", "old")).await);
    assert!(matches!(refused, WhyNotReplaceable::Quarantined(_)), "{refused:?}");
    let may_not_read = DecisionPorts { policy: Arc::new(OnlyTheseMay(vec![Action::CreateWorkflow])), ..allowing(&log) };
    assert_eq!(why(create_workflow(&may_not_read, &alice(), &again("w", "old")).await), WhyNotReplaceable::NotFound);
    log.record_quarantine(&a_release(&a_key("old"), &found)).await.unwrap();
    create_workflow(&allowing(&log), &alice(), &again("w", "old")).await.unwrap();

    let newer = newer_in(3);
    let error = create_workflow(&allowing(&newer), &alice(), &again("w", "w-0")).await;
    assert!(matches!(&error, Err(CreateWorkflowError::Log(LogError::Store(error))) if is_newer(error)), "{error:?}");
    let ports = allowing(&newer);
    let may_not_read = DecisionPorts { policy: Arc::new(OnlyTheseMay(vec![Action::CreateWorkflow])), ..ports };
    let refused = create_workflow(&may_not_read, &alice(), &again("w", "w-0")).await;
    let not_found = |not: &NotReplaceable| not.why == WhyNotReplaceable::NotFound;
    assert!(matches!(&refused, Err(CreateWorkflowError::NotReplaceable(not)) if not_found(not)), "{refused:?}");
}

#[tokio::test]
async fn a_repeated_creation_gets_its_first_answer_whatever_became_of_the_replaced_workflow() {
    let log = with_old_in(&[State::Active, State::Completed]).await;
    let call = a_call_with_key("alice", "k-1");
    let first = create_workflow(&allowing(&log), &call, &again("w", "old")).await.unwrap();
    log.record_quarantine(&a_quarantine(&a_key("old"), &a_break(2))).await.unwrap();
    let repeated = create_workflow(&allowing(&log), &call, &again("w", "old")).await.unwrap();
    assert!(repeated.repeated && repeated.event == first.event);
    // Without `replaces` it is another request.
    let other = create_workflow(&allowing(&log), &call, &new("w")).await;
    assert!(matches!(other, Err(CreateWorkflowError::KeyReused)), "{other:?}");
}

#[tokio::test]
async fn a_replacement_failed_anywhere_and_repeated_has_one_effect() {
    let call = a_call_with_key("alice", "k-1");
    let attempt = async |script: &Script| {
        let log = with_old_in(&[State::Active, State::Completed]).await;
        let ports = deciding(Faulty::new(log.clone(), script), Faulty::new(RulesThatAllow, script));
        let again = again("w", "old");
        asked_twice_and_until_answered(async || create_workflow(&ports, &call, &again).await).await;
        assert_eq!(log.entries(&a_key("w")).0.len(), 1);
    };
    each_step_failed(attempt).await;
}
