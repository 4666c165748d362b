//! Who may read what the data folder keeps.

#![cfg(unix)]

use alims_local::{Config, Server};
use std::fs::{Permissions, read_dir, set_permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::site::Site;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Everything in the folder, and in what it holds.
fn all(folder: &Path) -> Vec<PathBuf> {
    let entries = read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { [vec![path.clone()], all(&path)].concat() } else { vec![path] })
        .collect()
}

async fn refused(data: &Path) -> String {
    Server::start(Config::new(data)).await.err().unwrap().to_string()
}

/// Prints a token under a mask that hides nothing, as some systems have it.
fn token(data: &Path) -> Output {
    let print = r#"umask 000; exec "$0" token --sub alice --data "$1""#;
    Command::new("sh").args(["-c", print, env!("CARGO_BIN_EXE_alims-local")]).arg(data).output().unwrap()
}

/// Starts a server, ends it when it is ready, and gives what it logged.
fn served(data: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alims-local"));
    command.args(["--port", "0", "--until-stdin-closes", "--data"]).arg(data);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(printed.any(|line| line.starts_with("listening on")), "it is never ready");
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn all_that_a_server_keeps_is_for_its_owner_alone() {
    let around = tempfile::tempdir().unwrap();
    let data = around.path().join("a/b");
    let mut config = Config::new(&data);
    config.policies = data.join("shipped/policies");
    let server = Server::start(config).await.unwrap();
    let token = server.token(&crate::site::request("alice", "default", &["analyst"])).unwrap();
    let alice = crate::site::Person::new(format!("http://{}", server.address()), token);
    alice.create("w-1").await;
    alice.until_listed("w-1", 1).await;
    for file in [
        "key",
        "pin",
        "credentials",
        "lock",
        "endpoints.json",
        "dynamodb.sqlite",
        "dynamodb.sqlite-wal",
        "events.sqlite",
    ] {
        assert!(data.join(file).exists(), "{file}");
    }
    for path in all(around.path()) {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    server.stop().await;
    assert!(data.join("stream-checkpoint.json").exists());
    for path in all(around.path()) {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn a_mask_that_hides_nothing_changes_nothing() {
    let around = tempfile::tempdir().unwrap();
    let data = around.path().join("data");
    assert!(token(&data).status.success());
    assert_eq!((mode(&data), mode(&data.join("key"))), (0o700, 0o600));
}

#[tokio::test]
async fn a_secret_that_others_may_read_is_refused_until_its_owner_has_decided() {
    let data = Site::open().await.close().await;
    for secret in ["key", "credentials"] {
        let path = data.path().join(secret);
        for wrong in [0o644, 0o640, 0o604, 0o620] {
            set_permissions(&path, Permissions::from_mode(wrong)).unwrap();
            let said = refused(data.path()).await;
            assert!(said.contains(&format!("chmod 600 {}", path.display())), "{said}");
            assert_eq!(mode(&path), wrong, "it is not mended in silence");
        }
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }
    Site::on(data, |_| {}).await.close().await;
}

#[tokio::test]
async fn a_signing_key_that_is_gone_is_not_replaced_in_silence() {
    let data = Site::open().await.close().await;
    let [private, public] = ["signing-key", "signing-key.pub"].map(|name| data.path().join(name));
    let kept = std::fs::read(&private).unwrap();
    std::fs::remove_file(&private).unwrap();
    let said = refused(data.path()).await;
    assert!(said.contains(&format!("the signing key {} is gone", private.display())), "{said}");
    assert!(said.contains(&format!("remove {} too for a new key", public.display())) && !private.exists(), "{said}");
    std::fs::write(&private, &kept).unwrap();
    set_permissions(&private, Permissions::from_mode(0o600)).unwrap();
    let data = Site::on(data, |_| {}).await.close().await;
    // Without both a new key is what the owner wants.
    std::fs::remove_file(&private).unwrap();
    std::fs::remove_file(&public).unwrap();
    let data = Site::on(data, |_| {}).await.close().await;
    assert_ne!(std::fs::read(data.path().join("signing-key")).unwrap(), kept);
}

#[tokio::test]
async fn a_data_folder_that_others_may_write_to_is_refused_and_one_that_they_may_read_is_named() {
    let data = tempfile::tempdir().unwrap();
    for wrong in [0o777, 0o770, 0o702] {
        set_permissions(data.path(), Permissions::from_mode(wrong)).unwrap();
        let said = refused(data.path()).await;
        assert!(said.contains(&format!("chmod 700 {}", data.path().display())), "{said}");
        let printed = token(data.path());
        assert!(!printed.status.success() && printed.stdout.is_empty(), "{printed:?}");
    }
    for (mode, named) in [(0o755, true), (0o710, true), (0o700, false)] {
        set_permissions(data.path(), Permissions::from_mode(mode)).unwrap();
        assert!(token(data.path()).status.success());
        let said = served(data.path());
        let says = said.contains(&format!("chmod 700 {}", data.path().display()));
        assert_eq!(says, named, "{mode:o}: {said}");
    }
}
