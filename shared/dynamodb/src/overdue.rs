//! The log's records of due dates that passed: one item for each, under the due date.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::overdue::{Deadline, KeptOverdue, Overdue};
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{Noted, OverdueLog, StoreError};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use serde_dynamo::Item;
use std::collections::{BTreeSet, HashMap};

use crate::DynamoLog;
use crate::batch::{BATCH_KEYS_MAX, batch_get};
use crate::item::{
    ENTRY, Kept, KeyText, OVERDUE_PREFIX, PK, Stored, due_date_named_by, named, overdue_entry, partition_key, text_of,
    workflow_named_by,
};
use crate::log::PutNew;
use crate::pages::{Order, Pages};

impl OverdueLog for DynamoLog {
    async fn overdue_noted(&self, deadlines: &[Deadline]) -> Result<BTreeSet<Deadline>, StoreError> {
        // One call may not name a key twice.
        let deadlines: Vec<&Deadline> = deadlines.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let mut noted = BTreeSet::new();
        for chunk in deadlines.chunks(BATCH_KEYS_MAX) {
            // Eventually consistent, at half the price: the write has a condition, so an old answer costs a read only.
            let mut wanted = KeysAndAttributes::builder()
                .projection_expression("#pk, #entry")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#entry", ENTRY);
            for deadline in chunk {
                let (pk, entry) = (partition_key(&deadline.key), overdue_entry(deadline.due_at));
                wanted = wanted.keys(HashMap::from([(PK.to_owned(), pk.into()), (ENTRY.to_owned(), entry.into())]));
            }
            let wanted = wanted.build().map_err(|error| StoreError::Refused(Box::new(error)))?;
            // Of each only the keys matter: what cannot be read, or has a newer format, is a record as well.
            noted.extend(batch_get(&self.client, &self.table, wanted).await?.iter().filter_map(deadline_of));
        }
        Ok(noted)
    }

    async fn record_overdue(&self, overdue: &Overdue) -> Result<Noted, StoreError> {
        let item = overdue.to_item()?;
        let taken = match self.put_new(item.clone()).await? {
            PutNew::Done => return Ok(Noted::Now),
            PutNew::Taken(taken) => self.there(&overdue.key(), overdue_entry(overdue.due_at), taken).await?,
        };
        Ok(if taken == item { Noted::Now } else { Noted::Already })
    }

    async fn overdue(
        &self,
        key: &WorkflowKey,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<KeptOverdue>, StoreError> {
        // All entries of due dates have one length: with one more character the range begins behind `after`.
        let from = after.map_or_else(|| KeyText::literal(OVERDUE_PREFIX), |after| overdue_entry(after).then("#"));
        let to = KeyText::literal(OVERDUE_PREFIX).then("~");
        let (mut pages, mut records) = (Pages::new(self.query(key), key, (from, to), Order::OldestFirst), Vec::new());
        while records.len() < limit
            && let Some(page) = pages.search(limit - records.len()).await?
        {
            for item in page {
                if records.len() < limit {
                    records.extend(kept_overdue(item)?);
                }
            }
        }
        Ok(records)
    }
}

/// The deadline that an item's keys name.
fn deadline_of(item: &Item) -> Option<Deadline> {
    let key = text_of(item, PK).and_then(workflow_named_by)?;
    Some(Deadline { key, due_at: text_of(item, ENTRY).and_then(due_date_named_by)? })
}

/// Reads a record; none when the key names no due date.
fn kept_overdue(item: Item) -> Result<Option<KeptOverdue>, StoreError> {
    let (due_at, name) = (text_of(&item, ENTRY).and_then(due_date_named_by), named(&item));
    Ok(match (Overdue::kept(item)?, due_at) {
        (Kept::Readable(overdue), _) => Some(KeptOverdue::Overdue(Box::new(overdue))),
        (Kept::Unreadable { content, .. }, Some(due_at)) => Some(KeptOverdue::Unreadable { due_at, content }),
        (Kept::Unreadable { why, .. }, None) => {
            tracing::warn!(key = name, why, "an entry of the log has no key of this service");
            None
        }
    })
}
