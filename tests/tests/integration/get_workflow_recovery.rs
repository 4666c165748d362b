//! get-workflow-recovery over HTTP.

use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn a_workflow_without_a_recovery_reports_none_and_starts_none() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE"]).await;
    let none = json!({"workflow_id": "w", "status": "none", "steps": []});
    assert_eq!(alice.get("/workflows/w/recovery").await.expect(200), none);
    assert_eq!(alice.get("/workflows/w/recovery").await.expect(200), none);
}

#[tokio::test]
async fn a_report_of_a_recovery_says_who_asked_when_and_why_and_what_was_done_when() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE", "FAILED"]).await;
    alice.post("/workflows/w/recovery", &json!({"reason": "power is back"})).await.expect(202);
    let report = alice.until("/workflows/w/recovery", |report| report["status"] != "running").await;
    assert_eq!((&report["requested_by"], &report["reason"]), (&json!("alice"), &json!("power is back")));
    assert_eq!((&report["version"], &report["attempt"]), (&json!(3), &json!(1)));
    let instants: Vec<&str> = [&report["requested_at"], &report["started_at"]]
        .into_iter()
        .chain(report["steps"].as_array().unwrap().iter().map(|step| &step["at"]))
        .chain([&report["ended_at"]])
        .map(|at| at.as_str().unwrap())
        .collect();
    assert!(instants.len() > 5 && instants.is_sorted(), "{report}");
}

#[tokio::test]
async fn a_recovery_is_shown_to_every_role_that_may_read_the_workflow() {
    let lab = Lab::open().await;
    lab.everybody().create("w").await.expect(201);
    lab.person("victor", &["viewer"]).get("/workflows/w/recovery").await.expect(200);
    lab.person("nobody", &[]).get("/workflows/w/recovery").await.refused(403, "forbidden");
    lab.everybody().get("/workflows/unknown/recovery").await.refused(404, "workflow-not-found");
    let olga = lab.person_of("other", "olga", &["viewer"]);
    olga.get("/workflows/w/recovery").await.refused(404, "workflow-not-found");
    assert_eq!(lab.everybody().state("w").await["version"], json!(1));
}
