//! recovery-step, which has no route: its effects are seen from outside.

use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn rules_that_are_down_delay_a_recovery_and_refuse_nothing() {
    let lab = Lab::open_with_a_switch_for_the_rules().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "FAILED"]).await;
    lab.rules_are_up(false);
    sue.post("/workflows/w/recovery", &json!({"reason": "power is back"})).await.expect(202);
    sue.go("w", "ACTIVE").await.refused(503, "rules-engine-unavailable");
    assert_eq!(sue.get("/workflows/w/recovery").await.expect(200)["status"], "running");
    lab.rules_are_up(true);
    let report = sue.until("/workflows/w/recovery", |report| report["status"] != "running").await;
    assert_eq!(report["status"], "recovered", "{report}");
    let history = sue.history("w").await;
    assert_eq!((history.len(), &history[3]["event_type"]), (4, &json!("WorkflowRecovered")));
}
