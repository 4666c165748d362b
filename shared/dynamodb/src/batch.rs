//! Reads items by their keys, many in one call (`BatchGetItem`), until the store has processed every key.

use alims_operations::ports::StoreError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde_dynamo::Item;
use std::collections::HashMap;
use std::time::Duration;

use crate::failure::store_error;

/// Keys of one `BatchGetItem` (Amazon `DynamoDB` API reference).
pub(crate) const BATCH_KEYS_MAX: usize = 100;
/// How often keys left unprocessed are asked for again.
const ASKED_AGAIN_MAX: u32 = 5;
/// How long the first pause before asking again is; each next one is twice as long.
const ASKED_AGAIN_PAUSE: Duration = Duration::from_millis(20);

/// The items with these keys that are there, whole, in any order and read consistently. No key may come twice.
pub(crate) async fn items(
    client: &Client,
    table: &str,
    mut keys: Vec<HashMap<String, AttributeValue>>,
) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::with_capacity(keys.len());
    while !keys.is_empty() {
        let later = keys.split_off(keys.len().min(BATCH_KEYS_MAX));
        let wanted = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys)).build();
        let wanted = wanted.map_err(|error| StoreError::Refused(Box::new(error)))?;
        items.extend(batch_get(client, table, wanted).await?);
        keys = later;
    }
    Ok(items)
}

/// Asks for at most [`BATCH_KEYS_MAX`] different keys until each was processed: an answer ends at 16 MB, or when the store
/// is busy. Gives the items that there are.
pub(crate) async fn batch_get(
    client: &Client,
    table: &str,
    mut wanted: KeysAndAttributes,
) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::with_capacity(wanted.keys().len());
    for round in 0..=ASKED_AGAIN_MAX {
        if round > 0 {
            tokio::time::sleep(ASKED_AGAIN_PAUSE * 2_u32.pow(round - 1)).await;
        }
        let answer = client.batch_get_item().request_items(table, wanted.clone()).send().await.map_err(store_error)?;
        items.extend(answer.responses.unwrap_or_default().into_values().flatten().map(Item::from));
        match answer.unprocessed_keys.unwrap_or_default().into_values().find(|left| !left.keys().is_empty()) {
            None => return Ok(items),
            // How they are read is ours to say, whatever the store repeats of it.
            Some(left) => wanted.keys = left.keys,
        }
    }
    Err(StoreError::Unavailable(format!("{} keys were left unprocessed", wanted.keys().len()).into()))
}
