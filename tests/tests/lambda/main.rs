//! The functions' own binaries, run as Lambda runs them, over the real SDK on the embedded database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod runtime_api;
mod sam_local;

use alims_api::operations::{
    CREATE_WORKFLOW, GET_WORKFLOW_HISTORY, GET_WORKFLOW_RECOVERY, GET_WORKFLOW_STATE, LIST_WORKFLOWS, OPERATIONS,
    Operation, RECOVER_WORKFLOW, RELEASE_WORKFLOW, REPLAY_EVENTS, REQUEST_STATE_TRANSITION, VERIFY_WORKFLOW_HISTORY,
};
use alims_api::testing::GatewayEvent;
use alims_local::{Config, Server};
use alims_testing::fake_engine::{Deed, FakeEngine, a_no, a_yes};
use axum::Router;
use axum::body::Bytes;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};

use runtime_api::Function;

/// The name of a break that no workflow has.
const NO_BREAK: &str = "0000000001-00000000000000000000000000000000";

/// A server whose database the functions share. It holds its events back: publishing is for the function.
async fn server(data: &Path) -> Server {
    Server::start(Config { hold_events: true, ..Config::new(data) }).await.unwrap()
}

/// The settings of a function on that database, with an event bus that takes everything at `bus`.
fn settings(server: &Server, bus: &str) -> Vec<(&'static str, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = |name: &str| root.join(name).to_str().unwrap().to_owned();
    vec![
        ("AWS_ENDPOINT_URL_DYNAMODB", server.dynamodb().endpoint_url().unwrap().to_owned()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.to_owned()),
        ("AWS_ENDPOINT_URL_SFN", bus.to_owned()),
        ("AWS_ENDPOINT_URL_SQS", bus.to_owned()),
        ("ALIMS_LOG_TABLE", "WorkflowLog".to_owned()),
        ("ALIMS_INDEX_TABLE", "WorkflowIndex".to_owned()),
        ("ALIMS_EVENT_BUS", "alims-workflow-events".to_owned()),
        ("ALIMS_DEAD_LETTER_QUEUE_URL", format!("{bus}/0/dead-letters")),
        ("ALIMS_RECOVERY_STATE_MACHINE", "arn:aws:states:eu-central-1:123456789012:stateMachine:m".to_owned()),
        ("ALIMS_RULES_DIR", folder("rules")),
        ("ALIMS_POLICIES_DIR", folder("policies")),
    ]
}

