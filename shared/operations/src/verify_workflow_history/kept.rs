//! The check of the entries beside the versions: that each is readable, which means that its content fits its hash, and
//! that the version it names has the hash it names.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::limits::CHECKED_ENTRIES_MAX;
use alims_domain::overdue::KeptOverdue;
use alims_domain::quarantine::{Met, QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::records::KeptRecovery;
use alims_domain::refusal::KeptRefusal;
use alims_domain::timestamp::Timestamp;
use futures_util::future::try_join4;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::chain_walk::event_at;
use crate::ports::{OverdueLog, QuarantineLog, RecoveryLog, StoreError, WorkflowLog};

/// How many sound entries of each kind a part has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptChecked {
    /// Refused attempts.
    pub refusals: u64,
    /// Quarantines and releases.
    pub quarantines: u64,
    /// Claims and outcomes of recoveries.
    pub recoveries: u64,
    /// Records of due dates that passed.
    pub overdue: u64,
}

/// An entry beside the versions that is not as the service wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenEntry {
    /// Which.
    pub name: EntryName,
    /// Why.
    pub fault: EntryFault,
}

/// The name of an entry beside the versions, as far as its key or its content says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryName {
    /// A refused attempt.
    Refusal(EventId),
    /// A quarantine or a release; an unreadable one has no readable identity.
    Quarantine(Option<EventId>),
    /// The claim or the outcome of a recovery: the version and the number of the attempt.
    Recovery(Version, u32),
    /// The record of a due date that passed.
    Overdue(Timestamp),
}

/// Why an entry is not as the service wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryFault {
    /// It cannot be read: its content does not fit its hash or its key. The hash of the stored bytes.
    Unreadable(ChainHash),
    /// The log has no version with the number and the hash that it names. The number.
    OtherVersion(Version),
}

/// The position among the entries beside the versions: after the last one of each kind that was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPosition {
    /// The refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<EventId>,
    /// The recovery: its version and its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recovery: Option<(Version, u32)>,
    /// The due date that passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overdue: Option<Timestamp>,
}

/// The result of the check of a part of the entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeptPart {
    pub(super) checked: KeptChecked,
    pub(super) broken: Vec<BrokenEntry>,
    /// Where the next part continues; none when there are no more.
    pub(super) next: Option<KeptPosition>,
}

impl KeptPart {
    /// Whether there is more to check: a broken entry ends a verification, as a broken version does.
    pub(super) fn goes_on(&self) -> bool {
        self.next.is_some() && self.broken.is_empty()
    }
}

/// Checks a bounded part of the entries of a workflow of which every version is valid: at most [`CHECKED_ENTRIES_MAX`] of
/// each kind, and the quarantines, which are few, with the first part.
///
/// `hashes` are those of versions that were read already.
///
/// # Errors
/// When the log cannot be read.
pub(super) async fn check<L: WorkflowLog + QuarantineLog + RecoveryLog + OverdueLog>(
    log: &L,
    key: &WorkflowKey,
    after: Option<KeptPosition>,
    hashes: BTreeMap<Version, ChainHash>,
) -> Result<KeptPart, StoreError> {
    let mut position = after.unwrap_or_default();
    let quarantine =
        async { if after.is_some() { Ok(QuarantineRecord::default()) } else { log.quarantine(key).await } };
    // At the same time: one after another they could take longer than a request has.
    let (quarantine, refusals, recoveries, overdue) = try_join4(
        quarantine,
        log.refusals(key, position.refusal, CHECKED_ENTRIES_MAX),
        log.recoveries_after(key, position.recovery, CHECKED_ENTRIES_MAX),
        log.overdue(key, position.overdue, CHECKED_ENTRIES_MAX),
    )
    .await?;
    // Fewer than were asked for means that there are no more.
    let is_cut = [refusals.len(), recoveries.len(), overdue.len()].into_iter().any(|read| read >= CHECKED_ENTRIES_MAX);
    let mut check = Check { log, key, hashes, part: KeptPart::default() };
    check.quarantines(quarantine).await?;
    for kept in refusals {
        position.refusal = Some(kept.event_id());
        check.refusal(kept).await?;
    }
    for kept in recoveries {
        position.recovery = Some(kept.place());
        check.recovery(kept).await?;
    }
    for kept in overdue {
        position.overdue = Some(kept.due_at());
        check.overdue(kept).await?;
    }
    Ok(KeptPart { next: is_cut.then_some(position), ..check.part })
}

