//! What cannot be read: a newest version that is passed over once it is released, and entries beside the versions.

use alims_domain::event::Resumes;
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::hashing::ChainHash;
use alims_domain::lifecycle::State;
use alims_domain::limits::UNREADABLE_PASSED_OVER_MAX;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{BreakFound, QuarantineEntry};
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_operations::ReadPorts;
use alims_operations::get_workflow_state::{WorkflowNow, get_workflow_state};
use alims_operations::ports::{QuarantineLog, RecoveryLog, WorkflowLog};
use alims_operations::release_workflow::{ReleaseRequest, ReleaseWorkflowError, release_workflow};
use alims_testing::builders::{a_call, a_claim, a_key, a_quarantine, version};
use alims_testing::{CallFault, EverybodyMay, Faulty, MemoryLog, RulesThatAllow, Script};
use std::sync::Arc;

use crate::alice;
use crate::release_workflow::{released, releasing, request_of};
use crate::support::site::{
    Site, assert_quarantined, carried_out, claimed, moved, recovered, rung, status, versions_of, w,
};

/// Why the version cannot be read, in the words of some release.
const WHY: &str = "a bit fell over";

async fn state(site: &Site) -> WorkflowNow {
    let reading = ReadPorts { store: site.log.clone(), policy: Arc::new(EverybodyMay) };
    get_workflow_state(&reading, &alice(), &w()).await.unwrap()
}

fn damage(site: &Site, damaged: u64, why: &str) {
    site.log.damage(&a_key("w"), version(damaged), why);
}

/// Moved to version 4, of which so many versions are published and the newest ones of `damaged` cannot be read; a recovery
/// has found that.
pub(crate) async fn damaged(published: usize, damaged: &[u64]) -> Site {
    let site = Site::torn(&[State::Active, State::Paused, State::Active]).await;
    rung(&site, &versions_of(&site)[..published]).await;
    damaged.iter().for_each(|number| damage(&site, *number, WHY));
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Quarantined);
    site
}

#[tokio::test]
async fn a_released_unreadable_head_is_passed_over_and_the_next_version_says_so() {
    for published in 0..=4 {
        let site = damaged(published, &[4]).await;
        assert_quarantined(moved(&site, State::Active).await, 4, BreakKind::Unreadable);
        let base = versions_of(&site).pop().unwrap().event;
        let done = released(&site, "sue", "version 4 is lost").await.unwrap();
        assert_eq!((done.head, done.left.len()), (version(3), 0));
        let now = state(&site).await;
        assert_eq!((now.workflow.version, now.passed_over, now.quarantines), (version(3), Some(version(4)), vec![]));
        let made = moved(&site, State::Active).await.unwrap().event;
        let passed_over = MemoryLog::content_of_damaged(WHY);
        assert_eq!(made.resumes, Some(Resumes { from_version: version(3), passed_over }));
        assert_eq!((made.version, made.from_state), (version(5), Some(State::Paused)));
        assert_eq!((&made.previous_hash, &made.metadata), (&base.hash, &base.metadata));
        rung(&site, &versions_of(&site)[3..]).await;
        let expected: &[u64] = if published == 4 { &[1, 2, 3, 4, 5] } else { &[1, 2, 3, 5] };
        assert_eq!(site.first_appearances(), expected, "{published} were published");
        assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
        assert_eq!(recovered(&site, 5, 1).await, OutcomeStatus::AlreadyConsistent);
        moved(&site, State::Paused).await.unwrap();
        assert_eq!(state(&site).await.passed_over, None);
    }
}

#[tokio::test]
async fn a_release_takes_the_index_back_from_a_version_that_is_passed_over() {
    let site = damaged(4, &[4]).await;
    assert_eq!(site.index.all()[0].published_version, version(4));
    released(&site, "sue", "version 4 is lost").await.unwrap();
    assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
    assert_eq!(recovered(&site, 4, 2).await, OutcomeStatus::AlreadyConsistent);
}

#[tokio::test]
async fn every_unreadable_version_at_the_end_has_to_be_released() {
    let site = damaged(2, &[3, 4]).await;
    let found = |at| BreakFound::unreadable(version(at), MemoryLog::content_of_damaged(WHY)).id();
    released(&site, "sue", "version 3 is lost").await.unwrap();
    assert_quarantined(moved(&site, State::Active).await, 4, BreakKind::Unreadable);
    assert_eq!(recovered(&site, 4, 2).await, OutcomeStatus::Quarantined);
    let record = site.log.quarantine(&a_key("w")).await.unwrap();
    assert_eq!(record.in_force().iter().map(|it| it.found.id()).collect::<Vec<_>>(), [found(4)]);
    released(&site, "sue", "version 4 is lost as well").await.unwrap();
    let made = moved(&site, State::Paused).await.unwrap().event;
    assert_eq!((made.version, made.resumes.unwrap().from_version), (version(5), version(2)));
    rung(&site, &versions_of(&site)[2..]).await;
    assert_eq!(site.first_appearances(), [1, 2, 5]);
}

