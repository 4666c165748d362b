//! amend-workflow over HTTP.

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::lab::{Answer, Lab, Person, go};

async fn amended(person: &Person, workflow_id: &str, body: &Value) -> Answer {
    let request = person.request(Method::PATCH, &format!("/workflows/{workflow_id}"));
    Answer::to(request.json(body)).await
}

#[tokio::test]
async fn amend_workflow_is_answered_only_to_those_who_may() {
    let lab = Lab::open().await;
    let remark = json!({"reason": "as planned"});
    lab.everybody().create("w").await.expect(201);
    amended(&lab.person("anna", &["analyst"]), "w", &remark).await.expect(200);
    for (sub, roles) in [("nora", &[][..]), ("vera", &["viewer"]), ("otto", &["auditor"])] {
        amended(&lab.person(sub, roles), "w", &remark).await.refused(403, "forbidden");
    }
    amended(&lab.person_of("other", "olga", &["supervisor"]), "w", &remark).await.refused(404, "workflow-not-found");
    amended(&lab.everybody(), "v", &remark).await.refused(404, "workflow-not-found");
}

#[tokio::test]
async fn a_result_is_saved_without_a_move_and_shown_in_state_history_and_changes() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE"]).await;
    let body = json!({
        "reason": "The result is in.", "metadata": {"result": 7.5}, "labels": {"sample": "S-1"},
        "due_at": "2026-12-01T09:00:00Z", "assignee": "carol", "expected_version": 2
    });
    let result = amended(&alice, "w", &body).await.expect(200);
    assert_eq!((&result["outcome"], &result["event"]["event_type"]), (&json!("amended"), &json!("WorkflowAmended")));
    let state = alice.state("w").await;
    assert_eq!(state, result["workflow"]);
    assert_eq!((&state["current_state"], &state["previous_state"]), (&json!("ACTIVE"), &json!("CREATED")));
    assert_eq!(alice.history("w").await.pop(), Some(result["event"].clone()));
    alice.go("w", "COMPLETED").await.expect(200);
    amended(&alice, "w", &json!({"reason": "x", "assignee": null})).await.refused(409, "workflow-closed");
    amended(&alice, "w", &json!({"reason": "The report was sent."})).await.expect(200);
    let page = alice.get("/workflows/w/history?include=changes").await.expect(200);
    let changed = |version: usize| page["changes"][version - 1]["changes"].clone();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(5));
    assert_eq!(
        changed(3),
        json!([
            {"pointer": "/assignee", "to": "carol"},
            {"pointer": "/due_at", "to": "2026-12-01T09:00:00.000Z"},
            {"pointer": "/labels/sample", "to": "S-1"},
            {"pointer": "/metadata/result", "to": 7.5},
        ])
    );
    assert_eq!(changed(4), json!([{"pointer": "/current_state", "from": "ACTIVE", "to": "COMPLETED"}]));
    assert_eq!(changed(5), json!([]));
    let verified = alice.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!((&verified["valid"], &verified["versions_checked"]), (&json!(true), &json!(5)));
}

#[tokio::test]
async fn of_amendments_and_moves_at_once_one_makes_the_next_version() {
    const EACH: usize = 16;
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    for version in 1..=20 {
        let state = alice.state("w").await;
        assert_eq!(state["version"], version);
        let mut moving = go(if state["current_state"] == "ACTIVE" { "PAUSED" } else { "ACTIVE" });
        moving["expected_version"] = json!(version);
        let amending = json!({"reason": "x", "metadata": {"version": version}, "expected_version": version});
        let moves = join_all((0..EACH).map(|_| alice.post("/workflows/w/transitions", &moving)));
        let amendments = join_all((0..EACH).map(|_| amended(&alice, "w", &amending)));
        let (moves, amendments) = join(moves, amendments).await;
        let answers: Vec<u16> = moves.iter().chain(&amendments).map(|answer| answer.status.as_u16()).collect();
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|status| [200, 409].contains(status)), "{answers:?}");
    }
    let verified = alice.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!((&verified["valid"], &verified["versions_checked"]), (&json!(true), &json!(21)));
}

