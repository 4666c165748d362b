//! The operations through the API, each by the function that the template gives its route to.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::people::{Person, go};
use crate::world::events_of;

#[tokio::test]
async fn a_workflow_is_created_moved_listed_and_verified() {
    let alice = Person::everybody();
    let created = alice.create("travelled").await.expect(201);
    assert_eq!(created["current_state"], "CREATED");
    let moved = alice.go("travelled", "ACTIVE").await.expect(200);
    assert_eq!(moved["event"]["version"], 2);
    let state = alice.get("/workflows/travelled").await.expect(200);
    assert_eq!((&state["current_state"], &state["version"]), (&json!("ACTIVE"), &json!(2)));

    let refused = alice.go("travelled", "CREATED").await.refused(409, "invalid-transition");
    assert_eq!(refused["allowed_transitions"], state["allowed_transitions"]);
    let history = alice.get("/workflows/travelled/history?include=refusals").await.expect(200);
    let types: Vec<&str> = items(&history).iter().map(|item| item["event_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["WorkflowCreated", "WorkflowStateChanged", "WorkflowTransitionRefused"]);
    let verified = alice.get("/workflows/travelled/history/verification").await.expect(200);
    assert_eq!(verified["valid"], true, "{verified}");

    // The list follows the publisher.
    let at_version_2 = |list: &Value| {
        items(list).iter().any(|item| item["workflow_id"] == "travelled" && item["published_version"] == 2)
    };
    alice.until("/workflows?state=ACTIVE&limit=100", at_version_2).await;
}

#[tokio::test]
async fn a_creation_that_the_rules_refuse_names_each_rule() {
    let alice = Person::everybody();
    let sample = json!({"workflow_type": "sample-analysis", "workflow_id": "unnamed"});
    let refused = alice.post("/workflows", &sample).await.refused(422, "rule-violation");
    assert_eq!(refused["reasons"][0]["rule_id"], "sample-identified");
    alice.get("/workflows/unnamed").await.refused(404, "workflow-not-found");
}

#[tokio::test]
async fn exactly_one_of_racing_transitions_wins() {
    const RACERS: usize = 8;
    let alice = Person::everybody();
    alice.create("raced").await.expect(201);
    let mut body = go("ACTIVE");
    body["expected_version"] = json!(1);
    let answers = join_all((0..RACERS).map(|_| alice.post("/workflows/raced/transitions", &body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!(won.len(), 1, "{won:?} {lost:?}");
    for loser in lost {
        assert_eq!(loser.refused(409, "version-conflict")["version"], 2);
    }
    let events = events_of("raced", 2).await;
    let versions: Vec<&Value> = events.iter().map(|event| &event["detail"]["version"]).collect();
    assert_eq!(versions, [&json!(1), &json!(2)]);
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().unwrap()
}
