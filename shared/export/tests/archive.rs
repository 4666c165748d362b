//! An archive as an auditor gets it: checked by `verify.py` and `openssl`, and by both after each file was altered.

use alims_domain::export::{EXPORT_FORMAT, ExportHead, ExportId, ExportJob, ExportSelection, OfWorkflow};
use alims_domain::identifiers::TenantId;
use alims_export::{FolderExports, ZipFormat};
use alims_operations::export_step::{ExportNext, export_step};
use alims_operations::exporting::ExportPorts;
use alims_operations::ports::{ExportDocument, ExportPlace, ExportStore, WorkflowLog};
use alims_signing::FileKey;
use alims_testing::builders::{a_call, a_chain, a_key_of, a_refusal, at};
use alims_testing::{FixedClock, MemoryLog, SequentialIds};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;
use zip::ZipArchive;

const FILES: [&str; 7] =
    ["records.jsonl", "report.html", "README.txt", "verify.py", "public-key.pem", "manifest.json", "manifest.sig"];

/// An archive of a workflow with seven versions and a refused attempt, unpacked.
async fn unpacked() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let tenant: TenantId = a_call("alice").principal.tenant_id;
    let (key, log) = (a_key_of(&tenant, "wf-1"), MemoryLog::default());
    let chain = a_chain(&key, 7, 7);
    let head = chain.last().unwrap().event.clone();
    for version in chain {
        log.overwrite(version);
    }
    log.record_refusal(&a_refusal(&key)).await.unwrap();
    let job = ExportJob {
        format: EXPORT_FORMAT,
        export_id: "019ab000-0000-7000-8000-000000000042".parse::<ExportId>().unwrap(),
        tenant_id: tenant,
        selection: ExportSelection::Workflow(OfWorkflow { workflow_id: key.workflow_id.clone() }),
        reason: "Inspection.".parse().ok(),
        requested_by: "audrey".parse().unwrap(),
        requested_at: at(10_000_000),
        correlation_id: None,
        cut: at(10_000_000),
        head: Some(ExportHead { workflow_id: key.workflow_id, version: head.version, hash: Some(head.hash) }),
    };
    let place = ExportPlace::of(&job);
    let store = FolderExports::new(folder.path().join("exports"), Arc::new(|_, _| String::new()));
    store.keep(&place, ExportDocument::Job, serde_json::to_vec(&job).unwrap()).await.unwrap();
    assert_eq!(store.unfinished().unwrap(), [place.clone()]);
    let ports = ExportPorts {
        log,
        store: store.clone(),
        signer: FileKey::load_or_create(&folder.path().join("key.pem")).unwrap(),
        format: Arc::new(ZipFormat),
        clock: Arc::new(FixedClock::new(at(10_000_000))),
        ids: Arc::new(SequentialIds::default()),
    };
    assert_eq!(export_step(&ports, &place).await.unwrap(), ExportNext::Nothing);
    assert!(store.unfinished().unwrap().is_empty());
    let archive = folder.path().join("archive");
    ZipArchive::new(File::open(store.archive_path(&place)).unwrap()).unwrap().extract(&archive).unwrap();
    (folder, archive)
}

/// Runs the archive's own program from a copy that nothing alters.
fn verified(archive: &Path) -> (i32, String) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("archive/verify.py");
    let output = Command::new("python3").arg(program).arg(archive).output();
    let output = output.expect("this test needs the program python3");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn an_archive_is_found_sound_by_the_program_in_it_and_by_openssl() {
    let (_folder, archive) = unpacked().await;
    let mut names: Vec<String> =
        fs::read_dir(&archive).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut expected = FILES.map(str::to_owned);
    expected.sort();
    assert_eq!(names, expected);
    let (code, told) = verified(&archive);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("checked 8 records of 1 workflows, and 7 links"), "{told}");
    let openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-verify", "public-key.pem", "-signature", "manifest.sig", "manifest.json"])
        .current_dir(&archive)
        .output()
        .expect("this test needs the program openssl");
    assert_eq!(String::from_utf8_lossy(&openssl.stdout).trim(), "Verified OK");
}

#[tokio::test]
async fn an_altered_byte_anywhere_is_found_and_its_file_named() {
    let (_folder, archive) = unpacked().await;
    for name in FILES {
        let path = archive.join(name);
        let sound = fs::read(&path).unwrap();
        // The two ends and a sample between them.
        for step in 0..=8 {
            let position = (sound.len() - 1) * step / 8;
            let mut altered = sound.clone();
            altered[position] ^= 1;
            fs::write(&path, &altered).unwrap();
            let (code, told) = verified(&archive);
            assert_eq!(code, 1, "{name} at {position}: {told}");
            let named = if name == "public-key.pem" { "the key" } else { name };
            assert!(told.contains(named) || told.contains(name), "{name} at {position}: {told}");
        }
        fs::write(&path, &sound).unwrap();
    }
    assert_eq!(verified(&archive).0, 0);
}

#[tokio::test]
async fn an_altered_record_is_named_by_its_line_and_its_version() {
    let (_folder, archive) = unpacked().await;
    let path = archive.join("records.jsonl");
    let sound = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = sound.lines().collect();
    let at = lines.iter().position(|line| line.contains("\"version\":3,") && line.contains("previous_hash")).unwrap();
    let mut altered = lines.clone();
    let text = lines[at].replacen("\"requested_by\":\"", "\"requested_by\":\"not-", 1);
    assert_ne!(text, lines[at]);
    altered[at] = &text;
    fs::write(&path, altered.join("\n") + "\n").unwrap();
    let (code, told) = verified(&archive);
    let named = format!("records.jsonl, line {} (", at + 1);
    assert!(code == 1 && told.contains(&named) && told.contains("version 3"), "{told}");
    let mut cut = lines.clone();
    cut.remove(at);
    fs::write(&path, cut.join("\n") + "\n").unwrap();
    assert!(verified(&archive).1.contains("version 3, which comes before it, is missing"));
}

#[tokio::test]
async fn a_missing_and_an_extra_file_are_named() {
    let (_folder, archive) = unpacked().await;
    fs::write(archive.join("extra.txt"), "extra").unwrap();
    assert!(verified(&archive).1.contains("extra.txt: the file does not belong"));
    fs::remove_file(archive.join("extra.txt")).unwrap();
    for name in FILES {
        let sound = fs::read(archive.join(name)).unwrap();
        fs::remove_file(archive.join(name)).unwrap();
        let (code, told) = verified(&archive);
        assert!(code == 1 && told.contains(&format!("{name}: the file is missing")), "{name}: {told}");
        fs::write(archive.join(name), sound).unwrap();
    }
}
