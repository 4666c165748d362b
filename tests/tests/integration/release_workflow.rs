//! release-workflow over HTTP.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::lab::{Lab, Person, go, transitions};

const RELEASE: &str = "/workflows/w/release";

/// A workflow that is found broken at version 1, below its newest version.
async fn quarantined(lab: &Lab) -> Person {
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "PAUSED"]).await;
    lab.alter("w", 1, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    assert_eq!(sue.recovered().await["status"], "quarantined");
    sue
}

#[tokio::test]
async fn a_workflow_broken_below_its_head_is_read_and_not_moved_until_it_is_released() {
    let lab = Lab::open().await;
    let sue = quarantined(&lab).await;
    let refused = sue.go("w", "ACTIVE").await.refused(423, "workflow-quarantined");
    assert_eq!(refused["broken_at_version"], 1);
    let dry = format!("{}?dry_run=true", transitions("w"));
    sue.post(&dry, &go("ACTIVE")).await.refused(423, "workflow-quarantined");
    let state = sue.state("w").await;
    assert_eq!((&state["current_state"], &state["quarantines"][0]["broken_at_version"]), (&json!("PAUSED"), &json!(1)));
    assert_eq!(state["quarantines"][0]["fault"], "altered");
    assert_eq!(state["allowed_transitions"], json!([]), "each of them would get 423");
    assert_eq!(sue.get("/workflows/w/recovery").await.expect(200)["quarantines"], state["quarantines"]);
    assert_eq!(sue.history("w").await.len(), 3, "a quarantine is no version and no refused attempt");

    let reason = sue.release_of_all("w", "version 1 was compared with the paper record").await;
    let released = sue.post(RELEASE, &reason).await.expect(200);
    assert_eq!((&released["version"], &released["repeated"]), (&json!(3), &json!(false)));
    assert_eq!(released["released"][0]["reason"], reason["reason"]);
    let again = sue.post(RELEASE, &reason).await.expect(200);
    assert_eq!((&again["released"], &again["repeated"]), (&released["released"], &json!(true)));
    assert_eq!(sue.state("w").await.get("quarantines"), None);
    sue.go("w", "ACTIVE").await.expect(200);

    let told =
        |kind: &'static str| move |line: &Value| line["detail-type"] == kind && line["detail"]["workflow_id"] == "w";
    lab.archived(told("WorkflowQuarantined")).await;
    let event = lab.archived(told("WorkflowReleased")).await;
    assert_eq!((&event["detail"]["requested_by"], &event["detail"]["broken_at_version"]), (&json!("alice"), &json!(1)));
}

#[tokio::test]
async fn a_release_needs_a_supervisor_and_a_reason_and_an_attempt_of_others_is_recorded() {
    let lab = Lab::open().await;
    let sue = quarantined(&lab).await;
    let whole = sue.release_of_all("w", "looked at").await;
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    let odd = [json!(""), json!(" "), json!(7), json!("x".repeat(1001))].map(|reason| with("reason", reason));
    for body in
        [json!({}), json!([]), with("broken_at_version", json!(1)), with("breaks", json!([]))].into_iter().chain(odd)
    {
        sue.post(RELEASE, &body).await.refused(400, "malformed-request");
    }
    sue.post(RELEASE, &with("reason", json!("x".repeat(600_000)))).await.refused(413, "payload-too-large");
    let anna = lab.person("anna", &["analyst"]);
    anna.post(RELEASE, &with("reason", json!("let me work"))).await.refused(403, "forbidden");
    let kept = sue.history("w").await.into_iter().find(|item| item["operation"] == "release-workflow").unwrap();
    assert_eq!((&kept["requested_by"], &kept["reason"]), (&json!("anna"), &json!("let me work")));
    sue.go("w", "ACTIVE").await.refused(423, "workflow-quarantined");
}

#[tokio::test]
async fn a_workflow_that_is_missing_or_not_quarantined_is_not_released() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE"]).await;
    let nothing = "0000000001-00000000000000000000000000000000";
    let reason = json!({"breaks": [nothing], "reason": "why not"});
    let refused = sue.post(RELEASE, &reason).await.refused(409, "workflow-not-quarantined");
    assert!(refused["detail"].as_str().unwrap().contains(nothing), "{refused}");
    sue.post("/workflows/unknown/release", &reason).await.refused(404, "workflow-not-found");
    let olga = lab.person_of("other", "olga", &["supervisor"]);
    olga.post(RELEASE, &reason).await.refused(404, "workflow-not-found");
}