#[tokio::test]
async fn a_version_missing_below_a_released_head_keeps_the_workflow_locked() {
    let site = damaged(2, &[4]).await;
    released(&site, "sue", "version 4 is lost").await.unwrap();
    site.log.remove(&a_key("w"), version(3));
    assert_quarantined(moved(&site, State::Active).await, 4, BreakKind::Unreadable);
    assert_eq!(recovered(&site, 4, 2).await, OutcomeStatus::Quarantined);
    released(&site, "sue", "version 3 is gone as well").await.unwrap();
    assert_eq!(moved(&site, State::Paused).await.unwrap().event.resumes.unwrap().from_version, version(2));
}

#[tokio::test]
async fn another_damage_of_the_same_version_is_another_break() {
    let site = damaged(3, &[4]).await;
    released(&site, "sue", "version 4 is lost").await.unwrap();
    damage(&site, 4, "another bit fell over");
    assert_quarantined(moved(&site, State::Active).await, 4, BreakKind::Unreadable);
    assert_eq!(recovered(&site, 4, 2).await, OutcomeStatus::Quarantined);
    released(&site, "sue", "lost for good").await.unwrap();
    let passed_over = moved(&site, State::Active).await.unwrap().event.resumes.unwrap().passed_over;
    assert_eq!(passed_over, MemoryLog::content_of_damaged("another bit fell over"));
}

#[tokio::test]
async fn the_same_damage_in_other_words_is_the_same_break() {
    let found = |content: ChainHash| BreakFound::unreadable(version(4), content).id();
    let one = damaged(3, &[4]).await;
    let Err(alims_operations::ports::LogError::Unreadable { content, .. }) = one.log.head(&a_key("w")).await else {
        panic!("readable")
    };
    let record = one.log.quarantine(&a_key("w")).await.unwrap();
    assert_eq!(record.in_force()[0].found.id(), found(content));
}

#[tokio::test]
async fn a_history_without_a_readable_version_is_not_released() {
    let site = Site::torn(&[State::Active]).await;
    damage(&site, 1, WHY);
    damage(&site, 2, WHY);
    assert_eq!(recovered(&site, 2, 1).await, OutcomeStatus::Quarantined);
    for _ in 0..2 {
        let answer = released(&site, "sue", "lost").await;
        assert!(matches!(answer, Err(ReleaseWorkflowError::Unreadable(_))), "{answer:?}");
    }
    assert!(site.log.quarantine(&a_key("w")).await.unwrap().releases().is_empty());
    assert_quarantined(moved(&site, State::Active).await, 2, BreakKind::Unreadable);
}

/// As many are no accident any more, and nothing is recorded.
#[tokio::test]
async fn more_unreadable_versions_than_are_passed_over_are_not_released() {
    let site = Site::torn(&[State::Active]).await;
    for number in 3..=u64::try_from(UNREADABLE_PASSED_OVER_MAX).unwrap() + 3 {
        damage(&site, number, WHY);
    }
    assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::Quarantined);
    let answer = released(&site, "sue", "lost").await;
    assert!(matches!(answer, Err(ReleaseWorkflowError::Unreadable(_))), "{answer:?}");
    assert!(site.log.quarantine(&a_key("w")).await.unwrap().releases().is_empty());
    site.log.remove(&a_key("w"), version(u64::try_from(UNREADABLE_PASSED_OVER_MAX).unwrap() + 3));
    assert_eq!(released(&site, "sue", "lost").await.unwrap().head, version(2));
}

#[tokio::test]
async fn a_version_that_becomes_readable_again_after_it_was_passed_over_is_a_break() {
    let site = damaged(3, &[4]).await;
    let (before, _) = site.log.entries(&a_key("w"));
    released(&site, "sue", "version 4 is lost").await.unwrap();
    moved(&site, State::Active).await.unwrap();
    let restored = alims_testing::builders::a_move(&before[2], State::Cancelled);
    site.log.overwrite(restored);
    assert_eq!(recovered(&site, 5, 1).await, OutcomeStatus::Quarantined);
    let record = site.log.quarantine(&a_key("w")).await.unwrap();
    assert_eq!(record.in_force()[0].found.as_break(), Break { at: version(5), fault: BreakKind::Unlinked });
}

#[tokio::test]
async fn a_failed_workflow_below_a_released_head_is_recovered_from_there() {
    let site = Site::failed().await;
    site.goes(State::Active).await;
    damage(&site, 4, WHY);
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Quarantined);
    released(&site, "sue", "version 4 is lost").await.unwrap();
    let ended = carried_out(&site.with(RulesThatAllow), claimed(&site, 4, 2).await, 0).await.unwrap();
    assert_eq!(status(&ended), OutcomeStatus::Recovered);
    let head = site.head();
    assert_eq!(
        (head.version, head.to_state, head.resumes.unwrap().from_version),
        (version(5), State::Active, version(3))
    );
    assert_eq!(site.first_appearances(), [1, 2, 3, 5]);
}

