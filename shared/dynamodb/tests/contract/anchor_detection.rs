//! What is found of each deed of an intruder who writes to the database past the service: without an anchor, and with
//! one. Each deed is done through the database's own API, on a log with an entry of every kind. `docs/anchors.md` has
//! the table, and this test compares it with what it finds.

use alims_domain::anchor::{Anchored, Manifest, SignedAnchor, key_id};
use alims_domain::audit_entry::{AuditEntry, KeptAuditEntry, StoredAuditEntry};
use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::recovery::records::{RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::Refusal;
use alims_domain::sealed::Sealed;
use alims_domain::signature::Meaning;
use alims_domain::stored_version::StoredVersion;
use alims_operations::anchor_heads;
use alims_operations::ports::{AccessPolicy, AuditEntries, QuarantineLog, ReadPorts, RecoveryLog, WorkflowLog};
use alims_operations::verify_anchors::{self, verify_anchors};
use alims_operations::verify_workflow_history::{self, verify_workflow_history};
use alims_testing::builders::{
    a_break, a_call, a_claim, a_created_of, a_full_record, a_key, a_move, a_quarantine, a_refusal, a_release,
    a_signature, at, sealed,
};
use alims_testing::{EverybodyMay, FixedClock, MemoryAnchors, MemoryIndex, NamedKey, NamedKeyCheck, no_anchors};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::golden::{Store, values};

/// When the anchor is made: a day after the entries.
const ANCHORED: i64 = 24 * 3_600_000;

/// The kinds of entries, as the table names them.
const KINDS: [&str; 6] =
    ["versions", "signatures", "refusals", "recoveries", "quarantines and releases", "audit entries"];
/// The deeds, as the table names them.
const DEEDS: [&str; 7] = [
    "altered, the hash left as it was",
    "altered, with a new hash",
    "removed",
    "reordered: two change places",
    "the end cut off",
    "the whole history forged",
    "one added that never happened",
];

/// What lies in the log: four versions, of which the third is a signature, and two entries of each other kind. The two
/// of the quarantines are a quarantine and its release.
#[derive(Clone)]
struct History {
    versions: Vec<StoredVersion>,
    refusals: Vec<Refusal>,
    claims: Vec<RecoveryClaim>,
    outcomes: Vec<RecoveryRecord>,
    quarantines: Vec<QuarantineEntry>,
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
        let refusals = (0..2).map(|_| a_refusal_of(key)).collect();
        let outcomes = claims.iter().map(a_full_record).collect();
        let quarantines = vec![unwitnessed(a_quarantine(key, &a_break(2))), unwitnessed(a_release(key, &a_break(2)))];
        let audits = [1, 2].map(|number| an_audit_entry(key, number)).to_vec();
        Self { versions, refusals, claims, outcomes, quarantines, audits }
    }

    /// The same with one more entry of a kind, which says that it is as old as the others.
    fn with_one_more(&self, key: &WorkflowKey, kind: &str) -> Self {
        let mut more = self.clone();
        let newest = &self.versions[self.versions.len() - 1];
        match kind {
            "versions" => more.versions.push(a_move(newest, State::Active)),
            "signatures" => more.versions.push(a_signature(newest, "mallory", Meaning::Approval)),
            "refusals" => more.refusals.push(a_refusal_of(key)),
            "recoveries" => more.claims.push(RecoveryClaim { head_hash: None, ..a_claim(key, 2, 3) }),
            "quarantines and releases" => more.quarantines.push(unwitnessed(a_quarantine(key, &a_break(3)))),
            "audit entries" => more.audits.push(an_audit_entry(key, 3)),
            other => panic!("{other}"),
        }
        more
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
            quarantines: self.quarantines.iter().map(by_mallory).collect(),
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
        for entry in &self.quarantines {
            log.record_quarantine(entry).await.unwrap();
        }
        for audit in &self.audits {
            log.record_audit(audit).await.unwrap();
        }
        store.items().await
    }
}

/// A refusal that names no version, because the versions of a forged history have other hashes.
fn a_refusal_of(key: &WorkflowKey) -> Refusal {
    Refusal { version: None, head_hash: None, ..a_refusal(key) }
}

fn an_audit_entry(key: &WorkflowKey, number: i64) -> StoredAuditEntry {
    let StoredAuditEntry { entry, .. } = values::reviewed();
    let (event_id, tenant_id) = (a_refusal(key).event_id, key.tenant_id.clone());
    let entry = AuditEntry { event_id, tenant_id, timestamp: at(number), ..entry.into_entry() };
    StoredAuditEntry { entry: Sealed::new(entry).unwrap(), request: None }
}

/// A quarantine or release that names no version, as a refusal here does not.
fn unwitnessed(mut entry: QuarantineEntry) -> QuarantineEntry {
    match &mut entry {
        QuarantineEntry::Quarantined(entry) => (entry.version, entry.head_hash) = (None, None),
        QuarantineEntry::Released(entry) => (entry.version, entry.head_hash) = (None, None),
    }
    entry
}

