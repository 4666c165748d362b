//! The in-memory log's records other than versions: recoveries, quarantines, and due dates that
//! passed.

use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::overdue::{Deadline, KeptOverdue, Overdue};
use alims_domain::quarantine::{BreakFound, BreakId, QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::records::{KeptRecovery, Recoveries, RecoveryAttempt, RecoveryClaim, RecoveryRecord};
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    Claimed, Noted, OverdueLog, QuarantineLog, RecoveryLog, StoreError, SweepPosition, SweepPositions,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::contract::tampered::Place;
use crate::memory_log::MemoryLog;
use crate::records::place_of;

/// How many entries that cannot be read may have the place of one entry of a quarantine, one beside the other.
const BESIDE_MAX: usize = 8;

impl MemoryLog {
    /// Puts an entry in the record of quarantines that cannot be read.
    pub fn damage_quarantines(&self, key: &WorkflowKey, at: Version, why: &str) -> BreakFound {
        let found = unreadable(at, BreakKind::UnreadableQuarantine, &Self::content_of_damaged(why));
        self.with_records(key, |records| records.unreadable_quarantines.push(found.clone()));
        found
    }

    /// Puts a claim of an attempt in place that cannot be read.
    pub fn damage_claim(&self, key: &WorkflowKey, at: Version, attempt: u32, why: &str) -> BreakFound {
        let content = Self::content_of_damaged(why);
        self.with_records(key, |records| records.spoil(Place::Claim(at, attempt), content.clone()));
        unreadable(at, BreakKind::UnreadableRecovery, &content)
    }
}

impl RecoveryLog for MemoryLog {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Recoveries, StoreError> {
        Ok(self.with_records(key, |records| {
            let places: BTreeSet<_> = records.claims.keys().chain(records.outcomes.keys()).copied().collect();
            let mut recoveries = Recoveries::default();
            for place in places.into_iter().rev() {
                if recoveries.attempts.len() == limit {
                    break;
                }
                recoveries.named.insert(place);
                let (claim, outcome) = (records.claims.get(&place), records.outcomes.get(&place));
                for content in [outcome.and_then(|it| it.as_ref().err()), claim.and_then(|it| it.as_ref().err())] {
                    let found = content.map(|content| unreadable(place.0, BreakKind::UnreadableRecovery, content));
                    recoveries.unreadable.extend(found);
                }
                if let Some(Ok(claim)) = claim {
                    let ended = outcome.map(|outcome| outcome.clone().unwrap_or_else(|_| claim.ended_unreadably()));
                    recoveries.attempts.push(RecoveryAttempt { claim: claim.clone(), ended });
                }
            }
            recoveries
        }))
    }

    async fn recoveries_after(
        &self,
        key: &WorkflowKey,
        after: Option<(Version, u32)>,
        limit: usize,
    ) -> Result<Vec<KeptRecovery>, StoreError> {
        Ok(self.with_records(key, |records| {
            let places: BTreeSet<_> = records.claims.keys().chain(records.outcomes.keys()).copied().collect();
            let behind = places.into_iter().filter(|place| after.is_none_or(|after| *place > after));
            let kept = behind.map(|place| KeptRecovery {
                claim: records.claims.get(&place).cloned(),
                outcome: records.outcomes.get(&place).cloned(),
                ..KeptRecovery::named(place)
            });
            kept.take(limit).collect()
        }))
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        Ok(self.with_records(&claim.key(), |records| {
            let place = (claim.version, claim.attempt);
            if !records.claims.contains_key(&place) {
                records.note_recovery(place, claim.claimed_at, Some(&claim.requested_by));
            }
            let there = records.claims.entry(place).or_insert_with(|| Ok(claim.clone()));
            if there.as_ref() == Ok(claim) { Claimed::Ours } else { Claimed::Taken }
        }))
    }

    async fn record_recovery(&self, record: &RecoveryRecord) -> Result<(), StoreError> {
        self.with_records(&record.key(), |records| {
            let place = (record.version, record.attempt);
            if !records.outcomes.contains_key(&place) {
                records.note_recovery(place, record.ended_at, None);
            }
            records.outcomes.entry(place).or_insert_with(|| Ok(record.clone()));
        });
        Ok(())
    }
}

impl QuarantineLog for MemoryLog {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        Ok(self.with_records(key, |records| {
            let mut record =
                QuarantineRecord { entries: Vec::new(), unreadable: records.unreadable_quarantines.clone() };
            for ((id, ..), entry) in &records.quarantine {
                match entry {
                    Ok(entry) => record.entries.push(entry.clone()),
                    Err(content) => {
                        record.unreadable.push(unreadable(version_of(id), BreakKind::UnreadableQuarantine, content));
                    }
                }
            }
            record
        }))
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        self.with_records(&entry.key(), |records| {
            let mut entry = entry.clone();
            for _ in 0..BESIDE_MAX {
                if !records.quarantine.contains_key(&place_of(&entry)) {
                    records.note_quarantine(&entry);
                }
                match records.quarantine.entry(place_of(&entry)).or_insert_with(|| Ok(entry.clone())) {
                    Ok(there) => return Ok(there.clone()),
                    Err(content) => match &mut entry {
                        QuarantineEntry::Quarantined(it) => it.beside = Some(content.clone()),
                        QuarantineEntry::Released(it) => it.beside = Some(content.clone()),
                    },
                }
            }
            Err(StoreError::Refused("too many entries that cannot be read have the place of a quarantine".into()))
        })
    }
}

