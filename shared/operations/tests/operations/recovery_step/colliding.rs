//! Two recoveries and a person's move at the same time, in many orders: one consistent history.

use alims_domain::event::EventType;
use alims_domain::lifecycle::State;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_operations::ports::RecoveryLog;
use alims_operations::recovery_step::recovery_step;
use alims_operations::request_state_transition::{
    RequestStateTransitionError, TransitionRequest, request_state_transition,
};
use alims_testing::RulesThatAllow;
use alims_testing::builders::{a_key, version};

use crate::support::site::{Site, carried_out, claimed};
use crate::{alice, allowing, to};

/// How many turns are dealt out by hand; those that are left are made one recovery after the other.
const DEALT: u32 = 6;

/// Alice cancels the workflow she sees at version 3.
async fn cancelled(site: &Site) -> bool {
    let request = TransitionRequest { expected_versions: Some(version(3).into()), ..to(State::Cancelled) };
    match request_state_transition(&allowing(&site.log), &alice(), &"w".parse().unwrap(), &request).await {
        Ok(_) => true,
        Err(RequestStateTransitionError::VersionConflict(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

async fn turned(site: &Site, document: RecoveryDocument) -> RecoveryDocument {
    recovery_step(&site.with(RulesThatAllow), document).await.unwrap()
}

/// `order` says by its bits whose turn it is; the move comes after so many turns.
async fn collided(order: u32, moved_after: u32) {
    let site = Site::failed().await;
    let mut both = [claimed(&site, 3, 1).await, claimed(&site, 3, 2).await];
    let mut moved = None;
    for turn in 0..DEALT {
        if turn == moved_after {
            moved = Some(cancelled(&site).await);
        }
        let whose = usize::from(order >> turn & 1 == 1);
        if both[whose].next != Next::End {
            both[whose] = turned(&site, both[whose].clone()).await;
        }
    }
    for document in both {
        carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    }
    let moved = match moved {
        Some(moved) => moved,
        None => cancelled(&site).await,
    };
    // What the last to write left behind, the publisher or the next recovery brings to an end.
    carried_out(&site.with(RulesThatAllow), claimed(&site, 3, 3).await, 0).await.unwrap();
    site.assert_in_order();
    let (versions, refusals) = site.log.entries(&a_key("w"));
    let recovered = versions.iter().filter(|version| version.event.event_type == EventType::WorkflowRecovered).count();
    assert_eq!((versions.len(), recovered), (4, usize::from(!moved)), "order {order:b}, moved after {moved_after}");
    assert_eq!(refusals.len(), 0);
    let ended = site.log.recoveries(&a_key("w"), 5).await.unwrap().attempts;
    for attempt in ended {
        let status = attempt.ended.unwrap().outcome.status;
        assert!(matches!(status, OutcomeStatus::Recovered | OutcomeStatus::AlreadyConsistent), "{status:?}");
    }
}

#[tokio::test]
async fn two_recoveries_and_a_move_in_any_order_make_one_history() {
    for order in 0..1 << DEALT {
        for moved_after in 0..=DEALT {
            collided(order, moved_after).await;
        }
    }
}

#[tokio::test]
async fn a_recovery_leaves_a_failure_alone_that_came_right_after_it() {
    for before in [Next::Publish, Next::Confirm] {
        let site = Site::failed().await;
        let mut document = claimed(&site, 3, 1).await;
        while document.next != before {
            document = turned(&site, document).await;
        }
        site.goes(State::Failed).await;
        let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
        assert_eq!(ended.outcome.unwrap().status, OutcomeStatus::Recovered, "before {before:?}");
        assert_eq!((site.head().to_state, site.head().version), (State::Failed, version(5)), "before {before:?}");
        site.assert_in_order();
    }
}

/// It was claimed, and slept; meanwhile the workflow came back by another way and failed anew.
#[tokio::test]
async fn a_recovery_that_slept_brings_no_later_failure_back() {
    let site = Site::failed().await;
    let document = claimed(&site, 3, 1).await;
    site.goes(State::Active).await;
    site.goes(State::Failed).await;
    carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!((site.head().to_state, site.head().version), (State::Failed, version(5)));
    site.assert_in_order();
}