fn by_mallory(entry: &QuarantineEntry) -> QuarantineEntry {
    let mut entry = entry.clone();
    let by = "mallory".parse().unwrap();
    match &mut entry {
        QuarantineEntry::Quarantined(entry) => entry.requested_by = by,
        QuarantineEntry::Released(entry) => entry.requested_by = by,
    }
    entry
}

/// The keys of the entries of a kind, in their order.
fn keys_of(kind: &str, items: &Items) -> Vec<Vec<String>> {
    let begins = match kind {
        "versions" | "signatures" => "v#",
        "refusals" => "r#",
        "recoveries" => "a#",
        "quarantines and releases" => "q#",
        "audit entries" => "e#",
        other => panic!("{other}"),
    };
    items.keys().filter(|key| key[1].starts_with(begins)).cloned().collect()
}

/// The log after a deed, from the sound one, one with other content in every entry, one with another chain, and one with
/// one more entry of the kind.
fn done(deed: &str, kind: &str, [sound, altered, forged, more]: [&Items; 4]) -> Items {
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
        "one added that never happened" => items.clone_from(more),
        other => panic!("{other}"),
    }
    items
}

fn a_policy() -> Arc<dyn AccessPolicy> {
    Arc::new(EverybodyMay)
}

/// What reads, and a verification of the workflow, find with this index.
async fn without_anchor(store: &Store, key: &WorkflowKey, kind: &str, index: &MemoryIndex) -> bool {
    let reading = ReadPorts { store: store.log.clone(), policy: a_policy() };
    let ports = verify_workflow_history::Ports { reading, index: index.clone(), anchors: no_anchors() };
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
    let (anchors, signer) = (MemoryAnchors::default(), NamedKey("the key"));
    // The months before the entries are empty. To read them again for each row would take most of the test's time.
    let empty = Anchored {
        tenant_id: key.tenant_id.clone(),
        number: 1,
        from: at(-2000),
        until: at(-1000),
        previous: ChainHash::genesis(),
        key: key_id(&signer.public().0),
    };
    let text = Manifest::new(empty, Vec::new()).unwrap().to_text().unwrap();
    let signature = signer.signature(text.as_bytes());
    anchors.overwrite(&key.tenant_id, 1, SignedAnchor::new(text, &signature.0).to_bytes().unwrap());
    let ports = anchor_heads::Ports {
        log: store.log.clone(),
        index: MemoryIndex::default(),
        anchors: anchors.clone(),
        signer,
        clock: Arc::new(FixedClock::new(at(ANCHORED))),
        entries_max: 100,
    };
    let run = anchor_heads::anchor_heads(&ports, std::slice::from_ref(&key.tenant_id)).await.unwrap();
    assert_eq!(run.failed, []);
    assert_eq!(run.tenants[0].newest, 2);
    anchors
}

/// Of a kind and a deed: what the hashes find without an index, what they find with it, and what the anchors find.
async fn row(deed: &str, kind: &str, logs: [&Items; 4], anchors: &MemoryAnchors, published: &MemoryIndex) -> String {
    let key = a_key("w");
    let items = done(deed, kind, logs);
    assert_ne!(&items, logs[0], "{deed}: {kind}: nothing was done");
    let store = Store::of(items.into_values()).await;
    let mut cells = vec![deed.to_owned(), kind.to_owned()];
    for index in [&MemoryIndex::default(), published] {
        let found = without_anchor(&store, &key, kind, index).await;
        cells.push(if found { "found" } else { "**not found**" }.to_owned());
    }
    let faults = with_anchor(&store, &key, anchors).await;
    cells.push(if faults.is_empty() { "**not found**".to_owned() } else { format!("`{}`", faults.join("`, `")) });
    format!("| {} |", cells.join(" | "))
}

async fn rows() -> Vec<String> {
    let key = a_key("w");
    let history = History::new(&key);
    let (sound, altered) = (history.items().await, history.altered().items().await);
    let forged = history.forged().items().await;
    let published = MemoryIndex::default();
    published.overwrite(IndexEntry::from(&history.versions[history.versions.len() - 1].event));
    let store = Store::of(sound.values().cloned()).await;
    let anchors = anchored(&store, &key).await;
    assert_eq!(with_anchor(&store, &key, &anchors).await, <Vec<String>>::new(), "of a sound log nothing is found");
    for kind in KINDS {
        for index in [&MemoryIndex::default(), &published] {
            assert!(!without_anchor(&store, &key, kind, index).await, "of a sound log nothing is found");
        }
    }
    let mut rows = Vec::new();
    for deed in DEEDS {
        for kind in KINDS {
            let more = history.with_one_more(&key, kind).items().await;
            rows.push(row(deed, kind, [&sound, &altered, &forged, &more], &anchors, &published).await);
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
