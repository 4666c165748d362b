//! create-workflow over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, FREE, Lab};

#[tokio::test]
async fn a_new_workflow_is_at_version_1_and_says_where_it_is() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new = json!({"workflow_type": FREE, "workflow_id": "W:1.a_b-c", "metadata": {"priority": 1.5, "n": {"m": []}}});
    let answer = alice.post("/workflows", &new).await;
    assert_eq!(answer.header("location"), "/workflows/W:1.a_b-c");
    assert_eq!(answer.header("etag"), "\"1\"");
    assert!(!answer.header("x-request-id").is_empty());
    let created = answer.expect(201);
    assert_eq!(created["current_state"], "CREATED");
    assert_eq!(created["version"], 1);
    assert_eq!(created["created_by"], "alice");
    assert_eq!(created["metadata"], new["metadata"]);
    assert_eq!(created["allowed_transitions"], json!(["ACTIVE"]));
    assert_eq!(alice.state("W:1.a_b-c").await, created);
}

#[tokio::test]
async fn every_request_without_an_id_and_without_a_key_makes_a_workflow() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new = json!({"workflow_type": FREE});
    let one = alice.post("/workflows", &new).await.expect(201);
    let other = alice.post("/workflows", &new).await.expect(201);
    assert_ne!(one["workflow_id"], other["workflow_id"]);
}

#[tokio::test]
async fn the_same_request_with_the_same_key_has_one_effect() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new = json!({"workflow_type": FREE, "metadata": {"sample": 7}});
    let keyed = |body: &Value| alice.request(Method::POST, "/workflows").header("idempotency-key", "k-1").json(body);
    let first = Answer::to(keyed(&new)).await.expect(201);
    let id = first["workflow_id"].as_str().unwrap();
    alice.go(id, "ACTIVE").await.expect(200);
    // The first answer comes again, though the workflow has moved on.
    assert_eq!(Answer::to(keyed(&new)).await.expect(200), first);
    Answer::to(keyed(&json!({"workflow_type": "other"}))).await.refused(422, "idempotency-key-reused");
    assert_eq!(alice.history(id).await.len(), 2);
    // A key means nothing to somebody else.
    let bob = lab.person("bob", &["analyst"]);
    let request = bob.request(Method::POST, "/workflows").header("idempotency-key", "k-1").json(&new);
    assert_ne!(Answer::to(request).await.expect(201)["workflow_id"], first["workflow_id"]);
}

#[tokio::test]
async fn an_id_is_taken_once_in_a_tenant_and_again_in_another() {
    let lab = Lab::open().await;
    lab.everybody().create("w").await.expect(201);
    lab.everybody().create("w").await.refused(409, "workflow-already-exists");
    lab.person_of("other", "olga", &["analyst"]).create("w").await.expect(201);
}

#[tokio::test]
async fn sixteen_creations_of_one_id_make_one_workflow() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let answers = futures_util::future::join_all((0..16).map(|_| alice.create("raced"))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    assert_eq!(alice.history("raced").await.len(), 1);
}

#[tokio::test]
async fn the_rules_judge_a_creation_too() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new = json!({"workflow_type": "sample-analysis", "workflow_id": "no-sample"});
    let refused = alice.post("/workflows", &new).await.refused(422, "rule-violation");
    assert!(refused["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{refused}");
    assert!(refused["ruleset"].is_string() && refused["ruleset_version"].is_string());
    alice.get("/workflows/no-sample").await.refused(404, "workflow-not-found");
}

#[tokio::test]
async fn a_misspelt_type_is_refused_with_the_types_that_exist_and_kept() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new = json!({"workflow_type": "sample-analysys", "workflow_id": "w"});
    let refused = alice.post("/workflows", &new).await.refused(422, "rule-violation");
    assert_eq!(refused["reasons"][0]["rule_id"], "known-workflow-type");
    let message = refused["reasons"][0]["message"].as_str().unwrap();
    assert!(message.contains("sample-analysys does not exist") && message.contains(FREE), "{message}");
    alice.get("/workflows/w").await.refused(404, "workflow-not-found");
    assert_eq!(alice.history("w").await[0]["code"], "rule-violation");
}

#[tokio::test]
async fn a_body_in_another_form_is_refused_with_the_form_that_is_supported() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let sent = |name: &str, value: &str, body: &'static [u8]| {
        let request = alice.request(Method::POST, "/workflows").header("content-type", "application/json");
        Answer::to(request.header(name, value).body(body))
    };
    let gzip = sent("content-encoding", "gzip", b"\x1f\x8b\x08\x00").await;
    assert_eq!(gzip.header("accept-encoding"), "identity");
    gzip.refused(415, "unsupported-media-type");
    let form = alice.request(Method::POST, "/workflows").header("content-type", "application/x-www-form-urlencoded");
    let form = Answer::to(form.body(format!("workflow_type={FREE}"))).await;
    assert_eq!(form.header("accept"), "application/json");
    let problem = form.refused(415, "unsupported-media-type");
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("form-urlencoded"), "{problem}");
    let marked = sent("x-correlation-id", "c", b"\xef\xbb\xbf{}").await.refused(400, "malformed-request");
    assert!(marked["errors"][0]["message"].as_str().unwrap().contains("byte order mark"), "{marked}");
}

#[tokio::test]
async fn a_viewer_creates_nothing() {
    let lab = Lab::open().await;
    lab.person("victor", &["viewer"]).create("w").await.refused(403, "forbidden");
    lab.everybody().get("/workflows/w").await.refused(404, "workflow-not-found");
}

