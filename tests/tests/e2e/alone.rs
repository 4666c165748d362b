//! Scenarios that take something away from everybody for a while: each runs alone, after all others.

mod smoke;

use alims_testing::fake_engine::{Deed, FakeEngine, a_yes, http};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::people::{FREE, Person};
use crate::recovery::{failed, history_of, recovered};
use crate::world::{PATIENCE, SUBSCRIBER, WORLD, cli};

/// The deployed mapping of the log's stream to the publisher, switched.
fn publisher(switch: &str) {
    let alias = WORLD.resource("PublishEventsFunctionAliaslive");
    let found = cli(&["lambda", "list-event-source-mappings", "--function-name", alias]);
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
async fn a_failed_workflow_is_recovered_though_the_rules_are_first_unavailable_twice() {
    // The deployed function is given another engine, which turns it away at first.
    let engine = FakeEngine::that(Deed::Bytes(http("429 Too Many Requests", "", b""))).await;
    let judged = Judged::by(&engine.url);
    let alice = Person::everybody();
    failed(&alice, "ruleless", FREE, false).await;
    let path = "/workflows/ruleless/recovery";
    let asked = alice.post(path, &json!({"reason": "the power is back"})).await.expect(202);
    let recovery = asked["recovery_id"].as_str().unwrap();
    let begun = Instant::now();
    while refusals_in(recovery).len() < 2 {
        assert!(begun.elapsed() < PATIENCE, "{:#?}", history_of(recovery));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    engine.from_now_on(Deed::Answer(a_yes()));
    let told = alice.until(path, |told| told["status"] != "running").await;
    drop(judged);
    assert_eq!(told["status"], "recovered", "{told}");
    let refusals = refusals_in(recovery);
    assert!(refusals.iter().all(|error| error == "RulesUnavailable"), "{refusals:?}");
    let history = alice.get("/workflows/ruleless/history").await.expect(200);
    let recovered = &history["items"][3];
    assert_eq!(
        (&recovered["event_type"], &recovered["rules"]["ruleset"]),
        (&json!("WorkflowRecovered"), &json!("fake"))
    );
}

/// The function of the turns while it asks another engine; when this is dropped, it asks its own again.
struct Judged {
    before: Value,
}

impl Judged {
    fn by(url: &str) -> Self {
        let function = WORLD.resource("RecoveryStepFunction");
        let described = cli(&["lambda", "get-function-configuration", "--function-name", function]);
        let before = json!({"Variables": described["Environment"]["Variables"]});
        let mut other = before.clone();
        for (name, value) in
            [("ALIMS_RULES_ENGINE", "remote"), ("ALIMS_RULES_URL", url), ("ALIMS_RULES_DEADLINE_MS", "2000")]
        {
            other["Variables"][name] = json!(value);
        }
        let judged = Self { before };
        set_environment(&other);
        judged
    }
}

impl Drop for Judged {
    fn drop(&mut self) {
        set_environment(&self.before);
    }
}

fn set_environment(environment: &Value) {
    let function = WORLD.resource("RecoveryStepFunction");
    let environment = environment.to_string();
    cli(&["lambda", "update-function-configuration", "--function-name", function, "--environment", &environment]);
    cli(&["lambda", "wait", "function-updated-v2", "--function-name", function]);
    // The state machine calls the alias, so it sees the change when the alias moves.
    let published = cli(&["lambda", "publish-version", "--function-name", function]);
    let version = published["Version"].as_str().unwrap();
    let moved = ["update-alias", "--function-name", function, "--name", "live", "--function-version", version];
    cli(&[&["lambda"][..], &moved].concat());
}

/// The errors of an execution's tries, in order.
fn refusals_in(execution: &str) -> Vec<String> {
    let history = history_of(execution);
    let errors = history.iter().filter_map(|event| event["taskFailedEventDetails"]["error"].as_str());
    errors.map(str::to_owned).collect()
}
