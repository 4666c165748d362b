//! The two ports for programs beside the server: the database's own API, and the bus as EventBridge.

use alims_domain::bus_event::BusEvent;
use alims_dynamodb::{DynamoLog, patient_client};
use alims_eventbridge::EventBridgeBus;
use alims_local::{Config, ListenError, Server, StartError, archived_events};
use alims_operations::ports::{EventBus, WorkflowLog};
use alims_testing::builders::{a_key, a_refusal};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::site::Site;

async fn holding() -> Site {
    Site::on(tempfile::tempdir().unwrap(), |config| config.hold_events = true).await
}

#[tokio::test]
async fn an_event_that_the_sdk_puts_is_delivered_like_the_server_s_own() {
    let site = holding().await;
    let alice = site.person("alice", &["analyst", "auditor"]);
    alice.create("w-1").await;
    let log = DynamoLog::new(patient_client(&site.server.dynamodb()), "WorkflowLog");
    let head = log.head(&a_key("w-1")).await.unwrap().unwrap();
    let bus = EventBridgeBus::new(&site.server.eventbridge(), "whatever-it-is-called");
    let events = [BusEvent::of_version(&head.event).unwrap(), BusEvent::of_refusal(&a_refusal(&a_key("w-1"))).unwrap()];
    assert_eq!(bus.put(&events).await.unwrap(), [Ok(()), Ok(())]);

    let heard = alice.listen("/events?after=0", |heard| heard.len() >= 2).await;
    let (_, history) = alice.get("/workflows/w-1/history").await;
    let created = &heard[0].1;
    assert_eq!(created["detail"], history["items"][0]);
    assert_eq!(
        (&created["source"], &created["detail-type"]),
        (&json!("alims.workflow-manager"), &json!("WorkflowCreated"))
    );
    assert_eq!(
        (&created["time"], &created["resources"]),
        (&history["items"][0]["timestamp"], &json!(["urn:alims:default:w-1"]))
    );
    assert_eq!(heard[1].1["detail-type"], "WorkflowTransitionRefused");
}

