//! The environment file of `sam local`, held against a function's own binary and the laptop's two ports.

use alims_domain::recovery::document::RecoveryDocument;
use alims_interface::create_workflow;
use alims_testing::builders::{a_claim, a_key_of};
use serde_json::{Value, json};
use std::path::Path;

use crate::{call, server, turned_to_its_end};

#[tokio::test]
async fn a_function_with_the_settings_of_sam_local_works_on_the_laptop_s_tables_and_bus() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let file = std::fs::read_to_string(root.join("sam-local.env.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    // What the file says, but for the ports: they are the page's, and these are this server's.
    let (database, bus) = (server.dynamodb(), server.eventbridge());
    let here = |name: &str, value: &Value| match name {
        "AWS_ENDPOINT_URL" => database.endpoint_url().unwrap().to_owned(),
        "AWS_ENDPOINT_URL_EVENTBRIDGE" => bus.endpoint_url().unwrap().to_owned(),
        _ => value.as_str().unwrap().to_owned(),
    };
    let parameters = file["Parameters"].as_object().unwrap();
    let mut settings: Vec<(&str, String)> =
        parameters.iter().map(|(name, value)| (name.as_str(), here(name, value))).collect();
    // SAM takes these from the credentials file that the page names, and passes them on as variables.
    let credentials = std::fs::read_to_string(data.path().join("credentials")).unwrap();
    let mut lines = credentials.lines();
    assert_eq!(lines.next(), Some("[default]"), "a profile that needs no name");
    for (line, name) in lines.zip(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
        let (member, value) = line.split_once(" = ").unwrap();
        assert_eq!(member, name.to_lowercase());
        settings.push((name, value.to_owned()));
    }
    // In the container the layers bring these.
    for (name, folder) in [("ALIMS_RULES_DIR", "rules"), ("ALIMS_POLICIES_DIR", "policies")] {
        settings.push((name, root.join(folder).to_str().unwrap().to_owned()));
    }
    let new = json!({"workflow_type": "free-form", "workflow_id": "wf-1"});
    assert_eq!(call(&settings, &create_workflow::ROUTE, Some(new)).await.0, 201);
    // The publisher is the server's, which holds its events back here: a recovery's turns publish what is missing.
    let claim = a_claim(&a_key_of(&"lab".parse().unwrap(), "wf-1"), 1, 1);
    let document = serde_json::to_value(RecoveryDocument::of(&claim)).unwrap();
    let ended = turned_to_its_end(&settings, document).await;
    assert_eq!(ended["outcome"]["status"], "recovered", "{ended}");
    let archive = alims_local::archived_events(&data.path().join("events.sqlite")).unwrap();
    assert_eq!(archive.len(), 1, "{archive:?}");
    let event: Value = serde_json::from_str(&archive[0]).unwrap();
    assert_eq!((&event["detail-type"], &event["detail"]["workflow_id"]), (&json!("WorkflowCreated"), &json!("wf-1")));
    server.stop().await;
}
