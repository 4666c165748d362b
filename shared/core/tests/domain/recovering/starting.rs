//! Starting recoveries: once an attempt, whoever asks, whatever fails, and by themselves only so often.

use alims_core::call::Call;
use alims_core::identifiers::WorkflowId;
use alims_core::lifecycle::State;
use alims_core::limits::{AUTOMATIC_ATTEMPTS_MAX, AUTOMATIC_ATTEMPTS_WINDOW_HOURS};
use alims_core::operations::recover_failed_workflow::{
    FailureHandled, LeftAlone, PublishedFailure, recover_failed_workflow,
};
use alims_core::operations::recover_workflow::{RecoverWorkflowError, Requesting, recover_workflow};
use alims_core::operations::{StartRecoveryError, Starting};
use alims_core::ports::{Clock, EndedHow, RecoveryLog, RecoveryStarter, WorkflowLog};
use alims_core::recovery::document::{Outcome, OutcomeStatus, RecoveryDocument, Trigger};
use alims_core::recovery::records::RecoveryClaim;
use alims_core::timestamp::Timestamp;
use alims_testing::builders::{a_call, a_claim, a_key, at, version};
use alims_testing::contract::tampered::{Place, Tampered as _};
use alims_testing::{
    EverybodyMay, Fault, Faulty, FixedClock, MemoryLog, MemoryStarter, NobodyMay, RulesThatAllow, Script, SequentialIds,
};
use futures_util::FutureExt as _;
use std::sync::Arc;

use super::Site;

fn requesting<L, S>(log: L, starter: S) -> Requesting<L, S> {
    let starting = Starting { log, starter, clock: Arc::new(FixedClock::new(at(60_000))) };
    Requesting { starting, policy: Arc::new(EverybodyMay), ids: Arc::new(SequentialIds::default()) }
}

async fn asked<L: WorkflowLog + RecoveryLog, S: RecoveryStarter>(
    ports: &Requesting<L, S>,
    call: &Call,
) -> Result<RecoveryClaim, RecoverWorkflowError> {
    let w: WorkflowId = "w".parse().unwrap();
    recover_workflow(ports, call, &w, Some("It works again.".parse().unwrap())).await
}

#[tokio::test]
async fn the_same_failure_is_recovered_once_whoever_asks_how_often() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let ports = requesting(site.log.clone(), starter.clone());
    let first = asked(&ports, &a_call("sue")).await.unwrap();
    let again = asked(&ports, &a_call("bob")).await.unwrap();
    assert_eq!(again, first, "bob is told of sue's");
    assert_eq!((starter.started(), first.attempt, first.version), (1, 1, version(3)));
    let document = starter.running().remove(0);
    assert_eq!((document.requested_by.as_str(), document.trigger), ("sue", Trigger::Request));
    assert_eq!(document.roles, a_call("sue").principal.roles);
}

#[tokio::test]
async fn after_an_outcome_the_next_request_is_the_next_attempt() {
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
async fn an_execution_that_ended_without_a_word_is_recorded_as_given_up_and_the_next_is_started() {
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
async fn a_claim_whose_start_was_lost_or_forgotten_is_started_by_whoever_asks_next() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let ports = requesting(site.log.clone(), starter.clone());
    let first = asked(&ports, &a_call("sue")).await.unwrap();
    starter.forget(&first.recovery_id);
    assert_eq!(asked(&ports, &a_call("bob")).await.unwrap(), first);
    assert_eq!(starter.running().remove(0).requested_by.as_str(), "sue");
}

/// Every call, failed before and after its effect: whoever asks again gets one execution of one attempt.
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
        for fault in Fault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

#[tokio::test]
async fn who_may_not_is_refused_and_that_is_kept() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let mut ports = requesting(site.log.clone(), starter.clone());
    ports.policy = Arc::new(NobodyMay);
    assert!(matches!(asked(&ports, &a_call("sue")).await, Err(RecoverWorkflowError::Forbidden(_))));
    assert_eq!(site.log.entries(&a_key("w")).1[0].operation, "recover-workflow");
    assert_eq!(starter.started(), 0);
}

