//! Exports that the tests make: of a workflow, and of a period with an entry of every kind.

use alims_domain::audit_entry::{AuditEntry, SealedAuditEntry, StoredAuditEntry};
use alims_domain::event::{EventType, WorkflowEvent};
use alims_domain::export::{EXPORT_FORMAT, ExportHead, ExportId, ExportJob, ExportSelection, OfPeriod, OfWorkflow};
use alims_domain::hashing::canonical_json;
use alims_domain::identifiers::{EventId, TenantId, Version, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::overdue::Overdue;
use alims_domain::quarantine::{Quarantine, QuarantineEntry, Release};
use alims_domain::recovery::records::RecoveryClaim;
use alims_domain::refusal::Refusal;
use alims_domain::signature::Meaning;
use alims_domain::stored_version::StoredVersion;
use alims_domain::workflow_data::WorkflowData;
use alims_export::{FolderExports, ZipFormat};
use alims_operations::export_step::{ExportNext, export_step};
use alims_operations::exporting::ExportPorts;
use alims_operations::ports::{
    AuditEntries, ExportDocument, ExportPlace, ExportStore, OverdueLog, QuarantineLog, RecoveryLog, Signer, WorkflowLog,
};
use alims_signing::FileKey;
use alims_testing::builders::{
    a_break, a_call, a_chain, a_claim, a_created_of, a_full_record, a_key_of, a_move, a_quarantine, a_refusal,
    a_release, a_signature, an_amendment, an_overdue, at, labels, metadata, sealed,
};
use alims_testing::some_audit_entries::{a_review, an_export};
use alims_testing::{FixedClock, MemoryLog, SequentialIds};
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;
use zip::ZipArchive;

/// The files of an archive in their order.
pub(crate) const FILES: [&str; 7] =
    ["records.jsonl", "report.html", "README.txt", "verify.py", "public-key.pem", "manifest.json", "manifest.sig"];

/// When the exports of the tests are asked for and end, in milliseconds.
const NOW: i64 = 10_000_000;

/// An export that was made into a folder.
pub(crate) struct Made {
    pub(crate) folder: TempDir,
    pub(crate) store: FolderExports,
    pub(crate) place: ExportPlace,
}

impl Made {
    /// Where its documents are.
    pub(crate) fn documents(&self) -> PathBuf {
        self.store.archive_path(&self.place).parent().unwrap().to_owned()
    }

    /// The folder of the unpacked archive.
    pub(crate) fn unpacked(&self) -> PathBuf {
        let archive = self.folder.path().join("archive");
        ZipArchive::new(File::open(self.store.archive_path(&self.place)).unwrap()).unwrap().extract(&archive).unwrap();
        archive
    }
}

/// A store in a folder.
pub(crate) fn store_in(folder: &Path) -> FolderExports {
    FolderExports::new(folder.join("exports"), Arc::new(|place, _| format!("https://here/{}", place.export_id)))
}

pub(crate) fn tenant() -> TenantId {
    a_call("alice").principal.tenant_id
}

/// The job of an export by `audrey`.
pub(crate) fn a_job(selection: ExportSelection, head: Option<ExportHead>) -> ExportJob {
    ExportJob {
        format: EXPORT_FORMAT,
        export_id: "019ab000-0000-7000-8000-000000000042".parse::<ExportId>().unwrap(),
        tenant_id: tenant(),
        selection,
        reason: "Inspection.".parse().ok(),
        requested_by: "audrey".parse().unwrap(),
        requested_at: at(NOW),
        correlation_id: "cause-1".parse().ok(),
        cut: at(NOW),
        head,
    }
}

/// The job of an export of all entries from the beginning on.
pub(crate) fn of_everything() -> ExportJob {
    a_job(ExportSelection::Period(OfPeriod { from: at(0), to: at(NOW), principal: None, kind: None }), None)
}

/// Makes an export of this log to its end.
pub(crate) async fn made(log: MemoryLog, job: &ExportJob) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let (place, store) = (ExportPlace::of(job), store_in(folder.path()));
    let document = canonical_json(job).unwrap().as_bytes().to_vec();
    store.keep(&place, ExportDocument::Job, document).await.unwrap();
    assert_eq!(store.unfinished().unwrap(), std::slice::from_ref(&place));
    let ports = ExportPorts {
        log,
        store: store.clone(),
        signer: FileKey::load_or_create(&folder.path().join("key.pem")).unwrap(),
        format: Arc::new(ZipFormat),
        clock: Arc::new(FixedClock::new(at(NOW))),
        ids: Arc::new(SequentialIds::default()),
    };
    assert_eq!(export_step(&ports, &place).await.unwrap(), ExportNext::Nothing);
    assert!(store.unfinished().unwrap().is_empty());
    Made { folder, store, place }
}

/// An export of a workflow with seven versions and a refused attempt.
pub(crate) async fn of_a_workflow() -> Made {
    let (key, log) = (a_key_of(&tenant(), "wf-1"), MemoryLog::default());
    let chain = a_chain(&key, 7, 7);
    let head = chain.last().unwrap().event.clone();
    for version in chain {
        log.overwrite(version);
    }
    log.record_refusal(&a_refusal(&key)).await.unwrap();
    let selection = ExportSelection::Workflow(OfWorkflow { workflow_id: key.workflow_id.clone() });
    let head = ExportHead { workflow_id: key.workflow_id, version: head.version, hash: Some(head.hash) };
    made(log, &a_job(selection, Some(head))).await
}

