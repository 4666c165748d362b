//! Verifying a history from its first version to its end.

use alims_domain::anchor::AnchorFault;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{Break, BreakKind, Checked};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::limits::{
    CHECKED_AT_ONCE_MAX, CHECKED_BYTES_MAX, CHECKED_ENTRIES_MAX, CHECKED_VERSIONS_MAX, METADATA_BYTES_MAX,
};
use alims_domain::overdue::Overdue;
use alims_domain::quarantine::{Quarantine, QuarantineEntry, Release};
use alims_domain::recovery::records::RecoveryClaim;
use alims_domain::refusal::Refusal;
use alims_domain::stored_version::StoredVersion;
use alims_operations::anchor_heads;
use alims_operations::ports::{OverdueLog as _, QuarantineLog as _, RecoveryLog as _, WorkflowLog as _};
use alims_operations::verify_workflow_history::{
    BrokenEntry, EntryFault, EntryName, KeptChecked, Ports, Reached, Verification, VerifyWorkflowHistoryError,
    verify_workflow_history,
};
use alims_operations::{ReadPorts, ReadWorkflowError, SignedAnchors};
use alims_testing::builders::{
    a_break, a_chain, a_claim, a_created, a_full_record, a_key, a_move, a_quarantine, a_refusal, a_release, an_overdue,
    at, metadata, version, with_metadata,
};
use alims_testing::{
    EverybodyMay, Faulty, FixedClock, MemoryAnchors, MemoryIndex, MemoryLog, MemoryWitness, NamedKey, NamedKeyCheck,
    Script, no_anchors,
};
use serde_json::json;
use std::sync::Arc;

use crate::alice;
use crate::assess::holding;
use crate::release_workflow::released;
use crate::release_workflow::unreadable::damaged;
use crate::support::newer::{is_newer, newer_in};
use crate::support::site::{Site, moved, w};