/// Takes every entry put to it and every execution started, and remembers their details, or inputs.
async fn bus() -> (String, Arc<Mutex<Vec<Value>>>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    let routes = Router::new().fallback(move |body: Bytes| {
        let call: Value = serde_json::from_slice(&body).unwrap();
        let started = call["input"].as_str().map(|input| serde_json::from_str(input).unwrap());
        kept.lock().unwrap().extend(started);
        let entries = call["Entries"].as_array().cloned().unwrap_or_default();
        let results: Vec<Value> = entries.iter().map(|_| json!({"EventId": "1"})).collect();
        let details = entries.iter().map(|entry| serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap());
        kept.lock().unwrap().extend(details);
        let of_an_execution = json!({"executionArn": "arn:aws:states:local:0:execution:m:e", "startDate": 1.0});
        let of_entries = json!({"FailedEntryCount": 0, "Entries": results});
        async move { if call["input"].is_null() { of_entries } else { of_an_execution }.to_string() }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (format!("http://{address}"), taken)
}

/// Starts the binary of an operation and has it answer one request by somebody with every role.
async fn call(settings: &[(&str, String)], operation: &'static Operation, body: Option<Value>) -> (u64, Value) {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut function = Function::start(operation.name, &settings).await;
    let event = GatewayEvent::of(operation).claim("roles", "[analyst supervisor auditor]");
    let event = if let Some(body) = &body { event.json(body) } else { event };
    let answer = function.invoke(event.event()).await;
    let text = answer["body"].as_str().unwrap_or_else(|| panic!("{}: {answer}", operation.name));
    (answer["statusCode"].as_u64().unwrap(), serde_json::from_str(text).unwrap())
}

#[tokio::test]
async fn every_operation_answers_from_its_own_binary() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let (bus, taken) = bus().await;
    let settings = settings(&server, &bus);
    let new = json!({"workflow_type": "free-form", "workflow_id": "wf-1"});
    let failed = json!({"target_state": "FAILED", "reason": "it broke",
        "failure": {"code": "power-loss", "message": "The power went.", "retryable": true}});
    let until_the_recovery: [(&'static Operation, Option<Value>, u64, &str, Value); 5] = [
        (&CREATE_WORKFLOW, Some(new), 201, "/version", json!(1)),
        (
            &REQUEST_STATE_TRANSITION,
            Some(json!({"target_state": "ACTIVE", "reason": "go"})),
            200,
            "/workflow/version",
            json!(2),
        ),
        (&REQUEST_STATE_TRANSITION, Some(failed), 200, "/workflow/current_state", json!("FAILED")),
        (&GET_WORKFLOW_RECOVERY, None, 200, "/status", json!("none")),
        (&RECOVER_WORKFLOW, None, 202, "/status", json!("running")),
    ];
    let after_it: [(&'static Operation, Option<Value>, u64, &str, Value); 7] = [
        (&GET_WORKFLOW_RECOVERY, None, 200, "/status", json!("recovered")),
        (&GET_WORKFLOW_STATE, None, 200, "/current_state", json!("ACTIVE")),
        (&GET_WORKFLOW_HISTORY, None, 200, "/items/3/event_type", json!("WorkflowRecovered")),
        (&VERIFY_WORKFLOW_HISTORY, None, 200, "/versions_checked", json!(4)),
        (&LIST_WORKFLOWS, None, 200, "/items/0/published_version", json!(4)),
        (&REPLAY_EVENTS, Some(json!({"from_version": 3})), 202, "/to_version", json!(4)),
        (
            &RELEASE_WORKFLOW,
            Some(json!({"breaks": [NO_BREAK], "reason": "why not"})),
            409,
            "/code",
            json!("workflow-not-quarantined"),
        ),
    ];
    let mut answered: Vec<&str> = Vec::new();
    let mut ask = async |operation: &'static Operation, body, status, pointer: &str, expected: Value| {
        let (seen, answer) = call(&settings, operation, body).await;
        assert_eq!((seen, answer.pointer(pointer)), (status, Some(&expected)), "{}: {answer}", operation.name);
        answered.push(operation.name);
    };
    for (operation, body, status, pointer, expected) in until_the_recovery {
        ask(operation, body, status, pointer, expected).await;
    }
    let document = taken.lock().unwrap().pop().unwrap();
    let ended = turned_to_its_end(&settings, document).await;
    assert_eq!(ended["outcome"]["status"], "recovered", "{ended}");
    for (operation, body, status, pointer, expected) in after_it {
        ask(operation, body, status, pointer, expected).await;
    }
    assert!(OPERATIONS.iter().all(|operation| answered.contains(&operation.name)), "an operation was left out");
    let versions: Vec<Value> = taken.lock().unwrap().iter().map(|detail| detail["version"].clone()).collect();
    let expected = [1, 2, 3, 4, 3, 4].map(|version| json!(version));
    assert_eq!(versions, expected, "the recovery published everything, and the replay the end of it again");
    server.stop().await;
}

/// Has the binary of recovery-step make every turn, as the state machine does.
async fn turned_to_its_end(settings: &[(&str, String)], mut document: Value) -> Value {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut function = Function::start("recovery-step", &settings).await;
    while document["next"] != "end" {
        document = function.invoke(document).await;
        assert!(document["next"].is_string(), "{document}");
    }
    document
}

#[tokio::test]
async fn the_functions_that_judge_ask_the_rules_engine_that_their_settings_choose() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let mut settings = settings(&server, "http://127.0.0.1:9");
    settings.extend([("ALIMS_RULES_ENGINE", "remote".to_owned()), ("ALIMS_RULES_TOKEN", "t0ken".to_owned())]);
    settings.extend([("ALIMS_RULES_URL", engine.url.clone()), ("ALIMS_RULES_DEADLINE_MS", "5000".to_owned())]);
    let new = json!({"workflow_type": "free-form", "workflow_id": "wf-1"});
    let (status, answer) = call(&settings, &CREATE_WORKFLOW, Some(new)).await;
    assert_eq!(status, 201, "{answer}");
    engine.next([Deed::Answer(a_no())]);
    let go = json!({"target_state": "ACTIVE", "reason": "go"});
    let (status, answer) = call(&settings, &REQUEST_STATE_TRANSITION, Some(go)).await;
    assert_eq!((status, &answer["ruleset"]), (422, &json!("fake")), "{answer}");
    assert_eq!(engine.calls(), 2);
    assert!(engine.received().iter().all(|received| received.head.contains("authorization: Bearer t0ken\r\n")));
    for name in ["create-workflow", "get-workflow-state", "recovery-step", "request-state-transition"] {
        let without = settings.iter().filter(|(name, _)| *name != "ALIMS_RULES_URL");
        let without: Vec<(&str, &str)> = without.map(|(name, value)| (*name, value.as_str())).collect();
        let said = Function::start_and_fail(name, &without).await;
        assert!(said.contains("ALIMS_RULES_URL"), "{name}: {said}");
    }
    server.stop().await;
}

/// The shape that the template's metric filters look for, in lines as Lambda gets them.
#[tokio::test]
async fn an_engine_that_is_given_up_is_counted_by_the_filter_of_the_template() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let mut settings = settings(&server, "http://127.0.0.1:9");
    // Nobody is there.
    settings
        .extend([("ALIMS_RULES_ENGINE", "remote".to_owned()), ("ALIMS_RULES_URL", "http://127.0.0.1:9".to_owned())]);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut function = Function::start_and_listen("create-workflow", &settings).await;
    let new =
        GatewayEvent::of(&CREATE_WORKFLOW).claim("roles", "[analyst]").json(&json!({"workflow_type": "free-form"}));
    for _ in 0..6 {
        let answer = function.invoke(new.event()).await;
        assert_eq!(answer["statusCode"], 503, "{answer}");
    }
    let lines = function.stop().await;
    let with = |member: &str, value: &str| lines.iter().filter(|line| line[member] == value).count();
    assert_eq!(with("breaker", "open"), 1, "{lines:#?}");
    assert_eq!(with("code", "rules-engine-unavailable"), 6, "{lines:#?}");
    server.stop().await;
}

