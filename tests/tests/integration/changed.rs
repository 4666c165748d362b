//! What is changed or removed in the log past the service, over HTTP: the stream shows it, and the workflow is locked.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::HashMap;

use crate::behind::LOG;
use crate::lab::{Lab, Person};

type Item = HashMap<String, AttributeValue>;

/// A workflow with an entry of every kind, and another one.
async fn lived(lab: &Lab) -> Person {
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "PAUSED"]).await;
    sue.at("other", &["ACTIVE"]).await;
    sue.go("w", "COMPLETED").await.refused(409, "invalid-transition");
    assert_eq!(sue.recovered().await["status"], "already-consistent");
    let published = |list: &Value| {
        list["items"].as_array().unwrap().iter().map(|item| item["published_version"].as_u64().unwrap()).sum::<u64>()
            == 5
    };
    sue.until("/workflows", published).await;
    sue
}

async fn entries(lab: &Lab, begins: &str) -> Vec<Item> {
    let items = lab.dynamodb().scan().table_name(LOG).send().await.unwrap().items.unwrap();
    let is_it =
        |item: &Item| item["pk"].as_s().unwrap() == "default#w" && item["entry"].as_s().unwrap().starts_with(begins);
    items.into_iter().filter(is_it).collect()
}

async fn put(lab: &Lab, item: &Item) {
    lab.dynamodb().put_item().table_name(LOG).set_item(Some(item.clone())).send().await.unwrap();
}

async fn delete(lab: &Lab, item: &Item) {
    let keys = ["pk", "entry"].map(|name| (name.to_owned(), item[name].clone()));
    lab.dynamodb().delete_item().table_name(LOG).set_key(Some(keys.into())).send().await.unwrap();
}

fn with(item: &Item, name: &str, value: &str) -> Item {
    let mut item = item.clone();
    item.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
    item
}

/// The breaks of the workflow that the stream showed, as soon as there are so many.
async fn shown(sue: &Person, so_many: usize) -> Vec<Value> {
    let changes = |state: &Value| -> Vec<Value> {
        let all = state["quarantines"].as_array().into_iter().flatten();
        all.filter(|found| found["fault"] == "changed").cloned().collect()
    };
    changes(&sue.until("/workflows/w/recovery", |state| changes(state).len() >= so_many).await)
}

#[tokio::test]
async fn an_overwritten_version_locks_the_workflow_and_its_event_goes_out_also_when_it_was_put_back() {
    let lab = Lab::open_shown().await;
    let sue = lived(&lab).await;
    let original = entries(&lab, "v#0000000002").await.remove(0);
    put(&lab, &with(&original, "requested_by", "mallory")).await;
    put(&lab, &original).await;
    let found = shown(&sue, 2).await;
    assert!(
        found
            .iter()
            .all(|found| (&found["broken_at_version"], &found["found_by"]) == (&json!(2), &json!("publish-events"))),
        "{found:?}"
    );
    let refused = sue.go("w", "ACTIVE").await.refused(423, "workflow-quarantined");
    assert_eq!(refused["broken_at_version"], 2);
    let told = |line: &Value| line["detail-type"] == "WorkflowQuarantined" && line["detail"]["fault"] == "changed";
    assert_eq!(lab.archived(told).await["detail"]["workflow_id"], "w");
    // The log reads as before, and a verification says what happened all the same, for ever.
    let verified = sue.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!((&verified["valid"], &verified["fault"]), (&json!(false), &json!("changed")));
    sue.go("other", "PAUSED").await.expect(200);
    let release = sue.release_of_all("w", "compared with the backup by two people").await;
    sue.post("/workflows/w/release", &release).await.expect(200);
    sue.go("w", "ACTIVE").await.expect(200);
    assert_eq!(sue.recovered().await["status"], "already-consistent");
    assert_eq!(sue.get("/workflows/w/history/verification").await.expect(200)["fault"], "changed");
}

