//! A failed workflow that is amended: it still stands in the same failure, and every way to recover it finds that.

use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::{OutcomeStatus, StepKind};
use alims_operations::recover_failed_workflow::{FailureHandled, LeftAlone};
use alims_operations::recovery_step::recovery_step;
use alims_operations::sweep_workflows::{self, sweep_workflows};
use alims_operations::{StartPorts, amend_workflow};
use alims_testing::builders::{a_call, a_claim, a_key, an_amendment, at, version};
use alims_testing::{FixedClock, MemoryPositions, MemoryStarter, RulesThatAllow, RulesThatDeny, SequentialIds};
use std::sync::Arc;

use super::{amended, remark, result};
use crate::recover_failed_workflow::{given_up, handled};
use crate::recover_workflow::{asked, requesting};
use crate::support::site::{Site, carried_out, claimed, recovered, retryable, status, steps, versions_of, w};
use crate::{alice, allowing};

/// FAILED at version 3, amended to version 5.
async fn failed_and_amended() -> Site {
    let site = Site::failed().await;
    amended(&site, &result()).await.unwrap();
    amended(&site, &remark()).await.unwrap();
    site
}

fn reactivated(site: &Site) -> (State, u64) {
    (site.head().to_state, site.head().version.get())
}

#[tokio::test]
async fn a_version_that_keeps_a_failure_says_which_and_since_when() {
    let site = failed_and_amended().await;
    assert_eq!((site.head().failure, site.head().state_since()), (Some(retryable(true)), version(3)));
    site.goes(State::Active).await;
    assert_eq!((site.head().failure, site.head().state_since()), (None, version(6)));
}

#[tokio::test]
async fn the_event_of_a_failure_starts_its_recovery_although_the_workflow_was_amended_since() {
    let (site, starter) = (failed_and_amended().await, MemoryStarter::default());
    for other in [2, 4, 5, 6] {
        let left = handled(&site.log, &starter, other, 60_000).await.unwrap();
        assert_eq!(left, FailureHandled::Left(LeftAlone::MovedOn), "{other}");
    }
    let Ok(FailureHandled::Started(claim)) = handled(&site.log, &starter, 3, 60_000).await else {
        panic!("not started")
    };
    amended(&site, &remark()).await.unwrap();
    let again = handled(&site.log, &starter, 3, 60_000).await.unwrap();
    assert_eq!(again, FailureHandled::Started(claim.clone()));
    assert_eq!(starter.started(), 1);
    let document = starter.running().remove(0);
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!((status(&ended), reactivated(&site)), (OutcomeStatus::Recovered, (State::Active, 7)));
    given_up(&site.log, &starter, &claim).await;
    assert_eq!(handled(&site.log, &starter, 3, 60_000).await.unwrap(), FailureHandled::Left(LeftAlone::MovedOn));
    site.assert_in_order();
}

#[tokio::test]
async fn a_person_joins_the_recovery_of_the_failure_that_runs_since_before_the_amendment() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let ports = requesting(site.log.clone(), starter.clone());
    let first = asked(&ports, &a_call("sue")).await.unwrap();
    amended(&site, &remark()).await.unwrap();
    assert_eq!(asked(&ports, &a_call("bob")).await.unwrap(), first);
    assert_eq!(starter.started(), 1);
    given_up(&site.log, &starter, &first).await;
    let second = asked(&ports, &a_call("bob")).await.unwrap();
    assert_eq!((second.version, second.attempt, starter.started()), (version(4), 1, 2));
    given_up(&site.log, &starter, &second).await;
    // Another failure is another recovery's.
    site.goes(State::Active).await;
    site.goes(State::Failed).await;
    assert_eq!(asked(&ports, &a_call("sue")).await.unwrap().version, version(6));
}

#[tokio::test]
async fn a_recovery_reactivates_an_amended_failure_whatever_turn_the_amendment_comes_before() {
    for turn in [Next::Assess, Next::AskRules, Next::Apply, Next::Publish, Next::Confirm, Next::Record] {
        let site = Site::failed().await;
        let mut document = claimed(&site, 3, 1).await;
        let ports = site.with(RulesThatAllow);
        while document.next != turn {
            document = recovery_step(&ports, document).await.unwrap();
        }
        amended(&site, &remark()).await.unwrap();
        let ended = carried_out(&ports, document, 0).await.unwrap();
        assert_eq!(status(&ended), OutcomeStatus::Recovered, "{turn:?}: {:?}", steps(&ended));
        assert_eq!(site.head().to_state, State::Active, "{turn:?}");
        let moves = versions_of(&site).iter().filter(|stored| !stored.event.event_type.keeps_the_state()).count();
        assert_eq!(moves, 4, "{turn:?}: one reactivation");
        // What came after the last look is for the publisher.
        if turn != Next::Record {
            site.assert_in_order();
        }
    }
}

