//! `cargo local seed`: a believable laboratory, made once however often the command runs.

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

use crate::site::PATIENCE;

/// Seeds the data folder: what the command reports as JSON.
async fn seeded(data: &Path, workflows: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alims-local"));
    command.args(["seed", "--json", "--workflows", workflows, "--data"]).arg(data);
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE * 4, running).await.expect("it does not end").unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn a_seed_makes_every_state_refusals_and_a_quarantine_and_makes_them_once() {
    let data = tempfile::tempdir().unwrap();
    let first = seeded(data.path(), "40").await;
    assert_eq!((&first["created"], &first["there_already"]), (&40.into(), &0.into()));
    assert!(first["refused"].as_u64().unwrap() >= 3, "{first}");
    assert_eq!(first["quarantined"], "sample-2026-0004");
    let states = first["counts"]["counts"].as_object().expect("counts by state");
    assert_eq!((states.len(), &first["counts"]["total"]), (6, &40.into()));
    assert!(states.values().all(|count| count.as_u64().unwrap_or_default() > 0), "{first}");

    let again = seeded(data.path(), "40").await;
    assert_eq!((&again["created"], &again["there_already"]), (&0.into(), &40.into()));
    assert_eq!((&again["refused"], &again["counts"]), (&0.into(), &first["counts"]));
}
