//! The log is restored to an earlier instant, as docs/operations.md says: what is lost is recognised, recorded and told,
//! and everything that is left is sound, listed and published.

use alims_dynamodb::{DynamoIndex, DynamoLog, patient_client};
use alims_local::Config;
use alims_operations::{Anomaly, Compared, compare_index, empty_index, remove_orphans};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use crate::lab::{Lab, Person};
use crate::rebuild_index::rebuild;

const LOG: &str = "WorkflowLog";
const INDEX: &str = "WorkflowIndex";

/// Workflows whose last versions the restore loses; the first eight it has whole.
const AHEAD: [&str; 3] = ["w-08", "w-09", "w-10"];
/// A workflow that was created after the restore point.
const CREATED_LATER: &str = "later";

type Items = Vec<HashMap<String, AttributeValue>>;

async fn all(client: &Client, table: &str) -> Items {
    let pages = client.scan().table_name(table).consistent_read(true).into_paginator().items();
    pages.send().collect::<Result<Vec<_>, _>>().await.unwrap()
}

async fn fill(client: &Client, table: &str, items: &Items) {
    for item in items {
        client.put_item().table_name(table).set_item(Some(item.clone())).send().await.unwrap();
    }
}

/// A service that went on after the instant of the restore, and what its tables held then and hold now.
struct Past {
    log_then: Items,
    index_now: Items,
}

impl Past {
    async fn made() -> Self {
        let lab = Lab::open().await;
        let alice = lab.everybody();
        let ids: Vec<String> = (0..11).map(|number| format!("w-{number:02}")).collect();
        join_all(ids.iter().map(|id| alice.at(id, &["ACTIVE", "PAUSED"]))).await;
        let log_then = all(&lab.dynamodb(), LOG).await;
        for id in AHEAD {
            alice.go(id, "ACTIVE").await.expect(200);
        }
        alice.go(AHEAD[0], "COMPLETED").await.expect(200);
        alice.at(CREATED_LATER, &["ACTIVE"]).await;
        alice.until("/workflows?limit=100", |list| is_published(list, AHEAD[0], 5)).await;
        alice
            .until("/workflows?limit=100", |list| {
                is_published(list, AHEAD[1], 4)
                    && is_published(list, AHEAD[2], 4)
                    && is_published(list, CREATED_LATER, 2)
            })
            .await;
        let index_now = all(&lab.dynamodb(), INDEX).await;
        Self { log_then, index_now }
    }
}

fn is_published(list: &Value, id: &str, version: u64) -> bool {
    let items = list["items"].as_array().unwrap();
    items.iter().any(|item| item["workflow_id"] == id && item["published_version"] == version)
}

/// A service on the restored log. Its stream was switched on after the restore, so that it has no record of what was
/// restored; nothing is published but by an operator's command.
async fn restored(log: &Items, index: &Items) -> Lab {
    let lab = Lab::open_as(|config| Config { hold_events: true, ..config }).await;
    fill(&lab.dynamodb(), LOG, log).await;
    fill(&lab.dynamodb(), INDEX, index).await;
    lab
}

fn stores(lab: &Lab) -> (DynamoLog, DynamoIndex) {
    let client = patient_client(&lab.server.dynamodb());
    (DynamoLog::new(client.clone(), LOG).walking_at_most(5), DynamoIndex::new(client, INDEX))
}

async fn compared(lab: &Lab) -> Compared {
    let (log, index) = stores(lab);
    compare_index(&log, &index, 4, |_| ControlFlow::Continue(())).await.unwrap()
}

/// How far each workflow was published that is ahead of the log, and where the log ends; 0 where it has no version.
fn ahead(compared: &Compared) -> BTreeMap<String, (u64, u64)> {
    let ahead = compared.findings.iter().map(|finding| {
        let Anomaly::AheadOfLog { published, head } = &finding.anomaly else {
            panic!("{}: {}", finding.key, finding.anomaly);
        };
        (finding.key.clone(), (published.get(), head.map_or(0, |head| head.get())))
    });
    ahead.collect()
}

fn losses() -> BTreeMap<String, (u64, u64)> {
    let lost = [(AHEAD[0], (5, 3)), (AHEAD[1], (4, 3)), (AHEAD[2], (4, 3)), (CREATED_LATER, (2, 0))];
    lost.map(|(id, versions)| (format!("default/{id}"), versions)).into()
}

/// Every workflow of the restored log is sound, listed at its newest version, and on the bus from version 1 on.
async fn assert_whole(lab: &Lab, alice: &Person) {
    let list = alice.get("/workflows?limit=100").await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 11, "{list}");
    for item in items {
        let id = item["workflow_id"].as_str().unwrap();
        assert_eq!(item["published_version"], alice.state(id).await["version"], "{id}");
        let archive = lab.archive();
        let mut versions: Vec<u64> = Vec::new();
        for event in archive.iter().filter(|event| event["detail"]["workflow_id"] == id) {
            let version = event["detail"]["version"].as_u64();
            versions.extend(version.filter(|version| {
                event["detail-type"] != "WorkflowReleased"
                    && event["detail-type"] != "WorkflowQuarantined"
                    && !versions.contains(version)
            }));
        }
        assert_eq!(versions, (1..=item["published_version"].as_u64().unwrap()).collect::<Vec<_>>(), "{id}");
    }
    assert_eq!(compared(lab).await, Compared { workflows: 11, entries: 11, ..Compared::default() });
}

