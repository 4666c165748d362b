//! recover-failed-workflow, which the bus's rule calls: a retryable failure is recovered without a request.

use serde_json::json;

use crate::lab::{Lab, go, transitions};

#[tokio::test]
async fn a_retryable_failure_is_recovered_automatically_in_the_service_s_own_name() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE", "FAILED"]).await;
    let report = alice.until("/workflows/w/recovery", |report| report["status"] == "recovered").await;
    assert_eq!((&report["trigger"], &report["delay_seconds"]), (&json!("failure"), &json!(5)));
    let history = alice.history("w").await;
    assert_eq!((&history[3]["event_type"], &history[3]["to_state"]), (&json!("WorkflowRecovered"), &json!("ACTIVE")));
    assert_eq!(history[3]["requested_by"], "alims.workflow-manager/recovery");
    // The cause of the failure is the cause of the recovery.
    assert_eq!(history[3]["correlation_id"], history[2]["correlation_id"]);
}

#[tokio::test]
async fn a_failure_that_is_not_called_retryable_waits_for_a_person() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    for id in ["w", "lasting"] {
        alice.at(id, &["ACTIVE"]).await;
    }
    let mut lasting = go("FAILED");
    lasting["failure"]["retryable"] = json!(false);
    alice.post(&transitions("lasting"), &lasting).await.expect(200);
    // One that failed later is recovered: the rule has seen both by then.
    alice.go("w", "FAILED").await.expect(200);
    alice.until("/workflows/w/recovery", |report| report["status"] == "recovered").await;
    assert_eq!(alice.get("/workflows/lasting/recovery").await.expect(200)["status"], "none");
    assert_eq!(alice.state("lasting").await["current_state"], "FAILED");
}

#[tokio::test]
async fn no_token_may_bear_the_name_of_the_service() {
    let lab = Lab::open().await;
    let impostor = lab.person("alims.workflow-manager/recovery", &["supervisor"]);
    impostor.get("/workflows").await.refused(401, "unauthenticated");
}
