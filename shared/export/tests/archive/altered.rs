//! An archive as an auditor gets it: checked by `verify.py` and `openssl`, and by `verify.py` after each file was altered.

use alims_domain::event::WorkflowEvent;
use alims_domain::lifecycle::State;
use alims_testing::MemoryLog;
use alims_testing::builders::{a_created_of, a_key_of, a_move};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::made::{FILES, every_kind, made, of_a_workflow, of_everything, sign_anew, tenant, verified, verified_by};

#[tokio::test]
async fn an_archive_is_found_sound_by_the_program_in_it_and_by_openssl() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    let mut names: Vec<String> =
        fs::read_dir(&archive).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut expected = FILES.map(str::to_owned);
    expected.sort();
    assert_eq!(names, expected);
    let (code, told) = verified(&archive);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("8 records of 1 workflows, and 7 links"), "{told}");
    let openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-verify", "public-key.pem", "-signature", "manifest.sig", "manifest.json"])
        .current_dir(&archive)
        .output()
        .expect("this test needs the program openssl");
    assert_eq!(String::from_utf8_lossy(&openssl.stdout).trim(), "Verified OK");
}

#[tokio::test]
async fn an_altered_byte_anywhere_is_found_and_its_file_named() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
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
    let made = of_a_workflow().await;
    let archive = made.unpacked();
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
    let made = of_a_workflow().await;
    let archive = made.unpacked();
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

#[tokio::test]
async fn a_line_that_is_added_repeated_or_moved_is_named() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    let path = archive.join("records.jsonl");
    let sound = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = sound.lines().collect();
    let number = lines.len() + 1;
    fs::write(&path, format!("{sound}{}\n", lines[2])).unwrap();
    let (code, told) = verified(&archive);
    assert!(
        code == 1 && told.contains(&format!("line {number} (")) && told.contains("the version stands twice"),
        "{told}"
    );
    fs::write(&path, format!("{sound}{{}}\nnot json\n\"text\"\n{}1e400]\n", "[".repeat(3000))).unwrap();
    let (code, told) = verified(&archive);
    for line in number..number + 4 {
        assert!(code == 1 && told.contains(&format!("line {line}: the line is no record")), "line {line}: {told}");
    }
    let mut moved = lines.clone();
    moved.swap(0, 1);
    fs::write(&path, moved.join("\n") + "\n").unwrap();
    // Each record and the chain are whole; the file is another one.
    let (code, told) = verified(&archive);
    assert!(code == 1 && told.contains("records.jsonl: the file was altered"), "{told}");
}

#[tokio::test]
async fn a_forgery_that_fits_every_hash_is_found_by_the_signature() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    let path = archive.join("manifest.json");
    let forged =
        fs::read_to_string(&path).unwrap().replace("\"requested_by\":\"audrey\"", "\"requested_by\":\"mallory\"");
    fs::write(&path, forged).unwrap();
    let (code, told) = verified(&archive);
    assert!(code == 1 && told.contains("the signature does not fit the manifest"), "{told}");
}

#[tokio::test]
async fn the_key_of_the_laboratory_is_what_counts() {
    let (made, other) = (of_a_workflow().await, of_a_workflow().await);
    let (archive, other) = (made.unpacked(), other.unpacked());
    let key = |archive: &std::path::Path| archive.join("public-key.pem").to_str().unwrap().to_owned();
    let (code, told) = verified_by(&[archive.to_str().unwrap(), "--key", &key(&archive)]);
    assert_eq!(code, 0, "{told}");
    let (code, told) = verified_by(&[archive.to_str().unwrap(), "--key", &key(&other)]);
    assert!(code == 1 && told.contains("the signature does not fit the manifest"), "{told}");
}

#[test]
fn what_cannot_be_checked_is_told_from_what_is_broken() {
    for odd in [&["/no/such/folder"][..], &["--keys"], &[".", "--key", "/no/such/key.pem"], &[".", "--key"]] {
        let (code, told) = verified_by(odd);
        assert!(code == 2 && told.starts_with("NOT CHECKED: "), "{odd:?}: {code} {told}");
    }
    assert_eq!(verified_by(&["--help"]).0, 0);
}

#[tokio::test]
async fn what_is_no_key_is_no_reason_to_call_an_archive_broken() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    for text in ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
        let key = made.folder.path().join("odd.pem");
        fs::write(&key, text).unwrap();
        let (code, told) = verified_by(&[archive.to_str().unwrap(), "--key", key.to_str().unwrap()]);
        assert!(code == 2 && told.contains("odd.pem is no public key (PEM)"), "{text}: {code} {told}");
    }
}

fn manifest(archive: &Path) -> Value {
    serde_json::from_slice(&fs::read(archive.join("manifest.json")).unwrap()).unwrap()
}