/// The ports over this log and an empty index.
pub(crate) fn verifying(store: MemoryLog) -> Ports<MemoryLog, MemoryIndex, MemoryWitness> {
    Ports {
        reading: ReadPorts { store, policy: Arc::new(EverybodyMay) },
        index: MemoryIndex::default(),
        anchors: no_anchors(),
    }
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
    let counted = Ports { reading, index: MemoryIndex::default(), anchors: no_anchors() };
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
    let verified = async |checked| {
        verify_workflow_history(&verifying(log.clone()), &alice(), &w(), Some(Reached::from(checked))).await
    };
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

fn named(head: &WorkflowEvent) -> (Version, Option<ChainHash>) {
    (head.version, Some(head.hash.clone()))
}

fn refused(head: &WorkflowEvent) -> Refusal {
    let (version, head_hash) = named(head);
    Refusal { version: Some(version), head_hash, ..a_refusal(&a_key("w")) }
}

/// A log of three versions, and the newest of them.
fn of_three() -> (MemoryLog, WorkflowEvent) {
    let chain = a_chain(&a_key("w"), 3, 7);
    (holding(&chain), chain[2].event.clone())
}

#[tokio::test]
async fn a_verification_counts_the_entries_beside_the_versions_in_bounded_parts() {
    let ((log, head), key) = (of_three(), a_key("w"));
    let refusals = CHECKED_ENTRIES_MAX + 50;
    for _ in 0..refusals {
        log.record_refusal(&refused(&head)).await.unwrap();
    }
    let (version, head_hash) = named(&head);
    let claim = RecoveryClaim { head_hash: head_hash.clone(), ..a_claim(&key, version.get(), 1) };
    log.claim_recovery(&claim).await.unwrap();
    log.record_recovery(&a_full_record(&claim)).await.unwrap();
    for entry in [a_quarantine(&key, &a_break(2)), a_release(&key, &a_break(2))] {
        let (version, head_hash) = (Some(version), head_hash.clone());
        log.record_quarantine(&match entry {
            QuarantineEntry::Quarantined(entry) => {
                QuarantineEntry::Quarantined(Quarantine { version, head_hash, ..entry })
            }
            QuarantineEntry::Released(entry) => QuarantineEntry::Released(Release { version, head_hash, ..entry }),
        })
        .await
        .unwrap();
    }
    log.record_overdue(&Overdue { version, head_hash: head.hash.clone(), ..an_overdue(&key, at(1)) }).await.unwrap();

    let whole = parts(&log).await;
    assert!(whole.iter().all(|part| part.broken.is_none() && part.broken_entries.is_empty()), "{whole:?}");
    let kept: Vec<KeptChecked> = whole.iter().map(|part| part.kept.unwrap()).collect();
    let at_most = u64::try_from(CHECKED_ENTRIES_MAX).unwrap();
    let first = KeptChecked { refusals: at_most, quarantines: 2, recoveries: 2, overdue: 1 };
    let second = KeptChecked { refusals: 50, ..KeptChecked::default() };
    assert_eq!(kept, [first, second]);
    assert_eq!(whole.iter().map(|part| part.versions_checked).collect::<Vec<_>>(), [3, 0]);
}

#[tokio::test]
async fn a_verification_names_an_entry_that_cannot_be_read_or_names_a_version_that_is_not_there() {
    let chain = a_chain(&a_key("w"), 3, 7);
    let head = &chain[2].event;
    let other = Refusal { head_hash: Some(ChainHash::of(b"another history")), ..refused(head) };
    let beyond = Refusal { version: Some(version(4)), ..refused(head) };
    for refusal in [other, beyond] {
        let log = holding(&chain);
        log.record_refusal(&refused(head)).await.unwrap();
        log.record_refusal(&refusal).await.unwrap();
        let found = verify_workflow_history(&verifying(log), &alice(), &w(), None).await.unwrap();
        let fault = EntryFault::OtherVersion(refusal.version.unwrap());
        assert_eq!(found.broken_entries, [BrokenEntry { name: EntryName::Refusal(refusal.event_id), fault }]);
        assert_eq!((found.broken, found.next, found.kept.map(|kept| kept.refusals)), (None, None, Some(1)));
    }
    let (log, key) = (of_three().0, a_key("w"));
    log.damage_claim(&key, version(3), 1, "a claim");
    log.damage_quarantines(&key, version(2), "a quarantine");
    let found = verify_workflow_history(&verifying(log), &alice(), &w(), None).await.unwrap();
    let unreadable = |why| EntryFault::Unreadable(MemoryLog::content_of_damaged(why));
    let broken = [
        BrokenEntry { name: EntryName::Quarantine(None), fault: unreadable("a quarantine") },
        BrokenEntry { name: EntryName::Recovery(version(3), 1), fault: unreadable("a claim") },
    ];
    assert_eq!((found.broken_entries.as_slice(), found.kept), (&broken[..], Some(KeptChecked::default())));
}

#[tokio::test]
async fn an_entry_that_met_no_version_or_an_unreadable_one_names_no_hash_and_is_sound() {
    let (log, head) = of_three();
    for version in [None, Some(head.version)] {
        log.record_refusal(&Refusal { version, head_hash: None, ..refused(&head) }).await.unwrap();
    }
    let found = verify_workflow_history(&verifying(log), &alice(), &w(), None).await.unwrap();
    assert_eq!((found.broken_entries, found.kept.map(|kept| kept.refusals)), (vec![], Some(2)));
}

/// The ports over this log, with an anchor of all that it holds.
async fn anchored(log: &MemoryLog) -> (MemoryAnchors, Ports<MemoryLog, MemoryIndex, MemoryWitness>) {
    let (anchors, signer, tenant) = (MemoryAnchors::default(), NamedKey("the key"), a_key("w").tenant_id);
    let ports = anchor_heads::Ports {
        log: log.clone(),
        index: MemoryIndex::default(),
        anchors: anchors.clone(),
        signer,
        clock: Arc::new(FixedClock::new(at(24 * 3_600_000))),
        entries_max: 100,
    };
    assert_eq!(anchor_heads::anchor_heads(&ports, &[tenant]).await.unwrap().failed, []);
    let witness = SignedAnchors::new(anchors.clone(), signer, NamedKeyCheck);
    (anchors, Ports { anchors: witness, ..verifying(log.clone()) })
}

async fn verified(ports: &Ports<MemoryLog, MemoryIndex, MemoryWitness>) -> Verification {
    verify_workflow_history(ports, &alice(), &"w".parse().unwrap(), None).await.unwrap()
}

fn a_log(history: &[StoredVersion]) -> MemoryLog {
    let log = MemoryLog::default();
    history.iter().for_each(|version| log.overwrite(version.clone()));
    log
}

#[tokio::test]
async fn the_newest_anchor_finds_a_cut_end_and_a_history_forged_as_a_whole() {
    let (longer, other) = (a_chain(&a_key("w"), 6, 7), a_chain(&a_key("w"), 4, 8));
    let history = &longer[..4];
    let (_, ports) = anchored(&a_log(history)).await;
    let sound = verified(&ports).await;
    let anchor = sound.anchored.clone().unwrap();
    assert_eq!((sound.broken, anchor.number, anchor.versions, anchor.fault), (None, 1, 4, None));

    // The anchors stay, and the log is another one.
    let over = |log: MemoryLog| Ports { anchors: ports.anchors.clone(), ..verifying(log) };
    let cut = verified(&over(a_log(&history[..2]))).await;
    assert_eq!(cut.broken, Some(Break { at: version(3), fault: BreakKind::Missing }));
    assert_eq!((cut.published_hash, cut.versions_checked), (Some(history[2].event.hash.clone()), 2));
    let forged = verified(&over(a_log(&other))).await;
    assert_eq!(forged.broken, Some(Break { at: version(1), fault: BreakKind::Replaced }));
    assert_eq!(forged.published_hash, Some(history[0].event.hash.clone()));
    // What came after the anchor is not in it.
    let later = verified(&over(a_log(&longer))).await;
    assert_eq!((later.broken, later.anchored.map(|anchor| anchor.versions)), (None, Some(4)));
}

#[tokio::test]
async fn an_anchor_that_proves_nothing_is_named_and_no_break() {
    let history = a_chain(&a_key("w"), 2, 7);
    let (anchors, ports) = anchored(&a_log(&history)).await;
    let tenant = a_key("w").tenant_id;
    let mut bytes = anchors.bytes(&tenant, 1);
    let place = bytes.iter().position(u8::is_ascii_digit).unwrap();
    bytes[place] = if bytes[place] == b'7' { b'8' } else { b'7' };
    anchors.overwrite(&tenant, 1, bytes);
    let altered = verified(&ports).await;
    let anchor = altered.anchored.unwrap();
    assert_eq!((altered.broken, anchor.versions, anchor.fault), (None, 0, Some(AnchorFault::Altered)));

    let (_, ports) = anchored(&a_log(&history)).await;
    let (theirs, _) = anchored(&a_log(&history)).await;
    let witness = SignedAnchors::new(theirs, NamedKey("another key"), NamedKeyCheck);
    let other = verified(&Ports { anchors: witness, ..ports }).await;
    assert_eq!(other.anchored.unwrap().fault, Some(AnchorFault::OtherKey));
}