/// What becomes of the published failure of `w` at a version.
async fn handled(
    log: &MemoryLog,
    starter: &MemoryStarter,
    failed_at: u64,
    now: i64,
) -> Result<FailureHandled, StartRecoveryError> {
    let clock = Arc::new(FixedClock::new(at(now)));
    let ports = Starting { log: log.clone(), starter: starter.clone(), clock };
    let failure = PublishedFailure { key: a_key("w"), version: version(failed_at), correlation_id: None };
    recover_failed_workflow(&ports, &failure).await
}

/// Ends whatever is under way as given up.
async fn given_up(log: &MemoryLog, starter: &MemoryStarter, claim: &RecoveryClaim) {
    log.record_recovery(&claim.ended(Outcome::gave_up("RulesUnavailable", "down"), at(0))).await.unwrap();
    starter.end(&claim.recovery_id, EndedHow::Succeeded);
}

#[tokio::test]
async fn a_published_failure_starts_one_recovery_however_often_it_is_delivered() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let Ok(FailureHandled::Started(claim)) = handled(&site.log, &starter, 3, 60_000).await else {
        panic!("not started")
    };
    assert_eq!((claim.trigger, claim.delay_seconds), (Trigger::Failure, 5));
    assert!(claim.requested_by.is_reserved() && claim.roles.is_empty());
    assert!(
        matches!(handled(&site.log, &starter, 3, 60_000).await, Ok(FailureHandled::Started(again)) if again == claim)
    );
    given_up(&site.log, &starter, &claim).await;
    let late = handled(&site.log, &starter, 3, 60_000).await.unwrap();
    assert_eq!(late, FailureHandled::Left(LeftAlone::HasRecovery));
    assert_eq!(starter.started(), 1);
}

/// The outcome is recorded by whoever comes first; no second attempt is made without its delay.
#[tokio::test]
async fn a_failure_delivered_again_after_its_recovery_ended_without_a_word_starts_no_other() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let Ok(FailureHandled::Started(claim)) = handled(&site.log, &starter, 3, 60_000).await else {
        panic!("not started")
    };
    starter.end(&claim.recovery_id, EndedHow::TimedOut);
    let again = handled(&site.log, &starter, 3, 60_000).await.unwrap();
    assert_eq!(again, FailureHandled::Left(LeftAlone::HasRecovery));
    let attempts = site.log.recoveries(&a_key("w"), 5).await.unwrap().attempts;
    assert_eq!((attempts.len(), starter.started()), (1, 1));
    assert_eq!(attempts[0].ended.as_ref().map(|ended| ended.outcome.status), Some(OutcomeStatus::GaveUp));
}

#[tokio::test]
async fn a_person_does_not_wait_for_a_recovery_that_waits_by_itself_and_it_does_nothing_when_it_wakes() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let Ok(FailureHandled::Started(waiting)) = handled(&site.log, &starter, 3, 58_000).await else {
        panic!("no start")
    };
    let sues = asked(&requesting(site.log.clone(), starter.clone()), &a_call("sue")).await.unwrap();
    assert_eq!((sues.attempt, sues.delay_seconds, starter.started()), (2, 0, 2));
    let woken = RecoveryDocument::of(&waiting);
    let ended = super::carried_out(&site.with(RulesThatAllow), woken, 0).await.unwrap();
    assert_eq!((ended.outcome.unwrap().error.as_deref(), ended.steps.len()), (Some("Superseded"), 0));
    assert_eq!(site.head().to_state, State::Failed);
    let ended = super::carried_out(&site.with(RulesThatAllow), RecoveryDocument::of(&sues), 0).await.unwrap();
    assert_eq!(super::status(&ended), OutcomeStatus::Recovered);
}

/// A clock that is looked at between the look at the attempts and the claim: meanwhile the service claims by itself.
#[derive(Debug)]
struct ClaimedMeanwhile(MemoryLog, RecoveryClaim);

impl Clock for ClaimedMeanwhile {
    fn now(&self) -> Timestamp {
        self.0.claim_recovery(&self.1).now_or_never().unwrap().unwrap();
        at(60_000)
    }
}