#[tokio::test]
async fn an_archive_of_another_format_is_left_to_its_own_program() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    let sound = manifest(&archive);
    let mut newer = sound.clone();
    newer["format"] = json!(2);
    sign_anew(&made, &archive, &newer).await;
    let (code, told) = verified(&archive);
    assert!(code == 2 && told.contains("NOT CHECKED: the export has format 2"), "{code} {told}");
    // The manifest claims another format, and no key has signed that.
    fs::write(archive.join("manifest.sig"), "no signature").unwrap();
    let (code, told) = verified(&archive);
    assert!(code == 1 && told.contains("the signature does not fit the manifest"), "{code} {told}");
    sign_anew(&made, &archive, &sound).await;
    assert_eq!(verified(&archive).0, 0);
}

#[tokio::test]
async fn a_manifest_cannot_name_a_file_outside_the_archive() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    let sound = manifest(&archive);
    let outside = fs::read(archive.join("README.txt")).unwrap();
    fs::write(made.folder.path().join("outside.txt"), outside).unwrap();
    let absolute = made.folder.path().join("outside.txt").to_str().unwrap().to_owned();
    for name in ["../outside.txt", &absolute, "..", ""] {
        let mut odd = sound.clone();
        let mut file =
            odd["files"].as_array().unwrap().iter().find(|file| file["name"] == "README.txt").unwrap().clone();
        file["name"] = json!(name);
        odd["files"].as_array_mut().unwrap().push(file);
        sign_anew(&made, &archive, &odd).await;
        let (code, told) = verified(&archive);
        let named = format!("it lists {name}, which is no name of a file of an export");
        assert!(code == 1 && told.contains(&named), "{name}: {code} {told}");
    }
}

#[tokio::test]
async fn an_altered_log_is_told_from_an_altered_archive() {
    let (key, log) = (a_key_of(&tenant(), "wf-1"), MemoryLog::default());
    let created = a_created_of(&key);
    let mut moved = a_move(&created, State::Active);
    moved.event = WorkflowEvent { requested_by: "mallory".parse().unwrap(), ..moved.event };
    for version in [created, moved] {
        log.overwrite(version);
    }
    let made = made(log, &of_everything()).await;
    let archive = made.unpacked();
    let (code, told) = verified(&archive);
    let of_log = "BROKEN: the archive is as it was signed. The log was altered before the export was made. Problems: 1";
    assert!(code == 1 && told.contains("records.jsonl, line 2 (") && told.contains(of_log), "{told}");
    let path = archive.join("README.txt");
    fs::write(&path, "altered").unwrap();
    let (code, told) = verified(&archive);
    assert!(code == 1 && told.contains("BROKEN: this export is not as it was made. Problems: 2"), "{told}");
}

#[tokio::test]
async fn each_entry_that_the_service_could_not_read_is_noted_by_its_line() {
    let (log, _) = every_kind().await;
    let made = made(log, &of_everything()).await;
    let archive = made.unpacked();
    let records = fs::read_to_string(archive.join("records.jsonl")).unwrap();
    let unreadable = (1..).zip(records.lines()).filter(|(_, line)| line.contains("UnreadableEntry"));
    let lines: Vec<usize> = unreadable.map(|(number, _)| number).collect();
    let (code, told) = verified(&archive);
    assert!(code == 0 && !lines.is_empty(), "{told}");
    let notes: Vec<&str> = told.lines().filter(|line| line.starts_with("NOTE")).collect();
    assert_eq!(notes.len(), lines.len(), "{told}");
    for (note, line) in notes.iter().zip(lines) {
        assert!(note.contains(&format!("records.jsonl, line {line} (")), "{note}");
    }
}

#[tokio::test]
async fn a_file_beside_the_program_does_not_run_in_the_place_of_pythons_own() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    for module in ["json.py", "hashlib.py", "shutil.py", "rfc8785.py"] {
        fs::write(archive.join(module), "open('it-ran', 'w').close()\nprint('OK')\nraise SystemExit(0)\n").unwrap();
        let whole = archive.join("verify.py");
        for program in [Path::new("verify.py"), &whole] {
            let output = Command::new("python3").arg(program).current_dir(&archive).output();
            let output = output.expect("this test needs the program python3");
            let told = String::from_utf8(output.stdout).unwrap();
            assert!(!archive.join("it-ran").exists(), "{module}: {told}");
            let named = format!("{module}: the file does not belong to this export");
            assert!(output.status.code() == Some(1) && told.contains(&named), "{module}: {told}");
        }
        fs::remove_file(archive.join(module)).unwrap();
    }
}

#[tokio::test]
async fn the_program_runs_from_the_folder_of_the_archive_as_its_readme_says() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    let output = Command::new("python3").arg("verify.py").current_dir(&archive).output();
    let output = output.expect("this test needs the program python3");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.ends_with("OK: this export is as it was made\n"), "{told}");
}
