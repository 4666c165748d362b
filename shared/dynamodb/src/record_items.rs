//! Recoveries, quarantines, and due dates that passed, as items of the log.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::overdue::Overdue;
use alims_domain::quarantine::{Quarantine, QuarantineEntry, Release};
use alims_domain::recovery::records::{RecoveryClaim, RecoveryRecord};
use alims_domain::sealed::{LogEntry, Sealed, ShownRef};
use alims_domain::timestamp::Timestamp;
use serde_dynamo::Item;

use crate::item::{
    ENTRY, ItemError, KeyText, PK, RELEASED, Stored, claim_entry, outcome_entry, overdue_entry, partition_key,
    quarantine_entry, text_of,
};

/// One attribute a member of the claim, and the key.
impl Stored for RecoveryClaim {
    fn attributes(&self) -> Result<Item, ItemError> {
        keyed(self, partition_key(&self.key()), claim_entry(self.version, self.attempt))
    }

    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        Some((self.key(), self.claimed_at))
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        unkeyed(item).map(Sealed::into_entry)
    }
}

/// One attribute a member of the record, and the key.
impl Stored for RecoveryRecord {
    fn attributes(&self) -> Result<Item, ItemError> {
        keyed(self, partition_key(&self.key()), outcome_entry(self.version, self.attempt))
    }

    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        Some((self.key(), self.ended_at))
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        unkeyed(item).map(Sealed::into_entry)
    }
}

/// One attribute a member of whichever it is, and the key, which says which.
impl Stored for QuarantineEntry {
    fn attributes(&self) -> Result<Item, ItemError> {
        let (partition, about) = (partition_key(&self.key()), self.about());
        match self {
            Self::Quarantined(quarantine) => {
                keyed(quarantine, partition, quarantine_entry(&about, false, quarantine.beside.as_ref()))
            }
            Self::Released(release) => {
                keyed(release, partition, quarantine_entry(&about, true, release.beside.as_ref()))
            }
        }
    }

    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        let at = match self {
            Self::Quarantined(entry) => entry.timestamp,
            Self::Released(entry) => entry.timestamp,
        };
        Some((self.key(), at))
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        if text_of(&item, ENTRY).is_some_and(|entry| entry.contains(RELEASED)) {
            unkeyed::<Release>(item).map(Sealed::into_entry).map(Self::Released)
        } else {
            unkeyed::<Quarantine>(item).map(Sealed::into_entry).map(Self::Quarantined)
        }
    }
}

/// One attribute a member of the record, and the key.
impl Stored for Overdue {
    fn attributes(&self) -> Result<Item, ItemError> {
        keyed(self, partition_key(&self.key()), overdue_entry(self.due_at))
    }

    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        Some((self.key(), self.timestamp))
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        unkeyed(item).map(Sealed::into_entry)
    }
}

/// The attributes of an entry: one for each member, its hash and its key. Nothing that has no hash is stored beside the
/// versions.
pub(crate) fn keyed<T: LogEntry>(entry: &T, partition: KeyText, sort_key: KeyText) -> Result<Item, ItemError> {
    let mut item: Item = serde_dynamo::to_item(ShownRef(entry))?;
    item.insert(PK.to_owned(), partition.into());
    item.insert(ENTRY.to_owned(), sort_key.into());
    Ok(item)
}

/// The entry in an item, if it has the hash that the item says.
pub(crate) fn unkeyed<T: LogEntry>(mut item: Item) -> Result<Sealed<T>, ItemError> {
    item.remove(PK);
    item.remove(ENTRY);
    Ok(serde_dynamo::from_item(item)?)
}