#[tokio::test]
async fn rules_that_refuse_a_failure_are_asked_about_the_data_that_an_amendment_gave_it() {
    let site = Site::failed().await;
    let document = claimed(&site, 3, 1).await;
    let refused = carried_out(&site.with(RulesThatDeny), document, 0).await.unwrap();
    assert_eq!(status(&refused), OutcomeStatus::Refused);
    amended(&site, &result()).await.unwrap();
    assert_eq!(recovered(&site, 3, 2).await, OutcomeStatus::Recovered);
    assert_eq!(reactivated(&site), (State::Active, 5));
    assert_eq!(site.head().data().assignee, "carol".parse().ok());
}

#[tokio::test]
async fn a_recovery_that_slept_leaves_a_later_failure_alone_although_that_was_amended() {
    let site = Site::failed().await;
    let document = claimed(&site, 3, 1).await;
    site.goes(State::Active).await;
    site.goes(State::Failed).await;
    amended(&site, &remark()).await.unwrap();
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert!(!steps(&ended).contains(&StepKind::Reactivated));
    assert_eq!(reactivated(&site), (State::Failed, 6));
    assert_eq!(recovered(&site, 6, 1).await, OutcomeStatus::Recovered);
    site.assert_in_order();
}

async fn swept(site: &Site, starter: &MemoryStarter) -> Vec<RecoveryDocument> {
    let starting =
        StartPorts { log: site.log.clone(), starter: starter.clone(), clock: Arc::new(FixedClock::new(at(3_600_000))) };
    let (index, positions, ids) = (site.index.clone(), MemoryPositions::default(), Arc::new(SequentialIds::default()));
    sweep_workflows(&sweep_workflows::Ports { starting, index, positions, ids }).await.unwrap();
    starter.running()
}

#[tokio::test]
async fn the_sweep_retries_an_amended_failure_and_again_after_an_amendment_of_a_refused_one() {
    let (site, starter) = (failed_and_amended().await, MemoryStarter::default());
    site.index.overwrite(IndexEntry::from(&site.head()));
    let running = swept(&site, &starter).await;
    assert_eq!(running.iter().map(|document| document.version).collect::<Vec<_>>(), [version(5)]);
    let refused = carried_out(&site.with(RulesThatDeny), running[0].clone(), 0).await.unwrap();
    assert_eq!(status(&refused), OutcomeStatus::Refused);
    starter.end(&refused.recovery_id, alims_operations::ports::EndedHow::Succeeded);
    assert_eq!(swept(&site, &starter).await, [], "the rules have decided on this version");
    amended(&site, &result()).await.unwrap();
    site.index.overwrite(IndexEntry::from(&site.head()));
    let running = swept(&site, &starter).await;
    assert_eq!(running.iter().map(|document| document.version).collect::<Vec<_>>(), [version(6)]);
    carried_out(&site.with(RulesThatAllow), running[0].clone(), 0).await.unwrap();
    assert_eq!(reactivated(&site), (State::Active, 7));
}

#[tokio::test]
async fn a_failure_that_is_not_retryable_stays_so_when_it_is_amended() {
    let (site, starter) = (Site::torn(&[State::Active]).await, MemoryStarter::default());
    let lasting = alims_operations::request_state_transition::TransitionRequest {
        failure: Some(retryable(false)),
        ..crate::to(State::Failed)
    };
    let ports = allowing(&site.log);
    alims_operations::request_state_transition::request_state_transition(&ports, &alice(), &w(), &lasting)
        .await
        .unwrap();
    amend_workflow::amend_workflow(&ports, &alice(), &w(), &remark()).await.unwrap();
    assert_eq!(handled(&site.log, &starter, 3, 60_000).await.unwrap(), FailureHandled::Left(LeftAlone::NotRetryable));
    site.index.overwrite(IndexEntry::from(&site.head()));
    assert_eq!(swept(&site, &starter).await, []);
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Recovered, "a person asked");
}

/// Forged: the amendment says that the failure is retryable, and its hash fits.
#[tokio::test]
async fn an_amendment_that_forges_the_failure_is_quarantined_and_not_acted_on() {
    let site = Site::failed().await;
    let failed = versions_of(&site).pop().unwrap();
    let mut event = an_amendment(&failed, failed.event.data()).event;
    event.failure = Some(retryable(false));
    site.log.overwrite(alims_testing::builders::sealed(event));
    let document = RecoveryDocument::of(&a_claim(&a_key("w"), 4, 1));
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!((status(&ended), reactivated(&site)), (OutcomeStatus::Quarantined, (State::Failed, 4)));
}
