//! Asking for a recovery: once an attempt, however often it is asked for and whatever fails.

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;
use alims_domain::lifecycle::State;
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Trigger};
use alims_domain::recovery::records::RecoveryClaim;
use alims_domain::timestamp::Timestamp;
use alims_operations::StartPorts;
use alims_operations::ports::{Clock, EndedHow, RecoveryLog, RecoveryStarter, WorkflowLog};
use alims_operations::recover_failed_workflow::FailureHandled;
use alims_operations::recover_workflow::{self, RecoverWorkflowError, recover_workflow};
use alims_testing::builders::{a_call, a_claim, a_key, at, version};
use alims_testing::contract::tampered::{Place, Tampered as _};
use alims_testing::{
    CallFault, EverybodyMay, Faulty, FixedClock, MemoryLog, MemoryStarter, NobodyMay, RulesThatAllow, Script,
    SequentialIds,
};
use futures_util::FutureExt as _;
use std::sync::Arc;

use crate::recover_failed_workflow::handled;
use crate::support::site::{Site, carried_out, status};

pub(crate) fn requesting<L, S>(log: L, starter: S) -> recover_workflow::Ports<L, S> {
    let starting = StartPorts { log, starter, clock: Arc::new(FixedClock::new(at(60_000))) };
    recover_workflow::Ports { starting, policy: Arc::new(EverybodyMay), ids: Arc::new(SequentialIds::default()) }
}

pub(crate) async fn asked<L: WorkflowLog + RecoveryLog, S: RecoveryStarter>(
    ports: &recover_workflow::Ports<L, S>,
    call: &Call,
) -> Result<RecoveryClaim, RecoverWorkflowError> {
    let w: WorkflowId = "w".parse().unwrap();
    recover_workflow(ports, call, &w, Some("It works again.".parse().unwrap())).await
}

#[tokio::test]
async fn a_failure_is_recovered_once_however_often_and_by_different_people_it_is_asked_for() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let ports = requesting(site.log.clone(), starter.clone());
    let first = asked(&ports, &a_call("sue")).await.unwrap();
    let again = asked(&ports, &a_call("bob")).await.unwrap();
    assert_eq!(again, first, "bob gets the recovery that sue started");
    assert_eq!((starter.started(), first.attempt, first.version), (1, 1, version(3)));
    let document = starter.running().remove(0);
    assert_eq!((document.requested_by.as_str(), document.trigger), ("sue", Trigger::Request));
    assert_eq!(document.roles, a_call("sue").principal.roles);
}

#[tokio::test]
async fn a_request_after_an_outcome_is_the_next_attempt() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let ports = requesting(site.log.clone(), starter.clone());
    for attempt in 1..=3 {
        let claim = asked(&ports, &a_call("sue")).await.unwrap();
        assert_eq!(claim.attempt, attempt);
        assert!(claim.recovery_id.as_str().ends_with(&format!("-v3-a{attempt}")), "{}", claim.recovery_id);
        site.log.record_recovery(&claim.ended(Outcome::of(OutcomeStatus::Refused), at(60_000))).await.unwrap();
        starter.end(&claim.recovery_id, EndedHow::Succeeded);
    }
}

#[tokio::test]
async fn an_execution_that_ended_without_an_outcome_is_recorded_as_given_up_and_followed() {
    for how in [EndedHow::TimedOut, EndedHow::Aborted, EndedHow::Failed, EndedHow::Succeeded] {
        let (site, starter) = (Site::failed().await, MemoryStarter::default());
        let ports = requesting(site.log.clone(), starter.clone());
        let first = asked(&ports, &a_call("sue")).await.unwrap();
        starter.end(&first.recovery_id, how);
        let second = asked(&ports, &a_call("sue")).await.unwrap();
        assert_eq!(second.attempt, 2);
        let attempts = site.log.recoveries(&a_key("w"), 5).await.unwrap().attempts;
        let outcome = &attempts[1].ended.as_ref().unwrap().outcome;
        assert_eq!((outcome.status, outcome.error.as_deref()), (OutcomeStatus::GaveUp, Some(how.as_str())));
        assert!(outcome.cause.as_ref().is_some_and(|cause| cause.contains("execution ended")), "{outcome:?}");
        assert_eq!(attempts[0].ended, None);
    }
}

/// Another claim of that number would have ended before it began.
#[tokio::test]
async fn a_number_whose_claim_is_gone_and_whose_outcome_stays_is_not_claimed_again() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let ports = requesting(site.log.clone(), starter.clone());
    for attempt in 1..=3 {
        let claim = asked(&ports, &a_call("sue")).await.unwrap();
        assert_eq!(claim.attempt, attempt);
        site.log.record_recovery(&claim.ended(Outcome::of(OutcomeStatus::Refused), at(60_000))).await.unwrap();
        starter.forget(&claim.recovery_id);
    }
    for gone in [3, 2] {
        site.log.take_out(&a_key("w"), Place::Claim(version(3), gone)).await;
    }
    assert_eq!(asked(&ports, &a_call("sue")).await.unwrap().attempt, 4);
}