/// A check under way.
struct Check<'a, L> {
    log: &'a L,
    key: &'a WorkflowKey,
    hashes: BTreeMap<Version, ChainHash>,
    part: KeptPart,
}

impl<L: WorkflowLog> Check<'_, L> {
    async fn refusal(&mut self, kept: KeptRefusal) -> Result<(), StoreError> {
        let (name, found) = match kept {
            KeptRefusal::Refusal(refusal) => {
                let met = refusal.version.map(|version| Met { version, head_hash: refusal.head_hash.clone() });
                (EntryName::Refusal(refusal.event_id), Ok(met))
            }
            KeptRefusal::Unreadable { event_id, content } => (EntryName::Refusal(event_id), Err(content)),
        };
        self.entry(name, found).await
    }

    async fn quarantines(&mut self, record: QuarantineRecord) -> Result<(), StoreError> {
        for entry in record.entries {
            let (version, head_hash) = match &entry {
                QuarantineEntry::Quarantined(entry) => (entry.version, entry.head_hash.clone()),
                QuarantineEntry::Released(entry) => (entry.version, entry.head_hash.clone()),
            };
            let met = version.map(|version| Met { version, head_hash });
            self.entry(EntryName::Quarantine(Some(entry.event_id())), Ok(met)).await?;
        }
        for unreadable in record.unreadable {
            self.entry(EntryName::Quarantine(None), Err(unreadable.content)).await?;
        }
        Ok(())
    }

    async fn recovery(&mut self, kept: KeptRecovery) -> Result<(), StoreError> {
        let name = EntryName::Recovery(kept.version, kept.attempt);
        let met = |version, head_hash| Some(Met { version, head_hash });
        if let Some(claim) = kept.claim {
            self.entry(name, claim.map(|claim| met(claim.version, claim.head_hash))).await?;
        }
        if let Some(outcome) = kept.outcome {
            self.entry(name, outcome.map(|outcome| met(outcome.version, outcome.head_hash))).await?;
        }
        Ok(())
    }

    async fn overdue(&mut self, kept: KeptOverdue) -> Result<(), StoreError> {
        let (name, found) = match kept {
            KeptOverdue::Overdue(entry) => {
                let met = Met { version: entry.version, head_hash: Some(entry.head_hash.clone()) };
                (EntryName::Overdue(entry.due_at), Ok(Some(met)))
            }
            KeptOverdue::Unreadable { due_at, content } => (EntryName::Overdue(due_at), Err(content)),
        };
        self.entry(name, found).await
    }

    /// An entry with the version that it met, or the hash of what cannot be read.
    async fn entry(&mut self, name: EntryName, found: Result<Option<Met>, ChainHash>) -> Result<(), StoreError> {
        let fault = match found {
            Err(content) => Some(EntryFault::Unreadable(content)),
            Ok(Some(Met { version, head_hash: Some(named) })) if !self.is_there(version, &named).await? => {
                Some(EntryFault::OtherVersion(version))
            }
            Ok(_) => None,
        };
        match fault {
            Some(fault) => self.part.broken.push(BrokenEntry { name, fault }),
            None => {
                let KeptChecked { refusals, quarantines, recoveries, overdue } = &mut self.part.checked;
                let count = match name {
                    EntryName::Refusal(_) => refusals,
                    EntryName::Quarantine(_) => quarantines,
                    EntryName::Recovery(..) => recoveries,
                    EntryName::Overdue(_) => overdue,
                };
                *count = count.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Whether the log has this version with this hash.
    async fn is_there(&mut self, version: Version, named: &ChainHash) -> Result<bool, StoreError> {
        if let Some(hash) = self.hashes.get(&version) {
            return Ok(hash == named);
        }
        let Some(event) = event_at(self.log, self.key, version).await? else { return Ok(false) };
        let fits = event.hash == *named;
        self.hashes.insert(version, event.hash);
        Ok(fits)
    }
}