#[tokio::test]
async fn bad_input_is_told_all_at_once_and_writes_nothing() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let pointers = |problem: &Value| -> Vec<String> {
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    };
    let bad = json!({"workflow_type": "UPPER", "workflow_id": "a/b", "metadata": [], "colour": "red"});
    let mut all = pointers(&alice.post("/workflows", &bad).await.refused(400, "malformed-request"));
    all.sort();
    assert_eq!(all, ["/colour", "/metadata", "/workflow_id", "/workflow_type"]);
    for (bad, pointer) in [
        (json!({"workflow_type": FREE, "workflow_id": null}), "/workflow_id"),
        (json!({"workflow_type": FREE, "metadata": {"a/b": [1, 9_007_199_254_740_993_i64]}}), "/metadata/a~1b/1"),
    ] {
        assert_eq!(
            pointers(&alice.post("/workflows", &bad).await.refused(400, "malformed-request")),
            [pointer],
            "{bad}"
        );
    }
    assert_eq!(alice.pages("/workflows?limit=10").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let raw = |body: Vec<u8>| {
        let request = alice.request(Method::POST, "/workflows").header("content-type", "application/json");
        Answer::to(request.body(body))
    };
    // What else is no JSON, the readers and the handlers are tested with.
    for broken in [&b""[..], b"null", b"{\"workflow_type\": \"a\",}", b"{\"workflow_type\":\"a\"} x"] {
        raw(broken.to_vec()).await.refused(400, "malformed-request");
    }
    let huge = format!(r#"{{"workflow_type": "a", "metadata": {{"x": "{}"}}}}"#, "x".repeat(10 << 20));
    raw(huge.into_bytes()).await.refused_by_the_gateway(413);
    let metadata = json!({"workflow_type": FREE, "metadata": {"x": "y".repeat(65 * 1024)}});
    let refused = alice.post("/workflows", &metadata).await.refused(413, "payload-too-large");
    assert_eq!(refused["limit_bytes"], json!(64 * 1024));
    let deep = format!(r#"{{"workflow_type": "a", "metadata": {{"x": {}{}}}}}"#, "[".repeat(500), "]".repeat(500));
    raw(deep.into_bytes()).await.refused(400, "malformed-request");
}

#[tokio::test]
async fn labels_come_back_the_same_from_state_list_history_and_bus() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("old", &["ACTIVE", "CANCELLED"]).await;
    let labels = json!({"sample": "S-2026-0042", "rack.7_a-b": "a:b#c = \"ä🧪\""});
    let new = json!({
        "workflow_type": FREE, "workflow_id": "w", "labels": labels, "due_at": "2026-11-25T17:00:00.5+01:00",
        "assignee": "auth0|bob smith", "replaces": "old"
    });
    let mut expected = json!({
        "labels": labels, "due_at": "2026-11-25T16:00:00.500Z", "assignee": "auth0|bob smith", "replaces": "old"
    });
    let same = |shown: &Value, expected: &Value| {
        let members = expected.as_object().unwrap();
        assert!(members.iter().all(|(name, value)| shown.get(name) == Some(value)), "{shown}");
    };
    same(&alice.post("/workflows", &new).await.expect(201), &expected);
    // They stay when the workflow moves.
    alice.go("w", "ACTIVE").await.expect(200);
    same(&alice.state("w").await, &expected);
    for version in alice.pages("/workflows/w/history?limit=10").await {
        same(&version, &expected);
    }
    let path = "/workflows?state=ACTIVE";
    let list = alice.until(path, |list| list["items"][0]["published_version"] == json!(2)).await;
    for line in lab.archive().iter().filter(|line| line["detail"]["workflow_id"] == "w") {
        same(&line["detail"], &expected);
    }
    expected.as_object_mut().unwrap().remove("replaces");
    same(&list["items"][0], &expected);
    let checked = alice.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!((&checked["valid"], &checked["versions_checked"]), (&json!(true), &json!(2)), "{checked}");
}

#[tokio::test]
async fn a_replaced_workflow_is_closed_and_readable_and_a_refusal_is_kept() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("open", &["ACTIVE"]).await;
    lab.person_of("other", "olga", &["analyst", "supervisor"]).at("elsewhere", &["ACTIVE", "CANCELLED"]).await;
    let again = |id: &str, replaces: &str| json!({"workflow_type": FREE, "workflow_id": id, "replaces": replaces});
    let refused = alice.post("/workflows", &again("w", "open")).await.refused(422, "replaced-workflow-not-closed");
    assert_eq!(refused["current_state"], "ACTIVE");
    for replaces in ["missing", "elsewhere"] {
        alice.post("/workflows", &again("w-2", replaces)).await.refused(422, "replaced-workflow-not-found");
    }
    let itself = alice.post("/workflows", &again("w", "w")).await.refused(400, "malformed-request");
    assert_eq!(itself["errors"][0]["pointer"], "/replaces");
    alice.go("open", "CANCELLED").await.expect(200);
    alice.post("/workflows", &again("w", "open")).await.expect(201);
    let kept: Vec<Value> =
        alice.history("w").await.into_iter().filter(|entry| entry["event_type"] != "WorkflowCreated").collect();
    let told: Vec<(&Value, &Value)> = kept.iter().map(|kept| (&kept["code"], &kept["replaces"])).collect();
    assert_eq!(told, [(&json!("replaced-workflow-not-closed"), &json!("open"))]);
    alice.get("/workflows/w-2").await.refused(404, "workflow-not-found");
}
