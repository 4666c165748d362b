//! An archive as an auditor gets it: checked by `verify.py` and `openssl`, and by `verify.py` after each file was altered.

use std::fs;
use std::process::Command;

use crate::made::{FILES, of_a_workflow, verified, verified_by};

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
async fn the_program_runs_from_the_folder_of_the_archive_as_its_readme_says() {
    let made = of_a_workflow().await;
    let archive = made.unpacked();
    let output = Command::new("python3").arg("verify.py").current_dir(&archive).output();
    let output = output.expect("this test needs the program python3");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.ends_with("OK: this export is as it was made\n"), "{told}");
}
