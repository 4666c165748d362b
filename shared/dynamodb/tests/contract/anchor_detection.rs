//! What is found of each deed of an intruder who writes to the database past the service: without an anchor, and with
//! one. Each deed is done through the database's own API, on a log with an entry of every kind. `docs/anchors.md` has
//! the table, and this test compares it with what it finds.

use alims_domain::audit_entry::{AuditEntry, KeptAuditEntry, StoredAuditEntry};
use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_domain::recovery::records::{RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::Refusal;
use alims_domain::sealed::Sealed;
use alims_domain::signature::Meaning;
use alims_domain::stored_version::StoredVersion;
use alims_operations::anchor_heads;
use alims_operations::ports::{AccessPolicy, AuditEntries, ReadPorts, RecoveryLog, WorkflowLog};
use alims_operations::verify_anchors::{self, verify_anchors};
use alims_operations::verify_workflow_history::{self, verify_workflow_history};
use alims_testing::builders::{
    a_call, a_claim, a_created_of, a_full_record, a_key, a_move, a_refusal, a_signature, at, sealed,
};
use alims_testing::{EverybodyMay, FixedClock, MemoryAnchors, MemoryIndex, NamedKey, NamedKeyCheck};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::golden::{Store, values};

/// When the anchor is made: a day after the entries.
const ANCHORED: i64 = 24 * 3_600_000;

/// The kinds of entries, as the table names them.
const KINDS: [&str; 5] = ["versions", "signatures", "refusals", "recoveries", "audit entries"];
/// The deeds, as the table names them.
const DEEDS: [&str; 6] = [
    "altered, the hash left as it was",
    "altered, with a new hash",
    "removed",
    "reordered: two change places",
    "the end cut off",
    "the whole history forged",
];

/// What lies in the log: four versions, of which the third is a signature, and two entries of each other kind.
#[derive(Clone)]
struct History {
    versions: Vec<StoredVersion>,
    refusals: Vec<Refusal>,
    claims: Vec<RecoveryClaim>,
    outcomes: Vec<RecoveryRecord>,
    audits: Vec<StoredAuditEntry>,
}

type Items = BTreeMap<Vec<String>, Value>;

impl History {
    fn new(key: &WorkflowKey) -> Self {
        let created = a_created_of(key);
        let active = a_move(&created, State::Active);
        let signed = a_signature(&active, "bob", Meaning::Review);
        let paused = a_move(&signed, State::Paused);
        let versions = vec![created, active, signed, paused];
        let claims = [1, 2].map(|attempt| RecoveryClaim { head_hash: None, ..a_claim(key, 2, attempt) }).to_vec();
        let refusals = (0..2).map(|_| Refusal { version: None, head_hash: None, ..a_refusal(key) }).collect();
        let StoredAuditEntry { entry, .. } = values::reviewed();
        let entry = entry.into_entry();
        let audits = [1, 2].map(|number| {
            let event_id = a_refusal(key).event_id;
            let entry =
                AuditEntry { event_id, tenant_id: key.tenant_id.clone(), timestamp: at(number), ..entry.clone() };
            StoredAuditEntry { entry: Sealed::new(entry).unwrap(), request: None }
        });
        Self { versions, refusals, outcomes: claims.iter().map(a_full_record).collect(), claims, audits: audits.into() }
    }

    /// The same with other content in every entry and its hash, and the links of the chain as they were.
    fn altered(&self) -> Self {
        let alter = |version: &StoredVersion| {
            let event = WorkflowEvent { reason: Some("It was not I.".parse().unwrap()), ..version.event.clone() };
            StoredVersion { accepted: version.accepted.clone(), ..sealed(event) }
        };
        Self { versions: self.versions.iter().map(alter).collect(), ..self.forged() }
    }

    /// The same history with other content in every entry, and a chain of its own.
    fn forged(&self) -> Self {
        let reason = || Some("It was not I.".parse().unwrap());
        let mut versions: Vec<StoredVersion> = Vec::new();
        for version in &self.versions {
            let mut event = WorkflowEvent { reason: reason(), ..version.event.clone() };
            if let Some(before) = versions.last() {
                event.previous_hash = before.event.hash.clone();
                if event.signature.is_some() {
                    let signed = a_signature(before, "mallory", Meaning::Review).event;
                    (event.signature, event.signatures) = (signed.signature, signed.signatures);
                    event.requested_by = signed.requested_by;
                } else {
                    event.signatures = before.event.signatures.clone();
                }
            }
            versions.push(StoredVersion { accepted: version.accepted.clone(), ..sealed(event) });
        }
        let audits = self.audits.iter().map(|stored| {
            let entry = AuditEntry { reason: reason(), ..stored.entry.clone().into_entry() };
            StoredAuditEntry { entry: Sealed::new(entry).unwrap(), request: None }
        });
        Self {
            versions,
            refusals: self.refusals.iter().map(|it| Refusal { reason: reason(), ..it.clone() }).collect(),
            claims: self.claims.iter().map(|it| RecoveryClaim { reason: reason(), ..it.clone() }).collect(),
            outcomes: self.outcomes.iter().map(|it| RecoveryRecord { started_at: None, ..it.clone() }).collect(),
            audits: audits.collect(),
        }
    }

    /// Its items, as the service writes them.
    async fn items(&self) -> Items {
        let store = Store::of([]).await;
        let log = &store.log;
        for version in &self.versions {
            log.append(version).await.unwrap();
        }
        for refusal in &self.refusals {
            log.record_refusal(refusal).await.unwrap();
        }
        for claim in &self.claims {
            log.claim_recovery(claim).await.unwrap();
        }
        for outcome in &self.outcomes {
            log.record_recovery(outcome).await.unwrap();
        }
        for audit in &self.audits {
            log.record_audit(audit).await.unwrap();
        }
        store.items().await
    }
}

/// The keys of the entries of a kind, in their order.
fn keys_of(kind: &str, items: &Items) -> Vec<Vec<String>> {
    let begins = match kind {
        "versions" | "signatures" => "v#",
        "refusals" => "r#",
        "recoveries" => "a#",
        "audit entries" => "e#",
        other => panic!("{other}"),
    };
    items.keys().filter(|key| key[1].starts_with(begins)).cloned().collect()
}

/// The log after a deed, from the sound one, one with other content in every entry, and one with another chain.
fn done(deed: &str, kind: &str, [sound, altered, forged]: [&Items; 3]) -> Items {
    let (mut items, keys) = (sound.clone(), keys_of(kind, sound));
    // The signature is version 3; of the versions the second is taken, and of the others the first.
    let one = match kind {
        "versions" => &keys[1],
        "signatures" => &keys[2],
        _ => &keys[0],
    };
    let other = if kind == "signatures" { &keys[1] } else { &keys[keys.len() - 1] };
    match deed {
        "altered, the hash left as it was" => {
            let mut altered = altered[one].clone();
            altered["hash"] = sound[one]["hash"].clone();
            items.insert(one.clone(), altered);
        }
        "altered, with a new hash" => drop(items.insert(one.clone(), altered[one].clone())),
        "removed" => drop(items.remove(one)),
        "reordered: two change places" => {
            for (from, to) in [(one, other), (other, one)] {
                let mut moved = sound[from].clone();
                moved["entry"]["S"] = to[1].clone().into();
                items.insert(to.clone(), moved);
            }
        }
        // Of a signature: it, and all behind it.
        "the end cut off" => {
            let from = if kind == "signatures" { 2 } else { keys.len() - 1 };
            keys[from..].iter().for_each(|key| drop(items.remove(key)));
        }
        "the whole history forged" => {
            keys.iter().for_each(|key| drop(items.insert(key.clone(), forged[key].clone())));
        }
        other => panic!("{other}"),
    }
    items
}

fn a_policy() -> Arc<dyn AccessPolicy> {
    Arc::new(EverybodyMay)
}

/// What reads, and a verification of the workflow, find. The index says nothing: an intruder changes it too.
async fn without_anchor(store: &Store, key: &WorkflowKey, kind: &str) -> bool {
    let reading = ReadPorts { store: store.log.clone(), policy: a_policy() };
    let ports = verify_workflow_history::Ports { reading, index: MemoryIndex::default() };
    let verified = verify_workflow_history(&ports, &a_call("alice"), &key.workflow_id, None).await;
    let broken = match &verified {
        Ok(verified) => verified.broken.is_some() || !verified.broken_entries.is_empty(),
        Err(_) => false,
    };
    let audits = store.log.audit_entries(&key.tenant_id, None, 10).await.unwrap();
    let unreadable = audits.iter().any(|(_, kept)| !matches!(kept, KeptAuditEntry::Entry(_)));
    if kind == "audit entries" { unreadable } else { broken }
}

async fn with_anchor(store: &Store, key: &WorkflowKey, anchors: &MemoryAnchors) -> Vec<String> {
    let ports = verify_anchors::Ports { log: store.log.clone(), anchors: anchors.clone(), check: NamedKeyCheck };
    let keys = [NamedKey("the key").public()];
    let verified = verify_anchors(&ports, &key.tenant_id, &keys, None, |_| ControlFlow::Continue(())).await.unwrap();
    let mut faults: Vec<String> = verified.findings.iter().map(|finding| finding.fault().to_owned()).collect();
    faults.sort_unstable();
    faults.dedup();
    faults
}

async fn anchored(store: &Store, key: &WorkflowKey) -> MemoryAnchors {
    let anchors = MemoryAnchors::default();
    let ports = anchor_heads::Ports {
        log: store.log.clone(),
        index: MemoryIndex::default(),
        anchors: anchors.clone(),
        signer: NamedKey("the key"),
        clock: Arc::new(FixedClock::new(at(ANCHORED))),
        entries_max: 100,
    };
    let run = anchor_heads::anchor_heads(&ports, std::slice::from_ref(&key.tenant_id)).await.unwrap();
    assert_eq!(run.failed, []);
    anchors
}

/// The rows of the table: a deed and a kind, what is found without an anchor, and what with one.
async fn rows() -> Vec<String> {
    let key = a_key("w");
    let history = History::new(&key);
    let (sound, altered) = (history.items().await, history.altered().items().await);
    let forged = history.forged().items().await;
    let store = Store::of(sound.values().cloned()).await;
    let anchors = anchored(&store, &key).await;
    assert_eq!(with_anchor(&store, &key, &anchors).await, <Vec<String>>::new(), "of a sound log nothing is found");
    for kind in KINDS {
        assert!(!without_anchor(&store, &key, kind).await, "of a sound log nothing is found");
    }
    let mut rows = Vec::new();
    for deed in DEEDS {
        for kind in KINDS {
            let items = done(deed, kind, [&sound, &altered, &forged]);
            assert_ne!(items, sound, "{deed}: {kind}: nothing was done");
            let store = Store::of(items.into_values()).await;
            let without = if without_anchor(&store, &key, kind).await { "found" } else { "**not found**" };
            let with = with_anchor(&store, &key, &anchors).await;
            let with = if with.is_empty() { "**not found**".to_owned() } else { format!("`{}`", with.join("`, `")) };
            rows.push(format!("| {deed} | {kind} | {without} | {with} |"));
        }
    }
    rows
}

#[tokio::test]
async fn the_page_says_of_each_deed_what_is_found_without_an_anchor_and_with_one() {
    let page = include_str!("../../../../docs/anchors.md");
    let told: Vec<&str> =
        page.lines().filter(|line| DEEDS.iter().any(|deed| line.starts_with(&format!("| {deed} |")))).collect();
    let rows = rows().await;
    assert_eq!(told, rows, "docs/anchors.md should have\n{}\n", rows.join("\n"));
    assert!(rows.iter().all(|row| !row.ends_with("**not found** |")), "with an anchor everything is found");
}
