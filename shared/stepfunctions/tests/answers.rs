//! The adapter over the real SDK against a small server that answers as AWS Step Functions would, well and badly.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets what it does not expect must fail"
)]

use alims_domain::identifiers::RecoveryId;
use alims_domain::recovery::document::RecoveryDocument;
use alims_operations::ports::{EndedHow, ExecutionStatus, RecoveryStarter, Start, StarterError};
use alims_stepfunctions::StepFunctionsStarter;
use aws_config::{BehaviorVersion, Region};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:recovery";
const EXECUTION: &str = "arn:aws:states:eu-central-1:123456789012:execution:recovery:";

/// What was asked so far: the action and its request.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Step Functions as a script tells it: one answer a request, and the last one for all that follow.
async fn answering(script: Vec<(u16, Value)>) -> (StepFunctionsStarter, Asked) {
    let asked = Asked::default();
    let remembered = asked.clone();
    let app = Router::new().fallback(move |headers: HeaderMap, body: String| {
        let mut asked = remembered.lock().unwrap();
        let action = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let (status, answer) = script.get(asked.len()).or(script.last()).unwrap().clone();
        asked.push((action, serde_json::from_str(&body).unwrap()));
        let status = StatusCode::from_u16(status).unwrap();
        async move { (status, [("content-type", "application/x-amz-json-1.0")], answer.to_string()) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (starter_at(&format!("http://{address}")).await, asked)
}

async fn starter_at(endpoint: &str) -> StepFunctionsStarter {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(endpoint)
        .credentials_provider(aws_sdk_sfn::config::Credentials::new("test", "test", None, None, "test"))
        .load()
        .await;
    StepFunctionsStarter::new(&config, MACHINE).unwrap()
}

fn document() -> RecoveryDocument {
    let document = json!({
        "recovery_id": "0f-v3-a1", "tenant_id": "default", "workflow_id": "wf-1", "version": 3, "attempt": 1,
        "trigger": "request", "requested_by": "alice", "roles": ["supervisor"], "delay_seconds": 0,
        "claimed_at": "2026-11-23T08:15:00.000Z", "turns": 0, "next": "assess", "steps": [],
    });
    serde_json::from_value(document).unwrap()
}

fn id() -> RecoveryId {
    document().recovery_id
}

fn failure(code: &str) -> Value {
    json!({"__type": format!("com.amazonaws.states#{code}"), "message": "as the script says"})
}

fn started() -> (u16, Value) {
    (200, json!({"executionArn": format!("{EXECUTION}0f-v3-a1"), "startDate": 1_795_421_701.234}))
}

fn described(status: &str) -> (u16, Value) {
    let arn = format!("{EXECUTION}0f-v3-a1");
    (200, json!({"executionArn": arn, "stateMachineArn": MACHINE, "status": status, "startDate": 1_795_421_701.234}))
}

#[tokio::test]
async fn an_execution_is_started_under_the_recovery_s_name_with_its_document() {
    let (starter, asked) = answering(vec![started()]).await;
    assert_eq!(starter.start(&document()).await.unwrap(), Start::Started);
    let (action, request) = asked.lock().unwrap()[0].clone();
    assert_eq!(action, "StartExecution");
    assert_eq!((&request["name"], &request["stateMachineArn"]), (&json!("0f-v3-a1"), &json!(MACHINE)));
    let input: Value = serde_json::from_str(request["input"].as_str().unwrap()).unwrap();
    assert_eq!(input, serde_json::to_value(document()).unwrap());
}

#[tokio::test]
async fn a_name_that_exists_is_asked_whether_it_is_under_way() {
    let exists = (400, failure("ExecutionAlreadyExists"));
    let expected = [
        ("RUNNING", Start::AlreadyRunning),
        ("PENDING_REDRIVE", Start::AlreadyRunning),
        ("SUCCEEDED", Start::Ended),
        ("FAILED", Start::Ended),
        ("TIMED_OUT", Start::Ended),
        ("ABORTED", Start::Ended),
    ];
    for (status, outcome) in expected {
        let (starter, asked) = answering(vec![exists.clone(), described(status)]).await;
        assert_eq!(starter.start(&document()).await.unwrap(), outcome, "{status}");
        let (action, request) = asked.lock().unwrap()[1].clone();
        assert_eq!(
            (action.as_str(), &request["executionArn"]),
            ("DescribeExecution", &json!(format!("{EXECUTION}0f-v3-a1")))
        );
    }
    let (starter, _) = answering(vec![exists, (400, failure("ExecutionDoesNotExist"))]).await;
    assert!(matches!(starter.start(&document()).await, Err(StarterError::Unavailable(_))));
}

#[tokio::test]
async fn every_status_of_an_execution_is_passed_on() {
    let expected = [
        ("RUNNING", ExecutionStatus::Running),
        ("SUCCEEDED", ExecutionStatus::Ended(EndedHow::Succeeded)),
        ("FAILED", ExecutionStatus::Ended(EndedHow::Failed)),
        ("TIMED_OUT", ExecutionStatus::Ended(EndedHow::TimedOut)),
        ("ABORTED", ExecutionStatus::Ended(EndedHow::Aborted)),
    ];
    for (status, outcome) in expected {
        let (starter, _) = answering(vec![described(status)]).await;
        assert_eq!(starter.status(&id()).await.unwrap(), outcome);
    }
    let (starter, _) = answering(vec![(400, failure("ExecutionDoesNotExist"))]).await;
    assert_eq!(starter.status(&id()).await.unwrap(), ExecutionStatus::Unknown);
    let (starter, _) = answering(vec![described("DREAMING")]).await;
    assert!(matches!(starter.status(&id()).await, Err(StarterError::Refused(_))));
}

#[tokio::test]
async fn a_failure_that_may_pass_is_unavailable() {
    for answer in [
        (400, failure("ThrottlingException")),
        (400, failure("ExecutionLimitExceeded")),
        (400, failure("KmsThrottlingException")),
        (429, failure("SlowDown")),
        (500, failure("InternalFailure")),
        (503, failure("Whatever")),
        (200, json!("no answer to this question")),
    ] {
        let (starter, _) = answering(vec![answer.clone()]).await;
        let outcome = starter.start(&document()).await;
        assert!(matches!(outcome, Err(StarterError::Unavailable(_))), "{answer:?}: {outcome:?}");
        let outcome = starter.status(&id()).await;
        let told_limit = answer.1 == failure("ExecutionLimitExceeded");
        assert!(told_limit || matches!(outcome, Err(StarterError::Unavailable(_))), "{answer:?}: {outcome:?}");
    }
    let nobody = starter_at("http://127.0.0.1:9").await;
    assert!(matches!(nobody.start(&document()).await, Err(StarterError::Unavailable(_))));
}

#[tokio::test]
async fn a_failure_that_will_not_pass_is_refused() {
    for code in [
        "AccessDeniedException",
        "InvalidArn",
        "InvalidExecutionInput",
        "InvalidName",
        "StateMachineDoesNotExist",
        "New",
    ] {
        let (starter, asked) = answering(vec![(400, failure(code))]).await;
        assert!(matches!(starter.start(&document()).await, Err(StarterError::Refused(_))), "{code}");
        assert_eq!(asked.lock().unwrap().len(), 1, "{code}: nothing is gained by trying again");
        assert!(matches!(starter.status(&id()).await, Err(StarterError::Refused(_))), "{code}");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_and_starts_nothing_twice() {
    // The first try started it and its answer was lost: the second has the same name and input.
    let (starter, asked) = answering(vec![(500, failure("InternalFailure")), started()]).await;
    assert_eq!(starter.start(&document()).await.unwrap(), Start::Started);
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0], asked[1]);
}

#[test]
fn a_machine_that_is_none_is_refused_at_the_start() {
    let config = aws_types::SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
    let error = StepFunctionsStarter::new(&config, "recovery").unwrap_err().to_string();
    assert!(error.contains("`recovery`"), "{error}");
}
