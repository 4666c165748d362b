//! One workflow's recoveries and quarantines, as the log in memory holds them.

use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::StoredAuditEntry;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, PrincipalId, Version};
use alims_domain::overdue::Overdue;
use alims_domain::quarantine::{BreakFound, BreakId, QuarantineEntry};
use alims_domain::recovery::records::{RecoveryClaim, RecoveryRecord};
use alims_domain::timestamp::Timestamp;
use std::collections::BTreeMap;

use crate::contract::tampered::Place;

/// An entry or, if it is unreadable, the hash of the stored bytes.
pub(crate) type Kept<T> = Result<T, ChainHash>;

/// An audit entry, and what the activity says of it without reading it.
#[derive(Clone, Debug)]
pub(crate) struct MemoryAudit {
    pub(crate) at: Timestamp,
    pub(crate) kind: ActivityKind,
    pub(crate) by: PrincipalId,
    pub(crate) kept: Kept<StoredAuditEntry>,
}

/// One workflow's records.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) claims: BTreeMap<(Version, u32), Kept<RecoveryClaim>>,
    pub(crate) outcomes: BTreeMap<(Version, u32), Kept<RecoveryRecord>>,
    /// Keyed by the break, whether it is a release, and the hash of the entry it is stored beside.
    pub(crate) quarantine: BTreeMap<(BreakId, bool, Option<ChainHash>), Kept<QuarantineEntry>>,
    /// Entries among the quarantines whose keys name no break.
    pub(crate) unreadable_quarantines: Vec<BreakFound>,
    /// Keyed by the due date.
    pub(crate) overdue: BTreeMap<Timestamp, Kept<Overdue>>,
    /// Every entry of the workflow by its time and its name, as it was written.
    pub(crate) activity: BTreeMap<(Timestamp, String), Noted>,
}

/// What the activity says of an entry without reading it.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) kind: ActivityKind,
    pub(crate) by: Option<PrincipalId>,
    pub(crate) place: NotedPlace,
}

/// Where an entry has its place among those of its workflow.
#[derive(Clone, Debug)]
pub(crate) enum NotedPlace {
    Version(Version),
    Refusal(EventId),
    Recovery((Version, u32)),
    Quarantine((BreakId, bool, Option<ChainHash>)),
    Overdue(Timestamp),
}

impl Records {
    /// Notes a claim or an outcome that was written.
    pub(crate) fn note_recovery(
        &mut self,
        (version, attempt): (Version, u32),
        at: Timestamp,
        by: Option<&PrincipalId>,
    ) {
        let (kind, end) = match by {
            Some(_) => (ActivityKind::RecoveryRequested, "c"),
            None => (ActivityKind::RecoveryEnded, "o"),
        };
        let name = format!("a{version:010}{attempt:010}{end}");
        let noted = Noted { kind, by: by.cloned(), place: NotedPlace::Recovery((version, attempt)) };
        self.activity.insert((at, name), noted);
    }

    /// Notes an entry of a quarantine that was written.
    pub(crate) fn note_quarantine(&mut self, entry: &QuarantineEntry) {
        let place = place_of(entry);
        let (kind, at, by) = match entry {
            QuarantineEntry::Quarantined(it) => (ActivityKind::WorkflowQuarantined, it.timestamp, &it.requested_by),
            QuarantineEntry::Released(it) => (ActivityKind::WorkflowReleased, it.timestamp, &it.requested_by),
        };
        let name = format!("q{}{}{}", place.0.as_str(), place.1, place.2.as_ref().map_or("", ChainHash::as_str));
        let noted = Noted { kind, by: Some(by.clone()), place: NotedPlace::Quarantine(place) };
        self.activity.insert((at, name), noted);
    }

    /// Notes a due date that passed.
    pub(crate) fn note_overdue(&mut self, overdue: &Overdue) {
        let place = NotedPlace::Overdue(overdue.due_at);
        let noted = Noted { kind: ActivityKind::WorkflowOverdue, by: None, place };
        self.activity.insert((overdue.timestamp, format!("d{}", overdue.due_at)), noted);
    }

    /// The names of the entries, in the order in which a store would walk them.
    pub(crate) fn entries(&self) -> Vec<String> {
        let claims = self.claims.keys().map(|(version, attempt)| format!("a{version:010}{attempt:010}c"));
        let outcomes = self.outcomes.keys().map(|(version, attempt)| format!("a{version:010}{attempt:010}o"));
        let quarantine = self.quarantine.keys().map(|(id, released, beside)| {
            format!("q{}{released}{}", id.as_str(), beside.as_ref().map_or("", ChainHash::as_str))
        });
        let overdue = self.overdue.keys().map(|due_at| format!("d{due_at}"));
        let mut entries: Vec<String> = claims.chain(outcomes).chain(quarantine).chain(overdue).collect();
        entries.sort_unstable();
        entries
    }

    /// Makes an entry unreadable.
    pub(crate) fn spoil(&mut self, place: Place<'_>, content: ChainHash) {
        match place {
            Place::Claim(at, attempt) => drop(self.claims.insert((at, attempt), Err(content))),
            Place::Outcome(at, attempt) => drop(self.outcomes.insert((at, attempt), Err(content))),
            Place::Quarantine(entry) => drop(self.quarantine.insert(place_of(entry), Err(content))),
            Place::Overdue(due_at) => drop(self.overdue.insert(due_at, Err(content))),
            Place::Version(_) | Place::Refusal(_) => panic!("{place:?} is no record"),
        }
    }

    /// Removes an entry.
    pub(crate) fn remove(&mut self, place: Place<'_>) {
        match place {
            Place::Claim(at, attempt) => drop(self.claims.remove(&(at, attempt))),
            Place::Outcome(at, attempt) => drop(self.outcomes.remove(&(at, attempt))),
            Place::Quarantine(entry) => drop(self.quarantine.remove(&place_of(entry))),
            Place::Overdue(due_at) => drop(self.overdue.remove(&due_at)),
            Place::Version(_) | Place::Refusal(_) => panic!("{place:?} is no record"),
        }
    }
}

/// Where an entry of a quarantine has its place.
pub(crate) fn place_of(entry: &QuarantineEntry) -> (BreakId, bool, Option<ChainHash>) {
    let (released, beside) = match entry {
        QuarantineEntry::Quarantined(it) => (false, &it.beside),
        QuarantineEntry::Released(it) => (true, &it.beside),
    };
    (entry.about().id(), released, beside.clone())
}
