//! What the log in memory keeps beside the versions: recoveries and quarantines.

use alims_core::identifiers::{Version, WorkflowKey};
use alims_core::ports::{Claimed, QuarantineLog, RecoveryLog, StoreError, SweepPositions, WalkPosition};
use alims_core::quarantine::{QuarantineEntry, QuarantineRecord};
use alims_core::recovery::records::{RecoveryAttempt, RecoveryClaim, RecoveryRecord};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::memory_log::MemoryLog;

/// One workflow's records.
#[derive(Debug, Default)]
pub(crate) struct Records {
    attempts: BTreeMap<(Version, u32), RecoveryAttempt>,
    /// An outcome without a claim is kept and shown to nobody, as a store would.
    unclaimed: BTreeMap<(Version, u32), RecoveryRecord>,
    quarantine: BTreeMap<(String, bool), QuarantineEntry>,
}

impl Records {
    /// The names of the entries, in the order in which a store would walk them.
    pub(crate) fn entries(&self) -> Vec<String> {
        let claims = self.attempts.keys().map(|(version, attempt)| format!("a{version:010}{attempt:010}"));
        claims.chain(self.quarantine.keys().map(|(id, released)| format!("q{id}{released}"))).collect()
    }
}

impl RecoveryLog for MemoryLog {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Vec<RecoveryAttempt>, StoreError> {
        Ok(self.with_records(key, |records| records.attempts.values().rev().take(limit).cloned().collect()))
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        Ok(self.with_records(&claim.key(), |records| {
            let place = (claim.version, claim.attempt);
            let ended = records.unclaimed.remove(&place);
            let there =
                records.attempts.entry(place).or_insert_with(|| RecoveryAttempt { claim: claim.clone(), ended });
            if there.claim == *claim { Claimed::Ours } else { Claimed::Taken(Box::new(there.claim.clone())) }
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
        Ok(self.with_records(key, |records| QuarantineRecord(records.quarantine.values().cloned().collect())))
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
