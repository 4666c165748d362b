//! Where the sweep stopped, as an item of the index: what is lost with the index is found again by beginning anew.

use alims_core::ports::{StoreError, SweepPositions, WalkPosition};
use aws_sdk_dynamodb::types::AttributeValue;

use crate::DynamoIndex;
use crate::failure::store_error;
use crate::item::PK;

/// The key of the item. No tenant has an empty name, so it is no workflow's; and as it has no state, it is in no list.
const SWEEP: &str = "#sweep";
/// The attribute that says where to go on; absent at the beginning.
const POSITION: &str = "position";

impl SweepPositions for DynamoIndex {
    async fn sweep_position(&self) -> Result<Option<WalkPosition>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&*self.table)
            .key(PK, AttributeValue::S(SWEEP.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(store_error)?;
        let position = found.item.and_then(|mut item| item.remove(POSITION));
        // What is no text is no position of ours, and losing it is harmless.
        Ok(position.and_then(|position| position.as_s().cloned().ok()).map(WalkPosition))
    }

    async fn keep_sweep_position(&self, position: Option<&WalkPosition>) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&*self.table).item(PK, AttributeValue::S(SWEEP.to_owned()));
        let put = match position {
            Some(position) => put.item(POSITION, AttributeValue::S(position.0.clone())),
            None => put,
        };
        put.send().await.map(|_| ()).map_err(store_error)
    }
}
