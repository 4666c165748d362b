//! get-workflow-recovery over HTTP.

use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn it_tells_what_a_recovery_would_do_and_does_nothing() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE"]).await;
    alice.until("/workflows/w/recovery", |status| status["status"] == "already-consistent").await;
    alice.go("w", "FAILED").await.expect(200);
    let status = alice.get("/workflows/w/recovery").await.expect(200);
    assert_eq!(status["status"], "needed", "{status}");
    assert_eq!(alice.state("w").await["current_state"], "FAILED");
}

#[tokio::test]
async fn it_is_shown_to_whoever_may_look_at_the_workflow() {
    let lab = Lab::open().await;
    lab.everybody().create("w").await.expect(201);
    lab.person("victor", &["viewer"]).get("/workflows/w/recovery").await.expect(200);
    lab.person("nobody", &[]).get("/workflows/w/recovery").await.refused(403, "forbidden");
    lab.everybody().get("/workflows/unknown/recovery").await.refused(404, "workflow-not-found");
    let olga = lab.person_of("other", "olga", &["viewer"]);
    olga.get("/workflows/w/recovery").await.refused(404, "workflow-not-found");
    assert_eq!(lab.everybody().state("w").await["version"], json!(1));
}
