//! Creating a workflow: once for one key, recorded when it is refused, and never over what is there.

use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RefusalCode;
use alims_operations::create_workflow::{CreateWorkflowError, create_workflow};
use alims_operations::ports::LogError;
use alims_testing::builders::{a_call_with_key, a_key};
use alims_testing::{Faulty, MemoryLog, RulesThatAllow, RulesThatDeny, Script};

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
