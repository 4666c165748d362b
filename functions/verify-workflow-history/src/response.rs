//! The result of a check of the hash chain.

use alims_domain::anchor::AnchorFault;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version, WorkflowId};
use alims_domain::timestamp::Timestamp;
use alims_edge::wire::ChainFault;
use alims_operations::verify_workflow_history::{self as operation, EntryFault, EntryName, KeptChecked};
use serde::Serialize;

use crate::cursor::VerificationCursors;

/// The result of the check of a part of a workflow's hash chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// Whether the check has ended: at the end of the history, at a break or at broken entries. Otherwise continue with `next_cursor`.
    pub complete: bool,
    /// Whether the versions from `from_version` on are complete and unaltered, and the entries beside them that the page
    /// checked are as the service wrote them; absent while `complete` is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// The first version that this page checked: 1, unless the request had a cursor.
    pub from_version: Version,
    /// The number of valid versions, from `from_version` on.
    pub versions_checked: u64,
    /// The hash of the last valid version, which may be the one before `from_version`; absent when version 1 is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// The first broken version; absent when all versions are valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// The kind of break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
    /// The hash of the version that was published and is not in the history; only where the index or the newest anchor
    /// shows the break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_hash: Option<ChainHash>,
    /// The entries beside the versions that this page found as the service wrote them; absent while versions are left to
    /// check, and when one is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_checked: Option<EntriesChecked>,
    /// The entries beside the versions that are not as the service wrote them; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub broken_entries: Vec<BrokenEntry>,
    /// What the newest anchor says of the versions that this page checked; absent before the first anchor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchored: Option<Anchored>,
    /// The cursor of the next page; absent when the check has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The comparison with the newest anchor: a signed list of what the log held in a period, kept out of its reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Anchored {
    /// The number of the anchor.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub number: u64,
    /// The end of the period that it covers. Earlier anchors, and entries beside the versions, are compared by the
    /// operator's command `verify-anchors` only. Absent when nothing can be compared with the anchor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The versions of this page that are as the anchor names them; 0 when nothing happened to the workflow in its period.
    pub versions: u64,
    /// Why nothing can be compared with it: the anchor was changed, was signed by another key, stands in another place, or
    /// is gone. `verify-anchors` says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<UnusableAnchor>,
}

/// Why nothing can be compared with an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UnusableAnchor {
    /// It went while it was read.
    AnchorMissing,
    /// It is not what was signed.
    AnchorAltered,
    /// Another key signed it.
    AnchorOfAnotherKey,
    /// It is an anchor of another place.
    AnchorOutOfOrder,
}

impl From<operation::Anchored> for Anchored {
    fn from(operation::Anchored { number, until, versions, fault }: operation::Anchored) -> Self {
        let fault = fault.map(|fault| match fault {
            AnchorFault::Missing => UnusableAnchor::AnchorMissing,
            AnchorFault::Altered => UnusableAnchor::AnchorAltered,
            AnchorFault::OtherKey => UnusableAnchor::AnchorOfAnotherKey,
            // The last two are found in a sequence only.
            AnchorFault::OutOfOrder | AnchorFault::Unlinked | AnchorFault::NotRemembered => {
                UnusableAnchor::AnchorOutOfOrder
            }
        });
        Self { number, until, versions, fault }
    }
}

/// The number of entries of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntriesChecked {
    /// Refused attempts.
    pub refusals: u64,
    /// Quarantines and releases.
    pub quarantines: u64,
    /// Recoveries, each as its request and its outcome.
    pub recoveries: u64,
    /// Due dates that passed.
    pub overdue: u64,
}

/// The kind of an entry beside the versions, by the name with which a history includes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CheckedKind {
    /// A refused attempt.
    Refusals,
    /// A quarantine or a release.
    Quarantines,
    /// The request or the outcome of a recovery.
    Recoveries,
    /// A due date that passed.
    Overdue,
}

/// Why an entry is not as the service wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EntryBroken {
    /// It cannot be read: its content does not fit its hash or its key.
    Unreadable,
    /// The history has no version with the number and the hash that it names.
    OtherVersion,
}

/// An entry beside the versions that is not as the service wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrokenEntry {
    /// Its kind.
    pub kind: CheckedKind,
    /// What is wrong.
    pub fault: EntryBroken,
    /// The version that it names; absent when it cannot be read and its key names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Its identity; absent when it has none or that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// Of a recovery: the number of the attempt at its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Of a due date that passed: the due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The SHA-256 of the stored bytes; only of one that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ChainHash>,
}

impl From<KeptChecked> for EntriesChecked {
    fn from(KeptChecked { refusals, quarantines, recoveries, overdue }: KeptChecked) -> Self {
        Self { refusals, quarantines, recoveries, overdue }
    }
}

impl From<operation::BrokenEntry> for BrokenEntry {
    fn from(broken: operation::BrokenEntry) -> Self {
        let (fault, version, content) = match broken.fault {
            EntryFault::Unreadable(content) => (EntryBroken::Unreadable, None, Some(content)),
            EntryFault::OtherVersion(version) => (EntryBroken::OtherVersion, Some(version), None),
        };
        let bare =
            Self { kind: CheckedKind::Refusals, fault, version, event_id: None, attempt: None, due_at: None, content };
        match broken.name {
            EntryName::Refusal(event_id) => Self { event_id: Some(event_id), ..bare },
            EntryName::Quarantine(event_id) => Self { kind: CheckedKind::Quarantines, event_id, ..bare },
            EntryName::Recovery(version, attempt) => {
                Self { kind: CheckedKind::Recoveries, version: Some(version), attempt: Some(attempt), ..bare }
            }
            EntryName::Overdue(due_at) => Self { kind: CheckedKind::Overdue, due_at: Some(due_at), ..bare },
        }
    }
}

impl Verification {
    /// Renders the result.
    #[must_use]
    pub fn new(workflow_id: WorkflowId, found: operation::Verification, cursors: &VerificationCursors) -> Self {
        let complete = found.next.is_none();
        Self {
            workflow_id,
            complete,
            valid: complete.then_some(found.broken.is_none() && found.broken_entries.is_empty()),
            from_version: found.from,
            versions_checked: found.versions_checked,
            head_hash: found.head_hash,
            broken_at_version: found.broken.as_ref().map(|broken| broken.at),
            fault: found.broken.as_ref().map(|broken| ChainFault::from(&broken.fault)),
            published_hash: found.published_hash,
            entries_checked: found.kept.map(EntriesChecked::from),
            broken_entries: found.broken_entries.into_iter().map(BrokenEntry::from).collect(),
            anchored: found.anchored.map(Anchored::from),
            next_cursor: found.next.map(|reached| cursors.seal(&reached)),
        }
    }
}
