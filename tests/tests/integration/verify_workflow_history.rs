//! verify-workflow-history over HTTP, with stored bytes altered behind the service's back.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::lab::Lab;

#[tokio::test]
async fn an_untouched_history_is_valid() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE", "PAUSED", "ACTIVE"]).await;
    let verification = alice.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!((&verification["valid"], &verification["versions_checked"]), (&json!(true), &json!(4)));
    assert_eq!((&verification["complete"], &verification["from_version"]), (&json!(true), &json!(1)));
    alice.get("/workflows/w/history/verification?cursor=AAAA").await.refused(400, "malformed-request");
    let history = alice.pages("/workflows/w/history?limit=10").await;
    assert_eq!(verification["head_hash"], history[3]["hash"]);
}

#[tokio::test]
async fn an_altered_version_is_named_and_the_workflow_moves_no_more_once_it_is_the_head() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE", "PAUSED"]).await;
    lab.alter("w", 2, "reason", AttributeValue::S("another reason".to_owned())).await;
    let verification = alice.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!(verification["valid"], false);
    assert_eq!(verification["broken_at_version"], 2);
    assert_eq!(verification["versions_checked"], 1);
    lab.alter("w", 3, "to_state", AttributeValue::S("COMPLETED".to_owned())).await;
    assert_eq!(alice.go("w", "ACTIVE").await.refused(423, "workflow-quarantined")["broken_at_version"], 3);
}

#[tokio::test]
async fn a_cut_end_is_found_when_the_workflow_moves_on_and_the_index_keeps_what_was_published() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE", "PAUSED"]).await;
    let published = alice.history("w").await[2]["hash"].clone();
    // Only what was published has the index as its witness.
    alice.until("/workflows", |list| list["items"][0]["published_version"] == 3).await;
    lab.remove("w", 3).await;
    let cut = alice.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!(
        (&cut["valid"], &cut["fault"], &cut["broken_at_version"]),
        (&json!(false), &json!("missing"), &json!(3))
    );
    // One more move is possible, until the publisher has the record of it.
    alice.go("w", "PAUSED").await.expect(200);
    let state = alice.until("/workflows/w", |state| state["quarantines"].is_array()).await;
    let stored = alice.history("w").await[2]["hash"].clone();
    assert_ne!(stored, published);
    let notice = &state["quarantines"][0];
    assert_eq!((&notice["fault"], &notice["found_by"]), (&json!("replaced"), &json!("publish-events")));
    assert_eq!((&notice["content"], &notice["published_hash"]), (&stored, &published));
    alice.go("w", "ACTIVE").await.refused(423, "workflow-quarantined");
    assert_eq!(alice.recovered().await["status"], "quarantined");
    let found = alice.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!(
        (&found["valid"], &found["fault"], &found["published_hash"]),
        (&json!(false), &json!("replaced"), &published)
    );

    let release = alice.release_of_all("w", "compared with the event archive").await;
    alice.post("/workflows/w/release", &release).await.expect(200);
    assert_eq!(alice.recovered().await["status"], "recovered");
    assert_eq!(alice.recovered().await["status"], "already-consistent");
    alice.go("w", "ACTIVE").await.expect(200);
    let on_the_bus = |line: &Value| line["detail"]["hash"] == stored;
    lab.archived(on_the_bus).await;
    assert_eq!(alice.get("/workflows/w/history/verification").await.expect(200)["fault"], "replaced", "for ever");
}

#[tokio::test]
async fn an_auditor_and_no_other_role_verifies_a_workflow_that_is_there() {
    let lab = Lab::open().await;
    lab.everybody().create("w").await.expect(201);
    lab.person("sue", &["supervisor"]).get("/workflows/w/history/verification").await.refused(403, "forbidden");
    let auditor = lab.person("audrey", &["auditor"]);
    auditor.get("/workflows/unknown/history/verification").await.refused(404, "workflow-not-found");
    auditor.get("/workflows/w/history/verification").await.expect(200);
}
