//! Audit entries of a tenant: one item for each, in a partition of the tenant that no workflow can have.

use alims_domain::audit_entry::{KeptAuditEntry, StoredAuditEntry};
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, TenantId, WorkflowKey};
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{AuditEntries, AuditPlace, AuditRecorded, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::Item;

use crate::DynamoLog;
use crate::failure::store_error;
use crate::item::{ENTRY, ItemError, Kept, KeyText, PK, Stored, named, place_audit, text_of};
use crate::log::PutNew;
use crate::record_items::{keyed, unkeyed};

/// The prefix of the partition of a tenant's audit entries. A tenant's id is not empty, so no workflow's partition begins
/// so.
const AUDIT_PARTITION: &str = "#audit#";
/// The prefix of the `entry` of an audit entry.
pub(crate) const AUDIT_PREFIX: &str = "e#";
/// What follows the prefix when the entry's request had an idempotency key. No id begins so.
const OF_REQUEST: &str = "k#";
/// The attribute that holds the request.
const REQUEST: &str = "request";
/// The most pages of one read. The service writes no entry that has to be passed over.
const PAGES_MAX: usize = 100;

/// The partition key of a tenant's audit entries.
pub(crate) fn audit_partition(tenant: &TenantId) -> KeyText {
    KeyText::literal(AUDIT_PARTITION).name(tenant)
}

/// Whether a partition is one of audit entries.
pub(crate) fn is_audit_partition(partition: &str) -> bool {
    partition.strip_prefix(AUDIT_PARTITION).is_some_and(|tenant| tenant.parse::<TenantId>().is_ok())
}

/// The sort key: that of the request, so that a repeated one meets itself; else that of the entry.
fn audit_entry(event_id: EventId, request: Option<&RepeatableRequest>) -> KeyText {
    match request {
        Some(request) => of_request(request),
        None => KeyText::literal(AUDIT_PREFIX).name(&event_id),
    }
}

fn of_request(request: &RepeatableRequest) -> KeyText {
    KeyText::literal(AUDIT_PREFIX).then(OF_REQUEST).name(request)
}

/// Whether a sort key is one that an audit entry can have.
fn names_an_audit_entry(entry: &str) -> bool {
    let Some(name) = entry.strip_prefix(AUDIT_PREFIX) else { return false };
    match name.strip_prefix(OF_REQUEST) {
        Some(key) => key.len() == 32 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        None => EventId::try_from(name.to_owned()).is_ok_and(|id| audit_entry(id, None).as_str() == entry),
    }
}

/// One attribute a member of the entry, its request, and the key.
impl Stored for StoredAuditEntry {
    fn attributes(&self) -> Result<Item, ItemError> {
        let entry = audit_entry(self.entry.event_id, self.request.as_ref());
        let mut item = keyed(&*self.entry, audit_partition(&self.entry.tenant_id), entry)?;
        if let Some(request) = &self.request {
            item.insert(REQUEST.to_owned(), serde_dynamo::to_attribute_value(request)?);
        }
        Ok(item)
    }

    /// It belongs to no workflow.
    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        None
    }

    fn put_in_place(&self, item: &mut Item) {
        place_audit(item, &self.entry);
    }

    fn interpret(mut item: Item) -> Result<Self, ItemError> {
        let request = item.remove(REQUEST).map(serde_dynamo::from_attribute_value).transpose()?;
        Ok(Self { entry: unkeyed(item)?, request })
    }
}

impl AuditEntries for DynamoLog {
    async fn record_audit(&self, stored: &StoredAuditEntry) -> Result<AuditRecorded, StoreError> {
        let item = stored.to_item()?;
        let taken = match self.put_new(item).await? {
            PutNew::Done => return Ok(AuditRecorded::Entry(Box::new(stored.entry.clone()))),
            PutNew::Taken(Some(taken)) => taken,
            PutNew::Taken(None) => {
                let entry = audit_entry(stored.entry.event_id, stored.request.as_ref());
                let there = self.audit_item(&stored.entry.tenant_id, entry).await?;
                there.ok_or(StoreError::Unavailable("an audit entry that was there is not there for a read".into()))?
            }
        };
        recorded(taken, stored.request.as_ref())
    }

