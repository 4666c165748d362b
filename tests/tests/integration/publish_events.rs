//! publish-events behind the log's stream: what was acknowledged appears on the bus, in order, and in the list.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::lab::Lab;

#[tokio::test]
async fn every_version_of_every_workflow_appears_once_and_in_order() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let ids: Vec<String> = (0..20).map(|number| format!("w-{number}")).collect();
    let path = ["ACTIVE", "PAUSED", "ACTIVE", "FAILED", "ACTIVE", "COMPLETED"];
    join_all(ids.iter().map(|id| alice.at(id, &path))).await;
    let all = |list: &Value| {
        let items = list["items"].as_array().unwrap();
        items.len() == 20 && items.iter().all(|item| item["published_version"] == json!(7))
    };
    alice.until("/workflows?limit=100", all).await;
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in lab.archive() {
        assert_eq!(line["source"], "alims.workflow-manager");
        assert_eq!(line["detail-type"], line["detail"]["event_type"]);
        let id = line["detail"]["workflow_id"].as_str().unwrap().to_owned();
        seen.entry(id).or_default().push(line["detail"]["version"].as_u64().unwrap());
    }
    for id in &ids {
        assert_eq!(seen[id], [1, 2, 3, 4, 5, 6, 7], "{id}");
    }
}

#[tokio::test]
async fn an_event_on_the_bus_is_the_event_of_the_history() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE"]).await;
    alice.until("/workflows", |list| list["items"][0]["published_version"] == json!(2)).await;
    let details: Vec<Value> = lab.archive().into_iter().map(|line| line["detail"].clone()).collect();
    assert_eq!(details, alice.pages("/workflows/w/history?limit=10").await);
}

#[tokio::test]
async fn a_refused_attempt_is_published_on_the_bus() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    alice.go("w", "PAUSED").await.refused(409, "invalid-transition");
    let refused = lab.archived(|line| line["detail-type"] == "WorkflowTransitionRefused").await;
    assert_eq!(refused["detail"]["code"], "invalid-transition");
    assert_eq!(refused["detail"]["requested_by"], "alice");
}