#[tokio::test]
async fn a_restored_log_with_an_empty_index_is_rebuilt_verified_and_published_again() {
    let past = Past::made().await;
    let lab = restored(&past.log_then, &Vec::new()).await;
    let alice = lab.everybody();
    let before = compared(&lab).await;
    assert_eq!((before.workflows, before.behind, before.findings.as_slice()), (11, 11, [].as_slice()));
    let rebuilt = rebuild(&lab).await;
    assert_eq!((rebuilt.repaired, rebuilt.published, rebuilt.findings_total), (11, 33, 0), "{rebuilt:?}");
    for id in ["w-00", AHEAD[0]] {
        let verified = alice.get(&format!("/workflows/{id}/history/verification")).await.expect(200);
        assert_eq!(verified["valid"], true, "{verified}");
    }
    assert_whole(&lab, &alice).await;
    // What was lost is not there, and the work goes on.
    assert_eq!(alice.state(AHEAD[0]).await["version"], 3);
    alice.get(&format!("/workflows/{CREATED_LATER}")).await.refused(404, "workflow-not-found");
    alice.go(AHEAD[0], "ACTIVE").await.expect(200);
    assert_eq!(rebuild(&lab).await.published, 1);
    assert_whole(&lab, &alice).await;
}

#[tokio::test]
async fn an_index_that_survived_shows_every_loss_and_emptying_it_puts_all_in_order() {
    let past = Past::made().await;
    let lab = restored(&past.log_then, &past.index_now).await;
    let alice = lab.everybody();
    let before = compared(&lab).await;
    assert_eq!((before.workflows, before.behind), (11, 0));
    assert_eq!(ahead(&before), losses());
    // A rebuild alone leaves them, and does not even see the one that the log does not have.
    let rebuilt = rebuild(&lab).await;
    assert_eq!((rebuilt.findings_total, rebuilt.published), (3, 0), "{rebuilt:?}");

    let (_, index) = stores(&lab);
    let removed = empty_index(&index, |_| ControlFlow::Continue(())).await.unwrap();
    // A sweep that came meanwhile has kept its position there.
    assert!((12..=14).contains(&removed), "{removed}: eleven of the log, and the one that was created later");
    assert_eq!(rebuild(&lab).await.repaired, 11);
    assert_whole(&lab, &alice).await;
}

#[tokio::test]
async fn each_loss_is_recorded_by_a_release_before_the_index_is_emptied_and_history_shows_it_for_ever() {
    let past = Past::made().await;
    let lab = restored(&past.log_then, &past.index_now).await;
    let sue = lab.everybody();
    for id in AHEAD {
        sue.post(&format!("/workflows/{id}/recovery"), &json!({})).await.expect(202);
        let recovery = format!("/workflows/{id}/recovery");
        let ended = sue.until(&recovery, |shown| shown["status"] != "running").await;
        assert_eq!(ended["status"], "quarantined", "{ended}");
        sue.go(id, "ACTIVE").await.refused(423, "workflow-quarantined");
        let release = sue.release_of_all(id, "Restored to 03:00 after the outage; see deviation 2026-117.").await;
        let released = sue.post(&format!("/workflows/{id}/release"), &release).await.expect(200);
        assert_eq!(released["quarantines"], json!([]), "{released}");
    }
    let (log, index) = stores(&lab);
    assert_eq!(remove_orphans(&log, &index, |_| ControlFlow::Continue(())).await.unwrap(), 1);
    // Each release has taken its entry back to the end of the log.
    assert_eq!(ahead(&compared(&lab).await), BTreeMap::new());
    empty_index(&index, |_| ControlFlow::Continue(())).await.unwrap();
    rebuild(&lab).await;
    assert_whole(&lab, &sue).await;

    // Work goes on past the lost versions; the index agrees, and the history still says what was lost.
    for target in ["ACTIVE", "PAUSED", "ACTIVE"] {
        sue.go(AHEAD[0], target).await.expect(200);
    }
    assert_eq!(rebuild(&lab).await.published, 3);
    assert_whole(&lab, &sue).await;
    let history = sue.get(&format!("/workflows/{}/history?include=quarantines&limit=100", AHEAD[0])).await.expect(200);
    let kinds: Vec<&Value> = history["items"].as_array().unwrap().iter().map(|item| &item["event_type"]).collect();
    assert!(kinds.contains(&&json!("WorkflowQuarantined")) && kinds.contains(&&json!("WorkflowReleased")), "{history}");
}
