//! get-workflow-history over HTTP.

use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab};

#[tokio::test]
async fn a_history_is_complete_in_order_and_chained() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE", "FAILED", "ACTIVE", "PAUSED"]).await;
    for limit in [2, 100] {
        let history = alice.pages(&format!("/workflows/w/history?limit={limit}")).await;
        let states: Vec<&str> = history.iter().map(|event| event["to_state"].as_str().unwrap()).collect();
        assert_eq!(states, ["CREATED", "ACTIVE", "FAILED", "ACTIVE", "PAUSED"], "limit {limit}");
        assert_eq!(history[0]["from_state"], Value::Null);
        assert_eq!(history[0]["previous_hash"], json!("0".repeat(64)));
        assert_eq!(history[2]["failure"]["code"], "power-loss");
        for pair in history.windows(2) {
            assert_eq!(pair[1]["previous_hash"], pair[0]["hash"]);
            assert_eq!(pair[1]["from_state"], pair[0]["to_state"]);
            assert!(pair[1]["timestamp"].as_str() >= pair[0]["timestamp"].as_str());
        }
    }
}

/// The ten lines that anybody can write: canonical JSON of an event without its hash, and SHA-256.
#[tokio::test]
async fn an_exported_history_can_be_checked_by_anybody() {
    use sha2::Digest;
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new = json!({"workflow_type": "free-form", "workflow_id": "w",
        "metadata": {"π": 3.25, "tiny": 1e-7, "big": 1e300, "zero": -0.0, "text": "\u{1F52C}\n\"", "a": {"b": [null, true]}}});
    alice.post("/workflows", &new).await.expect(201);
    alice.go("w", "ACTIVE").await.expect(200);
    let amendment = json!({"reason": "x", "metadata": {"tiny": 1e-9}, "labels": {"sign": "π"}});
    let request = alice.request(Method::PATCH, "/workflows/w").json(&amendment);
    Answer::to(request).await.expect(200);
    // What a version changed is computed: it stands beside the items, which are as they were hashed.
    for mut event in alice.pages("/workflows/w/history?limit=10&include=changes").await {
        let hash = event.as_object_mut().unwrap().remove("hash").unwrap();
        let canonical = serde_json_canonicalizer::to_vec(&event).unwrap();
        assert_eq!(hash, json!(hex::encode(sha2::Sha256::digest(canonical))));
    }
}

#[tokio::test]
async fn numbers_come_back_as_they_went_in() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let metadata = json!({"i": 9_007_199_254_740_992_i64, "n": -1, "f": 1.0, "e": 1e300, "s": 5e-324, "d": 0.1});
    let new = json!({"workflow_type": "free-form", "workflow_id": "w", "metadata": metadata});
    alice.post("/workflows", &new).await.expect(201);
    assert_eq!(alice.history("w").await[0]["metadata"], metadata);
    // Equal values are of one kind: 1.0 is not 1.
    assert_eq!(alice.state("w").await["metadata"], metadata);
    // As C prints a double with 17 digits, and as it is printed with the fewest.
    let printed = r#"{"workflow_type":"free-form","workflow_id":"c","metadata":{"m":7.5999999999999996,"l":1e17}}"#;
    let request = alice.request(Method::POST, "/workflows").header("content-type", "application/json").body(printed);
    Answer::to(request).await.expect(201);
    assert_eq!(alice.history("c").await[0]["metadata"], json!({"m": 7.6, "l": 1e17}));
}

