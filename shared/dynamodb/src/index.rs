//! The index on `DynamoDB`: one item per workflow. A write replaces the whole item and only moves forward.

use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{Advanced, IndexCount, IndexEntries, IndexPage, IndexQuery, StoreError, WorkflowIndex};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde_dynamo::Item;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::batch::{BATCH_KEYS_MAX, batch_get};
use crate::count;
use crate::failure::store_error;
use crate::index_item::{OPTIONAL, readable};
use crate::item::{
    CURRENT_FORMAT, FORMAT, KeyText, PK, Stored, newer_format, partition_key, text_of, workflow_named_by,
};
use crate::list::{self, EVALUATED_ENTRIES_MAX, Listed};

/// The index in one `DynamoDB` table. Clones share the client.
#[derive(Clone, Debug)]
pub struct DynamoIndex {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    evaluated_max: usize,
    pub(crate) open_max: Option<i32>,
}

impl DynamoIndex {
    /// The index in the table of that name, laid out as [`crate::tables::INDEX`].
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into().into(), evaluated_max: EVALUATED_ENTRIES_MAX, open_max: None }
    }

    /// The same index, but one page of a list and one read of a count look at no more than so many entries of one
    /// state; at least 2, as one of them may be the entry the page begins after.
    #[must_use]
    pub fn evaluating_at_most(mut self, entries: usize) -> Self {
        self.evaluated_max = entries.max(2);
        self
    }

    /// The same index, but a part of a walk over the open workflows holds no more than so many; else it ends at a
    /// megabyte.
    #[must_use]
    pub fn walking_at_most(mut self, entries: u16) -> Self {
        self.open_max = Some(i32::from(entries.max(1)));
        self
    }

    /// A write of a whole entry that gives back what made its condition fail.
    fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item.into()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Replaces exactly this item: every attribute must be unchanged, and an attribute that was absent must still be
    /// absent. One that an earlier release did not write may be absent.
    async fn replace(&self, item: Item, seen: &Item) -> Result<Put, StoreError> {
        let mut put = self.put(item);
        let absent = OPTIONAL.iter().filter(|name| !seen.contains_key(**name));
        let mut conditions = Vec::with_capacity(seen.len() + OPTIONAL.len());
        for (number, name) in absent.enumerate() {
            conditions.push(format!("attribute_not_exists(#b{number})"));
            put = put.expression_attribute_names(format!("#b{number}"), *name);
        }
        for (number, (name, value)) in seen.iter().enumerate() {
            let is_there = format!("#a{number} = :a{number}");
            conditions.push(if IndexEntry::DERIVED.contains(&name.as_str()) {
                format!("(attribute_not_exists(#a{number}) OR {is_there})")
            } else {
                is_there
            });
            put = put
                .expression_attribute_names(format!("#a{number}"), name)
                .expression_attribute_values(format!(":a{number}"), value.clone().into());
        }
        settle(put.condition_expression(conditions.join(" AND "))).await
    }
}

/// What became of a conditional write.
enum Put {
    /// The item is stored now.
    Done,
    /// The condition failed on this item; none when there is none.
    Failed(Option<Item>),
}

async fn settle(put: PutItemFluentBuilder) -> Result<Put, StoreError> {
    match put.send().await {
        Ok(_) => Ok(Put::Done),
        Err(error) => match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Put::Failed(failed.item.clone().map(Item::from)))
            }
            _ => Err(store_error(error)),
        },
    }
}

/// What the entry that made a write fail says.
fn kept_its_place(there: Option<&Item>) -> Result<Advanced, StoreError> {
    there.and_then(newer_format).map_or(Ok(Advanced::AlreadyThere), |newer| Err(newer.into()))
}

impl WorkflowIndex for DynamoIndex {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        // One call may not name a key twice.
        let keys: Vec<KeyText> = keys.iter().map(partition_key).collect::<BTreeSet<_>>().into_iter().collect();
        let mut entries = BTreeMap::new();
        for chunk in keys.chunks(BATCH_KEYS_MAX) {
            let keys = chunk.iter().map(|key| HashMap::from([(PK.to_owned(), key.clone().into())])).collect();
            for item in batch_get(&self.client, &self.table, keys).await? {
                let named = text_of(&item, PK).and_then(workflow_named_by);
                match readable(item) {
                    Ok(Some(entry)) => entries.extend([(entry.key.clone(), Ok(entry))]),
                    Ok(None) => {}
                    Err(newer) => entries.extend(named.map(|key| (key, Err(newer)))),
                }
            }
        }
        Ok(entries)
    }

    async fn advance(&self, entry: &IndexEntry) -> Result<Advanced, StoreError> {
        let put = self
            .put(entry.to_item()?)
            .condition_expression(
                "attribute_not_exists(pk) OR \
                 (published_version < :version AND (attribute_not_exists(#format) OR #format <= :format))",
            )
            .expression_attribute_names("#format", FORMAT)
            .expression_attribute_values(":format", AttributeValue::N(CURRENT_FORMAT.to_string()))
            .expression_attribute_values(":version", AttributeValue::N(entry.published_version.get().to_string()));
        match settle(put).await? {
            Put::Done => Ok(Advanced::Yes),
            Put::Failed(there) => kept_its_place(there.as_ref()),
        }
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        let item = entry.to_item()?;
        let put = match seen {
            Some(seen) => self.replace(item.clone(), &seen.to_item()?).await?,
            None => match settle(self.put(item.clone()).condition_expression("attribute_not_exists(pk)")).await? {
                // An unreadable entry counts as not seen, so this call replaces it as well.
                Put::Failed(Some(there)) if readable(there.clone())?.is_none() => {
                    self.replace(item.clone(), &there).await?
                }
                settled @ (Put::Done | Put::Failed(_)) => settled,
            },
        };
        match put {
            Put::Done => Ok(Advanced::Yes),
            // A try of ours had succeeded and its answer was lost.
            Put::Failed(Some(there)) if there == item => Ok(Advanced::Yes),
            Put::Failed(there) => kept_its_place(there.as_ref()),
        }
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        let listed = Listed { client: &self.client, table: &self.table, evaluated_max: self.evaluated_max };
        list::page(listed, query).await
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        let listed = Listed { client: &self.client, table: &self.table, evaluated_max: self.evaluated_max };
        count::of_state(listed, tenant_id, state, reads_max).await
    }
}
