//! The functions' own binaries, run as Lambda runs them, over the real SDK on the embedded database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod log_bytes;
mod runtime_api;
mod sam_local;

use alims_edge::route::Route;
use alims_edge::testing::GatewayEvent;
use alims_interface::{
    ROUTES, amend_workflow, batch_state_transitions, create_workflow, export_records, get_export, get_workflow_history,
    get_workflow_recovery, get_workflow_state, list_activity, list_workflows, recover_workflow, release_workflow,
    replay_events, request_state_transition, review_audit_trail, sign_workflow, verify_workflow_history,
};
use alims_local::{Config, Server};
use alims_testing::fake_engine::{Deed, FakeEngine, a_no, a_yes};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

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
        ("AWS_ACCESS_KEY_ID", server.access_key().id().to_owned()),
        ("AWS_SECRET_ACCESS_KEY", server.access_key().secret().to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", server.dynamodb().endpoint_url().unwrap().to_owned()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.to_owned()),
        ("AWS_ENDPOINT_URL_SFN", bus.to_owned()),
        ("AWS_ENDPOINT_URL_SQS", bus.to_owned()),
        ("ALIMS_LOG_TABLE", "WorkflowLog".to_owned()),
        ("ALIMS_INDEX_TABLE", "WorkflowIndex".to_owned()),
        ("ALIMS_EVENT_BUS", "alims-workflow-events".to_owned()),
        ("ALIMS_DEAD_LETTER_QUEUE_URL", format!("{bus}/0/dead-letters")),
        ("ALIMS_RECOVERY_STATE_MACHINE", "arn:aws:states:eu-central-1:123456789012:stateMachine:m".to_owned()),
        ("ALIMS_EXPORT_STATE_MACHINE", "arn:aws:states:eu-central-1:123456789012:stateMachine:e".to_owned()),
        ("ALIMS_EXPORT_BUCKET", "exports".to_owned()),
        ("ALIMS_ANCHOR_BUCKET", "anchors".to_owned()),
        ("ALIMS_SIGNING_KEY", "signing-key".to_owned()),
        // A laptop has no Amazon S3 and no AWS KMS: nothing listens there.
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9".to_owned()),
        ("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9".to_owned()),
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
async fn call(settings: &[(&str, String)], operation: &'static Route, body: Option<Value>) -> (u64, Value) {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut function = Function::start(operation.name, &settings).await;
    let event = GatewayEvent::of(operation).claim("roles", json!(["analyst", "supervisor", "auditor"]));
    #[allow(clippy::disallowed_methods, reason = "the binary reads the machine's clock too")]
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // A binary has the machine's clock, and a signature needs a fresh sign-in.
    let event = event.claim("auth_time", now_s).claim("name", "Alice");
    let event = if let Some(body) = &body { event.json(body) } else { event };
    let answer = function.invoke(event.event()).await;
    let text = answer["body"].as_str().unwrap_or_else(|| panic!("{}: {answer}", operation.name));
    (answer["statusCode"].as_u64().unwrap(), serde_json::from_str(text).unwrap())
}

/// A call of an operation's binary, and what its answer must hold.
struct Asked {
    operation: &'static Route,
    body: Option<Value>,
    status: u64,
    /// Where in the answer to look, as a JSON pointer, and what must be there.
    holds: (&'static str, Value),
}

impl Asked {
    /// A call without a body that is to be answered with 200.
    fn of(operation: &'static Route) -> Self {
        Self { operation, body: None, status: 200, holds: ("", Value::Null) }
    }

    fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    fn answered(self, status: u64) -> Self {
        Self { status, ..self }
    }

    fn holding(self, pointer: &'static str, value: impl Into<Value>) -> Self {
        Self { holds: (pointer, value.into()), ..self }
    }

    /// Makes the call and compares the answer.
    async fn check(self, settings: &[(&str, String)]) {
        let Self { operation, body, status, holds: (pointer, expected) } = self;
        let (seen, answer) = call(settings, operation, body).await;
        assert_eq!((seen, answer.pointer(pointer)), (status, Some(&expected)), "{}: {answer}", operation.name);
    }
}

/// A workflow is created, moved until it fails, and its recovery is asked for.
fn until_the_recovery() -> Vec<Asked> {
    let new = json!({"workflow_type": "free-form", "workflow_id": "wf-1"});
    let go = json!({"target_state": "ACTIVE", "reason": "go"});
    let fail = json!({"target_state": "FAILED", "reason": "it broke",
        "failure": {"code": "power-loss", "message": "The power went.", "retryable": true}});
    vec![
        Asked::of(&create_workflow::ROUTE).with(new).answered(201).holding("/version", 1),
        Asked::of(&request_state_transition::ROUTE).with(go).holding("/workflow/version", 2),
        Asked::of(&request_state_transition::ROUTE).with(fail).holding("/workflow/current_state", "FAILED"),
        Asked::of(&get_workflow_recovery::ROUTE).holding("/status", "none"),
        Asked::of(&recover_workflow::ROUTE).answered(202).holding("/status", "running"),
    ]
}

/// The recovered workflow is read, listed, verified and replayed; there is no quarantine to release.
fn after_the_recovery() -> Vec<Asked> {
    let release = json!({"breaks": [NO_BREAK], "reason": "why not"});
    let amend = json!({"reason": "as planned", "labels": {"sample": "S-1"}});
    let batch = json!({"transitions": [{"workflow_id": "wf-1", "target_state": "PAUSED", "reason": "pause"}]});
    vec![
        Asked::of(&get_workflow_recovery::ROUTE).holding("/status", "recovered"),
        Asked::of(&get_workflow_state::ROUTE).holding("/current_state", "ACTIVE"),
        Asked::of(&get_workflow_history::ROUTE).holding("/items/3/event_type", "WorkflowRecovered"),
        Asked::of(&verify_workflow_history::ROUTE).holding("/versions_checked", 4),
        Asked::of(&list_workflows::ROUTE).holding("/items/0/published_version", 4),
        Asked::of(&list_activity::ROUTE).holding("/items/0/kind", "RecoveryEnded"),
        Asked::of(&replay_events::ROUTE).with(json!({"from_version": 3})).answered(202).holding("/to_version", 4),
        Asked::of(&release_workflow::ROUTE).with(release).answered(409).holding("/code", "workflow-not-quarantined"),
        Asked::of(&review_audit_trail::ROUTE)
            .with(json!({"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "reason": "Nothing unusual."}))
            .answered(201)
            .holding("/entry/event_type", "AuditTrailReviewed"),
        Asked::of(&export_records::ROUTE)
            .with(json!({"workflow_id": "wf-1"}))
            .answered(503)
            .holding("/code", "storage-unavailable"),
        Asked::of(&get_export::ROUTE).answered(503).holding("/code", "storage-unavailable"),
        Asked::of(&amend_workflow::ROUTE).with(amend).holding("/workflow/labels/sample", "S-1"),
        Asked::of(&batch_state_transitions::ROUTE).with(batch).holding("/results/0/workflow/version", 6),
        Asked::of(&sign_workflow::ROUTE)
            .with(json!({"meaning": "review", "version": 6}))
            .holding("/event/signature/signer_name", "Alice"),
    ]
}

#[tokio::test]
async fn every_operation_answers_from_its_own_binary() {
    let asked = || until_the_recovery().into_iter().chain(after_the_recovery());
    let named: Vec<&str> = asked().map(|asked| asked.operation.name).collect();
    let left_out: Vec<&Route> = ROUTES.into_iter().filter(|operation| !named.contains(&operation.name)).collect();
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let (bus, taken) = bus().await;
    let settings = settings(&server, &bus);
    for asked in until_the_recovery() {
        asked.check(&settings).await;
    }
    let document = taken.lock().unwrap().pop().unwrap();
    let ended = turned_to_its_end(&settings, document).await;
    assert_eq!(ended["outcome"]["status"], "recovered", "{ended}");
    for asked in after_the_recovery() {
        asked.check(&settings).await;
    }
    // What only reads needs no more than its route to be called.
    for operation in left_out {
        assert_eq!(operation.method.as_str(), "GET", "{} is left out", operation.name);
        let (status, answer) = call(&settings, operation, None).await;
        assert_eq!(status, 200, "{}: {answer}", operation.name);
    }
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
    settings.extend([("ALIMS_RULES_URL", engine.url.clone()), ("ALIMS_RULES_DEADLINE_MS", "2000".to_owned())]);
    let new = json!({"workflow_type": "free-form", "workflow_id": "wf-1"});
    let (status, answer) = call(&settings, &create_workflow::ROUTE, Some(new)).await;
    assert_eq!(status, 201, "{answer}");
    engine.next([Deed::Answer(a_no())]);
    let go = json!({"target_state": "ACTIVE", "reason": "go"});
    let (status, answer) = call(&settings, &request_state_transition::ROUTE, Some(go)).await;
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
    let new = GatewayEvent::of(&create_workflow::ROUTE).json(&json!({"workflow_type": "free-form"}));
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
        (&create_workflow::ROUTE, json!({"workflow_type": "free-form", "workflow_id": "wf-1"})),
        (&request_state_transition::ROUTE, json!({"target_state": "ACTIVE", "reason": "go"})),
    ] {
        call(&settings, operation, Some(body)).await;
    }
    // The record of version 2 alone: version 1 is found in the log.
    let client = aws_sdk_dynamodb::Client::new(&server.dynamodb());
    let items = client.scan().table_name("WorkflowLog").send().await.unwrap().items.unwrap();
    let item = items.into_iter().find(|item| item["entry"].as_s().unwrap().ends_with('2')).unwrap();
    let record = record(&item);
    let borrowed: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut function = Function::start("publish-events", &borrowed).await;
    let answer = function.invoke(json!({ "Records": [record] })).await;
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let versions: Vec<Value> = taken.lock().unwrap().iter().map(|detail| detail["version"].clone()).collect();
    assert_eq!(versions, [json!(1), json!(2)]);
    server.stop().await;
}

/// The stream's record of an item that was put.
fn record(item: &HashMap<String, AttributeValue>) -> Value {
    let image: Value =
        item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<serde_json::Map<_, _>>().into();
    let keys = json!({"pk": image["pk"], "entry": image["entry"]});
    json!({
        "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "eventVersion": "1.1",
        "awsRegion": "local", "eventSourceARN": "arn:aws:dynamodb:local:0:table/WorkflowLog/stream/1",
        "dynamodb": {"ApproximateCreationDateTime": 1_795_421_700.0, "Keys": keys, "NewImage": image,
            "SequenceNumber": "100000000000000000001", "SizeBytes": 100, "StreamViewType": "NEW_IMAGE"},
    })
}

/// An attribute as a stream's record spells it.
#[expect(clippy::wildcard_enum_match_arm, reason = "a kind that is not stored must fail the test, whichever it is")]
fn attribute(value: &aws_sdk_dynamodb::types::AttributeValue) -> Value {
    use aws_sdk_dynamodb::types::AttributeValue as A;
    match value {
        A::S(text) => json!({ "S": text }),
        A::N(number) => json!({ "N": number }),
        A::Bool(truth) => json!({ "BOOL": truth }),
        A::Null(truth) => json!({ "NULL": truth }),
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
