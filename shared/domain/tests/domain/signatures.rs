//! Signatures in a history: the list follows from the versions, and a change of the signed data ends their effect.

use alims_domain::event::{EventType, WorkflowEvent};
use alims_domain::hash_chain::{Break, BreakKind, ChainWalk};
use alims_domain::identifiers::Version;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::limits::SIGNATURES_MAX;
use alims_domain::signature::{KeptSignature, Meaning, NotAdded, Signatures};
use alims_domain::stored_version::StoredVersion;
use alims_domain::workflow_data::WorkflowData;
use alims_testing::builders::{
    a_chain, a_created, a_key, a_move, a_signature, an_amendment, at, labels, metadata, sealed, with_metadata,
};
use proptest::prelude::*;
use serde_json::json;

/// Walks all versions; where it broke, if it did.
fn walk(versions: &[StoredVersion]) -> Option<Break> {
    let key = a_key("w");
    let mut walk = ChainWalk::new(&key);
    versions.iter().find_map(|stored| walk.step(stored.event.clone()).err())
}

/// `w` is ACTIVE at version 2, signed by its author at 3 and by its reviewer at 4.
fn signed() -> Vec<StoredVersion> {
    let created = a_created("w");
    let active = a_move(&created, State::Active);
    let authored = a_signature(&active, "alice", Meaning::Authorship);
    let reviewed = a_signature(&authored, "sue", Meaning::Review);
    vec![created, active, authored, reviewed]
}

fn current(stored: &StoredVersion) -> Vec<(&str, Meaning, u64, bool)> {
    let shown = |kept: &'_ KeptSignature| (kept.meaning, kept.version.get(), kept.current);
    stored
        .event
        .signatures
        .iter()
        .map(|kept| (kept.by.as_str(), shown(kept)))
        .map(|(by, (m, v, c))| (by, m, v, c))
        .collect()
}

#[test]
fn a_signature_counts_until_metadata_or_labels_change_and_then_never_again() {
    let chain = signed();
    let head = chain.last().unwrap();
    let both = |counts| vec![("alice", Meaning::Authorship, 2, counts), ("sue", Meaning::Review, 3, counts)];
    assert_eq!((walk(&chain), current(head)), (None, both(true)));
    let data = head.event.data();
    let assigned = WorkflowData { due_at: Some(at(9)), assignee: "bob".parse().ok(), ..data.clone() };
    let relabelled = WorkflowData { labels: labels(&[("sample", "S-2")]), ..data.clone() };
    let corrected = WorkflowData { metadata: metadata(&json!({"sample": "S-2"})), ..data.clone() };
    for (next, counts) in [(data.clone(), true), (assigned, true), (relabelled, false), (corrected, false)] {
        let changed = an_amendment(head, next);
        let back = an_amendment(&changed, data.clone());
        let versions = [chain.clone(), vec![changed.clone(), back.clone()]].concat();
        assert_eq!(walk(&versions), None);
        assert_eq!((current(&changed), current(&back)), (both(counts), both(counts)));
    }
    let completed = a_move(head, State::Completed);
    assert_eq!((walk(&[chain, vec![completed.clone()]].concat()), current(&completed)), (None, both(true)));
}

#[test]
fn the_same_person_signs_the_same_data_once_with_each_meaning_and_again_after_a_change() {
    let chain = signed();
    let head = chain.last().unwrap();
    let again = |meaning| {
        let signature = a_signature(&a_move(&a_created("w"), State::Active), "sue", meaning).event.signature.unwrap();
        KeptSignature::new(&signature, &"sue".parse().unwrap(), at(9000))
    };
    assert_eq!(head.event.signatures.with(again(Meaning::Review)), Err(NotAdded::AlreadySigned));
    assert!(head.event.signatures.with(again(Meaning::Approval)).is_ok());
    let corrected = WorkflowData { metadata: metadata(&json!({})), ..head.event.data() };
    let changed = an_amendment(head, corrected);
    let signed = a_signature(&changed, "sue", Meaning::Review);
    assert_eq!(walk(&[chain, vec![changed, signed.clone()]].concat()), None);
    assert_eq!(current(&signed).last(), Some(&("sue", Meaning::Review, 5, true)));
}

#[test]
fn a_full_list_makes_room_only_for_a_signature_that_does_not_count() {
    let mut chain = vec![a_created("w")];
    for number in 0..SIGNATURES_MAX {
        let signed = a_signature(chain.last().unwrap(), &format!("s{number}"), Meaning::Review);
        chain.push(signed);
    }
    let full = chain.last().unwrap().clone();
    let one_more = full.event.signatures.iter().next().cloned().unwrap();
    let one_more = KeptSignature { by: "another".parse().unwrap(), ..one_more };
    assert_eq!(full.event.signatures.with(one_more.clone()), Err(NotAdded::TooMany));
    let longer: Vec<KeptSignature> = full.event.signatures.iter().cloned().chain([one_more]).collect();
    assert!(Signatures::try_from(longer).is_err(), "more are not read either");
    let changed = an_amendment(&full, WorkflowData { metadata: metadata(&json!({})), ..full.event.data() });
    let signed = a_signature(&changed, "another", Meaning::Review);
    chain.extend([changed, signed.clone()]);
    assert_eq!(walk(&chain), None);
    let by: Vec<&str> = current(&signed).into_iter().map(|(by, ..)| by).collect();
    assert_eq!((by.len(), by[0], by[SIGNATURES_MAX - 1]), (SIGNATURES_MAX, "s1", "another"));
}