#[tokio::test]
async fn a_claim_whose_start_was_lost_or_forgotten_is_started_by_the_next_request() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let ports = requesting(site.log.clone(), starter.clone());
    let first = asked(&ports, &a_call("sue")).await.unwrap();
    starter.forget(&first.recovery_id);
    assert_eq!(asked(&ports, &a_call("bob")).await.unwrap(), first);
    assert_eq!(starter.running().remove(0).requested_by.as_str(), "sue");
}

/// Every call, failed before and after its effect: a repeated request gets one execution of one attempt.
#[tokio::test]
async fn a_start_failed_anywhere_and_asked_for_again_starts_one() {
    let attempt = async |script: &Script| {
        let (site, starter) = (Site::failed().await, MemoryStarter::default());
        let ports = requesting(Faulty::new(site.log.clone(), script), Faulty::new(starter.clone(), script));
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.extend(asked(&ports, &a_call("sue")).await);
        }
        assert!(answers.len() >= 2 && answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        assert_eq!((starter.started(), site.log.recoveries(&a_key("w"), 5).await.unwrap().attempts.len()), (1, 1));
    };
    let script = Script::default();
    attempt(&script).await;
    for call in 0..script.calls().len() {
        for fault in CallFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

#[tokio::test]
async fn a_caller_who_may_not_recover_is_refused_and_the_refusal_is_recorded() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let mut ports = requesting(site.log.clone(), starter.clone());
    ports.policy = Arc::new(NobodyMay);
    assert!(matches!(asked(&ports, &a_call("sue")).await, Err(RecoverWorkflowError::Forbidden(_))));
    assert_eq!(site.log.entries(&a_key("w")).1[0].operation, "recover-workflow");
    assert_eq!(starter.started(), 0);
}

#[tokio::test]
async fn a_request_supersedes_an_automatic_recovery_that_waits() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let Ok(FailureHandled::Started(waiting)) = handled(&site.log, &starter, 3, 58_000).await else {
        panic!("no start")
    };
    let sues = asked(&requesting(site.log.clone(), starter.clone()), &a_call("sue")).await.unwrap();
    assert_eq!((sues.attempt, sues.delay_seconds, starter.started()), (2, 0, 2));
    let woken = RecoveryDocument::of(&waiting);
    let ended = carried_out(&site.with(RulesThatAllow), woken, 0).await.unwrap();
    assert_eq!((ended.outcome.unwrap().error.as_deref(), ended.steps.len()), (Some("Superseded"), 0));
    assert_eq!(site.head().to_state, State::Failed);
    let ended = carried_out(&site.with(RulesThatAllow), RecoveryDocument::of(&sues), 0).await.unwrap();
    assert_eq!(status(&ended), OutcomeStatus::Recovered);
}

/// A clock that is read after the attempts and before the claim; in between, an automatic recovery is claimed.
#[derive(Debug)]
struct ClaimedMeanwhile(MemoryLog, RecoveryClaim);

impl Clock for ClaimedMeanwhile {
    fn now(&self) -> Timestamp {
        self.0.claim_recovery(&self.1).now_or_never().unwrap().unwrap();
        at(60_000)
    }
}

#[tokio::test]
async fn a_request_that_loses_the_claim_to_an_automatic_recovery_supersedes_it() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let waits = RecoveryClaim { trigger: Trigger::Failure, claimed_at: at(60_000), ..a_claim(&a_key("w"), 3, 1) };
    let mut ports = requesting(site.log.clone(), starter.clone());
    ports.starting.clock = Arc::new(ClaimedMeanwhile(site.log.clone(), waits));
    let claim = asked(&ports, &a_call("sue")).await.unwrap();
    assert_eq!((claim.attempt, claim.trigger, claim.delay_seconds), (2, Trigger::Request, 0));
    let first = site.log.recoveries(&a_key("w"), 5).await.unwrap().attempts.remove(1);
    assert_eq!(first.ended.unwrap().outcome.error.as_deref(), Some("Superseded"));
    assert_eq!(starter.running().remove(0).recovery_id, claim.recovery_id);
}

#[tokio::test]
async fn a_request_joins_an_automatic_recovery_that_is_under_way() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let Ok(FailureHandled::Started(under_way)) = handled(&site.log, &starter, 3, 55_000).await else {
        panic!("no start")
    };
    let joined = asked(&requesting(site.log.clone(), starter.clone()), &a_call("sue")).await.unwrap();
    assert_eq!(joined, *under_way);
}