/// Writes another manifest into an unpacked archive and signs it with the key of the export.
pub(crate) async fn sign_anew(made: &Made, archive: &Path, manifest: &Value) {
    let text = canonical_json(manifest).unwrap();
    let key = FileKey::load(&made.folder.path().join("key.pem")).unwrap();
    std::fs::write(archive.join("manifest.sig"), key.sign(text.as_bytes()).await.unwrap().0).unwrap();
    std::fs::write(archive.join("manifest.json"), text.as_bytes()).unwrap();
}

/// Runs the program of this release on an unpacked archive, from a copy that nothing alters.
pub(crate) fn verified(archive: &Path) -> (i32, String) {
    verified_by(&[archive.to_str().unwrap()])
}

/// Runs the program of this release with these arguments.
pub(crate) fn verified_by(arguments: &[&str]) -> (i32, String) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("archive/verify.py");
    let output = Command::new("python3").arg(program).args(arguments).output();
    let output = output.expect("this test needs the program python3");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn id(number: u64) -> EventId {
    EventId(SequentialIds::numbered(number))
}

/// The version with an id that is the same in every run.
fn named(version: &StoredVersion, number: u64) -> StoredVersion {
    sealed(WorkflowEvent { event_id: id(number), ..version.event.clone() })
}

/// The versions of a workflow: one of each kind.
fn versions(key: &WorkflowKey) -> Vec<StoredVersion> {
    let created = named(&a_created_of(key), 1);
    let active = named(&a_move(&created, State::Active), 2);
    let data = WorkflowData {
        metadata: metadata(&json!({"sample": "S-1", "result": {"ph": 7.25, "note": "clear <b>&</b> 🧪"}})),
        labels: labels(&[("batch", "B-7")]),
        due_at: Some(at(5_000)),
        assignee: "bob".parse().ok(),
    };
    let amended = named(&an_amendment(&active, data), 3);
    let signed = named(&a_signature(&amended, "carol", Meaning::Review), 4);
    let failed = named(&a_move(&signed, State::Failed), 5);
    let back = a_move(&failed, State::Active);
    let recovered = sealed(WorkflowEvent {
        event_type: EventType::WorkflowRecovered,
        event_id: id(6),
        failure: None,
        ..back.event
    });
    let completed = named(&a_move(&recovered, State::Completed), 7);
    vec![created, active, amended, signed, failed, recovered, completed]
}

/// A log with an entry of every kind, and the newest version of its workflow.
pub(crate) async fn every_kind() -> (MemoryLog, ExportHead) {
    let (key, log) = (a_key_of(&tenant(), "sample-2026-0042"), MemoryLog::default());
    let versions = versions(&key);
    let newest = &versions[versions.len() - 1].event;
    let head =
        ExportHead { workflow_id: key.workflow_id.clone(), version: newest.version, hash: Some(newest.hash.clone()) };
    for version in versions {
        log.append(&version).await.unwrap();
    }
    log.record_refusal(&Refusal { event_id: id(10), timestamp: at(1500), ..a_refusal(&key) }).await.unwrap();
    let found = a_break(2);
    if let QuarantineEntry::Quarantined(entry) = a_quarantine(&key, &found) {
        let entry = QuarantineEntry::Quarantined(Quarantine { event_id: id(11), timestamp: at(7000), ..entry });
        log.record_quarantine(&entry).await.unwrap();
    }
    if let QuarantineEntry::Released(entry) = a_release(&key, &found) {
        let entry = QuarantineEntry::Released(Release { event_id: id(12), timestamp: at(8000), ..entry });
        log.record_quarantine(&entry).await.unwrap();
    }
    let claim = RecoveryClaim { claimed_at: at(4500), ..a_claim(&key, 5, 1) };
    log.claim_recovery(&claim).await.unwrap();
    log.record_recovery(&a_full_record(&claim)).await.unwrap();
    log.record_overdue(&Overdue { event_id: id(13), ..an_overdue(&key, at(5_000)) }).await.unwrap();
    let damaged = a_key_of(&tenant(), "damaged");
    log.append(&named(&a_created_of(&damaged), 20)).await.unwrap();
    log.damage(&damaged, Version::FIRST, "a golden damage");
    for (number, entry) in [(30, an_export(&tenant(), true)), (31, a_review(&tenant(), true))] {
        let entry = SealedAuditEntry::new(AuditEntry { event_id: id(number), ..entry.into_entry() }).unwrap();
        log.record_audit(&StoredAuditEntry { entry, request: None }).await.unwrap();
    }
    (log, head)
}

/// The job of an export of this workflow.
pub(crate) fn of_a_workflow_of(head: ExportHead) -> ExportJob {
    let selection = ExportSelection::Workflow(OfWorkflow { workflow_id: head.workflow_id.clone() });
    a_job(selection, Some(head))
}
