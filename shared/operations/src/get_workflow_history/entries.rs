//! The entries of a history, and the position behind each.

use alims_domain::access::Action;
use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version};
use alims_domain::overdue::{KeptOverdue, Overdue};
use alims_domain::quarantine::{Quarantine, QuarantineEntry, Release};
use alims_domain::recovery::records::KeptRecovery;
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One item of a history.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryItem {
    /// A version's event.
    Version(Box<WorkflowEvent>),
    /// A refused attempt.
    Refusal(Box<Refusal>),
    /// A break was found.
    Quarantined(Box<Quarantine>),
    /// A person released a break.
    Released(Box<Release>),
    /// An attempt to recover the workflow, from its claim to its outcome.
    Recovery(Box<KeptRecovery>),
    /// The record that the workflow was overdue.
    Overdue(Box<Overdue>),
    /// A stored entry that is unreadable.
    Unreadable(Unreadable),
}

/// An unreadable entry of a history. The history shows it in its place and hides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A version.
    Version {
        /// The version.
        version: Version,
        /// The hash of the stored bytes: the content of the break.
        content: ChainHash,
    },
    /// A refused attempt.
    Refusal {
        /// The identity of the refusal.
        event_id: EventId,
        /// The hash of the stored bytes.
        content: ChainHash,
    },
    /// The record that the workflow was overdue.
    Overdue {
        /// The due date in its key.
        due_at: Timestamp,
        /// The hash of the stored bytes.
        content: ChainHash,
    },
    /// A quarantine or a release.
    Quarantine {
        /// The version in its key; none when the key names none.
        version: Option<Version>,
        /// The hash of the stored bytes.
        content: ChainHash,
    },
}

/// The entries to include beside the versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Include {
    /// Refused attempts.
    pub refusals: bool,
    /// Quarantines and releases.
    pub quarantines: bool,
    /// Recoveries.
    pub recoveries: bool,
    /// What each version changed. It says nothing that the versions do not say, and needs no other permission.
    pub changes: bool,
    /// The records of due dates that passed. They say nothing beyond the versions and the time, so they need no action.
    pub overdue: bool,
}

impl Include {
    /// What the caller must be permitted to do. Who may see a recovery sees the quarantines in force with it. Refused
    /// attempts need nothing here: without the action for all of them, the caller sees the own ones.
    pub(crate) fn actions(self) -> impl Iterator<Item = Action> {
        let recoveries = self.quarantines || self.recoveries;
        [Some(Action::GetWorkflowHistory), recoveries.then_some(Action::GetWorkflowRecovery)].into_iter().flatten()
    }
}

/// The position where a history continues: after the last entry of each kind that was returned; none before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryPosition {
    /// The version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<EventId>,
    /// The quarantine or release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<QuarantinePlace>,
    /// The recovery: its version and its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<(Version, u32)>,
    /// The record of a due date that passed: the due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Timestamp>,
}

impl HistoryPosition {
    /// The position behind an item that comes next.
    #[must_use]
    pub fn behind(self, item: &HistoryItem) -> Self {
        let refusal = |event_id| Self { refusal: Some(event_id), ..self };
        let quarantine = |place| Self { quarantine: Some(place), ..self };
        match item {
            HistoryItem::Version(event) => Self { version: Some(event.version), ..self },
            HistoryItem::Unreadable(Unreadable::Version { version, .. }) => Self { version: Some(*version), ..self },
            HistoryItem::Refusal(kept) => refusal(kept.event_id),
            HistoryItem::Unreadable(Unreadable::Refusal { event_id, .. }) => refusal(*event_id),
            HistoryItem::Quarantined(entry) => quarantine(QuarantinePlace::of_quarantine(entry)),
            HistoryItem::Released(entry) => quarantine(QuarantinePlace::of_release(entry)),
            HistoryItem::Unreadable(Unreadable::Quarantine { version, content }) => {
                quarantine(QuarantinePlace::of_unreadable(*version, content))
            }
            HistoryItem::Overdue(entry) => Self { overdue: Some(entry.due_at), ..self },
            HistoryItem::Unreadable(Unreadable::Overdue { due_at, .. }) => Self { overdue: Some(*due_at), ..self },
            HistoryItem::Recovery(kept) => Self { recovery: Some(kept.place()), ..self },
        }
    }
}

/// The place of a quarantine, a release or an unreadable one of them among the others: by the version that was the newest
/// then, and by time. An unreadable entry has the version that its key names, and no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarantinePlace {
    version: Option<Version>,
    at: Option<Timestamp>,
    is_release: bool,
    id: EventId,
}

