//! Archives and stored documents of format 1. They were made once: every later release finds them sound, reads them, and
//! makes the same records of the same entries.

use alims_domain::identifiers::TenantId;
use alims_operations::get_export::{Ports, get_export};
use alims_operations::ports::ExportDocument;
use alims_testing::builders::{a_call, at};
use alims_testing::{EverybodyMay, FixedClock};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zip::ZipArchive;

use crate::made::{FILES, Made, every_kind, made, of_a_workflow_of, of_everything, store_in, verified};

const DOCUMENTS: [&str; 6] =
    ["job.json", "part-00000001.jsonl", "progress-00000001.json", "signature.json", "ending.json", "archive.zip"];

/// What is exported, and the folder of its golden files.
async fn exports() -> [(&'static str, Made); 2] {
    // A log for each: the audit trail refuses another export of the same id.
    let ((log, head), (other, _)) = (every_kind().await, every_kind().await);
    [("workflow", made(log, &of_a_workflow_of(head)).await), ("period", made(other, &of_everything()).await)]
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-1").join(name)
}

/// For a new format: the files of one never change. Look at them before you commit them.
fn write_if_missing(name: &str, made: &Made) {
    if !golden(name).exists() {
        fs::create_dir_all(golden(name)).unwrap();
        for document in DOCUMENTS {
            fs::copy(made.documents().join(document), golden(name).join(document)).unwrap();
        }
    }
}

fn unpacked(archive: &Path, into: &Path) {
    ZipArchive::new(File::open(archive).unwrap()).unwrap().extract(into).unwrap();
}

/// The manifest without what a later release may write better: report, programs and key.
fn lasting(manifest: &Path) -> Value {
    let mut manifest: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    let files = manifest["files"].as_array_mut().unwrap();
    let names: Vec<Value> = files.iter().map(|file| file["name"].clone()).collect();
    assert_eq!(json!(names), json!(FILES[..5]));
    files.retain(|file| file["name"] == "records.jsonl");
    manifest
}

#[tokio::test]
async fn golden_archives_are_found_sound() {
    for name in ["workflow", "period"] {
        let folder = tempfile::tempdir().unwrap();
        unpacked(&golden(name).join("archive.zip"), folder.path());
        let (code, told) = verified(folder.path());
        assert_eq!(code, 0, "{name}: {told}");
    }
}

#[tokio::test]
async fn the_same_entries_make_the_golden_records_to_the_last_byte() {
    for (name, made) in exports().await {
        write_if_missing(name, &made);
        let old = tempfile::tempdir().unwrap();
        unpacked(&golden(name).join("archive.zip"), old.path());
        let new = made.unpacked();
        let records = |folder: &Path| fs::read_to_string(folder.join("records.jsonl")).unwrap();
        assert_eq!(records(&new), records(old.path()), "{name}");
        assert_eq!(lasting(&new.join("manifest.json")), lasting(&old.path().join("manifest.json")), "{name}");
        for document in &DOCUMENTS[..3] {
            let written = fs::read_to_string(made.documents().join(document)).unwrap();
            assert_eq!(written, fs::read_to_string(golden(name).join(document)).unwrap(), "{name}/{document}");
        }
    }
}

#[tokio::test]
async fn golden_documents_are_read_as_they_were_written() {
    for name in ["workflow", "period"] {
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path());
        let job: Value = serde_json::from_slice(&fs::read(golden(name).join("job.json")).unwrap()).unwrap();
        let tenant: TenantId = serde_json::from_value(job["tenant_id"].clone()).unwrap();
        let export_id = serde_json::from_value(job["export_id"].clone()).unwrap();
        let kept = folder.path().join("exports").join(tenant.as_str()).join(job["export_id"].as_str().unwrap());
        fs::create_dir_all(&kept).unwrap();
        for document in DOCUMENTS {
            fs::copy(golden(name).join(document), kept.join(document)).unwrap();
        }
        let ports = Ports { store, policy: Arc::new(EverybodyMay), clock: Arc::new(FixedClock::new(at(0))) };
        let found = get_export(&ports, &a_call("audrey"), export_id).await.unwrap();
        assert_eq!(serde_json::to_value(&found.job).unwrap(), job, "{name}");
        let ending: Value = serde_json::from_slice(&fs::read(golden(name).join("ending.json")).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(&found.ending).unwrap(), ending, "{name}");
        assert_eq!(ending["archive"]["entries"], found.entries);
    }
}

#[test]
fn golden_documents_have_the_names_that_the_store_gives_them() {
    let names = [
        ExportDocument::Job,
        ExportDocument::Part(1),
        ExportDocument::Progress(1),
        ExportDocument::Signature,
        ExportDocument::Ending,
    ];
    assert_eq!(names.map(ExportDocument::stored_name), DOCUMENTS[..5]);
}
