//! Releasing a quarantine: the same break does not come back, another one does.

pub(crate) mod unreadable;

use alims_domain::hash_chain::BreakKind;
use alims_domain::identifiers::EventId;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::BreakId;
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_operations::ports::{QuarantineLog, WorkflowLog};
use alims_operations::release_workflow::{self, ReleaseRequest, ReleaseWorkflowError, Released, release_workflow};
use alims_operations::request_state_transition::request_state_transition;
use alims_testing::builders::{a_break, a_call, a_key, at, metadata, version};
use alims_testing::{CallFault, EverybodyMay, Faulty, FixedClock, MemoryLog, NobodyMay, Script, SequentialIds};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::site::{Site, alter, assert_quarantined, moved, recovered, rung, versions_of, w};
use crate::{alice, allowing, to};

pub(crate) fn releasing<L, I>(log: L, index: I) -> release_workflow::Ports<L, I> {
    release_workflow::Ports {
        log,
        index,
        policy: Arc::new(EverybodyMay),
        clock: Arc::new(FixedClock::new(at(90_000))),
        ids: Arc::new(SequentialIds::default()),
    }
}

pub(crate) async fn released(site: &Site, by: &str, reason: &str) -> Result<Released, ReleaseWorkflowError> {
    let request = request_of(&site.log, reason).await;
    release_workflow(&releasing(site.log.clone(), site.index.clone()), &a_call(by), &w(), &request).await
}

/// The release of all that is in force, or of all that was; of some break where there never was one.
pub(crate) async fn request_of(log: &MemoryLog, reason: &str) -> ReleaseRequest {
    let record = log.quarantine(&a_key("w")).await.unwrap();
    let in_force: BTreeSet<BreakId> = record.in_force().iter().map(|it| it.found.id()).collect();
    let released: BTreeSet<BreakId> = record.releases().iter().map(|it| it.covers().id()).collect();
    let breaks = [in_force, released, [a_break(9).id()].into()].into_iter().find(|ids| !ids.is_empty()).unwrap();
    ReleaseRequest { breaks, reason: reason.parse().unwrap() }
}

#[tokio::test]
async fn a_release_lets_it_move_again_and_the_same_break_does_not_come_back_but_another_does() {
    let site = Site::torn(&[State::Active, State::Paused, State::Active]).await;
    alter(&site, 2, "forged");
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Quarantined);
    let release = released(&site, "sue", "compared with paper").await.unwrap();
    assert_eq!((release.releases.len(), release.repeated), (1, false));
    assert_eq!(release.releases[0].requested_by.as_str(), "sue");
    moved(&site, State::Paused).await.unwrap();
    // The same break is passed over, and all else is put in order.
    assert_eq!(recovered(&site, 5, 1).await, OutcomeStatus::Recovered);
    assert_eq!(recovered(&site, 5, 2).await, OutcomeStatus::AlreadyConsistent);
    // The same version altered once more, and another version.
    alter(&site, 2, "forged again");
    assert_eq!(recovered(&site, 5, 3).await, OutcomeStatus::Quarantined);
    assert_quarantined(moved(&site, State::Active).await, 2, BreakKind::Altered);
    released(&site, "sue", "compared once more").await.unwrap();
    alter(&site, 3, "forged");
    assert_eq!(recovered(&site, 5, 4).await, OutcomeStatus::Quarantined);
    assert_quarantined(moved(&site, State::Active).await, 3, BreakKind::Altered);
}

#[tokio::test]
async fn every_kind_of_break_can_be_passed_over_once_it_is_released() {
    for damage in [
        (|site: &Site| site.log.remove(&a_key("w"), version(2))) as fn(&Site),
        |site| {
            site.log.remove(&a_key("w"), version(2));
            site.log.remove(&a_key("w"), version(3));
        },
        |site| site.log.remove(&a_key("w"), version(1)),
        |site| site.log.damage(&a_key("w"), version(3), "no JSON (item 1)"),
        |site| alter(site, 1, "forged"),
        |site| alter(site, 5, "forged"),
        |site| {
            // Sealed again: it fits its hash, and the next does not follow from it.
            let mut forged = site.log.entries(&a_key("w")).0[2].clone();
            forged.event.metadata = metadata(&json!({"sample": "forged"}));
            forged.event = alims_domain::hash_chain::seal(forged.event).unwrap();
            site.log.overwrite(forged);
        },
    ] {
        let site = Site::torn(&[State::Active, State::Paused, State::Active, State::Paused]).await;
        damage(&site);
        let mut attempt = 1;
        let mut ended = recovered(&site, 5, attempt).await;
        while ended == OutcomeStatus::Quarantined {
            assert!(attempt < 4, "it does not end");
            released(&site, "sue", "looked at").await.unwrap();
            attempt += 1;
            ended = recovered(&site, 5, attempt).await;
        }
        assert!(attempt > 1, "nothing was found");
        assert_eq!(ended, OutcomeStatus::Recovered);
        assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
        let next = moved(&site, State::Active).await.unwrap();
        rung(&site, &[versions_of(&site).pop().unwrap()]).await;
        assert_eq!(site.bus.accepted().last().map(|event| event.event_id), Some(next.event.event_id));
    }
}

