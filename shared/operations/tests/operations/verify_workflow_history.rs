//! Verifying a history from its first version to its end.

use alims_domain::hash_chain::{Break, BreakKind, Checked};
use alims_domain::lifecycle::State;
use alims_domain::limits::{CHECKED_AT_ONCE_MAX, CHECKED_BYTES_MAX, CHECKED_VERSIONS_MAX, METADATA_BYTES_MAX};
use alims_operations::verify_workflow_history::{
    Ports, Verification, VerifyWorkflowHistoryError, verify_workflow_history,
};
use alims_operations::{ReadPorts, ReadWorkflowError};
use alims_testing::builders::{a_chain, a_created, a_key, a_move, metadata, version, with_metadata};
use alims_testing::{EverybodyMay, Faulty, MemoryIndex, MemoryLog, Script};
use serde_json::json;
use std::sync::Arc;

use crate::alice;
use crate::assess::holding;
use crate::release_workflow::released;
use crate::release_workflow::unreadable::damaged;
use crate::support::newer::{is_newer, newer_in};
use crate::support::site::{Site, moved, w};

/// The ports over this log and an empty index.
pub(crate) fn verifying(store: MemoryLog) -> Ports<MemoryLog, MemoryIndex> {
    Ports { reading: ReadPorts { store, policy: Arc::new(EverybodyMay) }, index: MemoryIndex::default() }
}

#[tokio::test]
async fn a_verification_reports_a_released_unreadable_version_for_ever() {
    let site = damaged(4, &[4]).await;
    released(&site, "sue", "version 4 is lost").await.unwrap();
    moved(&site, State::Active).await.unwrap();
    let reading = verifying(site.log.clone());
    let verified = verify_workflow_history(&reading, &alice(), &w(), None).await.unwrap();
    assert_eq!(verified.broken, Some(Break { at: version(4), fault: BreakKind::Unreadable }));
    assert_eq!(verified.versions_checked, 3);
}

#[tokio::test]
async fn a_verification_that_meets_a_version_of_a_newer_format_is_an_error_and_finds_no_break() {
    for newer in 1..=3 {
        let reading = verifying(newer_in(newer));
        let verified = verify_workflow_history(&reading, &alice(), &"w-0".parse().unwrap(), None).await;
        assert!(
            matches!(&verified, Err(VerifyWorkflowHistoryError::Read(ReadWorkflowError::Store(error))) if is_newer(error)),
            "{verified:?}"
        );
    }
}
#[tokio::test]
async fn a_sound_history_is_verified_to_its_end_and_a_missing_version_is_the_break() {
    let (site, id) = (Site::torn(&[State::Active, State::Paused]).await, w());
    let reading = verifying(site.log.clone());
    let sound = verify_workflow_history(&reading, &alice(), &id, None).await.unwrap();
    assert_eq!((sound.broken, sound.versions_checked), (None, 3));
    site.log.remove(&a_key("w"), version(2));
    let gap = verify_workflow_history(&reading, &alice(), &id, None).await.unwrap();
    assert_eq!((gap.broken, gap.versions_checked), (Some(Break { at: version(2), fault: BreakKind::Missing }), 1));
}

/// A history that takes several calls.
const LONG: usize = 2 * CHECKED_VERSIONS_MAX + 100;

/// The parts of a verification, one after another, to its end.
async fn parts(log: &MemoryLog) -> Vec<Verification> {
    let (mut parts, mut checked) = (Vec::new(), None);
    loop {
        let part = verify_workflow_history(&verifying(log.clone()), &alice(), &w(), checked).await.unwrap();
        checked = part.next.clone();
        parts.push(part);
        if checked.is_none() {
            return parts;
        }
    }
}

