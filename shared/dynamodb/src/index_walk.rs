//! A walk over the index on `DynamoDB`, and the removal of its items: a scan, one page a part.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{IndexPart, IndexWalk, Sought, StoreError, WalkPosition, WorkflowIndex};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use serde_dynamo::Item;
use std::collections::HashMap;

use crate::DynamoIndex;
use crate::failure::store_error;
use crate::index_item::readable;
use crate::item::{PK, partition_key, text_of, workflow_named_by};

/// How many items one call removes, side by side.
const REMOVED_AT_ONCE: i32 = 25;

impl IndexWalk for DynamoIndex {
    async fn index_part(&self, from: Option<&WalkPosition>) -> Result<IndexPart, StoreError> {
        let page = self
            .client
            .scan()
            .table_name(&*self.table)
            .consistent_read(true)
            .set_exclusive_start_key(from.map(|from| key(from.0.clone())))
            .send()
            .await
            .map_err(store_error)?;
        let items = page.items.unwrap_or_default().into_iter().map(Item::from);
        // The positions of the sweep are items of the table and no entries.
        let entries = items.filter(|item| text_of(item, PK).and_then(workflow_named_by).is_some());
        let entries = entries.filter_map(|item| readable(item).ok().flatten()).collect();
        let last_key = page.last_evaluated_key.map(Item::from);
        let next = last_key.and_then(|last_key| text_of(&last_key, PK).map(|pk| WalkPosition(pk.to_owned())));
        Ok(IndexPart { entries, next })
    }

    async fn unlisted(&self, sought: &[Sought<'_>]) -> Result<Vec<WorkflowKey>, StoreError> {
        let lacking = self.without_hints(sought).await?;
        if lacking.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<WorkflowKey> = lacking.iter().map(|entry| entry.key.clone()).collect();
        // A writer removes the hint of a label only after its own entry.
        let now = self.entries(&keys).await?;
        let is_unchanged = |entry: &&IndexEntry| matches!(now.get(&entry.key), Some(Ok(now)) if now == *entry);
        Ok(lacking.into_iter().filter(is_unchanged).map(|entry| entry.key.clone()).collect())
    }

    async fn remove(&self, seen: &IndexEntry) -> Result<bool, StoreError> {
        let removed = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .key(PK, partition_key(&seen.key).into())
            .condition_expression("attribute_not_exists(pk) OR (published_version = :version AND head_hash = :hash)")
            .expression_attribute_values(":version", AttributeValue::N(seen.published_version.get().to_string()))
            .expression_attribute_values(":hash", AttributeValue::S(seen.head_hash.to_string()))
            .send()
            .await;
        match removed {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error(error)),
            },
        }
    }

    async fn clear_some(&self) -> Result<u64, StoreError> {
        let page = self
            .client
            .scan()
            .table_name(&*self.table)
            .projection_expression(PK)
            .consistent_read(true)
            .limit(REMOVED_AT_ONCE)
            .send()
            .await
            .map_err(store_error)?;
        let items = page.items.unwrap_or_default();
        let removals = items
            .iter()
            .map(|item| self.client.delete_item().table_name(&*self.table).set_key(Some(item.clone())).send());
        try_join_all(removals).await.map_err(store_error)?;
        u64::try_from(items.len()).map_err(|error| StoreError::Refused(error.into()))
    }
}

fn key(pk: String) -> HashMap<String, AttributeValue> {
    HashMap::from([(PK.to_owned(), AttributeValue::S(pk))])
}
