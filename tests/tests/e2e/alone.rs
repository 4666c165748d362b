//! Scenarios that take something away from everybody for a while: each is played by itself, after all others.

use serde_json::{Value, json};

use crate::people::{FREE, Person, go};
use crate::recovery::{history_of, recovered};
use crate::world::{SUBSCRIBER, WORLD, cli};

/// The deployed mapping of the log's stream to the publisher, switched.
fn publisher(switch: &str) {
    let function = WORLD.resource("PublishEventsFunction");
    let found = cli(&["lambda", "list-event-source-mappings", "--function-name", function]);
    let uuid = found["EventSourceMappings"][0]["UUID"].as_str().unwrap().to_owned();
    cli(&["lambda", "update-event-source-mapping", "--uuid", &uuid, switch]);
}

#[tokio::test]
async fn a_publication_that_was_torn_off_is_made_up_for_in_order() {
    let alice = Person::everybody();
    alice.create("torn").await.expect(201);
    let first = |event: &Value| event["detail"]["workflow_id"] == "torn";
    SUBSCRIBER.until(first, |events| !events.is_empty()).await;
    // The publisher is gone in the middle of the workflow's life.
    publisher("--no-enabled");
    alice.go("torn", "ACTIVE").await.expect(200);
    alice.go("torn", "PAUSED").await.expect(200);
    let told = recovered(&alice, "torn").await;
    assert_eq!(told["status"], "recovered", "{told}");
    let events = SUBSCRIBER.until(first, |events| events.len() >= 3).await;
    publisher("--enabled");
    let versions: Vec<&Value> = events.iter().map(|event| &event["detail"]["version"]).collect();
    assert_eq!(versions, [&json!(1), &json!(2), &json!(3)]);
    let listed = |list: &Value| {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["workflow_id"] == "torn" && item["published_version"] == 3)
    };
    alice.until("/workflows?state=PAUSED&limit=100", listed).await;
}

#[tokio::test]
async fn a_failed_workflow_comes_back_through_rules_that_first_are_unavailable_twice() {
    // The deployed function in another wiring: its rules give no verdict at first. The machine and all else stays.
    let function = WORLD.resource("RecoveryStepFunction");
    let package = format!("fileb://{}", WORLD.text("without_rules"));
    cli(&["lambda", "update-function-code", "--function-name", function, "--zip-file", &package]);
    cli(&["lambda", "wait", "function-updated-v2", "--function-name", function]);
    let alice = Person::everybody();
    let new = json!({"workflow_type": FREE, "workflow_id": "ruleless"});
    alice.post("/workflows", &new).await.expect(201);
    alice.go("ruleless", "ACTIVE").await.expect(200);
    let mut failure = go("FAILED");
    failure["failure"]["retryable"] = json!(false);
    alice.post("/workflows/ruleless/transitions", &failure).await.expect(200);
    let told = recovered(&alice, "ruleless").await;
    assert_eq!(told["status"], "recovered", "{told}");
    assert_eq!(alice.get("/workflows/ruleless").await.expect(200)["current_state"], "ACTIVE");
    let history = history_of(told["recovery_id"].as_str().unwrap());
    let failures: Vec<&str> =
        history.iter().filter_map(|event| event["taskFailedEventDetails"]["error"].as_str()).collect();
    assert_eq!(failures, ["RulesUnavailable", "RulesUnavailable"], "and the machine asked again: {told}");
}