#[tokio::test]
async fn a_long_history_is_verified_in_bounded_parts_that_follow_one_another() {
    let log = holding(&a_chain(&a_key("w"), LONG, 7));
    let whole = parts(&log).await;
    let (mut from, most) = (1, CHECKED_VERSIONS_MAX + CHECKED_AT_ONCE_MAX);
    for part in &whole {
        assert_eq!(part.from.get(), from);
        assert!(part.versions_checked <= u64::try_from(most).unwrap(), "{part:?}");
        from += part.versions_checked;
    }
    assert_eq!((whole.len(), from), (3, u64::try_from(LONG).unwrap() + 1));
    assert!(whole.iter().all(|part| part.broken.is_none()));

    let script = Script::default();
    let reading = ReadPorts { store: Faulty::new(log.clone(), &script), policy: Arc::new(EverybodyMay) };
    let counted = Ports { reading, index: MemoryIndex::default() };
    verify_workflow_history(&counted, &alice(), &w(), None).await.unwrap();
    // The newest version, the quarantines, and the part itself.
    assert_eq!(script.calls().len(), 2 + CHECKED_VERSIONS_MAX / CHECKED_AT_ONCE_MAX, "reads of one part");
}

#[tokio::test]
async fn versions_with_much_data_make_the_parts_shorter() {
    let large = json!({"x": "x".repeat(METADATA_BYTES_MAX - 100)});
    let mut chain = vec![with_metadata(&a_created("w"), &large)];
    for number in 1..100 {
        let to = if number % 2 == 1 { State::Active } else { State::Paused };
        chain.push(a_move(chain.last().unwrap(), to));
    }
    let log = holding(&chain);
    let most = CHECKED_BYTES_MAX / (METADATA_BYTES_MAX - 100) + 1 + CHECKED_AT_ONCE_MAX;
    let whole = parts(&log).await;
    assert!(whole.len() > 1 && whole.iter().all(|part| part.versions_checked <= u64::try_from(most).unwrap()));
    assert_eq!(whole.iter().map(|part| part.versions_checked).sum::<u64>(), 100);
}

#[tokio::test]
async fn a_break_is_found_wherever_it_lies_and_no_part_calls_it_valid() {
    let length = CHECKED_VERSIONS_MAX + 60;
    let chain = a_chain(&a_key("w"), length, 7);
    let bound = u64::try_from(CHECKED_VERSIONS_MAX).unwrap();
    let last = u64::try_from(length).unwrap();
    // Also the last version of a part and the first of the next one.
    for at in [1, bound, bound + 1, last] {
        let log = holding(&chain);
        log.damage(&a_key("w"), version(at), "a bit fell over");
        let whole = parts(&log).await;
        let end = whole.last().unwrap();
        assert_eq!(end.broken, Some(Break { at: version(at), fault: BreakKind::Unreadable }));
        assert_eq!(end.from.get() + end.versions_checked, at, "the part before it is valid");
        assert!(whole.iter().rev().skip(1).all(|part| part.broken.is_none() && part.next.is_some()));
    }
}

#[tokio::test]
async fn a_version_made_up_or_changed_since_is_no_place_to_continue_from() {
    let chain = a_chain(&a_key("w"), 6, 7);
    let log = holding(&chain);
    let at = |number: usize| Checked::from(&chain[number - 1].event);
    let verified =
        async |checked| verify_workflow_history(&verifying(log.clone()), &alice(), &w(), Some(checked)).await;
    let (other, beyond) = (a_created("x").event.hash, version(7));
    for made_up in [
        Checked { hash: other, ..at(3) },
        Checked { version: version(4), ..at(3) },
        Checked { version: beyond, ..at(6) },
    ] {
        let answer = verified(made_up.clone()).await;
        assert!(matches!(&answer, Err(VerifyWorkflowHistoryError::NotThere(it)) if *it == made_up), "{answer:?}");
    }
    // Somebody leaves out the broken version: the part says where it began, and claims nothing about what is before.
    log.damage(&a_key("w"), version(2), "a bit fell over");
    let skipped = verified(at(3)).await.unwrap();
    assert_eq!((skipped.from.get(), skipped.versions_checked, skipped.broken), (4, 3, None));
    // What an earlier part found valid was altered since, its hash left as it was.
    let mut altered = chain[2].clone();
    altered.event.metadata = metadata(&json!({"sample": "forged"}));
    log.overwrite(altered);
    assert!(matches!(verified(at(3)).await, Err(VerifyWorkflowHistoryError::NotThere(_))));
    log.damage(&a_key("w"), version(3), "a bit fell over");
    assert!(matches!(verified(at(3)).await, Err(VerifyWorkflowHistoryError::NotThere(_))));
    log.remove(&a_key("w"), version(3));
    assert!(matches!(verified(at(3)).await, Err(VerifyWorkflowHistoryError::NotThere(_))));
}
