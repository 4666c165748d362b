//! Signing a workflow: who is asked in which order, what is recorded, and that it is done once whatever fails.

use alims_domain::authentication::{Authentication, Claimed, FreshAuthentication};
use alims_domain::call::Call;
use alims_domain::event::EventType;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RefusalCode;
use alims_domain::signature::{Meaning, NotAdded};
use alims_domain::timestamp::Timestamp;
use alims_operations::amend_workflow::amend_workflow;
use alims_operations::sign_workflow::{Ports, SignWorkflowError, SignatureRequest, sign_workflow};
use alims_testing::builders::{a_call, a_call_with_key, a_key, at, version};
use alims_testing::{Faulty, NobodyMay, RulesThatAllow, RulesThatAreDown, RulesThatDeny, Script};
use std::sync::Arc;

use crate::amend_workflow::{remark, result};
use crate::support::faults::{asked_twice_and_until_answered, each_step_failed};
use crate::support::site::{Site, rung, versions_of, w};
use crate::{alice, allowing, codes, deciding};

pub(crate) fn signing<L, R>(log: L, rules: R) -> Ports<L, R> {
    Ports { decision: deciding(log, rules), needed: FreshAuthentication::default() }
}

/// A call by a person who just signed in.
pub(crate) fn fresh(call: Call) -> Call {
    let authentication = Authentication {
        name: Claimed::Is(format!("{} Name", call.principal.id).parse().unwrap()),
        auth_time: Claimed::Is(at(0)),
        ..Authentication::default()
    };
    Call { authentication, ..call }
}

pub(crate) fn signature(meaning: Meaning, of: u64) -> SignatureRequest {
    SignatureRequest { meaning, comment: None, signed: version(of).into(), validation_context: None }
}

async fn signed(site: &Site, by: &str, meaning: Meaning) -> Result<u64, SignWorkflowError> {
    let newest = site.head().version.get();
    let ports = signing(site.log.clone(), RulesThatAllow);
    let answer = sign_workflow(&ports, &fresh(a_call(by)), &w(), &signature(meaning, newest)).await;
    answer.map(|accepted| accepted.event.version.get())
}

#[tokio::test]
async fn every_state_can_be_signed_and_the_signature_is_published_like_any_version() {
    let paths: [&[State]; 4] =
        [&[], &[State::Active], &[State::Active, State::Failed], &[State::Active, State::Completed]];
    for path in paths {
        let site = Site::torn(path).await;
        let before = site.head();
        signed(&site, "sue", Meaning::Review).await.unwrap();
        let after = site.head();
        assert_eq!((after.event_type, after.to_state), (EventType::WorkflowSigned, before.to_state));
        assert_eq!((after.data(), &after.failure), (before.data(), &before.failure));
        let kept = after.signatures.iter().next().unwrap();
        assert_eq!((kept.by.as_str(), kept.version, &kept.hash), ("sue", before.version, &before.hash));
        rung(&site, &versions_of(&site)).await;
        site.assert_in_order();
    }
}

#[tokio::test]
async fn a_change_of_the_data_ends_a_signature_and_a_remark_does_not() {
    let site = Site::torn(&[State::Active]).await;
    signed(&site, "sue", Meaning::Review).await.unwrap();
    amend_workflow(&allowing(&site.log), &alice(), &w(), &remark()).await.unwrap();
    let again = signed(&site, "sue", Meaning::Review).await;
    assert!(matches!(again, Err(SignWorkflowError::NotSigned(not)) if not.why == NotAdded::AlreadySigned));
    amend_workflow(&allowing(&site.log), &alice(), &w(), &result()).await.unwrap();
    assert!(site.head().signatures.iter().all(|kept| !kept.current));
    signed(&site, "sue", Meaning::Review).await.unwrap();
    let current: Vec<bool> = site.head().signatures.iter().map(|kept| kept.current).collect();
    assert_eq!(current, [false, true]);
    assert!(codes(&site.log).is_empty());
}

#[tokio::test]
async fn policies_and_authentication_are_asked_before_the_version_and_the_rules_last() {
    let site = Site::torn(&[State::Active]).await;
    let old = signature(Meaning::Approval, 1);
    let mut forbidding = signing(site.log.clone(), RulesThatDeny);
    forbidding.decision.policy = Arc::new(NobodyMay);
    let refused = sign_workflow(&forbidding, &alice(), &w(), &old).await;
    assert!(matches!(&refused, Err(SignWorkflowError::Forbidden(not)) if not.action == "signWorkflow"), "{refused:?}");
    let ports = signing(site.log.clone(), RulesThatDeny);
    let refused = sign_workflow(&ports, &alice(), &w(), &old).await;
    assert!(matches!(refused, Err(SignWorkflowError::Insufficient(_))), "{refused:?}");
    let refused = sign_workflow(&ports, &fresh(alice()), &w(), &old).await;
    assert!(matches!(refused, Err(SignWorkflowError::VersionConflict(_))), "{refused:?}");
    let refused = sign_workflow(&ports, &fresh(alice()), &w(), &signature(Meaning::Approval, 2)).await;
    assert!(matches!(refused, Err(SignWorkflowError::RuleViolation(_))), "{refused:?}");
    let down = signing(site.log.clone(), RulesThatAreDown);
    let refused = sign_workflow(&down, &fresh(alice()), &w(), &signature(Meaning::Approval, 2)).await;
    assert!(matches!(refused, Err(SignWorkflowError::RulesUnavailable(_))), "{refused:?}");
    let expected = [RefusalCode::Forbidden, RefusalCode::InsufficientUserAuthentication, RefusalCode::RuleViolation];
    assert_eq!(codes(&site.log), expected);
    let kept = site.log.entries(&a_key("w")).1;
    assert!(kept.iter().all(|refusal| refusal.signature.unwrap().meaning == Meaning::Approval));
    assert_eq!(versions_of(&site).len(), 2);
}

#[tokio::test]
async fn a_sign_in_is_measured_by_the_clock_and_not_by_a_head_from_a_clock_that_was_ahead() {
    let site = Site::torn(&[State::Active]).await;
    let ahead = Timestamp::from_unix_millis(at(3_600_000).unix_millis()).unwrap();
    let head = site.head();
    site.log
        .overwrite(alims_testing::builders::sealed(alims_domain::event::WorkflowEvent { timestamp: ahead, ..head }));
    signed(&site, "sue", Meaning::Review).await.unwrap();
    assert_eq!(site.head().timestamp, ahead);
}

#[tokio::test]
async fn a_signature_is_made_once_whatever_step_of_it_fails() {
    let call = fresh(a_call_with_key("sue", "k-1"));
    let attempt = async |script: &Script| {
        let log = Site::torn(&[State::Active]).await.log;
        let ports = signing(Faulty::new(log.clone(), script), Faulty::new(RulesThatAllow, script));
        let request = signature(Meaning::Review, 2);
        let accepted =
            asked_twice_and_until_answered(async || sign_workflow(&ports, &call, &w(), &request).await).await;
        let (versions, refusals) = log.entries(&a_key("w"));
        assert_eq!((versions.len(), refusals.len()), (3, 0));
        assert_eq!(accepted, versions[2].event);
    };
    each_step_failed(attempt).await;
}
