//! recover-workflow over HTTP.

use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab};

#[tokio::test]
async fn a_failed_workflow_is_active_again_and_the_record_says_how() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    let answer = sue.post("/workflows/w/recovery", &json!({"reason": "power is back"})).await;
    assert_eq!(answer.header("location"), "/workflows/w/recovery");
    let report = answer.expect(202);
    assert_eq!(report["outcome"], "recovered");
    let state = sue.state("w").await;
    assert_eq!((&state["current_state"], &state["version"]), (&json!("ACTIVE"), &json!(4)));
    let history = sue.history("w").await;
    assert_eq!(history[3]["event_type"], "WorkflowRecovered");
    assert_eq!(history[3]["reason"], "power is back");
    sue.until("/workflows/w/recovery", |status| status["status"] == "recovered").await;
}

#[tokio::test]
async fn a_workflow_in_order_is_left_alone() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE"]).await;
    sue.until("/workflows/w/recovery", |status| status["status"] == "already-consistent").await;
    assert_eq!(sue.post("/workflows/w/recovery", &json!({})).await.expect(202)["outcome"], "already-consistent");
    // A body is not needed at all.
    let bare = Answer::to(sue.request(Method::POST, "/workflows/w/recovery")).await;
    assert_eq!(bare.expect(202)["outcome"], "already-consistent");
    assert_eq!(sue.history("w").await.len(), 2);
}

#[tokio::test]
async fn an_index_entry_that_was_lost_or_spoilt_is_rebuilt() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE"]).await;
    let listed = |list: &Value| list["items"][0]["published_version"] == json!(2);
    let before = sue.until("/workflows", listed).await;
    lab.remove_from_index("w").await;
    assert_eq!(sue.get("/workflows").await.expect(200)["items"], json!([]));
    assert_eq!(sue.post("/workflows/w/recovery", &json!({})).await.expect(202)["outcome"], "recovered");
    assert_eq!(sue.get("/workflows").await.expect(200), before);
    lab.alter_index("w", "created_by", AttributeValue::S("mallory".to_owned())).await;
    assert_eq!(sue.post("/workflows/w/recovery", &json!({})).await.expect(202)["outcome"], "recovered");
    assert_eq!(sue.get("/workflows").await.expect(200), before);
}

#[tokio::test]
async fn a_broken_history_is_left_as_it_is() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    lab.alter("w", 2, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    let report = sue.post("/workflows/w/recovery", &json!({})).await.expect(202);
    assert_eq!((&report["outcome"], &report["broken_at_version"]), (&json!("quarantined"), &json!(2)));
    assert_eq!(sue.history("w").await.len(), 3);
    assert_eq!(sue.get("/workflows/w/recovery").await.expect(200)["status"], "quarantined");
}

#[tokio::test]
async fn recovery_is_for_supervisors_and_for_workflows_that_are_there() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    lab.person("anna", &["analyst"]).post("/workflows/w/recovery", &json!({})).await.refused(403, "forbidden");
    sue.post("/workflows/unknown/recovery", &json!({})).await.refused(404, "workflow-not-found");
    let olga = lab.person_of("other", "olga", &["supervisor"]);
    olga.post("/workflows/w/recovery", &json!({})).await.refused(404, "workflow-not-found");
    sue.post("/workflows/w/recovery", &json!({"reason": ""})).await.refused(400, "malformed-request");
    assert_eq!(sue.state("w").await["current_state"], "FAILED");
}
