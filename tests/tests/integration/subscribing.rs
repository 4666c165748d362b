//! The subscriber's side of a real run: every event is what its schema says, and however the bus delivers them, the
//! inbox gives back the history.

use alims_local::Config;
use alims_subscriber::{Event, EventType, Inbox, Received};
use aws_sdk_dynamodb::types::AttributeValue;
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use crate::lab::{Answer, FREE, Lab, transitions};

/// A laboratory that soon sees what is overdue.
async fn a_lab() -> Lab {
    Lab::open_as(|config| Config { sweep_deadlines_every: Duration::from_millis(100), ..config }).await
}

/// A run in which every type of event occurs, with all that a caller may say; what the bus accepted of it.
async fn a_run(lab: &Lab) -> Vec<Value> {
    let sue = lab.everybody();
    let metadata = json!({"sample_id": "S-1", "pressures": [1.5, 1e-7], "note": null});
    let new = json!({"workflow_type": FREE, "workflow_id": "w", "metadata": metadata});
    sue.post("/workflows", &new).await.expect(201);
    sue.go("w", "PAUSED").await.refused(409, "invalid-transition");
    sue.go("w", "ACTIVE").await.expect(200);
    let paused = json!({"target_state": "PAUSED", "reason": "Lunch.", "validation_context": {"hungry": true}});
    sue.post(&transitions("w"), &paused).await.expect(200);
    sue.go("w", "ACTIVE").await.expect(200);
    sue.go("w", "FAILED").await.expect(200);
    assert_eq!(sue.recovered().await["status"], "recovered");
    let late = json!({
        "reason": "It was due long ago.", "metadata": {"note": "late"}, "labels": {"sample": "S-1", "rack": "ä 7"},
        "due_at": "2020-01-31T12:00:00Z", "assignee": "carol", "validation_context": {"late": true}
    });
    Answer::to(sue.request(Method::PATCH, "/workflows/w").json(&late)).await.expect(200);
    lab.archived(|line| line["detail-type"] == "WorkflowOverdue").await;
    sue.go("w", "COMPLETED").await.expect(200);
    sue.until("/workflows", |list| list["items"][0]["published_version"] == 8).await;
    sue.post("/workflows/w/replay", &json!({"from_version": 1})).await.expect(202);
    lab.archived(|line| line["detail-type"] == "WorkflowTransitionRefused").await;
    lab.alter("w", 1, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    assert_eq!(sue.recovered().await["status"], "quarantined");
    let release = sue.release_of_all("w", "Compared with paper.").await;
    sue.post("/workflows/w/release", &release).await.expect(200);
    lab.archived(|line| line["detail-type"] == "WorkflowQuarantined").await;
    lab.archived(|line| line["detail-type"] == "WorkflowReleased").await;
    lab.alter("w", 1, "requested_by", AttributeValue::S("alice".to_owned())).await;
    lab.archive()
}

#[tokio::test]
async fn every_event_of_a_real_run_is_what_the_committed_schema_of_its_type_says() {
    let lab = a_lab().await;
    let mut types = BTreeSet::new();
    for line in a_run(&lab).await {
        let detail_type = line["detail-type"].as_str().unwrap().to_owned();
        let schema = std::fs::read_to_string(format!("../schemas/{detail_type}.json")).unwrap();
        let schema: Validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
        let errors: Vec<String> = schema.iter_errors(&line["detail"]).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{line}");
        types.insert((detail_type, line["detail"]["replay"] == true));
    }
    let versions = ["WorkflowCreated", "WorkflowStateChanged", "WorkflowRecovered", "WorkflowAmended"];
    let unordered = ["WorkflowTransitionRefused", "WorkflowQuarantined", "WorkflowReleased", "WorkflowOverdue"];
    let mut expected: BTreeSet<(String, bool)> = unordered.iter().map(|name| ((*name).to_owned(), false)).collect();
    expected.extend(versions.iter().flat_map(|name| [false, true].map(|replay| ((*name).to_owned(), replay))));
    assert_eq!(types, expected);
}

#[tokio::test]
async fn events_delivered_backwards_and_twice_come_out_of_the_inbox_as_the_history() {
    let lab = a_lab().await;
    let run = a_run(&lab).await;
    let (mut inbox, mut applied) = (Inbox::default(), Vec::new());
    // The newest first, among them the replayed ones, and then everything once more.
    for line in run.iter().rev().chain(&run) {
        let event = Event::from_envelope(&line.to_string()).unwrap();
        if let Received::Apply(events) = inbox.receive(event, SystemTime::UNIX_EPOCH).unwrap() {
            applied.extend(events);
        }
    }
    assert_eq!((inbox.gaps(), inbox.waiting()), (vec![], 0));
    let told = |event: &Event| {
        let mut detail: Value = serde_json::from_str(&event.detail).unwrap();
        detail.as_object_mut().unwrap().remove("replay");
        detail
    };
    let (versions, mut refusals): (Vec<Event>, Vec<Event>) =
        applied.into_iter().partition(|event| event.version.is_some());
    refusals.retain(|event| event.event_type == EventType::WorkflowTransitionRefused);
    let history = lab.everybody().history("w").await;
    let (recorded_refusals, recorded): (Vec<Value>, Vec<Value>) =
        history.into_iter().partition(|item| item["event_type"] == "WorkflowTransitionRefused");
    assert_eq!(versions.iter().map(told).collect::<Vec<_>>(), recorded);
    assert_eq!(refusals.iter().map(told).collect::<Vec<_>>(), recorded_refusals);
}
