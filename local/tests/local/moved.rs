//! The program alone, in an empty folder of a machine without the repository.

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::site::{PATIENCE, Person};

/// Copies the program into an empty folder.
fn moved() -> TempDir {
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_alims-local"), elsewhere.path().join("alims-local")).unwrap();
    elsewhere
}

/// Started by a shell: cargo has no part in it.
fn command(elsewhere: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(elsewhere.join("alims-local"));
    let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO"));
    for (name, _) in ours {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(elsewhere).stdin(Stdio::null()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn the_demo_holds_in_an_empty_folder() {
    let elsewhere = moved();
    let output = command(elsewhere.path(), &["demo", "--json"]).output();
    let output = tokio::time::timeout(2 * PATIENCE, output).await.unwrap().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success() && report["holds"] == true, "{report:#}");
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1, "it leaves nothing behind");
}

#[tokio::test]
async fn a_server_in_an_empty_folder_needs_nothing_of_the_repository() {
    let elsewhere = moved();
    let mut server = command(elsewhere.path(), &["--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let (mut banner, mut base) = (String::new(), None);
    while base.is_none() {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().expect("it ended");
        base = line.strip_prefix("listening on ").map(str::to_owned);
        banner.push_str(&line);
    }
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_str().unwrap();
    assert!(!banner.contains(repository) && !banner.contains("cargo local"), "{banner}");
    let pin = std::fs::read_to_string(elsewhere.path().join(".local/pin")).unwrap();
    let console = format!("console   {}/", base.as_ref().unwrap());
    assert!(banner.contains(&console) && banner.contains(pin.trim()), "{banner}");
    assert!(!banner.contains("eyJ"), "a token is in the banner: {banner}");
    let token = command(elsewhere.path(), &["token", "--sub", "alice", "--role", "analyst"]).output().await.unwrap();
    let token = String::from_utf8(token.stdout).unwrap().trim_end().to_owned();
    let alice = Person::new(base.unwrap(), token);
    alice.create("w-1").await;
    assert_eq!(alice.move_to("w-1", "ACTIVE").await.0, 200);
    let mut found: Vec<_> = std::fs::read_dir(elsewhere.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    found.sort();
    assert_eq!(found, [".local", "alims-local"]);
    assert!(elsewhere.path().join(".local/shipped/rules/laboratory.yaml").exists());
}

#[tokio::test]
async fn a_folder_that_an_option_or_the_environment_names_comes_before_what_is_built_in() {
    let elsewhere = moved();
    let empty = elsewhere.path().to_str().unwrap();
    for (name, value) in [("ALIMS_RULES_DIR", "no rulesets"), ("ALIMS_POLICIES_DIR", "policies")] {
        let output = command(elsewhere.path(), &["--port", "0"]).env(name, empty).output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(value) && said.contains(empty), "{said}");
    }
    let output = command(elsewhere.path(), &["--port", "0", "--rules", empty]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no rulesets"), "{output:?}");
}

#[tokio::test]
async fn a_rules_engine_in_an_empty_folder_has_the_rules() {
    let elsewhere = moved();
    let mut engine =
        command(elsewhere.path(), &["rules-engine", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(engine.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().expect("it ended");
    assert!(line.starts_with("listening on "), "{line}");
}
