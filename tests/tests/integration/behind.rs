//! What a test does behind the service's back: alters stored items, reads the bus's archive.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

use crate::lab::{Lab, PATIENCE};

impl Lab {
    /// Changes one attribute of a stored version, as nobody in a deployment may.
    pub(crate) async fn alter(&self, workflow_id: &str, version: u64, attribute: &str, value: AttributeValue) {
        alter(&self.dynamodb(), LOG, version_key(workflow_id, version), attribute, value).await;
    }

    /// Removes a stored version, as nobody in a deployment may.
    pub(crate) async fn remove(&self, workflow_id: &str, version: u64) {
        let key = Some(version_key(workflow_id, version));
        self.dynamodb().delete_item().table_name(LOG).set_key(key).send().await.unwrap();
    }

    /// Removes a workflow from the index.
    pub(crate) async fn remove_from_index(&self, workflow_id: &str) {
        let key = Some(index_key(workflow_id));
        self.dynamodb().delete_item().table_name(INDEX).set_key(key).send().await.unwrap();
    }

    /// Changes one attribute of a workflow in the index.
    pub(crate) async fn alter_index(&self, workflow_id: &str, attribute: &str, value: AttributeValue) {
        alter(&self.dynamodb(), INDEX, index_key(workflow_id), attribute, value).await;
    }

    /// Everything the bus accepted so far, in the order of acceptance.
    pub(crate) fn archive(&self) -> Vec<Value> {
        let archived = alims_local::archived_events(&self.data.path().join("events.sqlite")).unwrap();
        archived.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The first event on the bus that is what is awaited, as soon as it is there.
    pub(crate) async fn archived(&self, awaited: impl Fn(&Value) -> bool) -> Value {
        let look = async {
            loop {
                if let Some(event) = self.archive().into_iter().find(&awaited) {
                    return event;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("the event never came")
    }

    /// A client of the stores beneath the service.
    pub(crate) fn dynamodb(&self) -> Client {
        Client::new(&self.server.dynamodb())
    }
}

/// The log's table on the laptop.
pub(crate) const LOG: &str = "WorkflowLog";
/// The index's table on the laptop.
pub(crate) const INDEX: &str = "WorkflowIndex";

fn index_key(workflow_id: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".to_owned(), AttributeValue::S(format!("default#{workflow_id}")))])
}

fn version_key(workflow_id: &str, version: u64) -> HashMap<String, AttributeValue> {
    let mut key = index_key(workflow_id);
    key.insert("entry".to_owned(), AttributeValue::S(format!("v#{version:010}")));
    key
}

async fn alter(
    client: &Client,
    table: &str,
    key: HashMap<String, AttributeValue>,
    attribute: &str,
    value: AttributeValue,
) {
    let item = client.get_item().table_name(table).set_key(Some(key)).send().await.unwrap().item.unwrap();
    assert!(item.contains_key(attribute), "{attribute} is not stored: {item:?}");
    let mut item = item;
    item.insert(attribute.to_owned(), value);
    client.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
}
