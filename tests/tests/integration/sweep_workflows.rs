//! sweep-workflows, which a timer calls: it finds workflows that need a recovery and that no request named.

use alims_domain::lifecycle::State;
use alims_dynamodb::DynamoLog;
use alims_operations::ports::WorkflowLog;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::lab::Lab;
use alims_testing::builders::{a_created, a_move};

#[tokio::test]
async fn a_sweep_finds_and_quarantines_a_break_below_the_head() {
    let lab = Lab::open_sweeping().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "PAUSED"]).await;
    lab.alter("w", 2, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    let state = sue.until("/workflows/w", |state| state.get("quarantines").is_some()).await;
    assert_eq!(state["quarantines"][0]["found_by"], "sweep-workflows");
    sue.go("w", "ACTIVE").await.refused(423, "workflow-quarantined");
    assert_eq!(sue.get("/workflows/w/recovery").await.expect(200)["status"], "none");
}

#[tokio::test]
async fn a_workflow_that_is_missing_in_the_index_for_long_is_put_there_again() {
    let lab = Lab::open_sweeping().await;
    let sue = lab.everybody();
    // As old as the builders make it, and its notification was lost: it was written past the stream's pump.
    let log = DynamoLog::new(aws_sdk_dynamodb::Client::new(&lab.server.dynamodb()), "WorkflowLog");
    let created = a_created("w");
    let active = a_move(&created, State::Active);
    for version in [&created, &active] {
        log.append(version).await.unwrap();
    }
    sue.until("/workflows", |list| list["items"][0]["published_version"] == json!(2)).await;
    lab.remove_from_index("w").await;
    sue.until("/workflows", |list| list["items"][0]["published_version"] == json!(2)).await;
    let report = sue.until("/workflows/w/recovery", |report| report["status"] == "recovered").await;
    assert_eq!(
        (&report["trigger"], &report["requested_by"]),
        (&json!("sweep"), &json!("alims.workflow-manager/recovery"))
    );
}
