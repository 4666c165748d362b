//! What the log in memory keeps beside the versions: recoveries and quarantines.

use alims_domain::hash_chain::Fault;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::quarantine::{BreakFound, QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::records::{Recoveries, RecoveryAttempt, RecoveryClaim, RecoveryRecord, UnreadableRecovery};
use alims_operations::ports::{Claimed, QuarantineLog, RecoveryLog, StoreError, SweepPositions, WalkPosition};
use std::sync::{Arc, Mutex};

use crate::memory_log::MemoryLog;

impl MemoryLog {
    /// Puts an entry in the record of quarantines that cannot be read.
    pub fn damage_quarantines(&self, key: &WorkflowKey, at: Version, why: &str) -> BreakFound {
        let found = BreakFound { at, fault: Fault::UnreadableQuarantine, content: Self::content_of_damaged(why) };
        self.with_records(key, |records| records.unreadable_quarantines.push(found.clone()));
        found
    }

    /// Puts a claim of an attempt in place that cannot be read.
    pub fn damage_claim(&self, key: &WorkflowKey, at: Version, attempt: u32, why: &str) -> BreakFound {
        let found = BreakFound { at, fault: Fault::UnreadableRecovery, content: Self::content_of_damaged(why) };
        self.with_records(key, |records| {
            records.attempts.remove(&(at, attempt));
            let claims = Some((at, attempt));
            records.unreadable_recoveries.push(UnreadableRecovery { found: found.clone(), claims });
        });
        found
    }
}

impl RecoveryLog for MemoryLog {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Recoveries, StoreError> {
        Ok(self.with_records(key, |records| Recoveries {
            attempts: records.attempts.values().rev().take(limit).cloned().collect(),
            unreadable: records.unreadable_recoveries.clone(),
        }))
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        Ok(self.with_records(&claim.key(), |records| {
            let place = (claim.version, claim.attempt);
            if records.unreadable_recoveries.iter().any(|unreadable| unreadable.claims == Some(place)) {
                return Claimed::Taken;
            }
            let ended = records.unclaimed.remove(&place);
            let there =
                records.attempts.entry(place).or_insert_with(|| RecoveryAttempt { claim: claim.clone(), ended });
            if there.claim == *claim { Claimed::Ours } else { Claimed::Taken }
        }))
    }

    async fn record_recovery(&self, record: &RecoveryRecord) -> Result<(), StoreError> {
        self.with_records(&record.key(), |records| {
            let place = (record.version, record.attempt);
            match records.attempts.get_mut(&place) {
                Some(attempt) => {
                    attempt.ended.get_or_insert_with(|| record.clone());
                }
                None => {
                    records.unclaimed.entry(place).or_insert_with(|| record.clone());
                }
            }
        });
        Ok(())
    }
}

impl QuarantineLog for MemoryLog {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        Ok(self.with_records(key, |records| QuarantineRecord {
            entries: records.quarantine.values().cloned().collect(),
            unreadable: records.unreadable_quarantines.clone(),
        }))
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        Ok(self.with_records(&entry.key(), |records| {
            let released = matches!(entry, QuarantineEntry::Released(_));
            records.quarantine.entry((entry.about().id(), released)).or_insert_with(|| entry.clone()).clone()
        }))
    }
}

/// Where the sweep stopped, kept as long as the clones last, which share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryPositions(Arc<Mutex<Option<WalkPosition>>>);

impl SweepPositions for MemoryPositions {
    async fn sweep_position(&self) -> Result<Option<WalkPosition>, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn keep_sweep_position(&self, position: Option<&WalkPosition>) -> Result<(), StoreError> {
        *self.0.lock().unwrap() = position.cloned();
        Ok(())
    }
}
