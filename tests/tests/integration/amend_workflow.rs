//! amend-workflow over HTTP.

use reqwest::Method;
use serde_json::json;

use crate::lab::{Answer, Lab, Person};

async fn asked(person: &Person) -> Answer {
    let request = person.request(Method::PATCH, "/workflows/w");
    Answer::to(request.json(&json!({"reason": "as planned"}))).await
}

#[tokio::test]
async fn amend_workflow_is_answered_only_to_those_who_may() {
    let lab = Lab::open().await;
    lab.everybody().create("w").await.expect(201);
    let done = asked(&lab.everybody()).await.expect(200);
    assert_eq!(done, json!({"workflow_id": "w", "version": 1, "reason": "as planned"}));
    asked(&lab.person("nora", &[])).await.refused(403, "forbidden");
    asked(&lab.person_of("other", "olga", &["supervisor"])).await.refused(404, "workflow-not-found");
}