#[tokio::test]
async fn a_lost_end_of_the_history_is_released_and_the_index_made_good() {
    let site = Site::torn(&[State::Active, State::Paused, State::Active]).await;
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Recovered);
    site.log.remove(&a_key("w"), version(4));
    assert_eq!(recovered(&site, 4, 2).await, OutcomeStatus::Quarantined);
    assert_quarantined(moved(&site, State::Active).await, 4, BreakKind::Missing);
    released(&site, "sue", "version 4 is gone for good").await.unwrap();
    assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
    assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::AlreadyConsistent);
    moved(&site, State::Active).await.unwrap();
}

/// The end of a published history is lost, and that was found.
async fn beheaded() -> Site {
    let site = Site::torn(&[State::Active, State::Paused, State::Active, State::Paused]).await;
    rung(&site, &versions_of(&site)).await;
    site.log.remove(&a_key("w"), version(4));
    site.log.remove(&a_key("w"), version(5));
    assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::Quarantined);
    site
}

#[tokio::test]
async fn a_version_made_after_a_lost_end_was_released_is_published_in_order() {
    let site = beheaded().await;
    let before = site.bus.accepted().len();
    released(&site, "sue", "versions 4 and 5 are gone for good").await.unwrap();
    let mut made = Vec::new();
    for target in [State::Active, State::Paused, State::Active] {
        made.push(moved(&site, target).await.unwrap().event.event_id);
        rung(&site, &versions_of(&site)[made.len() + 2..]).await;
    }
    let published: Vec<EventId> = site.bus.accepted()[before..].iter().map(|event| event.event_id).collect();
    assert_eq!(published, made);
    assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
    assert_eq!(recovered(&site, 6, 1).await, OutcomeStatus::AlreadyConsistent);
}

#[tokio::test]
async fn a_version_made_while_a_lost_end_was_found_is_published_after_the_release() {
    let site = beheaded().await;
    let made = {
        let unaware = MemoryLog::default();
        versions_of(&site).into_iter().for_each(|stored| unaware.overwrite(stored));
        request_state_transition(&allowing(&unaware), &alice(), &w(), &to(State::Active)).await.unwrap();
        unaware.entries(&a_key("w")).0.pop().unwrap()
    };
    site.log.append(&made).await.unwrap();
    released(&site, "sue", "versions 4 and 5 are gone for good").await.unwrap();
    rung(&site, &[made]).await;
    assert_eq!(site.bus.accepted().last().map(|event| event.event_id), Some(site.head().event_id));
    assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
}

#[tokio::test]
async fn a_release_of_another_break_leaves_the_witness_of_a_lost_end() {
    for broken in
        [(|site: &Site| alter(site, 2, "forged")) as fn(&Site), |site| site.log.remove(&a_key("w"), version(2))]
    {
        let site = Site::torn(&[State::Active, State::Paused, State::Active]).await;
        rung(&site, &versions_of(&site)).await;
        broken(&site);
        assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Quarantined);
        site.log.remove(&a_key("w"), version(4));
        let indexed = site.index.all();
        released(&site, "sue", "looked at version 2").await.unwrap();
        assert_eq!(site.index.all(), indexed);
        assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::Quarantined);
    }
}

#[tokio::test]
async fn a_release_of_a_workflow_in_order_is_refused_and_a_repeated_one_answers_the_same() {
    let site = Site::torn(&[State::Active]).await;
    assert!(matches!(released(&site, "sue", "why not").await, Err(ReleaseWorkflowError::NotQuarantined(_))));
    alter(&site, 1, "forged");
    recovered(&site, 2, 1).await;
    let first = released(&site, "sue", "looked at").await.unwrap();
    let again = released(&site, "sue", "looked at").await.unwrap();
    assert_eq!((again.repeated, &again.releases), (true, &first.releases));
    for (by, reason) in [("bob", "looked at"), ("sue", "for another reason")] {
        assert!(matches!(released(&site, by, reason).await, Err(ReleaseWorkflowError::NotQuarantined(_))));
    }
    let mut ports = releasing(site.log.clone(), site.index.clone());
    ports.policy = Arc::new(NobodyMay);
    let request = request_of(&site.log, "please").await;
    let answer = release_workflow(&ports, &a_call("mallory"), &w(), &request).await;
    assert!(matches!(answer, Err(ReleaseWorkflowError::Forbidden(_))));
    assert_eq!(site.log.entries(&a_key("w")).1[0].operation, "release-workflow");
}

#[tokio::test]
async fn a_release_failed_anywhere_and_repeated_has_one_effect() {
    let attempt = async |script: &Script| {
        let site = beheaded().await;
        let ports = releasing(Faulty::new(site.log.clone(), script), Faulty::new(site.index.clone(), script));
        let request = request_of(&site.log, "looked at").await;
        let mut answers = Vec::new();
        for _ in 0..3 {
            let answer = release_workflow(&ports, &a_call("sue"), &w(), &request).await;
            let released = !site.log.quarantine(&a_key("w")).await.unwrap().releases().is_empty();
            let made_good = site.index.all() == [IndexEntry::from(&site.head())];
            assert!(made_good || !released, "whoever may move it finds the index as it should be");
            answers.extend(answer.ok().map(|it| it.releases));
        }
        assert!(answers.len() >= 2 && answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        assert_eq!(site.log.quarantine(&a_key("w")).await.unwrap().entries.len(), 2);
    };
    let script = Script::default();
    attempt(&script).await;
    assert!(script.calls().contains(&"index.repair"), "{:?}", script.calls());
    for call in 0..script.calls().len() {
        for fault in CallFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}
