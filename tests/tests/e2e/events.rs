//! From the log through the stream, the publisher and the bus to a subscriber.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::ReplayDestination;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

use crate::people::Person;
use crate::world::{SUBSCRIBER, UNREADABLE, WORLD, aws, cli, events_of};

#[tokio::test]
async fn the_events_of_a_workflow_reach_the_subscriber_complete_and_in_order() {
    let alice = Person::everybody();
    alice.create("followed").await.expect(201);
    alice.go("followed", "ACTIVE").await.expect(200);
    alice.go("followed", "COMPLETED").await.expect(200);
    let events = events_of("followed", 3).await;
    let history = alice.get("/workflows/followed/history").await.expect(200);
    // The detail is the item of the history, to the last member.
    let details: Vec<&Value> = events.iter().map(|event| &event["detail"]).collect();
    assert_eq!(details, history["items"].as_array().unwrap().iter().collect::<Vec<_>>());
    let versions: Vec<&Value> = details.iter().map(|detail| &detail["version"]).collect();
    assert_eq!(versions, [&json!(1), &json!(2), &json!(3)]);
    for event in &events {
        assert_eq!(event["source"], "alims.workflow-manager");
        assert_eq!(event["detail-type"], event["detail"]["event_type"]);
    }
}

#[tokio::test]
async fn a_replay_from_the_log_reaches_the_subscriber_in_order_and_says_so() {
    let alice = Person::everybody();
    alice.create("replayed").await.expect(201);
    alice.go("replayed", "ACTIVE").await.expect(200);
    alice.go("replayed", "COMPLETED").await.expect(200);
    // What is replayed is what the publisher has put and moved the index after.
    let published = |list: &Value| {
        let mut items = list["items"].as_array().unwrap().iter();
        items.any(|item| item["workflow_id"] == "replayed" && item["published_version"] == 3)
    };
    alice.until("/workflows?state=COMPLETED&limit=100", published).await;
    let report = alice.post("/workflows/replayed/replay", &json!({"from_version": 2})).await.expect(202);
    assert_eq!((&report["to_version"], &report["events_published"]), (&json!(3), &json!(2)));
    let replayed = |event: &Value| {
        // The archive may replay the replay: that comes unordered, with a name.
        let by_the_archive = event.get("replay-name").is_some_and(|name| !name.is_null());
        event["detail"]["workflow_id"] == "replayed" && event["detail"]["replay"] == true && !by_the_archive
    };
    let again = SUBSCRIBER.until(replayed, |events| events.len() >= 2).await;
    let mut details: Vec<Value> = again.iter().map(|event| event["detail"].clone()).collect();
    for detail in &mut details {
        detail.as_object_mut().unwrap().remove("replay");
    }
    let history = alice.get("/workflows/replayed/history").await.expect(200);
    assert_eq!(details, history["items"].as_array().unwrap()[1..]);
    let viewer = Person::with_roles("victor", &["viewer"]);
    viewer.post("/workflows/replayed/replay", &json!({"from_version": 1})).await.refused(403, "forbidden");
}

#[tokio::test]
async fn the_archive_replays_what_was_published() {
    #[expect(clippy::disallowed_methods, reason = "the archive is asked for a span of time")]
    let begun = SystemTime::now();
    let alice = Person::everybody();
    alice.create("archived").await.expect(201);
    alice.go("archived", "ACTIVE").await.expect(200);
    let first = events_of("archived", 2).await;
    let bus = WORLD.output("EventBusArn");
    let (account, _) = bus.split_once(":event-bus/").unwrap();
    let archive = format!("{account}:archive/alims");
    #[expect(clippy::disallowed_methods, reason = "the archive is asked for a span of time")]
    let until = SystemTime::now() + Duration::from_secs(60);
    let client = aws_sdk_eventbridge::Client::new(&aws().await);
    let replay = client.start_replay().replay_name("e2e").event_source_arn(archive);
    let replay = replay.event_start_time(DateTime::from(begun - Duration::from_secs(60)));
    let replay = replay.event_end_time(DateTime::from(until));
    replay.destination(ReplayDestination::builder().arn(bus).build().unwrap()).send().await.unwrap();
    let replayed = |event: &Value| event["detail"]["workflow_id"] == "archived" && event["replay-name"] == "e2e";
    let again = SUBSCRIBER.until(replayed, |events| events.len() >= 2).await;
    // In any order: that is why the ordered replay comes from the log.
    for event in &first {
        let id = &event["detail"]["event_id"];
        assert!(again.iter().any(|event| event["detail"]["event_id"] == *id), "{id} was not replayed");
    }
}

#[tokio::test]
async fn an_item_that_cannot_be_read_becomes_a_dead_letter_with_its_key_and_blocks_no_other() {
    let client = aws_sdk_dynamodb::Client::new(&aws().await);
    let item = [("pk", "default#garbled"), ("entry", "v#0000000001"), ("colour", "green")];
    let item = item.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned())));
    client.put_item().table_name(WORLD.output("LogTableName")).set_item(Some(item.into())).send().await.unwrap();
    let of_it = |letter: &Value| letter["key"] == "default#garbled v#0000000001";
    let letters = UNREADABLE.until(of_it, |letters| !letters.is_empty()).await;
    assert!(letters[0]["why"].as_str().is_some_and(|why| !why.is_empty()), "{letters:?}");
    let alice = Person::everybody();
    alice.create("unblocked").await.expect(201);
    events_of("unblocked", 1).await;
}

#[tokio::test]
async fn a_workflow_that_is_due_makes_one_event_however_often_the_sweep_runs() {
    let alice = Person::everybody();
    let swept = || {
        let alias = WORLD.resource("SweepDeadlinesFunctionAliaslive");
        let answer = cli(&["lambda", "invoke", "--function-name", alias, "--payload", "{}", "/dev/null"]);
        assert_eq!(answer["FunctionError"], Value::Null, "{answer}");
    };
    for id in ["late", "later"] {
        let due = json!({"workflow_type": "free-form", "workflow_id": id, "due_at": "2020-01-31T12:00:00.000Z"});
        alice.post("/workflows", &due).await.expect(201);
        // The sweep finds in the index what the publisher has put there.
        let published = |list: &Value| list["items"].as_array().unwrap().iter().any(|item| item["workflow_id"] == id);
        alice.until("/workflows?state=CREATED&limit=100", published).await;
        swept();
        swept();
        let overdue = |event: &Value| event["detail-type"] == "WorkflowOverdue" && event["detail"]["workflow_id"] == id;
        let events = SUBSCRIBER.until(overdue, |events| !events.is_empty()).await;
        assert_eq!(events[0]["detail"]["due_at"], "2020-01-31T12:00:00.000Z");
    }
    let history = alice.get("/workflows/late/history?include=overdue").await.expect(200);
    let recorded = history["items"].as_array().unwrap().iter().filter(|item| item["event_type"] == "WorkflowOverdue");
    assert_eq!(recorded.count(), 1, "{history}");
    // At least once: the bus may repeat an event, and it is the same one.
    let of_late = |event: &Value| event["detail-type"] == "WorkflowOverdue" && event["detail"]["workflow_id"] == "late";
    let events = SUBSCRIBER.until(of_late, |events| !events.is_empty()).await;
    assert!(events.iter().all(|event| event["detail"]["event_id"] == events[0]["detail"]["event_id"]), "{events:?}");
}