    async fn audit_recorded(
        &self,
        tenant: &TenantId,
        request: &RepeatableRequest,
    ) -> Result<Option<AuditRecorded>, StoreError> {
        let item = self.audit_item(tenant, of_request(request)).await?;
        item.map(|item| recorded(item, Some(request))).transpose()
    }

    async fn audit_entries(
        &self,
        tenant: &TenantId,
        after: Option<&AuditPlace>,
        limit: usize,
    ) -> Result<Vec<(AuditPlace, KeptAuditEntry)>, StoreError> {
        let mut after = after.map_or_else(|| AUDIT_PREFIX.to_owned(), |after| after.0.clone());
        let mut entries = Vec::new();
        for _ in 0..PAGES_MAX {
            if entries.len() >= limit {
                return Ok(entries);
            }
            let (items, last) = self.audit_page(tenant, after, limit - entries.len()).await?;
            for item in items {
                entries.extend(kept(item)?);
            }
            let Some(last) = last else { return Ok(entries) };
            after = last;
        }
        Err(StoreError::Refused("the audit entries of the tenant have too many entries of no use".into()))
    }
}

impl DynamoLog {
    /// By a query, because no role permits `GetItem`: each reads the log by the actions that it has anyway.
    async fn audit_item(&self, tenant: &TenantId, entry: KeyText) -> Result<Option<Item>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND #entry = :entry")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#entry", ENTRY)
            .expression_attribute_values(":pk", audit_partition(tenant).into())
            .expression_attribute_values(":entry", entry.into())
            .send()
            .await
            .map_err(store_error)?;
        Ok(found.items.unwrap_or_default().pop().map(Item::from))
    }

    /// The items behind a sort key, and where the next page begins.
    async fn audit_page(
        &self,
        tenant: &TenantId,
        after: String,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let page = self
            .client
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk AND #entry > :after")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#entry", ENTRY)
            .expression_attribute_values(":pk", audit_partition(tenant).into())
            .expression_attribute_values(":after", AttributeValue::S(after))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(store_error)?;
        let last = page.last_evaluated_key.filter(|last| !last.is_empty()).map(Item::from);
        let last = last.and_then(|last| text_of(&last, ENTRY).map(str::to_owned));
        Ok((page.items.unwrap_or_default().into_iter().map(Item::from).collect(), last))
    }
}

/// What the item with the key of a request says of it.
fn recorded(item: Item, request: Option<&RepeatableRequest>) -> Result<AuditRecorded, StoreError> {
    match StoredAuditEntry::kept(item)? {
        Kept::Readable(there) => match (&there.request, request) {
            (Some(first), Some(second)) if first.reuses_the_key_of(second) => Ok(AuditRecorded::KeyReused),
            (_, _) => Ok(AuditRecorded::Entry(Box::new(there.entry))),
        },
        Kept::Unreadable { why, .. } => Err(StoreError::Refused(why.into())),
    }
}

/// Reads an entry; none when its key is none of an audit entry.
fn kept(item: Item) -> Result<Option<(AuditPlace, KeptAuditEntry)>, StoreError> {
    let entry = text_of(&item, ENTRY).unwrap_or_default().to_owned();
    if !names_an_audit_entry(&entry) {
        crate::item::newer_format(&item).map_or(Ok(()), |newer| Err(StoreError::from(newer)))?;
        tracing::warn!(key = named(&item), "an entry of the log has no key of this service");
        return Ok(None);
    }
    let kept = match StoredAuditEntry::kept(item)? {
        Kept::Readable(stored) => KeptAuditEntry::Entry(Box::new(stored.entry)),
        Kept::Unreadable { content, .. } => KeptAuditEntry::Unreadable { content },
    };
    Ok(Some((AuditPlace(entry), kept)))
}
