//! A batch of the log's stream: its records, and what became of them.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{CorrelationId, EventId, Version, WorkflowKey};
use alims_domain::overdue::Overdue;
use alims_domain::quarantine::{BreakFound, QuarantineEntry};
use alims_domain::refusal::Refusal;
use alims_domain::stored_version::StoredVersion;

use crate::ports::{DeadLetter, NewerFormat};

/// One record of the log's stream, read.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamRecord {
    /// A new version.
    Version {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The appended version.
        version: Box<StoredVersion>,
    },
    /// A refused attempt.
    Refusal {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The recorded refusal.
        refusal: Box<Refusal>,
    },
    /// A quarantine or its release.
    Quarantine {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The recorded entry.
        entry: Box<QuarantineEntry>,
    },
    /// The record that a workflow was overdue.
    Overdue {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The record.
        overdue: Box<Overdue>,
    },
    /// An item of the log was changed or removed, which no operation of any release does.
    Changed {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// What became of the item.
        change: Box<LogChange>,
    },
    /// An item of a format that only a newer release can read.
    WrittenByNewerRelease {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The item and its format.
        newer: NewerFormat,
    },
    /// A record that should be one of these and is not.
    Unreadable {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
        /// The item's key, if it is known.
        key: String,
        /// The error.
        why: String,
    },
    /// A record that needs no work.
    Ignored {
        /// The record's sequence number, as the stream gives it.
        sequence_number: String,
    },
}

impl StreamRecord {
    /// The record's sequence number.
    #[must_use]
    pub fn sequence_number(&self) -> &str {
        match self {
            Self::Version { sequence_number, .. }
            | Self::Refusal { sequence_number, .. }
            | Self::Quarantine { sequence_number, .. }
            | Self::Overdue { sequence_number, .. }
            | Self::Changed { sequence_number, .. }
            | Self::WrittenByNewerRelease { sequence_number, .. }
            | Self::Unreadable { sequence_number, .. }
            | Self::Ignored { sequence_number } => sequence_number,
        }
    }

    /// The workflow whose event it announces, when it announces one that can be read.
    #[must_use]
    pub fn announces(&self) -> Option<Announced> {
        let (key, version, correlation_id) = match self {
            Self::Version { version, .. } => {
                (version.event.key(), Some(version.event.version), version.event.correlation_id.clone())
            }
            Self::Refusal { refusal, .. } => (refusal.key(), None, refusal.correlation_id.clone()),
            Self::Quarantine { entry, .. } => {
                let correlation_id = match &**entry {
                    QuarantineEntry::Released(release) => release.correlation_id.clone(),
                    QuarantineEntry::Quarantined(_) => None,
                };
                (entry.key(), None, correlation_id)
            }
            Self::Overdue { overdue, .. } => (overdue.key(), None, None),
            Self::Changed { .. }
            | Self::WrittenByNewerRelease { .. }
            | Self::Unreadable { .. }
            | Self::Ignored { .. } => return None,
        };
        Some(Announced { key, version, correlation_id })
    }
}

/// What a record announces, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The workflow.
    pub key: WorkflowKey,
    /// The version; none for what has no version.
    pub version: Option<Version>,
    /// What links its event to its cause.
    pub correlation_id: Option<CorrelationId>,
}

/// A change of the log behind the service's back, without any content of the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChange {
    /// The workflow of the item; none when its key names none.
    pub key: Option<WorkflowKey>,
    /// The item's key, for people.
    pub item: String,
    /// The break that is recorded: the version to which the item belongs, and a hash that identifies this change.
    pub found: BreakFound,
    /// The version that the item is, if it is one.
    pub version: Option<Version>,
    /// The item before; none when the stream does not show it.
    pub before: Option<Image>,
    /// The item after; none when it was removed.
    pub after: Option<Image>,
    /// The service that changed it, if the stream names one: Amazon DynamoDB itself for an item that expired.
    pub by: Option<String>,
}

/// What identifies an item as it was at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The hash of all its attributes.
    pub content: ChainHash,
    /// The event that it says it is.
    pub event_id: Option<EventId>,
    /// The hash that it says it has, if it says to be a version.
    pub hash: Option<ChainHash>,
}

/// A record that the stream must deliver again; it may redeliver the following ones too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRecord {
    /// The record's sequence number.
    pub sequence_number: String,
    /// Why it was not published this time.
    pub why: String,
}

/// The result of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The number of events that the bus accepted, repeated ones included.
    pub accepted: u64,
    /// Records that the stream must deliver again, in batch order; nothing of them is lost.
    pub failed: Vec<FailedRecord>,
    /// New dead letters.
    pub dead: Vec<DeadLetter>,
    /// Changes of the log that the batch shows, each time it comes.
    pub changes: Vec<LogChange>,
}
