//! Exports of a deployed log: a small one within its request, a large one by the state machine, both downloaded from the
//! bucket and checked by the program in them. Runs after all else, because it writes to the log past the service.

use alims_domain::lifecycle::State;
use alims_dynamodb::DynamoLog;
use alims_operations::ports::WorkflowLog;
use alims_testing::builders::{a_created_of, a_key_of, a_move};
use aws_sdk_dynamodb::Client;
use serde_json::{Value, json};
use std::process::Command;

use crate::people::Person;
use crate::world::WORLD;

/// Entries of the large export.
const VERSIONS: usize = 520;

async fn verified(export: &Value) -> String {
    let archive = reqwest::get(export["download_url"].as_str().unwrap()).await.unwrap().error_for_status().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (zip, unpacked) = (folder.path().join("export.zip"), folder.path().join("export"));
    std::fs::write(&zip, archive.bytes().await.unwrap()).unwrap();
    let status = Command::new("python3").args(["-m", "zipfile", "-e"]).args([&zip, &unpacked]).status();
    assert!(status.expect("this scenario needs the program python3").success());
    let output = Command::new("python3").arg(unpacked.join("verify.py")).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
    told
}

#[tokio::test]
async fn small_and_large_exports_are_made_signed_and_downloaded() {
    let log = DynamoLog::new(Client::new(&crate::world::aws().await), WORLD.output("LogTableName"));
    let tenant = "exporting".parse().unwrap();
    let mut version = a_created_of(&a_key_of(&tenant, "exported"));
    log.append(&version).await.unwrap();
    let auditor = Person::with_claims(&json!({"sub": "audrey", "tenant_id": "exporting", "roles": ["auditor"]}));
    let small = auditor.post("/exports", &json!({"workflow_id": "exported"})).await.expect(201);
    assert!(verified(&small).await.contains("1 records of 1 workflows"), "{small}");
    for number in 1..VERSIONS {
        version = a_move(&version, if number % 2 == 1 { State::Active } else { State::Paused });
        log.append(&version).await.unwrap();
    }
    let large = auditor.post("/exports", &json!({"workflow_id": "exported", "reason": "A trial."})).await.expect(202);
    let path = format!("/exports/{}", large["export_id"].as_str().unwrap());
    let large = auditor.until(&path, |export| export["status"] != "RUNNING").await;
    assert_eq!((&large["status"], &large["entries"]), (&json!("COMPLETED"), &json!(VERSIONS)), "{large}");
    assert!(verified(&large).await.contains(&format!("{VERSIONS} records of 1 workflows")));
}