/// A version that says something else of signatures than follows from the one before it, sealed again by its forger.
fn forged(change: impl Fn(&mut WorkflowEvent)) -> Option<Break> {
    let mut chain = signed();
    let mut event = chain.pop().unwrap().event;
    change(&mut event);
    chain.push(sealed(event));
    walk(&chain)
}

#[test]
fn a_version_with_other_signatures_than_follow_is_no_link_of_the_chain() {
    let unlinked = Some(Break { at: Version::try_from(4).unwrap(), fault: BreakKind::Unlinked });
    let list = |event: &mut WorkflowEvent, change: &dyn Fn(&mut Vec<KeptSignature>)| {
        let mut list: Vec<KeptSignature> = event.signatures.iter().cloned().collect();
        change(&mut list);
        event.signatures = Signatures::try_from(list).unwrap();
    };
    assert_eq!(forged(|_| {}), None);
    // The list.
    assert_eq!(forged(|event| list(event, &|list| drop(list.pop()))), unlinked);
    assert_eq!(forged(|event| list(event, &|list| drop(list.remove(0)))), unlinked);
    assert_eq!(forged(|event| list(event, &|list| list.swap(0, 1))), unlinked);
    assert_eq!(forged(|event| list(event, &|list| list.push(list[0].clone()))), unlinked);
    for place in [0, 1] {
        assert_eq!(forged(|event| list(event, &|list| list[place].current = false)), unlinked);
        assert_eq!(forged(|event| list(event, &|list| list[place].by = "mallory".parse().unwrap())), unlinked);
        assert_eq!(forged(|event| list(event, &|list| list[place].meaning = Meaning::Approval)), unlinked);
        assert_eq!(forged(|event| list(event, &|list| list[place].version = Version::FIRST)), unlinked);
    }
    // The signature.
    let signature = |change: &dyn Fn(&mut alims_domain::signature::Signature)| {
        forged(|event| event.signature.iter_mut().for_each(change))
    };
    assert_eq!(signature(&|signature| signature.meaning = Meaning::Approval), unlinked);
    assert_eq!(signature(&|signature| signature.signed_version = Version::FIRST), unlinked);
    assert_eq!(signature(&|signature| signature.signed_hash = alims_domain::hashing::ChainHash::genesis()), unlinked);
    assert_eq!(forged(|event| event.signature = None), unlinked);
    assert_eq!(forged(|event| event.requested_by = "mallory".parse().unwrap()), unlinked);
    // Where a signature stands, and what it leaves as it is.
    assert_eq!(forged(|event| event.event_type = EventType::WorkflowAmended), unlinked);
    assert_eq!(forged(|event| event.metadata = metadata(&json!({"result": 1}))), unlinked);
    assert!(forged(|event| event.labels = Labels::default()).is_none(), "there were none");
    assert_eq!(forged(|event| event.labels = labels(&[("sample", "S-9")])), unlinked);
    assert_eq!(forged(|event| event.to_state = State::Completed), unlinked);
}

#[test]
fn version_1_has_no_signatures_and_a_version_without_a_known_predecessor_signs_what_it_says() {
    let [_, _, authored, reviewed] = <[StoredVersion; 4]>::try_from(signed()).unwrap();
    let first = sealed(WorkflowEvent { signatures: reviewed.event.signatures.clone(), ..a_created("w").event });
    assert_eq!(walk(&[first]).map(|broken| broken.fault), Some(BreakKind::Unlinked));
    let key = a_key("w");
    let begun = |event: WorkflowEvent| ChainWalk::beginning_at(&key, event.version).step(event);
    assert_eq!(begun(authored.event.clone()), Ok(()));
    let elsewhere = WorkflowEvent { previous_hash: reviewed.event.hash, ..authored.event.clone() };
    assert!(begun(sealed(elsewhere).event).is_err());
    let unsigned = WorkflowEvent { signature: None, ..authored.event };
    assert!(begun(sealed(unsigned).event).is_err());
}

proptest! {
    #![proptest_config(crate::cases(64))]

    /// Of every history: a signature is current as long as no version above it changed metadata or labels.
    #[test]
    fn signatures_are_current_exactly_while_the_signed_data_stand(length in 2_usize..40, seed: u64) {
        let chain = a_chain(&a_key("w"), length, seed);
        prop_assert_eq!(walk(&chain), None);
        for (place, stored) in chain.iter().enumerate() {
            for kept in stored.event.signatures.iter() {
                let signed = usize::try_from(kept.version.get()).unwrap() - 1;
                let same = |data: &WorkflowEvent| (data.metadata.clone(), data.labels.clone());
                let before = same(&chain[signed].event);
                let unchanged = chain[signed..=place].iter().all(|between| same(&between.event) == before);
                prop_assert_eq!(kept.current, unchanged, "version {}", place + 1);
                prop_assert_eq!(&kept.hash, &chain[signed].event.hash);
            }
        }
    }

    /// Other data in one version of a signed history, with every hash made again, does not keep the signatures.
    #[test]
    fn data_changed_beneath_a_signature_break_the_chain(length in 3_usize..20, seed: u64, at: prop::sample::Index) {
        let mut chain = a_chain(&a_key("w"), length, seed);
        let Some(signed) = chain.iter().position(|stored| stored.event.signature.is_some()) else { return Ok(()) };
        let at = at.index(signed);
        chain[at] = with_metadata(&chain[at], &json!({"forged": true}));
        for later in at + 1..chain.len() {
            let hash = chain[later - 1].event.hash.clone();
            chain[later] = sealed(WorkflowEvent { previous_hash: hash, ..chain[later].event.clone() });
        }
        prop_assert!(walk(&chain).is_some());
    }
}
