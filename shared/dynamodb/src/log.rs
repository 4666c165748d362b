//! The append-only log on `DynamoDB`: one item per version, one per refusal, one conditional write per append.

use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::stored_version::StoredVersion;
use alims_operations::ports::{AppendError, LogError, StoreError, VersionsAt, WorkflowLog};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde_dynamo::Item;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::batch;
use crate::failure::store_error;
use crate::item::{
    ENTRY, Kept, KeyText, PK, REFUSAL_PREFIX, Stored, VERSION_PREFIX, named, partition_key, refusal_entry,
    refusal_named_by, stands_at, text_of, version_entry, version_read_from,
};
use crate::pages::{Order, Pages};

/// The item's whole key must be free: no writer overwrites an item or appends it twice.
const NOT_THERE_YET: &str = "attribute_not_exists(pk)";

/// The log in one `DynamoDB` table. Clones share the client.
#[derive(Clone, Debug)]
pub struct DynamoLog {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    pub(crate) scanned_max: Option<i32>,
}

impl DynamoLog {
    /// The log in the table of that name, laid out as [`crate::tables::LOG`].
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into().into(), scanned_max: None }
    }

    /// The same log, but a part of a walk, and one read of a shard of the activity, hold no more than so many entries;
    /// else a part ends at a megabyte.
    #[must_use]
    pub fn walking_at_most(mut self, entries: u16) -> Self {
        self.scanned_max = Some(i32::from(entries.max(1)));
        self
    }

    /// A consistent query of one workflow's entries.
    pub(crate) fn query(&self, key: &WorkflowKey) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#entry", ENTRY)
            .expression_attribute_values(":pk", partition_key(key).into())
    }

    /// The items from one sort key to another, both included, at most `limit`: page after page until there are no more.
    pub(crate) async fn items(
        &self,
        key: &WorkflowKey,
        from: KeyText,
        to: KeyText,
        limit: usize,
        order: Order,
    ) -> Result<Vec<Item>, StoreError> {
        let (mut pages, mut items) = (Pages::new(self.query(key), key, (from, to), order), Vec::new());
        while items.len() < limit
            && let Some(page) = pages.next(limit - items.len()).await?
        {
            items.extend(page);
        }
        Ok(items)
    }

    /// Puts an item if its key is free; otherwise returns the item that has the key.
    pub(crate) async fn put_new(&self, item: Item) -> Result<PutNew, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item.into()))
            .condition_expression(NOT_THERE_YET)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match put {
            Ok(_) => Ok(PutNew::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(PutNew::Taken(failed.item.clone().map(Item::from)))
                }
                _ => Err(store_error(error)),
            },
        }
    }

    /// Reads the item with the key, when the failed write did not return it.
    pub(crate) async fn there(
        &self,
        key: &WorkflowKey,
        entry: KeyText,
        taken: Option<Item>,
    ) -> Result<Item, StoreError> {
        if let Some(taken) = taken {
            return Ok(taken);
        }
        let found = self.items(key, entry.clone(), entry, 1, Order::OldestFirst).await?.into_iter().next();
        // The item is no longer known.
        found.ok_or(StoreError::Unavailable("an entry that was there for a write is not there for a read".into()))
    }
}

/// What became of a write.
pub(crate) enum PutNew {
    /// The item is stored now.
    Done,
    /// The key was taken, by this item if the store says so.
    Taken(Option<Item>),
}

/// Reads a version, or says which one cannot be read.
fn read(key: &WorkflowKey, item: Item) -> Result<StoredVersion, LogError> {
    let version = text_of(&item, ENTRY).and_then(stands_at).unwrap_or(Version::FIRST);
    read_at(key, version, item)
}

/// Reads the version at this key.
fn read_at(key: &WorkflowKey, version: Version, item: Item) -> Result<StoredVersion, LogError> {
    match StoredVersion::kept(item) {
        Ok(Kept::Readable(stored)) => Ok(stored),
        Ok(Kept::Unreadable { content, why }) => Err(LogError::Unreadable { key: key.clone(), version, content, why }),
        Err(newer) => Err(LogError::Store(newer.into())),
    }
}

/// Reads a refusal; none when the key names none.
fn kept_refusal(item: Item) -> Result<Option<KeptRefusal>, StoreError> {
    let (event_id, name) = (refusal_named_by(&item), named(&item));
    Ok(match (Refusal::kept(item)?, event_id) {
        (Kept::Readable(refusal), _) => Some(KeptRefusal::Refusal(Box::new(refusal))),
        (Kept::Unreadable { content, .. }, Some(event_id)) => Some(KeptRefusal::Unreadable { event_id, content }),
        (Kept::Unreadable { why, .. }, None) => {
            tracing::warn!(key = name, why, "an entry of the log has no key of this service");
            None
        }
    })
}

