//! Names of members in the JSON of a caller, over HTTP: what is accepted is read back the same wherever it shows, and
//! nothing that is accepted keeps a workflow from being read or moved.

use alims_domain::limits::JSON_DEPTH_MAX;
use alims_subscriber::Event;
use alims_testing::odd_documents::{self, OddDocument};
use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::lab::{Answer, FREE, Lab, PATIENCE, Person, go, transitions};

impl Person {
    /// Posts a body as it is written.
    async fn post_text(&self, path: &str, body: String) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        Answer::to(request.body(body)).await
    }
}

/// Where a refusal says that the body is at fault.
fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().filter_map(|error| error["pointer"].as_str()).collect()
}

/// An object as a member of a move that leads there.
fn move_with(target: &str, member: &str, object: &str) -> String {
    format!(r#"{{"target_state":"{target}","reason":"x","{member}":{object}}}"#)
}

#[tokio::test]
async fn a_reserved_name_is_refused_at_its_place_and_the_workflow_moves_afterwards() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    let path = transitions("w");
    for (member, object, place) in [
        ("validation_context", r#"{"a":{"$serde_json::private::RawValue":"1"}}"#, "/a/$serde_json::private::RawValue"),
        ("metadata", r#"{"a":{"$serde_json::private::RawValue":"1"}}"#, "/a/$serde_json::private::RawValue"),
        ("metadata", r#"{"$serde_json::private::RawValue":null}"#, "/$serde_json::private::RawValue"),
        ("metadata", r#"{"a":[{"$serde_json::private::Number":"1"}]}"#, "/a/0/$serde_json::private::Number"),
    ] {
        for query in ["", "?dry_run=true"] {
            let answer = alice.post_text(&format!("{path}{query}"), move_with("ACTIVE", member, object)).await;
            let problem = answer.refused(400, "malformed-request");
            assert_eq!(pointers(&problem), [format!("/{member}{place}")]);
        }
    }
    let new = r#"{"workflow_type":"free-form","metadata":{"a":{"$serde_json::private::RawValue":"1"}}}"#.to_owned();
    alice.post_text("/workflows", new).await.refused(400, "malformed-request");
    let query = "/workflows?%24serde_json%3A%3Aprivate%3A%3ARawValue=1";
    alice.get(query).await.refused(400, "malformed-request");
    assert_eq!(alice.state("w").await["version"], 1);
    alice.go("w", "ACTIVE").await.expect(200);
    alice.go("w", "COMPLETED").await.expect(200);
    assert_eq!(alice.get("/workflows/w/history/verification").await.expect(200)["valid"], true);
}

#[tokio::test]
async fn a_stored_version_with_a_reserved_name_is_a_break() {
    for (attribute, text) in [
        ("metadata", r#"{"$serde_json::private::RawValue":"1"}"#),
        ("metadata", r#"{"a":{"$serde_json::private::RawValue":"1"}}"#),
        ("validation_context", r#"{"a":{"$serde_json::private::RawValue":"{"}}"#),
    ] {
        let lab = Lab::open().await;
        let sue = lab.everybody();
        sue.create("w").await.expect(201);
        sue.post_text(&transitions("w"), move_with("ACTIVE", "validation_context", "{}")).await.expect(200);
        lab.alter("w", 2, attribute, AttributeValue::S(text.to_owned())).await;
        sue.get("/workflows/w").await.refused(423, "workflow-quarantined");
        let history = sue.history("w").await;
        assert_eq!((history.len(), &history[1]["event_type"]), (2, &json!("UnreadableEntry")), "{text}");
        sue.go("w", "PAUSED").await.refused(423, "workflow-quarantined");
        let verification = sue.get("/workflows/w/history/verification").await.expect(200);
        assert_eq!((&verification["valid"], &verification["fault"]), (&json!(false), &json!("unreadable")), "{text}");
        let report = sue.recovered().await;
        assert_eq!((&report["status"], &report["fault"]), (&json!("quarantined"), &json!("unreadable")), "{text}");
        // A supervisor gets the workflow moving again, from the version below.
        let release = sue.release_of_all("w", "version 2 holds what no reader can take").await;
        sue.post("/workflows/w/release", &release).await.expect(200);
        assert_eq!(sue.state("w").await["passed_over_version"], 2, "{text}");
        let moved = sue.go("w", "ACTIVE").await.expect(200);
        assert_eq!((&moved["event"]["version"], &moved["event"]["resumes"]["from_version"]), (&json!(3), &json!(1)));
    }
}

/// Creates a workflow with a document as metadata and moves it with the document in both places.
async fn create_and_move(sue: &Person, id: &str, document: &OddDocument) {
    let text = &document.text;
    let new = format!(r#"{{"workflow_type":"{FREE}","workflow_id":"{id}","metadata":{text}}}"#);
    let created = sue.post_text("/workflows", new).await;
    let path = transitions(id);
    if !document.is_free() {
        let problem = created.refused(400, "malformed-request");
        assert_eq!(pointers(&problem), document.reserved_below("/metadata"), "{text}");
        sue.create(id).await.expect(201);
        for member in ["metadata", "validation_context"] {
            let problem =
                sue.post_text(&path, move_with("ACTIVE", member, text)).await.refused(400, "malformed-request");
            assert_eq!(pointers(&problem), document.reserved_below(&format!("/{member}")), "{text}");
        }
        sue.go(id, "ACTIVE").await.expect(200);
        return;
    }
    assert_eq!(created.expect(201)["metadata"].as_object(), Some(&document.object), "{text}");
    let dry = format!("{path}?dry_run=true");
    sue.post_text(&dry, move_with("ACTIVE", "validation_context", text)).await.expect(200);
    let moved = sue.post_text(&path, move_with("ACTIVE", "validation_context", text)).await.expect(200);
    assert_eq!(moved["event"]["validation_context"].as_object(), Some(&document.object), "{text}");
    sue.post_text(&path, move_with("PAUSED", "metadata", text)).await.expect(200);
    sue.go(id, "ACTIVE").await.expect(200);
}

/// Looks at everything that shows a workflow's JSON.
async fn read_back(sue: &Person, id: &str, document: &OddDocument) -> Vec<Value> {
    let (text, state) = (&document.text, sue.state(id).await);
    assert_eq!(state["current_state"], "ACTIVE", "{text}");
    let history = sue.pages(&format!("/workflows/{id}/history?limit=2")).await;
    if document.is_free() {
        let patched = document.patched_onto(&document.object);
        assert_eq!(state["metadata"].as_object(), Some(&patched), "{text}");
        assert_eq!(history.len(), 4, "{text}");
        assert_eq!(history[0]["metadata"].as_object(), Some(&document.object), "{text}");
        assert_eq!(history[1]["validation_context"].as_object(), Some(&document.object), "{text}");
        assert_eq!(history[3]["metadata"].as_object(), Some(&patched), "{text}");
    }
    assert_eq!(sue.get(&format!("/workflows/{id}/history/verification")).await.expect(200)["valid"], true, "{text}");
    history
}

#[tokio::test]
async fn odd_names_are_read_back_the_same_from_state_history_and_bus() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    let mut histories = BTreeMap::new();
    let documents = odd_documents::some(80, 1);
    for (number, document) in documents.iter().enumerate() {
        let id = format!("w-{number}");
        create_and_move(&sue, &id, document).await;
        histories.insert(id.clone(), read_back(&sue, &id, document).await);
    }
    let versions: usize = histories.values().map(Vec::len).sum();
    let all_published = async {
        while lab.archive().iter().filter(|line| line["detail"]["to_state"].is_string()).count() < versions {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all_published).await.expect("some versions were never published");
    let mut published: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lab.archive() {
        let event = Event::from_envelope(&line.to_string()).unwrap();
        let events = published.entry(event.workflow.workflow_id).or_default();
        events.push(serde_json::from_str(&event.detail).unwrap());
    }
    assert_eq!(published, histories);
    // The index follows the bus.
    let listed = |list: &Value| list["items"].as_array().is_some_and(|items| items.len() == documents.len());
    sue.until("/workflows?limit=100", listed).await;
    assert_eq!(sue.pages("/workflows?limit=20").await.len(), documents.len());
}

#[tokio::test]
async fn a_recovery_and_a_replay_keep_odd_names_as_they_are() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    // One level is taken by the member that each of them becomes.
    let shallow = |document: &OddDocument| document.levels() < JSON_DEPTH_MAX;
    let free = odd_documents::some_free(60, 2).into_iter().filter(shallow);
    let metadata: Map<String, Value> =
        free.enumerate().map(|(number, document)| (format!("m-{number}"), Value::Object(document.object))).collect();
    let new = json!({"workflow_type": FREE, "workflow_id": "w", "metadata": metadata});
    sue.post("/workflows", &new).await.expect(201);
    sue.go("w", "ACTIVE").await.expect(200);
    sue.post(&transitions("w"), &go("FAILED")).await.expect(200);
    assert_eq!(sue.recovered().await["status"], "recovered");
    assert_eq!(sue.state("w").await["metadata"], new["metadata"]);
    sue.until("/workflows", |list| list["items"][0]["published_version"] == 4).await;
    sue.post("/workflows/w/replay", &json!({"from_version": 1})).await.expect(202);
    let again = lab.archived(|line| line["detail"]["replay"] == true && line["detail"]["version"] == 4).await;
    assert_eq!(again["detail"]["metadata"], new["metadata"]);
}