#[tokio::test]
async fn a_change_or_removal_of_any_entry_locks_the_workflow() {
    let lab = Lab::open_shown().await;
    let sue = lived(&lab).await;
    let mut found = 0;
    for removed in [false, true] {
        for begins in ["r#", "a#", "v#0000000001", "v#0000000003"] {
            let item = entries(&lab, begins).await.remove(0);
            if removed {
                delete(&lab, &item).await;
            } else {
                put(&lab, &with(&item, "scribble", "x")).await;
            }
            found += 1;
            assert_eq!(shown(&sue, found).await.len(), found, "{begins}, removed: {removed}");
            sue.go("w", "COMPLETED").await.refused(423, "workflow-quarantined");
        }
    }
    let told = |line: &Value| line["detail-type"] == "WorkflowQuarantined" && line["detail"]["fault"] == "changed";
    lab.archived(|line| told(line) && line["detail"]["broken_at_version"] == 3).await;
    sue.go("other", "PAUSED").await.expect(200);
}

#[tokio::test]
async fn a_removed_quarantine_locks_the_workflow_again_and_a_removed_release_too() {
    for ends in ["#quarantined", "#released"] {
        let lab = Lab::open_shown().await;
        let sue = lived(&lab).await;
        let version = entries(&lab, "v#0000000002").await.remove(0);
        put(&lab, &with(&version, "requested_by", "mallory")).await;
        shown(&sue, 1).await;
        assert_eq!(sue.recovered().await["status"], "quarantined");
        let release = sue.release_of_all("w", "compared with the backup").await;
        sue.post("/workflows/w/release", &release).await.expect(200);
        sue.go("w", "ACTIVE").await.expect(200);
        let is_it = |item: &Item| item["entry"].as_s().unwrap().ends_with(ends);
        let item = entries(&lab, "q#").await.into_iter().find(is_it).unwrap();
        delete(&lab, &item).await;
        shown(&sue, 1).await;
        sue.go("w", "PAUSED").await.refused(423, "workflow-quarantined");
    }
}

#[tokio::test]
async fn a_recovery_records_what_a_change_has_left_and_both_are_released_together() {
    let lab = Lab::open_shown().await;
    let sue = lived(&lab).await;
    let last = entries(&lab, "v#0000000003").await.remove(0);
    delete(&lab, &last).await;
    shown(&sue, 1).await;
    assert_eq!(sue.recovered().await["status"], "quarantined");
    let state = sue.state("w").await;
    let faults: Vec<&str> =
        state["quarantines"].as_array().unwrap().iter().map(|found| found["fault"].as_str().unwrap()).collect();
    assert_eq!((faults.len(), faults.contains(&"missing"), faults.contains(&"changed")), (2, true, true), "{state}");
    let release = sue.release_of_all("w", "version 3 is lost for good").await;
    assert_eq!(sue.post("/workflows/w/release", &release).await.expect(200)["quarantines"], json!([]));
    assert_eq!(sue.go("w", "PAUSED").await.expect(200)["event"]["version"], 3);
    sue.until("/workflows", |list| {
        list["items"].as_array().unwrap().iter().any(|item| {
            (&item["workflow_id"], &item["published_version"], &item["current_state"])
                == (&json!("w"), &json!(3), &json!("PAUSED"))
        })
    })
    .await;
}

#[tokio::test]
async fn a_version_made_an_item_of_a_newer_format_locks_no_shard_and_raises_the_alarm_all_the_same() {
    let lab = Lab::open_shown().await;
    let sue = lived(&lab).await;
    let mut item = entries(&lab, "v#0000000003").await.remove(0);
    item.insert("format".to_owned(), AttributeValue::N("2".to_owned()));
    put(&lab, &item).await;
    let told = |line: &Value| line["detail-type"] == "WorkflowQuarantined" && line["detail"]["fault"] == "changed";
    assert_eq!(lab.archived(told).await["detail"].get("version"), None);
    // Records behind it are published.
    sue.go("other", "PAUSED").await.expect(200);
    lab.archived(|line| line["detail"]["workflow_id"] == "other" && line["detail"]["version"] == 3).await;
}
