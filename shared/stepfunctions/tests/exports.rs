//! The starter of exports over the real SDK against a small server that answers as AWS Step Functions would.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets what it does not expect must fail")]

use alims_operations::ports::{ExportPlace, ExportStarter, StoreError};
use alims_stepfunctions::ExportMachine;
use aws_config::{BehaviorVersion, Region};
use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:exports";

async fn answering(status: u16, answer: Value) -> (ExportMachine, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::<Mutex<Vec<Value>>>::default();
    let remembered = asked.clone();
    let app = Router::new().fallback(move |body: String| {
        remembered.lock().unwrap().push(serde_json::from_str(&body).unwrap());
        let answer = answer.to_string();
        async move { (StatusCode::from_u16(status).unwrap(), [("content-type", "application/x-amz-json-1.0")], answer) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("eu-central-1"));
    let config = config.endpoint_url(url);
    let credentials = aws_sdk_sfn::config::Credentials::new("test", "test", None, None, "test");
    (ExportMachine::new(&config.credentials_provider(credentials).load().await, MACHINE).unwrap(), asked)
}

fn place() -> ExportPlace {
    let export_id = "019ab000-0000-7000-8000-000000000042".parse().unwrap();
    ExportPlace { tenant_id: "lab".parse().unwrap(), export_id }
}

#[tokio::test]
async fn a_job_is_started_under_the_export_s_id_and_one_that_exists_is_left_alone() {
    let started = json!({"executionArn": format!("{MACHINE}:x"), "startDate": 1_795_421_701.234});
    let (machine, asked) = answering(200, started).await;
    machine.start(&place()).await.unwrap();
    let request = asked.lock().unwrap()[0].clone();
    let id = "019ab000-0000-7000-8000-000000000042";
    assert_eq!((&request["name"], &request["stateMachineArn"]), (&json!(id), &json!(MACHINE)));
    let input: Value = serde_json::from_str(request["input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"tenant_id": "lab", "export_id": id, "next": "step"}));
    let exists = json!({"__type": "com.amazonaws.states#ExecutionAlreadyExists", "message": "as the script says"});
    answering(400, exists).await.0.start(&place()).await.unwrap();
}

#[tokio::test]
async fn a_failure_that_may_pass_is_told_from_one_that_does_not() {
    for (status, code, passes) in [
        (400, "ThrottlingException", true),
        (500, "InternalFailure", true),
        (400, "AccessDeniedException", false),
        (400, "StateMachineDoesNotExist", false),
    ] {
        let answer = json!({"__type": format!("com.amazonaws.states#{code}"), "message": "as the script says"});
        let refused = answering(status, answer).await.0.start(&place()).await;
        assert_eq!(matches!(refused, Err(StoreError::Unavailable(_))), passes, "{code}: {refused:?}");
        assert!(refused.is_err());
    }
}