impl WorkflowLog for DynamoLog {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        let newest = self
            .query(key)
            .key_condition_expression("#pk = :pk AND begins_with(#entry, :versions)")
            .expression_attribute_values(":versions", AttributeValue::S(VERSION_PREFIX.to_owned()))
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await
            .map_err(store_error)?;
        let Some(item) = newest.items.unwrap_or_default().into_iter().next().map(Item::from) else { return Ok(None) };
        let entry = text_of(&item, ENTRY).unwrap_or_default();
        let stands_at = stands_at(entry).unwrap_or(Version::FIRST);
        let Some(named) = version_read_from(entry).filter(|named| *named < stands_at) else {
            return read_at(key, stands_at, item).map(Some);
        };
        match self.newest_below(key, stands_at).await {
            // No version comes before it, so it occupies the place of the version that it names.
            Ok(None) => read_at(key, named, item).map(Some),
            Ok(Some(_)) | Err(LogError::Unreadable { .. }) => read_at(key, stands_at, item).map(Some),
            Err(error @ LogError::Store(_)) => Err(error),
        }
    }

    async fn newest_below(&self, key: &WorkflowKey, below: Version) -> Result<Option<StoredVersion>, LogError> {
        let Some(highest) = below.previous() else { return Ok(None) };
        let (from, to) = (version_entry(Version::FIRST), version_entry(highest));
        let items = self.items(key, from, to, 1, Order::NewestFirst).await?;
        items.into_iter().next().map(|item| read(key, item)).transpose()
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        // Behind the last version there may be other entries, of which `head` would give the last.
        let to = KeyText::literal(VERSION_PREFIX).then("\u{10ffff}");
        let items = self.items(key, version_entry(from), to, limit, Order::OldestFirst).await?;
        let mut versions = Vec::with_capacity(items.len());
        for item in items {
            match read(key, item) {
                Ok(version) => versions.push(version),
                Err(unreadable) if versions.is_empty() => return Err(unreadable),
                // A caller who continues from here meets the error.
                Err(_) => break,
            }
        }
        Ok(versions)
    }

    async fn versions_at(&self, keys: &[(WorkflowKey, Version)]) -> Result<VersionsAt, StoreError> {
        // One call may not name a key twice.
        let keys: BTreeSet<(KeyText, KeyText)> =
            keys.iter().map(|(key, version)| (partition_key(key), version_entry(*version))).collect();
        let as_key = |(pk, entry): (KeyText, KeyText)| {
            HashMap::from([(PK.to_owned(), pk.into()), (ENTRY.to_owned(), entry.into())])
        };
        let items = batch::items(&self.client, &self.table, keys.into_iter().map(as_key).collect()).await?;
        let mut versions = VersionsAt::new();
        for item in items {
            let key = named(&item);
            match StoredVersion::kept(item)? {
                Kept::Readable(stored) => versions.extend([((stored.event.key(), stored.event.version), stored)]),
                Kept::Unreadable { why, .. } => tracing::warn!(key, why, "a published version cannot be read"),
            }
        }
        Ok(versions)
    }

    async fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<KeptRefusal>, StoreError> {
        // All entries of refusals have one length: with one more character the range begins behind `after`.
        let from = after.map_or_else(|| KeyText::literal(REFUSAL_PREFIX), |after| refusal_entry(after).then("#"));
        let to = KeyText::literal(REFUSAL_PREFIX).then("~");
        let (mut pages, mut refusals) = (Pages::new(self.query(key), key, (from, to), Order::OldestFirst), Vec::new());
        while refusals.len() < limit
            && let Some(page) = pages.search(limit - refusals.len()).await?
        {
            for item in page {
                if refusals.len() < limit {
                    refusals.extend(kept_refusal(item)?);
                }
            }
        }
        Ok(refusals)
    }

    async fn append(&self, version: &StoredVersion) -> Result<(), AppendError> {
        let (key, entry) = (version.event.key(), version_entry(version.event.version));
        let taken = match self.put_new(version.to_item().map_err(StoreError::from)?).await? {
            PutNew::Done => return Ok(()),
            PutNew::Taken(taken) => self.there(&key, entry, taken).await?,
        };
        let winner = match StoredVersion::kept(taken).map_err(StoreError::from)? {
            Kept::Readable(winner) => winner,
            // It may be ours: an earlier try had won, its answer was lost, and then the item was altered.
            Kept::Unreadable { why, .. } => return Err(StoreError::Unavailable(why.into()).into()),
        };
        if winner.event.event_id == version.event.event_id {
            return Ok(());
        }
        Err(AppendError::VersionTaken(Box::new(winner)))
    }

    async fn record_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        // A refusal with this id is the same refusal: no other writer makes its id.
        self.put_new(refusal.to_item()?).await.map(|_| ())
    }
}