#[tokio::test]
async fn a_person_who_comes_second_to_a_recovery_that_waits_by_itself_does_not_wait_either() {
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
async fn a_person_joins_a_recovery_by_itself_that_is_under_way() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let Ok(FailureHandled::Started(under_way)) = handled(&site.log, &starter, 3, 55_000).await else {
        panic!("no start")
    };
    let joined = asked(&requesting(site.log.clone(), starter.clone()), &a_call("sue")).await.unwrap();
    assert_eq!(joined, *under_way);
}

#[tokio::test]
async fn a_failure_that_is_past_or_lasting_is_left_alone() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    for stale in [1, 2, 4] {
        let left = handled(&site.log, &starter, stale, 60_000).await.unwrap();
        assert_eq!(left, FailureHandled::Left(LeftAlone::MovedOn), "{stale}");
    }
    site.goes(State::Active).await;
    assert_eq!(handled(&site.log, &starter, 3, 60_000).await.unwrap(), FailureHandled::Left(LeftAlone::MovedOn));
    assert_eq!(handled(&site.log, &starter, 4, 60_000).await.unwrap(), FailureHandled::Left(LeftAlone::NotRetryable));
    assert_eq!(starter.started(), 0);
}

/// A workflow that fails again and again: each automatic recovery waits longer, and after some a person has to ask.
#[tokio::test]
async fn automatic_recoveries_wait_longer_each_time_and_end_until_a_person_asks() {
    let (site, starter) = (Site::failed().await, MemoryStarter::default());
    let mut failed_at = 3;
    let mut delays = Vec::new();
    for _ in 0..AUTOMATIC_ATTEMPTS_MAX {
        let handled = handled(&site.log, &starter, failed_at, 60_000).await.unwrap();
        let FailureHandled::Started(claim) = handled else { panic!("{handled:?}") };
        delays.push(claim.delay_seconds);
        given_up(&site.log, &starter, &claim).await;
        site.goes(State::Active).await;
        site.goes(State::Failed).await;
        failed_at += 2;
    }
    assert_eq!(delays, [5, 20, 80, 320, 900]);
    let many = handled(&site.log, &starter, failed_at, 60_000).await.unwrap();
    assert_eq!(many, FailureHandled::Left(LeftAlone::TooMany));
    let a_day_later = 60_000 + i64::from(AUTOMATIC_ATTEMPTS_WINDOW_HOURS) * 3_600_000;
    let sues = asked(&requesting(site.log.clone(), starter.clone()), &a_call("sue")).await.unwrap();
    given_up(&site.log, &starter, &sues).await;
    site.goes(State::Active).await;
    site.goes(State::Failed).await;
    let anew = handled(&site.log, &starter, failed_at + 2, 60_000).await.unwrap();
    assert!(matches!(&anew, FailureHandled::Started(claim) if claim.delay_seconds == 5), "{anew:?}");
    // The count is of a day.
    let FailureHandled::Started(claim) = anew else { unreachable!() };
    given_up(&site.log, &starter, &claim).await;
    site.goes(State::Active).await;
    site.goes(State::Failed).await;
    let later = handled(&site.log, &starter, failed_at + 4, a_day_later).await.unwrap();
    assert!(matches!(&later, FailureHandled::Started(claim) if claim.delay_seconds == 5), "{later:?}");
}

#[tokio::test]
async fn an_automatic_recovery_counts_for_a_day_and_no_longer() {
    let day = i64::from(AUTOMATIC_ATTEMPTS_WINDOW_HOURS) * 3_600_000;
    for (later, delay_seconds) in [(day - 1, 20), (day, 5)] {
        let (site, starter) = (Site::failed().await, MemoryStarter::default());
        let first = handled(&site.log, &starter, 3, 60_000).await.unwrap();
        let FailureHandled::Started(claim) = first else { panic!("{first:?}") };
        given_up(&site.log, &starter, &claim).await;
        site.goes(State::Active).await;
        site.goes(State::Failed).await;
        let next = handled(&site.log, &starter, 5, 60_000 + later).await.unwrap();
        assert!(matches!(&next, FailureHandled::Started(claim) if claim.delay_seconds == delay_seconds), "{next:?}");
    }
}
