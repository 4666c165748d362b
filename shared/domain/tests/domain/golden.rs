//! Golden identities and digests: literals that every release makes of the same values, whatever words it uses.
//!
//! Each was computed without any code of this project: the digest of several parts is the SHA-256 of the parts, each
//! preceded by its length as eight bytes, big-endian. In Python, with `P = lambda *parts: b"".join(len(p.encode())
//! .to_bytes(8, "big") + p.encode() for p in parts)`, it is `hashlib.sha256(P(...)).hexdigest()`. The functions of
//! `shared/dynamodb/tests/golden/check.py` do the same.

use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::idempotency::{RepeatableRequest, derived_workflow_id, remember};
use alims_domain::identifiers::RecoveryId;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::QuarantineRecord;
use alims_domain::recovery::outcome::Trigger;
use alims_domain::recovery::{Findings, RecoveryPlan, plan};
use alims_testing::builders::{a_created, a_key, a_move, at, version};

/// The first 32 digits of the digest of `default` and `w`, and the rest of the name.
const RECOVERY_ID: &str = "c306b196604647b8b4c6aa87611683e3-v3-a1";

#[test]
fn a_recovery_s_golden_name_is_made_of_workflow_version_and_attempt() {
    assert_eq!(RecoveryId::of_attempt(&a_key("w"), version(3), 1).as_str(), RECOVERY_ID);
}

#[test]
fn a_repeatable_request_has_golden_digests() {
    let (principal, key) = ("bob".parse().unwrap(), "k-1".parse().unwrap());
    let request = RepeatableRequest::new(&principal, &key, &("what", 2)).unwrap();
    let [accepted] = &remember(&[], Some(&request), version(2))[..] else { panic!("one request is remembered") };
    // The digests of `bob` and `k-1`, and of the one part `["what",2]`.
    assert_eq!(accepted.key, "c13348637e7f81f95def11d29de945ed");
    assert_eq!(accepted.request, "e2a84401fe23d074589c7cd6d3229942");
}

#[test]
fn a_workflow_without_a_name_gets_the_golden_one_of_its_key() {
    let id = derived_workflow_id(&"golden-lab".parse().unwrap(), &"bob".parse().unwrap(), &"k-1".parse().unwrap());
    // The first half of the digest of these three, with the bits of a UUID of version 8.
    assert_eq!(id.as_str(), "62f32cb2-1dee-87ef-a54d-844ae76965b2");
}

#[test]
fn the_golden_witness_of_a_loss_is_made_of_what_the_index_claims() {
    let created = a_created("w");
    let active = a_move(&created, State::Active).event;
    let claim = IndexEntry {
        current_state: State::Active,
        published_version: version(7),
        updated_at: at(5000),
        head_hash: ChainHash::of(b"altered"),
        ..IndexEntry::from(&active)
    };
    let findings = Findings {
        log: Ok(active),
        end: version(2),
        end_hash: None,
        indexed: Some(claim),
        claimed: None,
        quarantine: QuarantineRecord::default(),
        unreadable_recoveries: Vec::new(),
    };
    let RecoveryPlan::Quarantine(found) = plan(&findings, Trigger::Sweep) else { panic!("versions are lost") };
    assert_eq!((found.at, found.fault), (version(3), BreakKind::Missing));
    // The SHA-256 of the digest, as bytes, of `7`, `2026-11-23T08:15:05.000Z`, `ACTIVE` and the SHA-256 of `altered`.
    assert_eq!(found.content.as_str(), "c168dc3edf224c636d0c00a8f13955b5fc148194f094bd0af70b779127a02445");
}
