//! Automatic recoveries: once for a published failure, each after a longer delay, and only so often.

use alims_domain::lifecycle::State;
use alims_domain::limits::{AUTOMATIC_ATTEMPTS_MAX, AUTOMATIC_ATTEMPTS_WINDOW_HOURS};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Trigger};
use alims_domain::recovery::records::RecoveryClaim;
use alims_operations::ports::{EndedHow, RecoveryLog};
use alims_operations::recover_failed_workflow::{FailureHandled, LeftAlone, PublishedFailure, recover_failed_workflow};
use alims_operations::{StartPorts, StartRecoveryError};
use alims_testing::builders::{a_call, a_key, at, version};
use alims_testing::{FixedClock, MemoryLog, MemoryStarter};
use std::sync::Arc;

use crate::recover_workflow::{asked, requesting};
use crate::support::site::Site;

/// What becomes of the published failure of `w` at a version.
pub(crate) async fn handled(
    log: &MemoryLog,
    starter: &MemoryStarter,
    failed_at: u64,
    now: i64,
) -> Result<FailureHandled, StartRecoveryError> {
    let clock = Arc::new(FixedClock::new(at(now)));
    let ports = StartPorts { log: log.clone(), starter: starter.clone(), clock };
    let failure = PublishedFailure { key: a_key("w"), version: version(failed_at), correlation_id: None };
    recover_failed_workflow(&ports, &failure).await
}

/// Ends whatever is under way as given up.
pub(crate) async fn given_up(log: &MemoryLog, starter: &MemoryStarter, claim: &RecoveryClaim) {
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

/// The first observer records the outcome; no second attempt is made without its delay.
#[tokio::test]
async fn a_failure_delivered_again_after_a_recovery_without_an_outcome_starts_no_other() {
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
