//! One correlation id, from a request to the end of what it caused, in the logs of every function that takes part.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::people::{FREE, Person};
use crate::recovery::failed;
use crate::world::{PATIENCE, WORLD, cli, events_of};

/// The lines of a function that carry the id, once there is one that says this.
async fn lines_of(function: &str, correlation_id: &str, message: &str) -> Vec<Value> {
    let group = WORLD.resource(&format!("{function}LogGroup"));
    let begun = Instant::now();
    loop {
        let answer = cli(&["logs", "filter-log-events", "--log-group-name", group]);
        let events = answer["events"].as_array().cloned().unwrap_or_default();
        // A line of several may come as one event.
        let text: Vec<&str> =
            events.iter().filter_map(|event| event["message"].as_str()).flat_map(str::lines).collect();
        let lines = text.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lines: Vec<Value> = lines.filter(|line| line["correlation_id"] == correlation_id).collect();
        if lines.iter().any(|line| line["message"] == message) {
            return lines;
        }
        assert!(begun.elapsed() < PATIENCE, "{function} says nothing of {correlation_id}: {lines:#?}");
        // CloudWatch Logs has no notification of a line; PATIENCE bounds how long this looks again.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn one_correlation_id_is_found_from_the_request_to_the_recovery_that_it_caused() {
    let alice = Person::everybody();
    failed(&alice, "followed-through", FREE, true).await;
    let events = events_of("followed-through", 4).await;
    let [failure, recovered] = [&events[2]["detail"], &events[3]["detail"]];
    assert_eq!((&failure["to_state"], &recovered["event_type"]), (&json!("FAILED"), &json!("WorkflowRecovered")));
    // What the request's header said.
    let id = failure["correlation_id"].as_str().unwrap();
    assert_eq!(recovered["correlation_id"], id);
    let history = alice.get("/workflows/followed-through/history").await.expect(200);
    assert_eq!(history["items"][2]["correlation_id"], id, "{history}");

    for (function, message) in [
        ("RequestStateTransition", "access decided"),
        ("RequestStateTransition", "answered"),
        ("PublishEvents", "published"),
        ("RecoverFailedWorkflow", "under way"),
        ("RecoveryStep", "turned"),
    ] {
        for line in lines_of(function, id, message).await {
            assert!(line["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{function}: {line}");
            assert!(line["operation"].is_string(), "{function}: {line}");
        }
    }
}