/// Under `If-Match` another version is a failed precondition, and a repeated key gets the first answer.
#[tokio::test]
async fn an_amendment_is_repeated_by_its_key_and_conditional_by_its_tag() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    let ask = |tag: &str| {
        let request = alice.request(Method::PATCH, "/workflows/w").header("idempotency-key", "k-1");
        Answer::to(request.header("if-match", tag).json(&json!({"reason": "x", "labels": {"rack": "7"}})))
    };
    let first = ask("\"1\"").await;
    assert_eq!(first.header("etag"), "\"2\"");
    let first = first.expect(200);
    assert_eq!(ask("\"1\"").await.expect(200), first);
    let stale = alice.request(Method::PATCH, "/workflows/w").header("if-match", "\"1\"");
    Answer::to(stale.json(&json!({"reason": "x"}))).await.refused(412, "version-conflict");
}

/// Each member in every way in which it can be wrong: the answer points there, and nothing is written.
#[tokio::test]
async fn bad_input_is_told_with_its_place_and_writes_nothing() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    let long = |length: usize| "x".repeat(length);
    let eleven: Map<String, Value> = (0..11).map(|number| (format!("l{number}"), json!("x"))).collect();
    for (place, body) in [
        ("/reason", json!({})),
        ("/reason", json!({"reason": ""})),
        ("/reason", json!({"reason": 7})),
        ("/reason", json!({"reason": long(100_000)})),
        ("/labels", json!({"reason": "x", "labels": []})),
        ("/labels", json!({"reason": "x", "labels": "a:b"})),
        ("/labels", json!({"reason": "x", "labels": eleven})),
        ("/labels/a", json!({"reason": "x", "labels": {"a": ""}})),
        ("/labels/a", json!({"reason": "x", "labels": {"a": 7}})),
        ("/labels/a", json!({"reason": "x", "labels": {"a": " b"}})),
        ("/labels/a", json!({"reason": "x", "labels": {"a": long(65)}})),
        ("/labels/A", json!({"reason": "x", "labels": {"A": "b"}})),
        ("/labels/", json!({"reason": "x", "labels": {"": "b"}})),
        ("/due_at", json!({"reason": "x", "due_at": ""})),
        ("/due_at", json!({"reason": "x", "due_at": 1_795_421_700})),
        ("/due_at", json!({"reason": "x", "due_at": "tomorrow"})),
        ("/due_at", json!({"reason": "x", "due_at": "2026-11-23T08:15:00"})),
        ("/due_at", json!({"reason": "x", "due_at": "2026-11-23T08:15:00.0001Z"})),
        ("/due_at", json!({"reason": "x", "due_at": long(100_000)})),
        ("/assignee", json!({"reason": "x", "assignee": ""})),
        ("/assignee", json!({"reason": "x", "assignee": ["bob"]})),
        ("/assignee", json!({"reason": "x", "assignee": long(257)})),
        ("/metadata", json!({"reason": "x", "metadata": []})),
        ("/metadata", json!({"reason": "x", "metadata": "a"})),
        ("/due_by", json!({"reason": "x", "due_by": "2026-11-23T08:15:00Z"})),
        ("/target_state", json!({"reason": "x", "target_state": "ACTIVE"})),
        ("/replaces", json!({"reason": "x", "replaces": "v"})),
    ] {
        let problem = amended(&alice, "w", &body).await.refused(400, "malformed-request");
        let pointed = problem["errors"].as_array().unwrap().iter().any(|error| error["pointer"] == place);
        assert!(pointed, "{place}: {problem}");
    }
    for text in
        [r#"{"reason": "x", "reason": "y"}"#, r#"{"reason": "x", "labels": {"a": "b", "a": "c"}}"#, "[]", "7", ""]
    {
        let request = alice.request(Method::PATCH, "/workflows/w").header("content-type", "application/json");
        Answer::to(request.body(text)).await.refused(400, "malformed-request");
    }
    let full = |number: usize| json!({"reason": "x", "labels": {format!("l{number}"): "x"}});
    assert_eq!(alice.history("w").await.len(), 1, "nothing was written");
    for number in 0..10 {
        amended(&alice, "w", &full(number)).await.expect(200);
    }
    // Sound by itself, too much with what is there.
    let problem = amended(&alice, "w", &full(10)).await.refused(400, "malformed-request");
    assert_eq!(problem["errors"][0]["pointer"], "/labels", "{problem}");
    assert_eq!(alice.history("w").await.len(), 11);
}
