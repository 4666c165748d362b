//! recover-workflow over HTTP.

use aws_sdk_dynamodb::types::AttributeValue;
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab, Person};

const RECOVERY: &str = "/workflows/w/recovery";

impl Person {
    /// Has the workflow `w` recovered and waits for the outcome.
    pub(crate) async fn recovered(&self) -> Value {
        let started = self.post(RECOVERY, &json!({})).await.expect(202);
        self.until(RECOVERY, |report| report["recovery_id"] == started["recovery_id"] && report["status"] != "running")
            .await
    }
}

#[tokio::test]
async fn a_failed_workflow_is_active_again_and_the_record_says_how() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    let answer = sue.post(RECOVERY, &json!({"reason": "power is back"})).await;
    assert_eq!(answer.header("location"), RECOVERY);
    let started = answer.expect(202);
    assert_eq!((&started["status"], &started["trigger"]), (&json!("running"), &json!("request")));
    let report = sue.until(RECOVERY, |report| report["status"] != "running").await;
    assert_eq!((&report["status"], &report["recovery_id"]), (&json!("recovered"), &started["recovery_id"]));
    let steps: Vec<&str> = report["steps"].as_array().unwrap().iter().filter_map(|it| it["step"].as_str()).collect();
    assert!(steps.starts_with(&["assessed", "rules-allowed", "reactivated"]), "{report}");
    let state = sue.state("w").await;
    assert_eq!((&state["current_state"], &state["version"]), (&json!("ACTIVE"), &json!(4)));
    let history = sue.history("w").await;
    assert_eq!(
        (&history[3]["event_type"], &history[3]["requested_by"]),
        (&json!("WorkflowRecovered"), &json!("alice"))
    );
    assert_eq!(history[3]["reason"], "power is back");
    lab.archived(|line| line["detail-type"] == "WorkflowRecovered" && line["detail"]["version"] == 4).await;
}

#[tokio::test]
async fn a_recovery_under_way_is_joined_whatever_key_is_sent() {
    let lab = Lab::open_with_a_switch_for_the_rules().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    lab.rules_are_up(false);
    let first = sue.post(RECOVERY, &json!({"reason": "power is back"})).await.expect(202);
    let bob = lab.person("bob", &["supervisor"]);
    for key in ["k-1", "k-2"] {
        let request = bob.request(Method::POST, RECOVERY).header("Idempotency-Key", key);
        let joined = Answer::to(request.json(&json!({"reason": "me too"}))).await.expect(202);
        assert_eq!(joined, first);
    }
    lab.rules_are_up(true);
    let ended = sue.until(RECOVERY, |report| report["status"] != "running").await;
    assert_eq!((&ended["status"], &ended["recovery_id"]), (&json!("recovered"), &first["recovery_id"]));
    assert_eq!(sue.history("w").await.len(), 4, "brought back once, and nothing was refused");
}

#[tokio::test]
async fn a_workflow_in_order_is_left_alone_whether_it_has_ended_or_not() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    for path in [&["ACTIVE"][..], &["CANCELLED"]] {
        if path == ["ACTIVE"] {
            sue.create("w").await.expect(201);
        }
        for target in path {
            sue.go("w", target).await.expect(200);
        }
        let moves = sue.history("w").await.len();
        sue.until("/workflows", |list| list["items"][0]["published_version"] == json!(moves)).await;
        assert_eq!(sue.recovered().await["status"], "already-consistent");
        assert_eq!(sue.history("w").await.len(), moves);
    }
    // A body is not needed at all.
    let bare = Answer::to(sue.request(Method::POST, RECOVERY)).await.expect(202);
    assert_eq!((&bare["attempt"], bare.get("reason")), (&json!(2), None));
}

