//! get-workflow-state over HTTP.

use crate::lab::Lab;

#[tokio::test]
async fn a_state_is_read_as_soon_as_it_was_acknowledged() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE", "PAUSED"]).await;
    let answer = lab.person("victor", &["viewer"]).get("/workflows/w").await;
    assert_eq!(answer.header("etag"), "\"3\"");
    let state = answer.expect(200);
    assert_eq!(state["current_state"], "PAUSED");
    assert_eq!(state["previous_state"], "ACTIVE");
    assert_eq!(state["allowed_transitions"], serde_json::json!(["ACTIVE", "CANCELLED"]));
    assert!(state["updated_at"].as_str() >= state["created_at"].as_str());
}

#[tokio::test]
async fn a_missing_workflow_or_another_tenant_s_is_not_found() {
    let lab = Lab::open().await;
    lab.everybody().create("w").await.expect(201);
    lab.everybody().get("/workflows/unknown").await.refused(404, "workflow-not-found");
    lab.person_of("other", "olga", &["supervisor"]).get("/workflows/w").await.refused(404, "workflow-not-found");
    lab.person("nobody", &[]).get("/workflows/w").await.refused(403, "forbidden");
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_malformed() {
    let lab = Lab::open().await;
    let long = "x".repeat(129);
    for id in ["a%2Fb", "a%00b", "%C3%A4", "a%23b", "a%20b", long.as_str(), "%ff"] {
        lab.everybody().get(&format!("/workflows/{id}")).await.refused(400, "malformed-request");
    }
    lab.everybody().get("/workflows/w?colour=red").await.refused(400, "malformed-request");
}
