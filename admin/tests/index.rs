//! `compare-index` and `empty-index` on a running `cargo local` whose log lost what was published.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

use alims_domain::projection::IndexEntry;
use alims_dynamodb::{DynamoIndex, DynamoLog, patient_client};
use alims_local::{Config, Server};
use alims_operations::ports::{WorkflowIndex, WorkflowLog};
use alims_testing::builders::{a_chain, a_key};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn admin(command: &str, data: &Path, more: &[&str]) -> Output {
    let mut admin = Command::new(env!("CARGO_BIN_EXE_alims-admin"));
    admin.args([command, "--local", "--data"]).arg(data).args(more).output().unwrap()
}

fn told(output: &Output) -> Value {
    let err = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {err}"))
}

/// Three workflows with three versions each; the index says that one was published up to a fourth, and knows a fourth
/// workflow.
async fn server() -> (Server, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(Config { hold_events: true, ..Config::new(data.path()) }).await.unwrap();
    let client = patient_client(&server.dynamodb());
    let (log, index) = (DynamoLog::new(client.clone(), "WorkflowLog"), DynamoIndex::new(client, "WorkflowIndex"));
    for (id, stored, published) in [("whole", 3, 3), ("behind", 3, 2), ("ahead", 3, 4), ("gone", 0, 2)] {
        let chain = a_chain(&a_key(id), 4, 1);
        for version in &chain[..stored] {
            log.append(version).await.unwrap();
        }
        index.advance(&IndexEntry::from(&chain[published - 1].event)).await.unwrap();
    }
    (server, data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_names_what_the_log_lost_with_all_that_a_script_needs_and_changes_nothing() {
    let (server, data) = server().await;
    for _ in 0..2 {
        let output = admin("compare-index", data.path(), &["--json"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = told(&output);
        assert_eq!((&said["ended"], &said["workflows"], &said["behind"]), (&json!("complete"), &json!(3), &json!(1)));
        assert_eq!(said["unlisted"], 0);
        let mut lost: Vec<[&Value; 5]> = said["findings"].as_array().unwrap().iter().map(shown).collect();
        lost.sort_by_key(|lost| lost[1].to_string());
        let (tenant, kind) = (json!("default"), json!("ahead-of-log"));
        let (ahead, gone) = (json!("ahead"), json!("gone"));
        let expected =
            [[&tenant, &ahead, &kind, &json!(4), &json!(3)], [&tenant, &gone, &kind, &json!(2), &json!(null)]];
        assert_eq!(lost, expected);
    }
    let people = String::from_utf8(admin("compare-index", data.path(), &[]).stdout).unwrap();
    assert!(people.contains("ahead-of-log: default/gone: "), "{people}");
    assert!(people.contains("3 workflows verified, 1 behind"), "{people}");
    server.stop().await;
}

fn shown(finding: &Value) -> [&Value; 5] {
    ["tenant_id", "workflow_id", "kind", "published_version", "head_version"].map(|member| &finding[member])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_emptied_only_by_its_name_and_rebuilt_without_a_finding() {
    let (server, data) = server().await;
    let refused = admin("empty-index", data.path(), &["--confirm", "WorkflowLog"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("the index of this service is WorkflowIndex, not WorkflowLog"), "{said}");
    assert_eq!(told(&admin("compare-index", data.path(), &["--json"]))["index_entries"], 4, "nothing was removed");

    let orphans = admin("empty-index", data.path(), &["--orphans", "--confirm", "WorkflowIndex", "--json"]);
    assert_eq!((orphans.status.code(), &told(&orphans)["entries_removed"]), (Some(0), &json!(1)));
    let emptied = admin("empty-index", data.path(), &["--confirm", "WorkflowIndex", "--json"]);
    // Three entries, and the hints of the labels that the chains have.
    assert_eq!((emptied.status.code(), &told(&emptied)["entries_removed"]), (Some(0), &json!(11)));

    let mut rebuild = Command::new(env!("CARGO_BIN_EXE_alims-admin"));
    let rebuilt = rebuild.args(["rebuild-index", "--json", "--local", "--data"]).arg(data.path()).output().unwrap();
    assert_eq!((rebuilt.status.code(), &told(&rebuilt)["entries_repaired"]), (Some(0), &json!(3)), "{rebuilt:?}");
    let whole = admin("compare-index", data.path(), &["--json"]);
    assert_eq!((whole.status.code(), &told(&whole)["findings"]), (Some(0), &json!([])));
    server.stop().await;
}
