//! The index's table: the client, its bounds, and conditional writes of whole items.

use alims_operations::ports::StoreError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use serde_dynamo::Item;
use std::sync::Arc;

use crate::failure::store_error;
use crate::item::Stored;
use crate::list::EVALUATED_ENTRIES_MAX;

/// The index in one `DynamoDB` table. Clones share the client.
#[derive(Clone, Debug)]
pub struct DynamoIndex {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    pub(crate) evaluated_max: usize,
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

    /// The same index, but a part of a walk over the open or the due workflows looks at no more than so many; else it ends
    /// at a megabyte.
    #[must_use]
    pub fn walking_at_most(mut self, entries: u16) -> Self {
        self.open_max = Some(i32::from(entries.max(1)));
        self
    }

    /// A write of a whole item that gives back what it replaced, or what made its condition fail. Neither costs anything
    /// (Amazon `DynamoDB` API reference, `PutItem`).
    pub(crate) fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item.into()))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// Replaces exactly this item: every attribute must be unchanged, and an attribute that was absent must still be
    /// absent. One that an earlier release did not write may be absent.
    pub(crate) async fn replace<T: Stored>(
        &self,
        item: Item,
        seen: &Item,
        optional: &[&str],
    ) -> Result<Put, StoreError> {
        let mut put = self.put(item);
        let absent = optional.iter().filter(|name| !seen.contains_key(**name));
        let mut conditions = Vec::with_capacity(seen.len() + optional.len());
        for (number, name) in absent.enumerate() {
            conditions.push(format!("attribute_not_exists(#b{number})"));
            put = put.expression_attribute_names(format!("#b{number}"), *name);
        }
        for (number, (name, value)) in seen.iter().enumerate() {
            let is_there = format!("#a{number} = :a{number}");
            conditions.push(if T::DERIVED.contains(&name.as_str()) {
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
pub(crate) enum Put {
    /// The item is stored now, in the place of this one, if there was one.
    Done(Option<Item>),
    /// The condition failed on this item; none when there is none.
    Failed(Option<Item>),
}

pub(crate) async fn settle(put: PutItemFluentBuilder) -> Result<Put, StoreError> {
    match put.send().await {
        Ok(done) => Ok(Put::Done(done.attributes.map(Item::from))),
        Err(error) => match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Put::Failed(failed.item.clone().map(Item::from)))
            }
            _ => Err(store_error(error)),
        },
    }
}
