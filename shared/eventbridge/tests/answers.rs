//! The adapters over the real SDK against a small server that answers as Amazon's would, well and badly.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets what it does not expect must fail")]

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::timestamp::Timestamp;
use alims_eventbridge::{EventBridgeBus, SqsDeadLetters};
use alims_operations::ports::{DeadLetter, DeadLetters, EventBus};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use axum::http::StatusCode;
use axum::{Router, body::Bytes};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Serves one answer to every request; keeps the bodies it was sent.
async fn answering(status: u16, answer: Value) -> (SdkConfig, Arc<Mutex<Vec<Value>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let app = Router::new().fallback(move |body: Bytes| {
        kept.lock().unwrap().push(serde_json::from_slice(&body).unwrap_or(Value::Null));
        let answer = answer.to_string();
        async move { (StatusCode::from_u16(status).unwrap(), [("content-type", "application/x-amz-json-1.1")], answer) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(aws_sdk_eventbridge::config::Credentials::new("test", "test", None, None, "test"))
        .load()
        .await;
    (config, seen)
}

fn event(workflow: &str) -> BusEvent {
    BusEvent {
        key: WorkflowKey { tenant_id: "default".parse().unwrap(), workflow_id: workflow.parse().unwrap() },
        event_id: EventId::try_from("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()).unwrap(),
        version: Some(Version::FIRST),
        detail_type: "WorkflowCreated",
        detail: r#"{"version":1}"#.to_owned(),
        at: Timestamp::from_unix_millis(1_795_421_701_234).unwrap(),
    }
}

#[tokio::test]
async fn each_entry_has_its_own_result() {
    let answer = json!({"FailedEntryCount": 1, "Entries": [
        {"EventId": "1"}, {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}, {"EventId": "3"},
    ]});
    let (config, seen) = answering(200, answer).await;
    let results = EventBridgeBus::new(&config, "bus").put(&[event("a"), event("b"), event("c")]).await.unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    let sent = &seen.lock().unwrap()[0]["Entries"][1];
    assert_eq!(sent["Source"], "alims.workflow-manager");
    assert_eq!(sent["EventBusName"], "bus");
    assert_eq!(sent["DetailType"], "WorkflowCreated");
    assert_eq!(sent["Detail"], r#"{"version":1}"#);
}

#[tokio::test]
async fn an_answer_that_leaves_entries_out_confirms_none() {
    let (config, _) = answering(200, json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})).await;
    assert!(EventBridgeBus::new(&config, "bus").put(&[event("a"), event("b")]).await.is_err());
    let (config, _) = answering(200, json!({"FailedEntryCount": 0, "Entries": [{}]})).await;
    let results = EventBridgeBus::new(&config, "bus").put(&[event("a")]).await.unwrap();
    assert!(results[0].is_err());
}

#[tokio::test]
async fn a_refused_call_is_an_error_as_a_whole() {
    let (config, _) = answering(400, json!({"__type": "ResourceNotFoundException", "message": "no such bus"})).await;
    assert!(EventBridgeBus::new(&config, "bus").put(&[event("a")]).await.is_err());
}

#[tokio::test]
async fn a_dead_letter_carries_all_that_is_known() {
    let (config, seen) = answering(200, json!({"MessageId": "1"})).await;
    let queue = format!("{}/1/dead", config.endpoint_url().unwrap());
    let letter = DeadLetter { sequence_number: "7".into(), key: "default#w".into(), why: "unreadable".into() };
    SqsDeadLetters::new(&config, queue).put(&letter).await.unwrap();
    let body: Value = serde_json::from_str(seen.lock().unwrap()[0]["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"sequence_number": "7", "key": "default#w", "why": "unreadable"}));
}