#[tokio::test]
async fn refused_attempts_are_shown_to_those_who_may_see_them() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    for _ in 0..3 {
        alice.go("w", "PAUSED").await.refused(409, "invalid-transition");
    }
    alice.go("w", "ACTIVE").await.expect(200);
    assert_eq!(alice.pages("/workflows/w/history?limit=100").await.len(), 2);
    for limit in [2, 100] {
        let path = format!("/workflows/w/history?include=refusals&limit={limit}");
        let kinds: Vec<Value> = alice.pages(&path).await.iter().map(|item| item["event_type"].clone()).collect();
        let refused = "WorkflowTransitionRefused";
        assert_eq!(kinds, ["WorkflowCreated", refused, refused, refused, "WorkflowStateChanged"], "limit {limit}");
    }
    let victor = lab.person("victor", &["viewer"]);
    victor.get("/workflows/w/history").await.expect(200);
    assert_eq!(victor.pages("/workflows/w/history?include=refusals&limit=1").await.len(), 2);
    // What a caller was refused, that caller may read again.
    let anna = lab.person("anna", &["analyst"]);
    anna.go("w", "COMPLETED").await.refused(403, "forbidden");
    let own = anna.pages("/workflows/w/history?include=refusals&limit=1").await;
    let of_whom: Vec<&Value> = own.iter().map(|item| &item["requested_by"]).collect();
    assert_eq!((of_whom.len(), of_whom[2]), (3, &json!("anna")));
    assert_eq!(victor.pages("/workflows/w/history?include=refusals&limit=1").await.len(), 2);
    alice.get("/workflows/w/history?include=everything").await.refused(400, "malformed-request");
}

#[tokio::test]
async fn an_auditor_reads_who_released_a_quarantine_and_why_and_every_recovery() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE"]).await;
    assert_ne!(sue.recovered().await["status"], "quarantined");
    lab.alter("w", 1, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    assert_eq!(sue.recovered().await["status"], "quarantined");
    let release = sue.release_of_all("w", "compared with the paper record").await;
    sue.post("/workflows/w/release", &release).await.expect(200);
    sue.go("w", "PAUSED").await.expect(200);

    let audrey = lab.person("audrey", &["auditor"]);
    for limit in [1, 3, 100] {
        let path = format!("/workflows/w/history?include=refusals,quarantines,recoveries&limit={limit}");
        let items = audrey.pages(&path).await;
        let kinds: Vec<&str> = items.iter().map(|item| item["event_type"].as_str().unwrap()).collect();
        let expected = [
            "WorkflowCreated",
            "WorkflowStateChanged",
            "RecoveryAttempt",
            "RecoveryAttempt",
            "WorkflowQuarantined",
            "WorkflowReleased",
            "WorkflowStateChanged",
        ];
        assert_eq!(kinds, expected, "{limit} a page");
        assert_eq!((&items[3]["status"], &items[3]["fault"]), (&json!("quarantined"), &json!("altered")));
        assert_eq!((&items[2]["requested_by"], &items[3]["requested_by"]), (&json!("alice"), &json!("alice")));
        assert_eq!((&items[4]["broken_at_version"], &items[4]["fault"]), (&json!(1), &json!("altered")));
        let (by, why) = (&items[5]["requested_by"], &items[5]["reason"]);
        assert_eq!((by, why), (&json!("alice"), &json!("compared with the paper record")));
    }
    for unknown in ["everything", "refusals,everything", "refusals,refusals", "", "Refusals", "refusals,"] {
        let path = format!("/workflows/w/history?include={unknown}");
        let refused = audrey.get(&path).await.refused(400, "malformed-request");
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(["refusals", "quarantines", "recoveries"].iter().all(|known| message.contains(known)), "{message}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_workflow_only() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE"]).await;
    alice.at("v", &["ACTIVE"]).await;
    let page = alice.get("/workflows/w/history?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    alice.get(&format!("/workflows/w/history?cursor={cursor}")).await.expect(200);
    alice.get(&format!("/workflows/v/history?cursor={cursor}")).await.refused(400, "malformed-request");
    alice.get("/workflows/unknown/history").await.refused(404, "workflow-not-found");
    let olga = lab.person_of("other", "olga", &["auditor"]);
    olga.get("/workflows/w/history").await.refused(404, "workflow-not-found");
}