impl OverdueLog for MemoryLog {
    async fn overdue_noted(&self, deadlines: &[Deadline]) -> Result<BTreeSet<Deadline>, StoreError> {
        let is_noted = |it: &&Deadline| self.with_records(&it.key, |records| records.overdue.contains_key(&it.due_at));
        Ok(deadlines.iter().filter(is_noted).cloned().collect())
    }

    async fn record_overdue(&self, overdue: &Overdue) -> Result<Noted, StoreError> {
        Ok(self.with_records(&overdue.key(), |records| {
            let is_new = !records.overdue.contains_key(&overdue.due_at);
            if is_new {
                records.note_overdue(overdue);
            }
            let there = records.overdue.entry(overdue.due_at).or_insert_with(|| Ok(overdue.clone()));
            if there.as_ref() == Ok(overdue) { Noted::Now } else { Noted::Already }
        }))
    }

    async fn overdue(
        &self,
        key: &WorkflowKey,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<KeptOverdue>, StoreError> {
        Ok(self.with_records(key, |records| {
            let behind = records.overdue.iter().filter(|(due_at, _)| after.is_none_or(|after| **due_at > after));
            let kept = behind.map(|(due_at, overdue)| match overdue.clone() {
                Ok(overdue) => KeptOverdue::Overdue(Box::new(overdue)),
                Err(content) => KeptOverdue::Unreadable { due_at: *due_at, content },
            });
            kept.take(limit).collect()
        }))
    }
}

/// Where the sweep stopped, kept as long as the clones last, which share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryPositions(Arc<Mutex<SweepPosition>>);

impl SweepPositions for MemoryPositions {
    async fn sweep_position(&self) -> Result<SweepPosition, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn keep_sweep_position(&self, position: &SweepPosition) -> Result<(), StoreError> {
        *self.0.lock().unwrap() = position.clone();
        Ok(())
    }
}

/// The version that the name of a break begins with.
fn version_of(id: &BreakId) -> Version {
    let digits = id.as_str().get(..10).expect("ten digits");
    digits.parse().ok().and_then(|number: u64| number.try_into().ok()).expect("a version")
}

fn unreadable(at: Version, fault: BreakKind, content: &ChainHash) -> BreakFound {
    BreakFound::new(at, fault, content.clone())
}
