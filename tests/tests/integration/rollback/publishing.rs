//! The publisher after a rollback: what a newer release wrote comes again later, and keeps no other workflow waiting.

use alims_dynamodb::{DynamoIndex, DynamoLog, stream_record};
use alims_local::Config;
use alims_operations::PublishPorts;
use alims_operations::publish_events::{Ports, Published, publish_events};
use alims_testing::builders::at;
use alims_testing::{FixedClock, MemoryBus, MemoryDeadLetters, SequentialIds};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::{RawItem, as_newer, text_of};
use crate::behind::{INDEX, LOG};
use crate::lab::Lab;

/// A publisher over the stores of a laboratory that publishes nothing itself.
struct Publisher {
    lab: Lab,
    ports: PublishPorts<DynamoLog, DynamoIndex, MemoryBus>,
    letters: MemoryDeadLetters,
}

/// The value in the stream's own JSON.
fn in_stream(value: &AttributeValue) -> Value {
    if let Ok(text) = value.as_s() {
        json!({"S": text})
    } else if let Ok(number) = value.as_n() {
        json!({"N": number})
    } else if let Ok(truth) = value.as_bool() {
        json!({"BOOL": truth})
    } else if let Ok(values) = value.as_l() {
        json!({"L": values.iter().map(in_stream).collect::<Vec<_>>()})
    } else if let Ok(members) = value.as_m() {
        json!({"M": image(members)})
    } else {
        assert!(value.is_null(), "no item holds {value:?}");
        json!({"NULL": true})
    }
}

fn image(item: &RawItem) -> Map<String, Value> {
    item.iter().map(|(name, value)| (name.clone(), in_stream(value))).collect()
}

impl Publisher {
    async fn open() -> Self {
        let lab = Lab::open_as(|config| Config { hold_events: true, ..config }).await;
        let (log, index) = (DynamoLog::new(lab.dynamodb(), LOG), DynamoIndex::new(lab.dynamodb(), INDEX));
        let ports = PublishPorts { log, index, bus: MemoryBus::default() };
        Self { lab, ports, letters: MemoryDeadLetters::default() }
    }

    /// Publishes what the log's items of these workflows ring for, each under its own key as its number.
    async fn publish(&self, ids: &[&str]) -> Published {
        let items = self.lab.raw_items().await.into_values();
        let of_these = |item: &RawItem| ids.iter().any(|id| text_of(item, "pk") == format!("default#{id}"));
        let batch = items.filter(|item| item.contains_key("entry") && of_these(item)).map(|item| {
            let image = image(&item);
            let record = json!({
                "awsRegion": "local", "eventID": "1", "eventName": "INSERT",
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_795_852_800.0, "SizeBytes": 1, "StreamViewType": "NEW_IMAGE",
                    "SequenceNumber": format!("{} {}", text_of(&item, "pk"), text_of(&item, "entry")),
                    "Keys": {"pk": image["pk"], "entry": image["entry"]}, "NewImage": image
                }
            });
            stream_record(serde_json::from_value(record).unwrap())
        });
        let (clock, ids) = (Arc::new(FixedClock::new(at(0))), Arc::new(SequentialIds::default()));
        let ports = Ports { publishing: self.ports.clone(), clock, ids };
        publish_events(&ports, &self.letters, batch.collect()).await
    }

    /// The versions of a workflow on the bus, in the order of their appearance.
    fn appeared(&self, workflow_id: &str) -> Vec<u64> {
        let of_it = self.ports.bus.accepted().into_iter().filter(|event| event.key.workflow_id.as_str() == workflow_id);
        of_it.filter_map(|event| event.version).map(|version| version.get()).collect()
    }
}

fn failed(published: &Published) -> Vec<&str> {
    published.failed.iter().map(|failed| failed.sequence_number.as_str()).collect()
}

