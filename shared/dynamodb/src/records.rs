//! The log's records other than versions and refusals: recoveries, newest first, and quarantines.

use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::quarantine::{BreakFound, QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::records::{KeptRecovery, Recoveries, RecoveryAttempt, RecoveryClaim, RecoveryRecord};
use alims_operations::ports::{Claimed, QuarantineLog, RecoveryLog, StoreError};
use serde_dynamo::Item;

use crate::DynamoLog;
use crate::item::{
    CLAIM, ENTRY, Kept, KeyText, OUTCOME, QUARANTINE_PREFIX, RECOVERY_PREFIX, Stored, attempt_named_by, behind_attempt,
    claim_entry, named, newer_format, quarantine_entry, text_of, version_beside,
};
use crate::log::PutNew;
use crate::pages::{Order, Pages};

/// How many entries that cannot be read may have the place of one entry of a quarantine, one beside the other.
const BESIDE_MAX: usize = 8;

/// How an attempt ended, before its claim is met.
enum Ended {
    /// As the record says.
    Readably(Box<RecoveryRecord>),
    /// The outcome of the attempt with this key prefix is unreadable.
    Unreadably(String),
}

impl Ended {
    /// The record for a claim, if it is of the same attempt.
    fn of(self, claim: &RecoveryClaim) -> Option<RecoveryRecord> {
        match self {
            Self::Readably(record) => {
                let is_its_own = (record.version, record.attempt) == (claim.version, claim.attempt);
                is_its_own.then_some(*record)
            }
            Self::Unreadably(attempt) => {
                let own = claim_entry(claim.version, claim.attempt);
                (own.as_str().strip_suffix(CLAIM) == Some(&attempt)).then(|| claim.ended_unreadably())
            }
        }
    }
}

/// The recovery entries read so far, newest first: each attempt's outcome comes before its claim.
#[derive(Default)]
struct Met {
    recoveries: Recoveries,
    ended: Option<Ended>,
}

impl Met {
    fn meet(&mut self, item: Item) -> Result<(), StoreError> {
        let entry = text_of(&item, ENTRY).unwrap_or_default().to_owned();
        self.recoveries.named.extend(attempt_named_by(&entry));
        let unreadable = |content| BreakFound::new(version_beside(&entry), BreakKind::UnreadableRecovery, content);
        if let Some(attempt) = entry.strip_suffix(OUTCOME) {
            self.ended = Some(match RecoveryRecord::kept(item)? {
                Kept::Readable(record) => Ended::Readably(Box::new(record)),
                Kept::Unreadable { content, .. } => {
                    self.recoveries.unreadable.push(unreadable(content));
                    Ended::Unreadably(attempt.to_owned())
                }
            });
            return Ok(());
        }
        match RecoveryClaim::kept(item)? {
            Kept::Readable(claim) => {
                let ended = self.ended.take().and_then(|ended| ended.of(&claim));
                self.recoveries.attempts.push(RecoveryAttempt { claim, ended });
            }
            Kept::Unreadable { content, .. } => self.recoveries.unreadable.push(unreadable(content)),
        }
        Ok(())
    }
}

impl RecoveryLog for DynamoLog {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Recoveries, StoreError> {
        let range = (KeyText::literal(RECOVERY_PREFIX), KeyText::literal(RECOVERY_PREFIX).then("~"));
        let (mut pages, mut met) = (Pages::new(self.query(key), key, range, Order::NewestFirst), Met::default());
        let left = |met: &Met| limit.saturating_sub(met.recoveries.attempts.len());
        // An attempt has two items at most, and of the last one both are wanted.
        while left(&met) > 0
            && let Some(page) = pages.search(left(&met).saturating_mul(2)).await?
        {
            for item in page {
                if left(&met) > 0 {
                    met.meet(item)?;
                }
            }
        }
        Ok(met.recoveries)
    }

    async fn recoveries_after(
        &self,
        key: &WorkflowKey,
        after: Option<(Version, u32)>,
        limit: usize,
    ) -> Result<Vec<KeptRecovery>, StoreError> {
        let from = after.map_or_else(|| KeyText::literal(RECOVERY_PREFIX), behind_attempt);
        let range = (from, KeyText::literal(RECOVERY_PREFIX).then("~"));
        let mut pages = Pages::new(self.query(key), key, range, Order::OldestFirst);
        let mut kept: Vec<KeptRecovery> = Vec::new();
        // An attempt has two items at most. The last one is complete when the next one is met.
        while kept.len() <= limit
            && let Some(page) = pages.search((limit - kept.len() + 1).saturating_mul(2)).await?
        {
            page.into_iter().try_for_each(|item| keep(&mut kept, item))?;
        }
        kept.truncate(limit);
        Ok(kept)
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        let item = claim.to_item()?;
        let taken = match self.put_new(item.clone()).await? {
            PutNew::Done => return Ok(Claimed::Ours),
            PutNew::Taken(taken) => self.there(&claim.key(), claim_entry(claim.version, claim.attempt), taken).await?,
        };
        match newer_format(&taken) {
            Some(newer) => Err(newer.into()),
            None if taken == item => Ok(Claimed::Ours),
            None => Ok(Claimed::Taken),
        }
    }

    async fn record_recovery(&self, record: &RecoveryRecord) -> Result<(), StoreError> {
        // An existing outcome stays, ours or not.
        self.put_new(record.to_item()?).await.map(|_| ())
    }
}

/// Adds a claim or an outcome to its attempt; entries come in the order of their keys.
fn keep(kept: &mut Vec<KeptRecovery>, item: Item) -> Result<(), StoreError> {
    let entry = text_of(&item, ENTRY).unwrap_or_default().to_owned();
    let Some(place) = attempt_named_by(&entry) else {
        newer_format(&item).map_or(Ok(()), |newer| Err(StoreError::from(newer)))?;
        tracing::warn!(key = named(&item), "an entry of the log has no key of this service");
        return Ok(());
    };
    let mut attempt = kept.pop_if(|last| last.place() == place).unwrap_or_else(|| KeptRecovery::named(place));
    if entry.ends_with(OUTCOME) {
        attempt.outcome = Some(RecoveryRecord::kept(item)?.readable());
    } else {
        attempt.claim = Some(RecoveryClaim::kept(item)?.readable());
    }
    kept.push(attempt);
    Ok(())
}

impl QuarantineLog for DynamoLog {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        let (from, to) = (KeyText::literal(QUARANTINE_PREFIX), KeyText::literal(QUARANTINE_PREFIX).then("~"));
        let items = self.items(key, from, to, usize::MAX, Order::OldestFirst).await?;
        let mut record = QuarantineRecord::default();
        for item in items {
            let at = version_beside(text_of(&item, ENTRY).unwrap_or_default());
            match QuarantineEntry::kept(item)? {
                Kept::Readable(entry) => record.entries.push(entry),
                Kept::Unreadable { content, .. } => {
                    record.unreadable.push(BreakFound::new(at, BreakKind::UnreadableQuarantine, content));
                }
            }
        }
        Ok(record)
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        let mut entry = entry.clone();
        for _ in 0..BESIDE_MAX {
            let taken = match self.put_new(entry.to_item()?).await? {
                PutNew::Done => return Ok(entry),
                PutNew::Taken(taken) => self.there(&entry.key(), sort_key(&entry), taken).await?,
            };
            match QuarantineEntry::kept(taken)? {
                Kept::Readable(there) => return Ok(there),
                Kept::Unreadable { content, .. } => entry = beside(entry, content),
            }
        }
        Err(StoreError::Refused("too many entries that cannot be read have the place of a quarantine".into()))
    }
}

fn sort_key(entry: &QuarantineEntry) -> KeyText {
    match entry {
        QuarantineEntry::Quarantined(it) => quarantine_entry(&it.found(), false, it.beside.as_ref()),
        QuarantineEntry::Released(it) => quarantine_entry(&it.covers(), true, it.beside.as_ref()),
    }
}

/// The same entry, to be kept beside one that cannot be read.
fn beside(mut entry: QuarantineEntry, content: ChainHash) -> QuarantineEntry {
    match &mut entry {
        QuarantineEntry::Quarantined(it) => it.beside = Some(content),
        QuarantineEntry::Released(it) => it.beside = Some(content),
    }
    entry
}