#[tokio::test]
async fn a_release_covers_the_breaks_it_names_and_no_other() {
    let site = Site::torn(&[State::Active, State::Paused]).await;
    let found = |at| BreakFound::new(version(at), BreakKind::Altered, ChainHash::of(b"x"));
    for at in [1, 2] {
        site.log.record_quarantine(&a_quarantine(&a_key("w"), &found(at))).await.unwrap();
    }
    let ports = releasing(site.log.clone(), site.index.clone());
    let request = |ids: &[u64]| ReleaseRequest {
        breaks: ids.iter().map(|at| found(*at).id()).collect(),
        reason: "looked at".parse().unwrap(),
    };
    let answer = release_workflow(&ports, &a_call("sue"), &w(), &request(&[1, 3])).await;
    assert!(matches!(answer, Err(ReleaseWorkflowError::NotQuarantined(id)) if id == found(3).id()));
    assert!(site.log.quarantine(&a_key("w")).await.unwrap().releases().is_empty(), "the whole was refused");
    let first = release_workflow(&ports, &a_call("sue"), &w(), &request(&[1])).await.unwrap();
    assert_eq!(first.left.iter().map(|it| it.found.clone()).collect::<Vec<_>>(), [found(2)]);
    assert_quarantined(moved(&site, State::Active).await, 2, BreakKind::Altered);
    let both = release_workflow(&ports, &a_call("sue"), &w(), &request(&[1, 2])).await.unwrap();
    assert_eq!((both.repeated, both.releases.len(), both.left.len()), (false, 2, 0));
    assert_eq!(both.releases[0], first.releases[0], "what was released before is told again");
    moved(&site, State::Active).await.unwrap();
}

#[tokio::test]
async fn a_release_of_an_unreadable_head_failed_anywhere_and_repeated_has_one_effect() {
    let attempt = async |script: &Script| {
        let site = damaged(4, &[3, 4]).await;
        released(&site, "sue", "looked at").await.unwrap();
        assert_eq!(recovered(&site, 4, 2).await, OutcomeStatus::Quarantined);
        let ports = releasing(Faulty::new(site.log.clone(), script), Faulty::new(site.index.clone(), script));
        let request = request_of(&site.log, "looked at once more").await;
        for _ in 0..3 {
            let answer = release_workflow(&ports, &a_call("sue"), &w(), &request).await;
            let free = moved_would_be_free(&site).await;
            assert!(!free || site.index.all()[0].published_version == version(2), "{answer:?}");
        }
        assert_eq!(site.log.quarantine(&a_key("w")).await.unwrap().entries.len(), 4);
        assert_eq!(moved(&site, State::Paused).await.unwrap().event.version, version(5));
    };
    let script = Script::default();
    attempt(&script).await;
    assert!(script.calls().contains(&"log.newest_below"), "{:?}", script.calls());
    for call in 0..script.calls().len() {
        for fault in CallFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

async fn moved_would_be_free(site: &Site) -> bool {
    site.log.quarantine(&a_key("w")).await.unwrap().in_force().is_empty()
}

#[tokio::test]
async fn an_unreadable_quarantine_locks_the_workflow_until_it_is_released() {
    let site = Site::torn(&[State::Active]).await;
    let unreadable = site.log.damage_quarantines(&a_key("w"), version(1), WHY);
    assert_quarantined(moved(&site, State::Paused).await, 1, BreakKind::UnreadableQuarantine);
    assert_eq!(state(&site).await.quarantines[0].found, unreadable);
    assert_eq!(recovered(&site, 2, 1).await, OutcomeStatus::Quarantined);
    let record = site.log.quarantine(&a_key("w")).await.unwrap();
    assert!(record.in_force()[0].recorded.is_some(), "the recovery has recorded it");
    released(&site, "sue", "it was an old quarantine").await.unwrap();
    moved(&site, State::Paused).await.unwrap();
}

#[tokio::test]
async fn an_unreadable_claim_is_a_break_and_its_number_is_taken() {
    let site = Site::failed().await;
    let unreadable = site.log.damage_claim(&a_key("w"), version(3), 1, WHY);
    assert_eq!(site.log.recoveries(&a_key("w"), 5).await.unwrap().attempts_at(version(3)), 1);
    let claim = a_claim(&a_key("w"), 3, 1);
    assert_eq!(site.log.claim_recovery(&claim).await.unwrap(), alims_operations::ports::Claimed::Taken);
    assert_eq!(recovered(&site, 3, 2).await, OutcomeStatus::Quarantined);
    let record = site.log.quarantine(&a_key("w")).await.unwrap();
    assert!(matches!(&record.entries[..], [QuarantineEntry::Quarantined(it)] if it.found() == unreadable));
    assert_quarantined(moved(&site, State::Active).await, 3, BreakKind::UnreadableRecovery);
    released(&site, "sue", "the claim says nothing any more").await.unwrap();
    assert_eq!(recovered(&site, 3, 3).await, OutcomeStatus::Recovered);
}