impl QuarantinePlace {
    fn of_quarantine(entry: &Quarantine) -> Self {
        Self { version: entry.version, at: Some(entry.timestamp), is_release: false, id: entry.event_id }
    }

    fn of_release(entry: &Release) -> Self {
        Self { version: entry.version, at: Some(entry.timestamp), is_release: true, id: entry.event_id }
    }

    fn of_unreadable(version: Option<Version>, content: &ChainHash) -> Self {
        // The first half of the hash: it only has to distinguish the entries of one workflow.
        let id = content.as_str().get(..32).and_then(|half| Uuid::parse_str(half).ok()).unwrap_or_default();
        Self { version: Some(version.unwrap_or(Version::LAST)), at: None, is_release: false, id: EventId(id) }
    }
}

/// An entry beside the versions, and what decides where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Beside {
    /// What it stands behind.
    pub(crate) stands: Stands,
    /// Its instant, for the order among those behind the same version; none when it is unreadable.
    pub(crate) at: Option<Timestamp>,
    /// The entry.
    pub(crate) item: HistoryItem,
    /// Whether the caller sees it. One that is not shown still moves the position on.
    pub(crate) is_shown: bool,
}

/// What an entry beside the versions stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// The newest version when it was made; none when there was none. Clocks do not matter.
    Behind(Option<Version>),
    /// Every version of this instant or an earlier one: the entry does not say which was the newest.
    At(Timestamp),
    /// Every version of an earlier instant: the refusal met no version, or none that it names.
    BehindEarlierThan(Timestamp),
}

impl From<KeptRefusal> for Beside {
    fn from(kept: KeptRefusal) -> Self {
        match kept {
            KeptRefusal::Refusal(refusal) => Self {
                // Without a version it met none, or did not read which: then its instant decides.
                stands: refusal
                    .version
                    .map_or(Stands::BehindEarlierThan(refusal.timestamp), |version| Stands::Behind(Some(version))),
                at: Some(refusal.timestamp),
                item: HistoryItem::Refusal(refusal),
                is_shown: true,
            },
            KeptRefusal::Unreadable { event_id, content } => {
                // Its identity still holds its instant.
                let at = i64::try_from(event_id.unix_millis()).ok().and_then(Timestamp::from_unix_millis);
                let item = HistoryItem::Unreadable(Unreadable::Refusal { event_id, content });
                Self { stands: at.map_or(Stands::Behind(Some(Version::LAST)), Stands::At), at, item, is_shown: true }
            }
        }
    }
}

impl From<KeptOverdue> for Beside {
    fn from(kept: KeptOverdue) -> Self {
        match kept {
            KeptOverdue::Overdue(entry) => Self {
                stands: Stands::Behind(Some(entry.version)),
                at: Some(entry.timestamp),
                item: HistoryItem::Overdue(entry),
                is_shown: true,
            },
            KeptOverdue::Unreadable { due_at, content } => Self {
                // It was made then or later.
                stands: Stands::At(due_at),
                at: Some(due_at),
                item: HistoryItem::Unreadable(Unreadable::Overdue { due_at, content }),
                is_shown: true,
            },
        }
    }
}

impl From<KeptRecovery> for Beside {
    fn from(kept: KeptRecovery) -> Self {
        let claim = kept.claim.as_ref().and_then(|claim| claim.as_ref().ok());
        let at = claim.map(|claim| claim.claimed_at);
        Self {
            stands: Stands::Behind(Some(kept.version)),
            at,
            item: HistoryItem::Recovery(Box::new(kept)),
            is_shown: true,
        }
    }
}

impl From<QuarantineEntry> for Beside {
    fn from(entry: QuarantineEntry) -> Self {
        let (version, at, item) = match entry {
            QuarantineEntry::Quarantined(entry) => {
                (entry.version, entry.timestamp, HistoryItem::Quarantined(Box::new(entry)))
            }
            QuarantineEntry::Released(entry) => {
                (entry.version, entry.timestamp, HistoryItem::Released(Box::new(entry)))
            }
        };
        let stands = version.map_or(Stands::At(at), |version| Stands::Behind(Some(version)));
        Self { stands, at: Some(at), item, is_shown: true }
    }
}

impl Beside {
    /// An unreadable quarantine or release; its key names this version, or the last possible one when it names none.
    pub(crate) fn unreadable_quarantine(at: Version, content: ChainHash) -> Self {
        let version = Some(at).filter(|at| *at != Version::LAST);
        let item = HistoryItem::Unreadable(Unreadable::Quarantine { version, content });
        Self { stands: Stands::Behind(Some(at)), at: None, item, is_shown: true }
    }
}
