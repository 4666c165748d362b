//! The environment file of `sam local` and the sample events, held against the functions' own binaries and the laptop's
//! two ports.

use alims_domain::recovery::document::RecoveryDocument;
use alims_interface::create_workflow;
use alims_local::{Config, Server};
use alims_testing::builders::{a_claim, a_key_of};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

use crate::runtime_api::Function;
use crate::{call, turned_to_its_end};

/// A server that serves containers and holds its events back: publishing is for the functions.
async fn server(data: &Path) -> Server {
    let containers = Some("host.docker.internal".parse().unwrap());
    Server::start(Config { hold_events: true, containers, ..Config::new(data) }).await.unwrap()
}

/// What a function in a container is given, but for the name of this machine, which is no container's here.
fn settings(data: &Path) -> Vec<(String, String)> {
    let file = std::fs::read_to_string(data.join("sam-local.env.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let here = |value: &Value| value.as_str().unwrap().replace("host.docker.internal", "127.0.0.1");
    let parameters = file["Parameters"].as_object().unwrap();
    let mut settings: Vec<_> = parameters.iter().map(|(name, value)| (name.clone(), here(value))).collect();
    // SAM takes these from the credentials file that the page names, and passes them on as variables.
    let credentials = std::fs::read_to_string(data.join("credentials")).unwrap();
    let mut lines = credentials.lines();
    assert_eq!(lines.next(), Some("[default]"), "a profile that needs no name");
    for (line, name) in lines.zip(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
        let (member, value) = line.split_once(" = ").unwrap();
        assert_eq!(member, name.to_lowercase());
        settings.push((name.to_owned(), value.to_owned()));
    }
    // In the container the layers bring these.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (name, folder) in [("ALIMS_RULES_DIR", "rules"), ("ALIMS_POLICIES_DIR", "policies")] {
        settings.push((name.to_owned(), root.join(folder).to_str().unwrap().to_owned()));
    }
    settings
}

fn borrowed(settings: &[(String, String)]) -> Vec<(&str, String)> {
    settings.iter().map(|(name, value)| (name.as_str(), value.clone())).collect()
}

#[tokio::test]
async fn a_function_with_the_settings_of_sam_local_works_on_the_laptop_s_tables_and_bus() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let settings = settings(data.path());
    let settings = borrowed(&settings);
    let new = json!({"workflow_type": "free-form", "workflow_id": "wf-1"});
    assert_eq!(call(&settings, &create_workflow::ROUTE, Some(new)).await.0, 201);
    // The publisher is the server's, which holds its events back here: a recovery's turns publish what is missing.
    let claim = a_claim(&a_key_of(&"lab".parse().unwrap(), "wf-1"), 1, 1);
    let document = serde_json::to_value(RecoveryDocument::of(&claim)).unwrap();
    let ended = turned_to_its_end(&settings, document).await;
    assert_eq!(ended["outcome"]["status"], "recovered", "{ended}");
    assert_eq!(events_of(data.path()), ["WorkflowCreated"]);
    server.stop().await;
}

/// The types of the events on the laptop's bus.
fn events_of(data: &Path) -> Vec<String> {
    let archive = alims_local::archived_events(&data.join("events.sqlite")).unwrap();
    let event =
        |line: &String| serde_json::from_str::<Value>(line).unwrap()["detail-type"].as_str().unwrap().to_owned();
    archive.iter().map(event).collect()
}

/// As `cargo xtask sam-local` holds them against the functions in containers, where that command runs.
#[tokio::test]
async fn every_function_answers_its_sample_event_as_the_file_of_answers_says() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let mut settings = settings(data.path());
    // As the template has it: names of roles begin with it.
    settings.push(("ALIMS_ROLE_PREFIX".to_owned(), "alims:".to_owned()));
    // SAM CLI gives a reference to a resource as its name in the template.
    for (name, resource) in [
        ("ALIMS_DEAD_LETTER_QUEUE_URL", "UnreadableRecordsQueue"),
        ("ALIMS_ANCHOR_BUCKET", "AnchorBucket"),
        ("ALIMS_EXPORT_BUCKET", "ExportBucket"),
        ("ALIMS_SIGNING_KEY", "SigningKey"),
    ] {
        settings.push((name.to_owned(), resource.to_owned()));
    }
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (&**name, &**value)).collect();
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("events");
    let read = |name: &str| {
        let text = std::fs::read_to_string(events.join(format!("{name}.json"))).unwrap_or_else(|_| panic!("{name}"));
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let mut named = BTreeSet::new();
    for expected in read("answers").as_array().unwrap() {
        let name = expected["function"].as_str().unwrap();
        assert!(named.insert(name.to_owned()), "{name} is there twice");
        let answer = Function::start(name, &settings).await.invoke(read(name)).await;
        assert_eq!(answer.get("statusCode"), expected.get("status"), "{name}: {answer}");
        let content = match answer["body"].as_str() {
            Some(body) => serde_json::from_str(body).unwrap(),
            // `sam local` prints the failure alone.
            None => answer.get("failed").filter(|failed| failed.is_object()).cloned().unwrap_or(answer),
        };
        for (pointer, value) in expected["holds"].as_object().unwrap() {
            assert_eq!(content.pointer(pointer), Some(value), "{name}: {pointer} of {content}");
        }
    }
    // Published by publish-events, and again by replay-events.
    assert_eq!(events_of(data.path()), ["WorkflowCreated", "WorkflowCreated"]);
    server.stop().await;
}
