//! A server killed while it exports, and started again: the export is made to its end, as one archive and one audit
//! entry.

use alims_domain::hashing::ChainHash;
use alims_domain::lifecycle::State;
use alims_dynamodb::DynamoLog;
use alims_local::{Config, Server};
use alims_operations::ports::WorkflowLog;
use alims_testing::builders::{a_created, a_move};
use serde_json::{Value, json};
use std::path::Path;

use crate::server::{Caller, PATIENCE, client_of_this_machine, start, token, until};

/// The entries of the export: four parts.
const VERSIONS: usize = 1600;
/// What is there when the server is killed, time after time, each in the middle of an export of its own.
const KILLED_AT: [&str; 4] = ["job.json", "part-00000002.jsonl", "progress-00000003.json", "signature.json"];

#[tokio::test]
async fn an_export_that_is_killed_at_any_moment_is_made_once_and_whole() {
    let data = tempfile::tempdir().unwrap();
    fill(data.path()).await;
    let new = json!({"workflow_id": "wf-1", "reason": "Inspection."});
    let mut interrupted = 0;
    for (round, file) in KILLED_AT.into_iter().enumerate() {
        let (mut server, base) = start(data.path()).await;
        let caller = Caller { base, token: token(data.path()).await, http: client_of_this_machine() };
        let asked = caller.post_once("/exports", &new, &round.to_string()).await;
        assert_eq!((asked.0, &asked.1["status"]), (202, &"RUNNING".into()), "{}", asked.1);
        let export_id = asked.1["export_id"].as_str().unwrap().to_owned();
        let kept = data.path().join("exports/default").join(&export_id);
        until(|| kept.join(file).exists()).await;
        server.kill().await.unwrap();
        interrupted += usize::from(!kept.join("ending.json").exists());

        let (mut server, base) = start(data.path()).await;
        let caller = Caller { base, token: token(data.path()).await, http: client_of_this_machine() };
        let export = completed(&caller, &export_id).await;
        assert_eq!(export["entries"], json!(VERSIONS), "{export}");
        let again = caller.post_once("/exports", &new, &round.to_string()).await;
        assert_eq!((again.0, &again.1["sha256"]), (200, &export["sha256"]), "{}", again.1);
        let archive = caller.http.get(export["download_url"].as_str().unwrap()).send().await.unwrap();
        let archive = archive.error_for_status().unwrap().bytes().await.unwrap();
        assert_eq!(export["sha256"], json!(ChainHash::of(&archive)), "{file}");
        assert_eq!(recorded(&caller, &export_id).await, 1, "{file}");
        server.kill().await.unwrap();
    }
    assert!(interrupted > 0, "no export was interrupted");
}

/// The export when it is complete.
async fn completed(caller: &Caller, export_id: &str) -> Value {
    let path = format!("/exports/{export_id}");
    let look = async {
        loop {
            let (status, export) = caller.get(&path).await.unwrap();
            assert_eq!(status, 200, "{export}");
            match export["status"].as_str() {
                Some("RUNNING") => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                _ => return export,
            }
        }
    };
    tokio::time::timeout(PATIENCE, look).await.expect("the export never ended")
}

/// The audit entries of an export.
async fn recorded(caller: &Caller, export_id: &str) -> usize {
    let (status, page) = caller.get("/activity?kind=RecordsExported").await.unwrap();
    assert_eq!(status, 200, "{page}");
    let items = page["items"].as_array().unwrap();
    items.iter().filter(|item| item["entry"]["details"]["job_id"] == json!(export_id)).count()
}

/// A workflow with many versions, past the service: its requests take longer.
async fn fill(data: &Path) {
    let server = Server::start(Config::new(data)).await.unwrap();
    let log = DynamoLog::new(aws_sdk_dynamodb::Client::new(&server.dynamodb()), "WorkflowLog");
    let mut version = a_created("wf-1");
    log.append(&version).await.unwrap();
    for number in 1..VERSIONS {
        version = a_move(&version, if number % 2 == 1 { State::Active } else { State::Paused });
        log.append(&version).await.unwrap();
    }
    server.stop().await;
}
