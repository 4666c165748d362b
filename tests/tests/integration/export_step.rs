//! export-step, which has no route: what a job makes of a large export is seen from outside.

use alims_domain::lifecycle::State;
use alims_dynamodb::DynamoLog;
use alims_operations::ports::WorkflowLog;
use alims_testing::builders::{a_created, a_move};
use serde_json::{Value, json};

use crate::export_records::{downloaded, once, verified};
use crate::lab::Lab;

#[tokio::test]
async fn a_large_export_goes_on_after_its_answer() {
    let lab = Lab::open().await;
    let log = DynamoLog::new(aws_sdk_dynamodb::Client::new(&lab.server.dynamodb()), "WorkflowLog");
    let mut version = a_created("wf-1");
    log.append(&version).await.unwrap();
    for number in 1..520 {
        version = a_move(&version, if number % 2 == 1 { State::Active } else { State::Paused });
        log.append(&version).await.unwrap();
    }
    let ada = lab.person("ada", &["auditor"]);
    let asked = once(&ada, &json!({"workflow_id": "wf-1"}), "k").await.expect(202);
    assert_eq!((&asked["status"], &asked["download_url"]), (&"RUNNING".into(), &Value::Null), "{asked}");
    let path = format!("/exports/{}", asked["export_id"].as_str().unwrap());
    let export = ada.until(&path, |export| export["status"] != "RUNNING").await;
    assert_eq!((&export["status"], &export["entries"]), (&"COMPLETED".into(), &520.into()), "{export}");
    assert!(verified(&downloaded(&export).await).contains("520 records of 1 workflows, and 520 links"));
    let again = once(&ada, &json!({"workflow_id": "wf-1"}), "k").await.expect(200);
    assert_eq!((&again["export_id"], &again["sha256"]), (&export["export_id"], &export["sha256"]));
    once(&ada, &json!({"workflow_id": "wf-2"}), "k").await.refused(404, "workflow-not-found");
    let period = json!({"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00Z"});
    assert_eq!(once(&ada, &period, "k").await.expect(422)["code"], "idempotency-key-reused");
    assert_eq!(ada.pages("/activity?kind=RecordsExported").await.len(), 1);
}
