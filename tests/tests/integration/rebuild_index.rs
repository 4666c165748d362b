//! Rebuilding the index while the service works: afterwards every list says what the log says.

use alims_dynamodb::{DynamoIndex, DynamoLog, patient_client};
use alims_eventbridge::EventBridgeBus;
use alims_operations::{Anomaly, PublishPorts, RebuildOptions, Rebuilt, rebuild_index};
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use crate::lab::{Lab, Person};

/// Rebuilds as an operator's command does, in parts that end within workflows.
pub(crate) async fn rebuild(lab: &Lab) -> Rebuilt {
    let client = patient_client(&lab.server.dynamodb());
    let ports = PublishPorts {
        log: DynamoLog::new(client.clone(), "WorkflowLog").walking_at_most(5),
        index: DynamoIndex::new(client, "WorkflowIndex"),
        bus: EventBridgeBus::new(&lab.server.eventbridge(), "alims-workflow-events"),
    };
    let options = RebuildOptions { published_before: None, workflows_at_once: 4, segments: 3, dry_run: false };
    rebuild_index(&ports, &options, |_| ControlFlow::Continue(())).await.unwrap()
}

/// The list, as it is when everything that was done is published.
async fn settled_list(person: &Person, ids: &[String]) -> BTreeMap<String, Value> {
    let states = join_all(ids.iter().map(|id| person.state(id))).await;
    let versions: BTreeMap<&str, &Value> =
        states.iter().map(|state| (state["workflow_id"].as_str().unwrap(), &state["version"])).collect();
    let settled = |list: &Value| {
        let items = list["items"].as_array().unwrap();
        items.len() == ids.len()
            && items.iter().all(|item| item["published_version"] == *versions[item["workflow_id"].as_str().unwrap()])
    };
    let list = person.until("/workflows?limit=100", settled).await;
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| (item["workflow_id"].as_str().unwrap().to_owned(), item.clone())).collect()
}

fn first_appearances(lab: &Lab) -> BTreeMap<String, Vec<u64>> {
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in lab.archive() {
        let versions = seen.entry(line["detail"]["workflow_id"].as_str().unwrap().to_owned()).or_default();
        let version = line["detail"]["version"].as_u64().unwrap();
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    seen
}

#[tokio::test]
async fn lost_and_spoilt_entries_are_right_again_while_the_service_works() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let ids: Vec<String> = (0..12).map(|number| format!("w-{number:02}")).collect();
    join_all(ids.iter().map(|id| alice.at(id, &["ACTIVE", "PAUSED", "ACTIVE"]))).await;
    let before = settled_list(&alice, &ids).await;

    for id in &ids[..4] {
        lab.remove_from_index(id).await;
    }
    let text = |value: &str| AttributeValue::S(value.to_owned());
    lab.alter_index(&ids[4], "created_by", text("mallory")).await;
    // Nobody's spelling: this entry cannot be read at all, and stands in the list of another state.
    lab.alter_index(&ids[5], "tenant_state", text("default#CANCELLED")).await;
    lab.alter_index(&ids[6], "published_version", AttributeValue::N("2".to_owned())).await;
    // With another hash than version 2 has, it would be the witness of a loss.
    let hash = alice.history(&ids[6]).await[1]["hash"].clone();
    lab.alter_index(&ids[6], "head_hash", text(hash.as_str().unwrap())).await;
    let works = async {
        for id in &ids[8..] {
            alice.go(id, "COMPLETED").await.expect(200);
        }
    };
    let (rebuilt, ()) = tokio::join!(rebuild(&lab), works);
    assert_eq!((rebuilt.workflows, rebuilt.findings.as_slice()), (12, [].as_slice()));
    assert!(rebuilt.repaired >= 7, "{rebuilt:?}");

    let after = settled_list(&alice, &ids).await;
    for id in &ids[..8] {
        assert_eq!(after[id], before[id]);
    }
    for id in &ids[8..] {
        assert_eq!(after[id]["current_state"], "COMPLETED");
    }
    for (id, versions) in first_appearances(&lab) {
        let last = after[&id]["published_version"].as_u64().unwrap();
        assert_eq!(versions, (1..=last).collect::<Vec<_>>(), "{id}");
    }
    let again = rebuild(&lab).await;
    assert_eq!((again.repaired, again.caught_up, again.published), (0, 0, 0), "{again:?}");
}

#[tokio::test]
async fn a_broken_workflow_is_named_and_left() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let ids = ["altered", "gap", "ahead", "lost"].map(str::to_owned);
    join_all(ids.iter().map(|id| alice.at(id, &["ACTIVE", "PAUSED"]))).await;
    let before = settled_list(&alice, &ids).await;
    lab.alter("altered", 2, "requested_by", AttributeValue::S("mallory".to_owned())).await;
    lab.remove("gap", 2).await;
    lab.alter_index("ahead", "published_version", AttributeValue::N("7".to_owned())).await;
    lab.remove_from_index("lost").await;
    let rebuilt = rebuild(&lab).await;
    let found: BTreeSet<(&str, bool)> = rebuilt
        .findings
        .iter()
        .map(|finding| (finding.key.as_str(), matches!(finding.anomaly, Anomaly::Broken(_))))
        .collect();
    assert_eq!(found, BTreeSet::from([("default/altered", true), ("default/gap", true), ("default/ahead", false)]));
    let list = alice.get("/workflows?limit=100").await.expect(200);
    let entry = |id: &str| list["items"].as_array().unwrap().iter().find(|item| item["workflow_id"] == id).cloned();
    for id in ["altered", "gap", "lost"] {
        assert_eq!(entry(id).as_ref(), before.get(id), "{id}");
    }
    assert_eq!(entry("ahead").unwrap()["published_version"], json!(7));
}
