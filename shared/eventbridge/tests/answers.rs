//! The adapters over the real SDK against a small server that answers as Amazon's would, well and badly.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets what it does not expect must fail")]

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::timestamp::Timestamp;
use alims_eventbridge::{EventBridgeBus, SqsDeadLetters};
use alims_operations::ports::{DeadLetter, DeadLetters, EntryRefused, EventBus};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use axum::http::StatusCode;
use axum::{Router, body::Bytes};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Serves one answer to every request; keeps the bodies it was sent.
async fn answering(status: u16, answer: Value) -> (SdkConfig, Arc<Mutex<Vec<Value>>>) {
    serving(move |_| (status, answer.clone())).await
}

/// Serves answers that follow from the request; keeps the bodies it was sent.
async fn serving(
    service: impl Fn(&Value) -> (u16, Value) + Clone + Send + Sync + 'static,
) -> (SdkConfig, Arc<Mutex<Vec<Value>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let app = Router::new().fallback(move |body: Bytes| {
        let request = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let (status, answer) = service(&request);
        kept.lock().unwrap().push(request);
        let answer = if answer.is_null() { String::new() } else { answer.to_string() };
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

/// Amazon EventBridge API reference, `PutEventsResultEntry`: which codes an entry may have.
#[tokio::test]
async fn only_what_the_event_says_is_refused_for_good() {
    for (code, for_good) in [
        ("InternalFailure", false),
        ("ThrottlingException", false),
        ("AccessDeniedException", false),
        ("InvalidAccountIdException", false),
        ("NotAuthorizedForSourceException", false),
        ("NotAuthorizedForDetailTypeException", false),
        ("SomethingNew", false),
        ("InvalidArgument", true),
        ("MalformedDetail", true),
        ("RedactionFailure", true),
    ] {
        let entry = json!({"ErrorCode": code, "ErrorMessage": "no"});
        let (config, _) = answering(200, json!({"FailedEntryCount": 1, "Entries": [entry]})).await;
        let results = EventBridgeBus::new(&config, "bus").put(&[event("a")]).await.unwrap();
        assert_eq!(matches!(&results[..], [Err(EntryRefused::ForGood(_))]), for_good, "{code}: {results:?}");
        assert!(results[0].as_ref().unwrap_err().to_string().contains(&format!("{code}: no")), "{results:?}");
    }
}

/// A service that calls every call invalid that has an entry of these workflows, as one too large; with this status.
async fn calling_invalid(status: u16, invalid: &'static [&'static str]) -> (SdkConfig, Arc<Mutex<Vec<Value>>>) {
    serving(move |call| {
        let entries = call["Entries"].as_array().unwrap();
        let is_of = |entry: &Value, workflow: &str| entry["Resources"][0] == format!("urn:alims:default:{workflow}");
        if entries.iter().any(|entry| invalid.iter().any(|workflow| is_of(entry, workflow))) {
            let body = match status {
                413 => Value::Null,
                _ => json!({"__type": "ValidationException", "message": "over the limit"}),
            };
            return (status, body);
        }
        (200, json!({"FailedEntryCount": 0, "Entries": vec![json!({"EventId": "1"}); entries.len()]}))
    })
    .await
}

#[tokio::test]
async fn an_invalid_call_is_put_again_without_the_entry_that_makes_it_invalid() {
    for status in [400, 413] {
        let (config, seen) = calling_invalid(status, &["b"]).await;
        let bus = EventBridgeBus::new(&config, "bus");
        let results = bus.put(&[event("a"), event("b"), event("c")]).await.unwrap();
        assert!(matches!(&results[..], [Ok(()), Err(EntryRefused::ForGood(_)), Ok(())]), "{status}: {results:?}");
        let calls: Vec<usize> =
            seen.lock().unwrap().iter().map(|call| call["Entries"].as_array().unwrap().len()).collect();
        assert_eq!(calls, [3, 1, 1, 1], "{status}");
        let alone = bus.put(&[event("b")]).await.unwrap();
        assert!(matches!(&alone[..], [Err(EntryRefused::ForGood(_))]), "{status}: {alone:?}");
    }
}

/// Such as one with a wrong name: else every event would become a dead letter.
#[tokio::test]
async fn a_bus_that_has_accepted_nothing_refuses_nothing_for_good_because_a_call_is_invalid() {
    let (config, _) = calling_invalid(400, &["a", "b"]).await;
    let bus = EventBridgeBus::new(&config, "bus");
    for entries in [vec![event("a")], vec![event("a"), event("b")]] {
        let results = bus.put(&entries).await.unwrap();
        let for_now = results.iter().all(|result| matches!(result, Err(EntryRefused::ForNow(_))));
        assert!(for_now && results.len() == entries.len(), "{results:?}");
    }
}

#[tokio::test]
async fn a_dead_letter_carries_all_that_is_known() {
    let (config, seen) = answering(200, json!({"MessageId": "1"})).await;
    let queue = format!("{}/1/dead", config.endpoint_url().unwrap());
    let letter =
        DeadLetter { sequence_number: "7".into(), key: "default#w".into(), why: "unreadable".into(), refused: None };
    SqsDeadLetters::new(&config, queue).put(&letter).await.unwrap();
    let body: Value = serde_json::from_str(seen.lock().unwrap()[0]["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"sequence_number": "7", "key": "default#w", "why": "unreadable"}));
}
