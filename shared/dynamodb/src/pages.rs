//! Reads a range of one workflow's entries page by page, with a bound where it may have to pass over many.

use alims_domain::identifiers::WorkflowKey;
use alims_operations::ports::StoreError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::Item;
use std::collections::HashMap;

use crate::failure::store_error;
use crate::item::KeyText;

/// The maximum number of pages of a read that selects some entries of its range and passes over the others. The service
/// writes no entry that has to be passed over, so many of them come from another writer.
const SEARCHED_PAGES_MAX: usize = 100;
/// The minimum number of items of every page of such a read except the first: the number of entries to pass over is
/// unknown.
const SEARCHED_PAGE_ITEMS: usize = 100;

/// In which order items are read: that of their sort keys, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

/// The items from one sort key to another, both included.
pub(crate) struct Pages<'a> {
    /// The query of the workflow's entries, without a range.
    query: QueryFluentBuilder,
    key: &'a WorkflowKey,
    range: (KeyText, KeyText),
    order: Order,
    /// Where the next page begins, once there was one.
    last_key: Option<HashMap<String, AttributeValue>>,
    read: usize,
    ended: bool,
}

impl<'a> Pages<'a> {
    /// Nothing is read yet.
    pub(crate) fn new(
        query: QueryFluentBuilder,
        key: &'a WorkflowKey,
        range: (KeyText, KeyText),
        order: Order,
    ) -> Self {
        Self { query, key, range, order, last_key: None, read: 0, ended: false }
    }

    /// The next items, at most `limit`; none when there are no more. One page ends at 1 MB, and an empty one may still
    /// have a next.
    pub(crate) async fn next(&mut self, limit: usize) -> Result<Option<Vec<Item>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let (from, to) = self.range.clone();
        let page = self
            .query
            .clone()
            .key_condition_expression("#pk = :pk AND #entry BETWEEN :from AND :to")
            .expression_attribute_values(":from", from.into())
            .expression_attribute_values(":to", to.into())
            .scan_index_forward(self.order == Order::OldestFirst)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(self.last_key.take())
            .send()
            .await
            .map_err(store_error)?;
        self.read += 1;
        self.last_key = page.last_evaluated_key.filter(|last_key| !last_key.is_empty());
        self.ended = self.last_key.is_none();
        Ok(Some(page.items.unwrap_or_default().into_iter().map(Item::from).collect()))
    }

    /// The next items for a read that looks for so many of them still; none when there are no more.
    ///
    /// # Errors
    /// When it has read [`SEARCHED_PAGES_MAX`] pages and did not find them.
    pub(crate) async fn search(&mut self, wanted: usize) -> Result<Option<Vec<Item>>, StoreError> {
        if self.read == SEARCHED_PAGES_MAX && !self.ended {
            return Err(StoreError::Refused(format!("{} has too many entries of no use", self.key).into()));
        }
        self.next(if self.read == 0 { wanted } else { wanted.max(SEARCHED_PAGE_ITEMS) }).await
    }
}
