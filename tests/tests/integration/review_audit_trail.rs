//! review-audit-trail over HTTP.

use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn an_auditor_records_a_review_and_finds_it_in_the_activity() {
    let lab = Lab::open().await;
    let ada = lab.person("ada", &["auditor"]);
    let review = json!({
        "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "kind": "WorkflowReleased",
        "reason": "There was no release."
    });
    let recorded = ada.post("/activity/reviews", &review).await.expect(201);
    let listed = ada.pages("/activity?kind=AuditTrailReviewed").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["entry"], recorded["entry"]);
    for role in ["viewer", "analyst", "supervisor"] {
        lab.person("alice", &[role]).post("/activity/reviews", &review).await.expect(403);
    }
    let running = json!({"from": "2026-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z", "reason": "So far, so good."});
    let refused = ada.post("/activity/reviews", &running).await.expect(400);
    assert_eq!(refused["errors"][0]["pointer"], "/to");
    let olga = lab.person_of("other", "olga", &["auditor"]);
    assert_eq!(olga.pages("/activity").await.len(), 0, "another tenant's");
}