#[tokio::test]
async fn publish_events_publishes_from_a_batch_of_the_stream() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let (bus, taken) = bus().await;
    let settings = settings(&server, &bus);
    for (operation, body) in [
        (&CREATE_WORKFLOW, json!({"workflow_type": "free-form", "workflow_id": "wf-1"})),
        (&REQUEST_STATE_TRANSITION, json!({"target_state": "ACTIVE", "reason": "go"})),
    ] {
        call(&settings, operation, Some(body)).await;
    }
    // The record of version 2 alone: version 1 is found in the log.
    let client = aws_sdk_dynamodb::Client::new(&server.dynamodb());
    let items = client.scan().table_name("WorkflowLog").send().await.unwrap().items.unwrap();
    let item = items.into_iter().find(|item| item["entry"].as_s().unwrap().ends_with('2')).unwrap();
    let image: Value =
        item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<serde_json::Map<_, _>>().into();
    let keys = json!({"pk": image["pk"], "entry": image["entry"]});
    let record = json!({
        "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "eventVersion": "1.1",
        "awsRegion": "local", "eventSourceARN": "arn:aws:dynamodb:local:0:table/WorkflowLog/stream/1",
        "dynamodb": {"ApproximateCreationDateTime": 1_795_421_700.0, "Keys": keys, "NewImage": image,
            "SequenceNumber": "100000000000000000001", "SizeBytes": 100, "StreamViewType": "NEW_IMAGE"},
    });
    let borrowed: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut function = Function::start("publish-events", &borrowed).await;
    let answer = function.invoke(json!({ "Records": [record] })).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let versions: Vec<Value> = taken.lock().unwrap().iter().map(|detail| detail["version"].clone()).collect();
    assert_eq!(versions, [json!(1), json!(2)]);
    server.stop().await;
}

/// An attribute as a stream's record spells it.
#[expect(clippy::wildcard_enum_match_arm, reason = "a kind that is not stored must fail the test, whichever it is")]
fn attribute(value: &aws_sdk_dynamodb::types::AttributeValue) -> Value {
    use aws_sdk_dynamodb::types::AttributeValue as A;
    match value {
        A::S(text) => json!({ "S": text }),
        A::N(number) => json!({ "N": number }),
        A::Bool(truth) => json!({ "BOOL": truth }),
        A::L(items) => json!({ "L": items.iter().map(attribute).collect::<Vec<_>>() }),
        A::M(members) => {
            json!({ "M": members.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<serde_json::Map<_, _>>() })
        }
        other => panic!("an attribute of a kind that is not stored: {other:?}"),
    }
}

#[tokio::test]
async fn a_function_without_its_settings_says_which_is_missing() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let settings: Vec<_> =
        settings(&server, "http://127.0.0.1:9").into_iter().filter(|(name, _)| *name != "ALIMS_LOG_TABLE").collect();
    let borrowed: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = Function::start_and_fail("get-workflow-state", &borrowed).await;
    assert!(said.contains("ALIMS_LOG_TABLE"), "{said}");
    server.stop().await;
}
