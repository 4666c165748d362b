//! The command on a running `cargo local`: what it puts in order, what it says, and what it says when nothing runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

use alims_domain::event::WorkflowEvent;
use alims_domain::projection::IndexEntry;
use alims_dynamodb::{DynamoIndex, DynamoLog, patient_client};
use alims_local::folder::DataFolder;
use alims_local::{Config, Server, archived_events};
use alims_operations::ports::{WorkflowIndex, WorkflowLog};
use alims_testing::builders::{a_chain, a_created, a_key, sealed};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn rebuild_index(data: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alims-admin"));
    command.args(["rebuild-index", "--local", "--data"]).arg(data).args(more).output().unwrap()
}

fn told(output: &Output) -> Value {
    let err = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {err}"))
}

/// A server that publishes nothing by itself, with ten workflows in its log.
async fn server() -> (Server, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(Config { hold_events: true, ..Config::new(data.path()) }).await.unwrap();
    let log = DynamoLog::new(patient_client(&server.dynamodb()), "WorkflowLog");
    for number in 0..10 {
        for version in a_chain(&a_key(&format!("w-{number}")), number + 1, 1) {
            log.append(&version).await.unwrap();
        }
    }
    (server, data)
}

fn published(data: &Path) -> usize {
    archived_events(&data.join("events.sqlite")).unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_index_is_rebuilt_and_what_was_not_published_is_published() {
    let (server, data) = server().await;
    let dry = rebuild_index(data.path(), &["--dry-run", "--json"]);
    assert_eq!((dry.status.code(), published(data.path())), (Some(0), 0));
    let would = told(&dry);
    assert_eq!((&would["entries_repaired"], &would["events_published"]), (&json!(10), &json!(55)));

    let rebuilt = rebuild_index(data.path(), &["--json", "--workers", "3"]);
    assert_eq!((rebuilt.status.code(), published(data.path())), (Some(0), 55), "{rebuilt:?}");
    assert_eq!(told(&rebuilt)["ended"], "complete");
    let client = patient_client(&server.dynamodb());
    let (log, index) = (DynamoLog::new(client.clone(), "WorkflowLog"), DynamoIndex::new(client, "WorkflowIndex"));
    let keys: Vec<_> = (0..10).map(|number| a_key(&format!("w-{number}"))).collect();
    let entries = index.entries(&keys).await.unwrap();
    for key in &keys {
        let head = log.head(key).await.unwrap().unwrap();
        assert_eq!(entries.get(key), Some(&Ok(IndexEntry::from(&head.event))), "{key}");
    }

    let again = rebuild_index(data.path(), &[]);
    assert!(again.status.success());
    let said = String::from_utf8(again.stdout).unwrap();
    assert!(said.starts_with("10 workflows looked at, 0 entries repaired, 0 caught up, 0 events"), "{said}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_horizon_takes_older_events_for_published_on_a_laptop_only_when_it_is_given() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(Config { hold_events: true, ..Config::new(data.path()) }).await.unwrap();
    let log = DynamoLog::new(patient_client(&server.dynamodb()), "WorkflowLog");
    for (id, made) in [("old", "2001-01-01T00:00:00.000Z"), ("young", "9001-01-01T00:00:00.000Z")] {
        let made = made.parse().unwrap();
        let created = WorkflowEvent { timestamp: made, created_at: made, ..a_created(id).event };
        log.append(&sealed(created)).await.unwrap();
    }
    assert_eq!(told(&rebuild_index(data.path(), &["--json", "--dry-run"]))["events_published"], 2);
    let said = told(&rebuild_index(data.path(), &["--json", "--horizon-hours", "24"]));
    assert_eq!((&said["entries_repaired"], &said["events_published"]), (&json!(2), &json!(1)));
    let events = archived_events(&data.path().join("events.sqlite")).unwrap();
    assert!(events.iter().any(|event| event.contains("young")), "{events:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_named_and_makes_the_exit_code() {
    let (server, data) = server().await;
    let log = DynamoLog::new(patient_client(&server.dynamodb()), "WorkflowLog");
    log.append(&a_chain(&a_key("gap"), 2, 1)[1]).await.unwrap();
    let rebuilt = rebuild_index(data.path(), &["--json"]);
    assert_eq!(rebuilt.status.code(), Some(1));
    let said = told(&rebuilt);
    assert_eq!((&said["ended"], &said["findings_total"]), (&json!("complete"), &json!(1)));
    let finding = &said["findings"][0];
    assert_eq!((&finding["key"], &finding["kind"]), (&json!("default/gap"), &json!("broken")));
    assert!(String::from_utf8_lossy(&rebuilt.stderr).contains("finding: default/gap: "), "{rebuilt:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_a_running_server_says_so_whatever_one_left_behind() {
    let (server, data) = server().await;
    let endpoints = DataFolder::open(data.path()).unwrap().endpoints();
    let left_behind = std::fs::read(&endpoints).unwrap();
    server.stop().await;
    assert!(!endpoints.exists(), "a server that ends tells no more");
    for left_behind in [None, Some(left_behind)] {
        if let Some(text) = left_behind {
            std::fs::write(&endpoints, text).unwrap();
        }
        let output = rebuild_index(data.path(), &[]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("error: no server is running on the data folder"), "{said}");
    }
    let nowhere = rebuild_index(&data.path().join("nowhere"), &[]);
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("no server is running"), "{nowhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_anchors_of_a_laptop_are_made_and_verified_and_a_removed_version_is_found() {
    let (server, data) = server().await;
    let admin = |command: &str, more: &[&str]| {
        let mut admin = Command::new(env!("CARGO_BIN_EXE_alims-admin"));
        admin.args([command, "--local", "--data"]).arg(data.path()).args(more).output().unwrap()
    };
    let made = admin("anchor-heads", &["--tenant", "default"]);
    assert!(made.status.success(), "{made:?}");
    assert!(data.path().join("anchors/default/0000000001.json").is_file());
    let public = data.path().join("signing-key.pub");
    let key = ["--tenant", "default", "--json", "--public-key", public.to_str().unwrap()];
    let verified = admin("verify-anchors", &key);
    let sound = told(&verified);
    assert_eq!(
        (verified.status.code(), &sound["ended"], &sound["findings"]),
        (Some(0), &json!("complete"), &json!([]))
    );
    assert_eq!((&sound["anchors"], &sound["entries"]), (&json!(1), &json!(55)));

    let client = patient_client(&server.dynamodb());
    let names = [("pk", "default#w-9"), ("entry", "v#0000000010")];
    let names =
        names.map(|(name, text)| (name.to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned())));
    client.delete_item().table_name("WorkflowLog").set_key(Some(names.into())).send().await.unwrap();
    let last = format!("{}:{}", sound["last"]["number"], sound["last"]["hash"].as_str().unwrap());
    let verified = admin("verify-anchors", &["--tenant", "default", "--json", "--remembered", &last]);
    let found = told(&verified);
    assert_eq!((verified.status.code(), &found["ended"]), (Some(1), &json!("complete")));
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!((&found["findings"][0]["fault"], &found["findings"][0]["anchor"]), (&json!("end-cut"), &json!(1)));

    for none in [last.replacen("1:", "0:", 1), "1".to_owned(), "1:12".to_owned()] {
        let refused = admin("verify-anchors", &["--tenant", "default", "--remembered", &none]);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(said.contains("must be a number from 1 on, a colon and 64 hexadecimal digits"), "{said}");
    }

    let wrong = data.path().join("wrong.pem");
    std::fs::write(&wrong, "no key").unwrap();
    let refused = admin("verify-anchors", &["--tenant", "default", "--public-key", wrong.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("wrong.pem"), "{refused:?}");
    server.stop().await;
}
