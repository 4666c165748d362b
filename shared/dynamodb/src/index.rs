//! The index on `DynamoDB`: one item per workflow. A write replaces the whole item and only moves forward.

use alims_domain::identifiers::{TenantId, Version, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    Advanced, IndexCount, IndexEntries, IndexPage, IndexQuery, ListOrder, StoreError, WorkflowIndex,
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::Item;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::batch;
use crate::count;
use crate::index_item::{OPTIONAL, readable};
use crate::index_table::{DynamoIndex, Put, settle};
use crate::item::{
    CURRENT_FORMAT, FORMAT, KeyText, PK, Stored, newer_format, partition_key, text_of, workflow_named_by,
};
use crate::list::{self, Listed};
use crate::lookup;
use crate::terms::{Hint, Term};

impl DynamoIndex {
    /// After a write of an entry: the hints of the labels that it removed are of no use any more.
    async fn replaced(&self, was: Option<Item>, is: &IndexEntry) -> Advanced {
        if let Some(Ok(Some(was))) = was.map(readable) {
            self.remove_hints(&was, is).await;
        }
        Advanced::Yes
    }
}

/// What the entry that made a write fail says.
fn kept_its_place(there: Option<&Item>) -> Result<Advanced, StoreError> {
    there.and_then(newer_format).map_or(Ok(Advanced::AlreadyThere), |newer| Err(newer.into()))
}

impl WorkflowIndex for DynamoIndex {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        // One call may not name a key twice.
        let keys: BTreeSet<KeyText> = keys.iter().map(partition_key).collect();
        let keys = keys.into_iter().map(|key| HashMap::from([(PK.to_owned(), key.into())])).collect();
        let mut entries = BTreeMap::new();
        // An old answer could hide the hash of a version that is published by now.
        for item in batch::items(&self.client, &self.table, keys).await? {
            let named = text_of(&item, PK).and_then(workflow_named_by);
            match readable(item) {
                Ok(Some(entry)) => entries.extend([(entry.key.clone(), Ok(entry))]),
                Ok(None) => {}
                Err(newer) => entries.extend(named.map(|key| (key, Err(newer)))),
            }
        }
        Ok(entries)
    }

    async fn advance_keeping(&self, entry: &IndexEntry, kept: &Labels) -> Result<Advanced, StoreError> {
        self.put_hints(entry, kept, entry.published_version).await?;
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
            Put::Done(was) => Ok(self.replaced(was, entry).await),
            Put::Failed(there) => kept_its_place(there.as_ref()),
        }
    }

    async fn mark_quarantined(&self, key: &WorkflowKey, created_at: Timestamp) -> Result<(), StoreError> {
        // It is never removed, so its version means nothing.
        let mark = Hint { key: key.clone(), term: Term::Quarantined, created_at, version: Version::FIRST };
        self.put_hint(&mark).await
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        let item = entry.to_item()?;
        // A repair may go back. Then a writer of the version that it replaces may still be removing hints.
        let of = seen.map_or(entry.published_version, |seen| seen.published_version.max(entry.published_version));
        self.put_hints(entry, &Labels::default(), of).await?;
        let put = match seen {
            Some(seen) => self.replace::<IndexEntry>(item.clone(), &seen.to_item()?, &OPTIONAL).await?,
            None => match settle(self.put(item.clone()).condition_expression("attribute_not_exists(pk)")).await? {
                // An unreadable entry counts as not seen, so this call replaces it as well.
                Put::Failed(Some(there)) if readable(there.clone())?.is_none() => {
                    self.replace::<IndexEntry>(item.clone(), &there, &OPTIONAL).await?
                }
                settled @ (Put::Done(_) | Put::Failed(_)) => settled,
            },
        };
        match put {
            Put::Done(was) => Ok(self.replaced(was, entry).await),
            // A try of ours had succeeded and its answer was lost.
            Put::Failed(Some(there)) if there == item => Ok(Advanced::Yes),
            Put::Failed(there) => kept_its_place(there.as_ref()),
        }
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        match (query.quarantined, query.filter.labels.is_empty(), query.order) {
            (false, true, ListOrder::Updated) => {
                let listed = Listed { client: &self.client, table: &self.table, evaluated_max: self.evaluated_max };
                list::page(listed, query).await
            }
            _ => lookup::page(self, query).await,
        }
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        let listed = Listed { client: &self.client, table: &self.table, evaluated_max: self.evaluated_max };
        count::of_state(listed, tenant_id, state, reads_max).await
    }
}
