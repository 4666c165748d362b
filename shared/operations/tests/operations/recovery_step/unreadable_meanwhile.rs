//! A version that cannot be read, in the place of the one that is to be appended: it may be this append's own, written by
//! a try whose answer was lost. So the outcome is unknown, and the caller asks again.

use alims_domain::lifecycle::State;
use alims_domain::quarantine::{BreakFound, Release};
use alims_domain::recovery::document::Next;
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::create_workflow::{CreateWorkflowError, create_workflow};
use alims_operations::ports::{LogError, QuarantineLog, RulesUnavailable, StoreError, TransitionRules};
use alims_operations::recovery_step::{RecoveryStepError, recovery_step};
use alims_operations::release_workflow::{ReleaseRequest, release_workflow};
use alims_operations::request_state_transition::{RequestStateTransitionError, request_state_transition};
use alims_operations::{Accepted, PublishPorts};
use alims_testing::builders::{a_call, a_call_with_key, a_key, a_quarantine, version};
use alims_testing::{Faulty, MemoryLog, RulesThatAllow, Script};
use futures_util::FutureExt as _;

use crate::release_workflow::{released, releasing};
use crate::support::site::{Site, assert_quarantined, carried_out, claimed, recovered, recovering, status, w};
use crate::{deciding, new, to};

/// Rules that allow, and while they are asked a version that cannot be read takes the place of the next one.
struct Meanwhile(MemoryLog, u64);

impl TransitionRules for Meanwhile {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        self.0.damage(&a_key("w"), version(self.1), "a bit fell over");
        RulesThatAllow.judge(question).await
    }
}

/// A move to PAUSED from version 2, with a key.
async fn paused(site: &Site, rules: impl TransitionRules) -> Result<Accepted, RequestStateTransitionError> {
    let call = a_call_with_key("alice", "k-1");
    request_state_transition(&deciding(site.log.clone(), rules), &call, &w(), &to(State::Paused)).await
}

#[tokio::test]
async fn a_move_that_meets_an_unreadable_version_in_its_place_has_an_unknown_outcome_and_can_be_repeated() {
    let site = Site::torn(&[State::Active]).await;
    let answer = paused(&site, Meanwhile(site.log.clone(), 3)).await;
    assert!(
        matches!(answer, Err(RequestStateTransitionError::Store(StoreError::Unavailable(_)))),
        "the version there may be the one that this call made: {answer:?}"
    );
    assert_quarantined(paused(&site, RulesThatAllow).await, 3, alims_domain::hash_chain::BreakKind::Unreadable);
    assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::Quarantined);
    released(&site, "sue", "version 3 is lost").await.unwrap();
    let accepted = paused(&site, RulesThatAllow).await.unwrap();
    assert_eq!((accepted.repeated, accepted.event.version), (false, version(4)));
    assert_eq!(accepted.event.resumes.as_ref().unwrap().from_version, version(2));
    let again = paused(&site, RulesThatAllow).await.unwrap();
    assert_eq!((again.repeated, again.event), (true, accepted.event));
}

#[tokio::test]
async fn a_creation_that_meets_an_unreadable_version_in_its_place_has_an_unknown_outcome() {
    let site = Site::default();
    let ports = deciding(site.log.clone(), Meanwhile(site.log.clone(), 1));
    let answer = create_workflow(&ports, &a_call_with_key("alice", "k-1"), &new("w")).await;
    let is_unknown = matches!(answer, Err(CreateWorkflowError::Log(LogError::Store(StoreError::Unavailable(_)))));
    assert!(is_unknown, "{answer:?}");
}

#[tokio::test]
async fn a_recovery_that_meets_an_unreadable_version_in_its_place_makes_its_turn_again_and_quarantines_it() {
    let site = Site::failed().await;
    let mut document = claimed(&site, 3, 1).await;
    while document.next != Next::AskRules {
        document = recovery_step(&site.with(RulesThatAllow), document).await.unwrap();
    }
    document = recovery_step(&site.with(RulesThatAllow), document).await.unwrap();
    assert_eq!(document.next, Next::Apply);
    let (script, log) = (Script::default(), site.log.clone());
    let Site { index, bus, .. } = site.clone();
    let faulty = PublishPorts { log: Faulty::new(site.log.clone(), &script), index, bus };
    // The turn reads what it goes on from, and then it appends.
    script.meanwhile(3, move || log.damage(&a_key("w"), version(4), "a bit fell over"));
    let turn = recovery_step(&recovering(faulty, RulesThatAllow), document.clone()).await;
    assert_eq!(script.calls(), ["log.versions", "log.head", "log.quarantine", "log.append"]);
    assert!(matches!(turn, Err(RecoveryStepError::StorageUnavailable(_))), "it may have been appended: {turn:?}");
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!(status(&ended), OutcomeStatus::Quarantined);
}

/// Whatever becomes unreadable between two reads of a release: never is all of a history released of which nothing can be
/// read.
#[tokio::test]
async fn a_release_looks_for_a_version_to_go_on_from_after_it_read_what_is_in_force() {
    for call in 0..4 {
        let site = Site::torn(&[State::Active]).await;
        site.log.damage(&a_key("w"), version(2), "a bit fell over");
        let content = MemoryLog::content_of_damaged("a bit fell over");
        let [first, second] = [1, 2].map(|at| BreakFound::unreadable(version(at), content.clone()));
        site.log.record_quarantine(&a_quarantine(&a_key("w"), &second)).await.unwrap();
        let (script, log, found) = (Script::default(), site.log.clone(), first.clone());
        script.meanwhile(call, move || {
            log.damage(&a_key("w"), version(1), "a bit fell over");
            log.record_quarantine(&a_quarantine(&a_key("w"), &found)).now_or_never().unwrap().unwrap();
        });
        let ports = releasing(Faulty::new(site.log.clone(), &script), Faulty::new(site.index.clone(), &script));
        let request = ReleaseRequest { breaks: [first.id(), second.id()].into(), reason: "lost".parse().unwrap() };
        let answer = release_workflow(&ports, &a_call("sue"), &w(), &request).await;
        assert!(answer.is_err(), "before {:?}: {answer:?}", script.calls().get(call));
        assert_eq!(site.log.quarantine(&a_key("w")).await.unwrap().releases(), Vec::<&Release>::new(), "call {call}");
    }
}