/// Calls the bus as a program without an SDK would.
async fn call(site: &Site, target: &str, body: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = site.server.eventbridge().endpoint_url().unwrap().to_owned();
    let key = format!("AWS4-HMAC-SHA256 Credential={}/", site.server.access_key().id());
    let call = client.post(url).header("x-amz-target", target).header("authorization", key);
    let answer = call.body(body.to_owned()).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn a_call_other_than_put_events_is_refused_by_name_and_leaves_nothing() {
    let site = holding().await;
    let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{}"});
    let large = json!({"Source": "s", "DetailType": "t", "Detail": format!(r#"{{"x":"{}"}}"#, "x".repeat(30_000))});
    for (target, body, code) in [
        ("AWSEvents.ListRules", "{}".to_owned(), "UnknownOperationException"),
        ("DynamoDB_20120810.Scan", "{}".to_owned(), "UnknownOperationException"),
        ("AWSEvents.PutEvents", "{".to_owned(), "SerializationException"),
        ("AWSEvents.PutEvents", json!({"Entries": []}).to_string(), "ValidationException"),
        ("AWSEvents.PutEvents", json!({"Entries": vec![entry; 11]}).to_string(), "ValidationException"),
        ("AWSEvents.PutEvents", json!({"Entries": vec![large; 9]}).to_string(), "ValidationException"),
    ] {
        let (status, answer) = call(&site, target, &body).await;
        assert_eq!((status, &answer["__type"]), (400, &json!(code)), "{target} {answer}");
        assert!(!answer["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(archived_events(&site.data.path().join("events.sqlite")).unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn each_entry_is_answered_for_itself_and_an_event_is_one_line_whatever_its_form() {
    let site = holding().await;
    let entries = json!({"Entries": [
        {"Source": "s", "DetailType": "t", "Detail": "{\n  \"workflow_id\": \"w\",\r\n \"n\": 1.0}", "Time": 1_795_421_700.123},
        {"Source": "s", "DetailType": "t", "Detail": "[]"},
        {"Source": "", "DetailType": "t", "Detail": "{}"},
        {"DetailType": "t", "Source": "s"},
    ]});
    let (status, answer) = call(&site, "AWSEvents.PutEvents", &entries.to_string()).await;
    assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(3)), "{answer}");
    assert!(answer["Entries"][0]["EventId"].is_string(), "{answer}");
    let codes = [1, 2, 3].map(|at| answer["Entries"][at]["ErrorCode"].as_str().unwrap());
    assert_eq!(codes, ["MalformedDetail", "InvalidArgument", "MalformedDetail"], "{answer}");
    let archived = archived_events(&site.data.path().join("events.sqlite")).unwrap();
    assert_eq!(archived.len(), 1, "{archived:?}");
    let event: Value = serde_json::from_str(&archived[0]).unwrap();
    assert_eq!((&event["id"], &event["time"]), (&answer["Entries"][0]["EventId"], &json!("2026-11-23T08:15:00.123Z")));
    assert!(archived[0].contains(r#""n": 1.0"#), "numbers stay as they are: {archived:?}");
}

#[tokio::test]
async fn an_entry_that_would_steer_a_terminal_or_a_listener_is_refused_and_the_others_are_taken() {
    let site = holding().await;
    let long = |chars: usize| "x".repeat(chars);
    for (source, detail_type, code) in [
        ("s", "t", None),
        ("s", "🐶", None),
        (&*long(256), &*long(128), None),
        ("s", "", Some("InvalidArgument")),
        ("s\n", "t", Some("InvalidArgument")),
        ("s", "t\ndata: x\n\nevent: WorkflowCreated", Some("InvalidArgument")),
        ("s", "t\r", Some("InvalidArgument")),
        ("s", "\u{1b}[2J", Some("InvalidArgument")),
        ("s\u{9b}2J", "t", Some("InvalidArgument")),
        ("s", "t\u{2028}", Some("InvalidArgument")),
        ("s", "\0", Some("InvalidArgument")),
        (&long(257), "t", Some("InvalidArgument")),
        ("s", &long(129), Some("InvalidArgument")),
        ("aws.s3", "t", Some("NotAuthorizedForSourceException")),
    ] {
        let entry = json!({"Source": source, "DetailType": detail_type, "Detail": "{}"});
        let good = json!({"Source": "s", "DetailType": "t", "Detail": "{}"});
        let (status, answer) = call(&site, "AWSEvents.PutEvents", &json!({"Entries": [entry, good]}).to_string()).await;
        let refused = answer["Entries"][0]["ErrorCode"].as_str();
        assert_eq!((status, refused), (200, code), "{source:?} {detail_type:?}: {answer}");
        assert!(answer["Entries"][1]["EventId"].is_string(), "{answer}");
    }
    for entry in [
        json!({"Source": "s", "DetailType": "t", "Detail": "{}", "Resources": ["x".repeat(300_000)]}),
        json!({"Source": "x".repeat(300_000), "DetailType": "t", "Detail": "{}"}),
    ] {
        let (status, answer) = call(&site, "AWSEvents.PutEvents", &json!({"Entries": [entry]}).to_string()).await;
        assert_eq!((status, &answer["__type"]), (400, &json!("ValidationException")), "{answer}");
    }
}

/// An archive may hold what was taken before such names were refused.
#[tokio::test]
async fn an_archived_name_with_a_line_feed_ends_no_listener_and_makes_no_event_of_its_own() {
    let site = Site::open().await;
    let data = site.close().await;
    let name = "t\ndata: {}\n\nevent: WorkflowCreated\ndata: forged";
    let detail = json!({"tenant_id": "default", "workflow_id": "w-0"});
    let line = json!({"detail-type": name, "detail": detail}).to_string();
    let archive = rusqlite::Connection::open(data.path().join("events.sqlite")).unwrap();
    archive.execute("INSERT INTO events (number, line) VALUES (1, ?1)", [&line]).unwrap();
    drop(archive);
    let site = Site::on(data, |_| {}).await;
    let alice = site.person("alice", &["analyst"]);
    alice.create("w-1").await;
    let mut answer = alice.request(reqwest::Method::GET, "/events?after=0").send().await.unwrap();
    let mut heard = String::new();
    while !heard.contains("w-1") {
        let chunk = tokio::time::timeout(crate::site::PATIENCE, answer.chunk()).await.unwrap();
        heard.push_str(std::str::from_utf8(&chunk.unwrap().expect("the stream ended")).unwrap());
    }
    let first = heard.split("\n\n").next().unwrap();
    assert_eq!(first, format!("id: 1\ndata: {line}"));
}

#[tokio::test]
async fn a_port_may_be_chosen_and_one_that_is_taken_is_told_with_its_option() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    for option in ["--database-port", "--events-port"] {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_alims-local"));
        command.args(["--port", "0", "--data"]).arg(data.path()).args([option, &port.to_string()]);
        // The input stays open until it has ended or is ready: its end would be a reason to stop before the port is tried.
        command.arg("--until-stdin-closes");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let mut printed = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let ready = printed.find(|line| line.starts_with("listening on"));
        drop(stdin);
        assert_eq!(ready, None, "it shares port {port} with somebody");
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(&format!("port {port} is in use; choose another one with {option}")), "{error}");
    }
    let data = tempfile::tempdir().unwrap();
    let config = Config { database_port: port, ..Config::new(data.path()) };
    assert!(matches!(Server::start(config.clone()).await, Err(StartError::Listen(ListenError::PortInUse { .. }))));
    drop(taken);
    let server = Server::start(config).await.unwrap();
    assert_eq!(server.dynamodb().endpoint_url(), Some(format!("http://127.0.0.1:{port}").as_str()));
    server.stop().await;
}