#[tokio::test]
async fn a_recovery_that_the_rules_refuse_reports_the_reasons_and_is_recorded_as_an_attempt() {
    let lab = Lab::open_with_rules(
        "ruleset: house\nversion: \"7\"\nworkflow_types: [free-form]\nrules:\n  - id: not-back\n    applies_to:\n      \
         - { from: FAILED, to: ACTIVE }\n    message: Have the analyser calibrated first.\n    expression: \"false\"\n",
    )
    .await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    let report = sue.recovered().await;
    assert_eq!((&report["status"], &report["ruleset"]), (&json!("refused"), &json!("house")));
    let reason = json!([{"rule_id": "not-back", "message": "Have the analyser calibrated first."}]);
    assert_eq!(report["reasons"], reason);
    assert_eq!(sue.state("w").await["current_state"], "FAILED");
    let history = sue.history("w").await;
    assert_eq!((&history[3]["event_type"], &history[3]["reasons"]), (&json!("WorkflowTransitionRefused"), &reason));
    assert_eq!(history[3]["operation"], "recovery-step");
}

#[tokio::test]
async fn an_index_entry_that_was_lost_or_spoilt_is_rebuilt() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE"]).await;
    let listed = |list: &Value| list["items"][0]["published_version"] == json!(2);
    let before = sue.until("/workflows", listed).await;
    lab.remove_from_index("w").await;
    assert_eq!(sue.get("/workflows").await.expect(200)["items"], json!([]));
    assert_eq!(sue.recovered().await["status"], "recovered");
    assert_eq!(sue.get("/workflows").await.expect(200), before);
    lab.alter_index("w", "created_by", AttributeValue::S("mallory".to_owned())).await;
    assert_eq!(sue.recovered().await["status"], "recovered");
    assert_eq!(sue.get("/workflows").await.expect(200), before);
}

#[tokio::test]
async fn a_broken_history_is_left_as_it_is_and_the_workflow_quarantined() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    lab.alter("w", 2, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    let report = sue.recovered().await;
    assert_eq!((&report["status"], &report["broken_at_version"]), (&json!("quarantined"), &json!(2)));
    assert_eq!(sue.history("w").await.len(), 3);
    // Whoever asks once more is told the same, and there is one quarantine.
    assert_eq!(sue.recovered().await["status"], "quarantined");
    let told = |line: &Value| line["detail-type"] == "WorkflowQuarantined";
    let event = lab.archived(told).await;
    assert_eq!((&event["detail"]["fault"], &event["detail"]["broken_at_version"]), (&json!("altered"), &json!(2)));
    assert_eq!(lab.archive().into_iter().filter(told).count(), 1);
}

#[tokio::test]
async fn recovery_is_for_supervisors_and_for_workflows_that_are_there() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    lab.person("anna", &["analyst"]).post(RECOVERY, &json!({})).await.refused(403, "forbidden");
    sue.post("/workflows/unknown/recovery", &json!({})).await.refused(404, "workflow-not-found");
    let olga = lab.person_of("other", "olga", &["supervisor"]);
    olga.post(RECOVERY, &json!({})).await.refused(404, "workflow-not-found");
    for body in [json!({"reason": ""}), json!({"reason": "x".repeat(1001)}), json!({"force": true}), json!([])] {
        sue.post(RECOVERY, &body).await.refused(400, "malformed-request");
    }
    sue.post(RECOVERY, &json!({"reason": "x".repeat(600_000)})).await.refused(413, "payload-too-large");
    assert_eq!(sue.state("w").await["current_state"], "FAILED");
    // The service itself may have claimed one by now; nobody of these has.
    assert!(sue.get(RECOVERY).await.expect(200).get("reason").is_none());
}

#[tokio::test]
async fn a_claim_whose_server_died_is_carried_out_on_the_next_request() {
    let mut lab = Lab::open_with_a_switch_for_the_rules().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    lab.rules_are_up(false);
    let first = sue.post(RECOVERY, &json!({"reason": "power is back"})).await.expect(202);
    lab = lab.restarted().await;
    lab.rules_are_up(true);
    let sue = lab.everybody();
    assert_eq!(sue.get(RECOVERY).await.expect(200)["status"], "running", "nobody has recorded an outcome");
    let again = sue.post(RECOVERY, &json!({})).await.expect(202);
    assert_eq!(again, first);
    let ended = sue.until(RECOVERY, |report| report["status"] != "running").await;
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("recovered"), &json!("power is back")));
}
