//! amend-workflow over HTTP.

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

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