#[tokio::test]
async fn a_newer_version_is_published_later_and_the_other_workflows_now() {
    for (version, come_again, now) in [
        (2, &["default#w v#0000000002", "default#w v#0000000003"][..], &[1][..]),
        (1, &["default#w v#0000000001", "default#w v#0000000002", "default#w v#0000000003"], &[]),
        (3, &["default#w v#0000000003"], &[1, 2]),
    ] {
        let publisher = Publisher::open().await;
        let sue = publisher.lab.everybody();
        sue.at("w", &["ACTIVE", "PAUSED"]).await;
        sue.at("other", &["ACTIVE"]).await;
        let entry = format!("v#{version:010}");
        let (table, original) = publisher.lab.raise((LOG, "default#w", &entry, "")).await;
        let before = publisher.lab.raw_items().await;
        for _ in 0..2 {
            let published = publisher.publish(&["w", "other"]).await;
            assert_eq!((failed(&published), published.dead.len()), (come_again.to_vec(), 0), "{published:?}");
        }
        assert_eq!((publisher.appeared("w"), publisher.appeared("other")), (now.to_vec(), vec![1, 2]), "{version}");
        let mut after = publisher.lab.raw_items().await;
        after.retain(|key, _| key.0 == LOG);
        assert_eq!(after, before);

        publisher.lab.put_raw(table, &original).await;
        let published = publisher.publish(&["w", "other"]).await;
        assert_eq!((failed(&published), published.dead.len()), (vec![], 0));
        assert_eq!(publisher.appeared("w"), [1, 2, 3]);
    }
}

#[tokio::test]
async fn a_newer_index_entry_holds_up_its_own_workflow_only() {
    let publisher = Publisher::open().await;
    let sue = publisher.lab.everybody();
    for id in ["w", "other"] {
        sue.at(id, &["ACTIVE"]).await;
    }
    assert_eq!(publisher.publish(&["w", "other"]).await.accepted, 4);
    let (table, original) = publisher.lab.raise((INDEX, "default#w", "", "")).await;
    for id in ["w", "other"] {
        sue.go(id, "PAUSED").await.expect(200);
    }
    for _ in 0..2 {
        let published = publisher.publish(&["w", "other"]).await;
        let all = ["default#w v#0000000001", "default#w v#0000000002", "default#w v#0000000003"];
        assert_eq!((failed(&published), published.dead.len()), (all.to_vec(), 0), "{published:?}");
    }
    assert_eq!((publisher.appeared("w"), publisher.appeared("other")), (vec![1, 2], vec![1, 2, 3]));
    let items = publisher.lab.raw_items().await;
    assert_eq!(items[&(INDEX, "default#w".to_owned(), String::new())], as_newer(&original));

    publisher.lab.put_raw(table, &original).await;
    assert_eq!(publisher.publish(&["w", "other"]).await.failed, []);
    assert_eq!(publisher.appeared("w"), [1, 2, 3]);
    let listed = sue.pages("/workflows?limit=10").await;
    assert!(listed.iter().all(|item| item["published_version"] == 3), "{listed:?}");
}

#[tokio::test]
async fn newer_refusals_quarantines_and_releases_come_again() {
    let lab = Lab::open().await;
    super::a_full_life(&lab).await;
    let whole = lab.raw_items().await;
    for (begins, ends) in [("r#", ""), ("q#", "#quarantined"), ("q#", "#released")] {
        let publisher = Publisher::open().await;
        for ((table, ..), item) in &whole {
            publisher.lab.put_raw(table, item).await;
        }
        let (table, original) = publisher.lab.raise((LOG, "default#w", begins, ends)).await;
        let before = publisher.lab.raw_items().await;
        let published = publisher.publish(&["w", "other"]).await;
        let number = format!("default#w {}", text_of(&original, "entry"));
        assert_eq!((failed(&published), published.dead.len()), (vec![number.as_str()], 0), "{published:?}");
        assert_eq!(publisher.lab.raw_items().await, before);
        let accepted = published.accepted;
        publisher.lab.put_raw(table, &original).await;
        let published = publisher.publish(&["w", "other"]).await;
        assert_eq!((failed(&published), published.accepted), (vec![], accepted + 1));
    }
}
