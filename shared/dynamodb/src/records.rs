//! What the log keeps beside versions and refusals: recoveries, newest first, and quarantines.

use alims_core::identifiers::WorkflowKey;
use alims_core::ports::{Claimed, QuarantineLog, RecoveryLog, StoreError};
use alims_core::quarantine::{QuarantineEntry, QuarantineRecord};
use alims_core::recovery::records::{RecoveryAttempt, RecoveryClaim, RecoveryRecord};
use serde_dynamo::Item;

use crate::DynamoLog;
use crate::item::{ENTRY, ItemError, OUTCOME, QUARANTINE_PREFIX, RECOVERY_PREFIX, Stored, text_of};
use crate::log::{Order, PutNew};

impl DynamoLog {
    /// The item that is there now, when the write did not say.
    async fn there(&self, key: &WorkflowKey, item: &Item, taken: Option<Item>) -> Result<Item, StoreError> {
        if let Some(taken) = taken {
            return Ok(taken);
        }
        let entry = text_of(item, ENTRY).unwrap_or_default().to_owned();
        let found = self.items(key, entry.clone(), entry, 1, Order::OldestFirst).await?.into_iter().next();
        found.ok_or(StoreError::Refused("an entry that was there for a write is not there for a read".into()))
    }
}

impl RecoveryLog for DynamoLog {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Vec<RecoveryAttempt>, StoreError> {
        // An attempt has two items at most, and of the last one both are wanted.
        let (from, to) = (RECOVERY_PREFIX.to_owned(), format!("{RECOVERY_PREFIX}~"));
        let items = self.items(key, from, to, limit.saturating_mul(2), Order::NewestFirst).await?;
        let mut attempts: Vec<RecoveryAttempt> = Vec::new();
        let mut ended: Option<RecoveryRecord> = None;
        for item in items {
            if attempts.len() == limit {
                break;
            }
            if text_of(&item, ENTRY).is_some_and(|entry| entry.ends_with(OUTCOME)) {
                ended = Some(RecoveryRecord::from_item(item)?);
                continue;
            }
            let claim = RecoveryClaim::from_item(item)?;
            let ended = ended.take().filter(|ended| (ended.version, ended.attempt) == (claim.version, claim.attempt));
            attempts.push(RecoveryAttempt { claim, ended });
        }
        Ok(attempts)
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        let item = claim.to_item()?;
        let taken = match self.put_new(item.clone()).await? {
            PutNew::Done => return Ok(Claimed::Ours),
            PutNew::Taken(taken) => self.there(&claim.key(), &item, taken).await?,
        };
        if taken == item {
            return Ok(Claimed::Ours);
        }
        Ok(Claimed::Taken(Box::new(RecoveryClaim::from_item(taken)?)))
    }

    async fn record_recovery(&self, record: &RecoveryRecord) -> Result<(), StoreError> {
        // One that is there already stays, ours or not.
        self.put_new(record.to_item()?).await.map(|_| ())
    }
}

impl QuarantineLog for DynamoLog {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        let (from, to) = (QUARANTINE_PREFIX.to_owned(), format!("{QUARANTINE_PREFIX}~"));
        let items = self.items(key, from, to, usize::MAX, Order::OldestFirst).await?;
        let entries: Result<Vec<QuarantineEntry>, ItemError> =
            items.into_iter().map(QuarantineEntry::from_item).collect();
        Ok(QuarantineRecord(entries?))
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        let item = entry.to_item()?;
        match self.put_new(item.clone()).await? {
            PutNew::Done => Ok(entry.clone()),
            PutNew::Taken(taken) => {
                let there = self.there(&entry.key(), &item, taken).await?;
                Ok(QuarantineEntry::from_item(there)?)
            }
        }
    }
}
