//! replay-events over HTTP.

use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab, Person};

/// The path of a workflow's replays.
fn replay(workflow_id: &str) -> String {
    format!("/workflows/{workflow_id}/replay")
}

/// Waits until everything up to this version of the only workflow is published.
async fn published(person: &Person, version: u64) {
    person.until("/workflows", |list| list["items"][0]["published_version"] == version).await;
}

/// What was put on the bus as a replay.
fn replayed(lab: &Lab) -> Vec<Value> {
    lab.archive().into_iter().map(|line| line["detail"].clone()).filter(|detail| detail["replay"] == true).collect()
}

fn versions(details: &[Value]) -> Vec<u64> {
    details.iter().map(|detail| detail["version"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_published_events_come_again_in_order_and_say_so() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "PAUSED", "ACTIVE"]).await;
    published(&sue, 4).await;
    let (listed, history) = (sue.get("/workflows").await.expect(200), sue.history("w").await);
    let report = sue.post(&replay("w"), &json!({"from_version": 2})).await.expect(202);
    assert_eq!(report, json!({"workflow_id": "w", "from_version": 2, "to_version": 4, "events_published": 3}));
    // Each is the event of the history, to the last member, and the mark.
    let mut again = replayed(&lab);
    for detail in &mut again {
        detail.as_object_mut().unwrap().remove("replay");
    }
    assert_eq!(again, history[1..]);
    assert_eq!(sue.get("/workflows").await.expect(200), listed);
    assert_eq!(sue.history("w").await, history);
}

#[tokio::test]
async fn a_long_history_takes_several_requests() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    let path: Vec<&str> = ["ACTIVE", "PAUSED"].into_iter().cycle().take(52).collect();
    sue.at("w", &path).await;
    published(&sue, 53).await;
    let first = sue.post(&replay("w"), &json!({"from_version": 1})).await.expect(202);
    assert_eq!((&first["to_version"], &first["next_version"]), (&json!(50), &json!(51)));
    let rest = sue.post(&replay("w"), &json!({"from_version": first["next_version"]})).await.expect(202);
    assert_eq!((&rest["to_version"], rest.get("next_version")), (&json!(53), None));
    assert_eq!(versions(&replayed(&lab)), (1..=53).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_version_that_is_not_published_is_not_replayed() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE"]).await;
    published(&sue, 2).await;
    let refused = sue.post(&replay("w"), &json!({"from_version": 3})).await.refused(400, "malformed-request");
    assert_eq!(refused["errors"][0]["pointer"], "/from_version");
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("must be at most 2: the workflow is at version 2"), "{message}");
    lab.remove_from_index("w").await;
    sue.post(&replay("w"), &json!({"from_version": 1})).await.refused(400, "malformed-request");
    assert_eq!(replayed(&lab), Vec::<Value>::new());
    // A recovery publishes everything and knows again how far that is.
    assert_eq!(sue.recovered().await["status"], "recovered");
    sue.post(&replay("w"), &json!({"from_version": 1})).await.expect(202);
    assert_eq!(versions(&replayed(&lab)), [1, 2]);
}

#[tokio::test]
async fn a_broken_history_is_not_replayed_at_all() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "PAUSED", "ACTIVE"]).await;
    published(&sue, 4).await;
    lab.alter("w", 2, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    let refused = sue.post(&replay("w"), &json!({"from_version": 1})).await.refused(423, "workflow-quarantined");
    assert_eq!(refused["broken_at_version"], 2);
    assert_eq!(replayed(&lab), Vec::<Value>::new());
}

#[tokio::test]
async fn replays_are_for_supervisors_and_for_workflows_that_are_there() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &[]).await;
    published(&sue, 1).await;
    let from_1 = json!({"from_version": 1});
    lab.person("anna", &["analyst"]).post(&replay("w"), &from_1).await.refused(403, "forbidden");
    let kept = &sue.history("w").await[1];
    assert_eq!((&kept["operation"], &kept["code"]), (&json!("replay-events"), &json!("forbidden")));
    assert_eq!((&kept["requested_by"], kept.get("target_state")), (&json!("anna"), None));
    sue.post(&replay("unknown"), &from_1).await.refused(404, "workflow-not-found");
    let olga = lab.person_of("other", "olga", &["supervisor"]);
    olga.post(&replay("w"), &from_1).await.refused(404, "workflow-not-found");
    for body in
        [json!({}), json!({"from_version": 0}), json!({"from_version": "1"}), json!({"from_version": 1, "to": 1})]
    {
        sue.post(&replay("w"), &body).await.refused(400, "malformed-request");
    }
    Answer::to(sue.request(Method::POST, &replay("w"))).await.refused(400, "malformed-request");
    assert_eq!(replayed(&lab), Vec::<Value>::new());
    lab.person("sid", &["supervisor"]).post(&replay("w"), &from_1).await.expect(202);
}
