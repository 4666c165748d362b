//! The hash chain that links the versions of a workflow: any change of a stored byte breaks it at that version.
//!
//! The hash of a version is the lower-case hexadecimal SHA-256 of its canonical JSON (RFC 8785), as the history shows
//! it but without the member `hash`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;
use std::fmt;

use crate::event::{EventType, WorkflowEvent};
use crate::hashing::{ChainHash, NotCanonical, canonical_json};
use crate::identifiers::{Version, WorkflowKey};
use crate::signed_versions::{signatures_follow, signs_as_its_kind};
use crate::stored_name::{Part, digest, named_as_str};

/// The hash an event must carry.
///
/// # Errors
/// When the event has no canonical JSON.
pub fn hash_of(event: &WorkflowEvent) -> Result<ChainHash, NotCanonical> {
    let mut shown = serde_json::to_value(event)?;
    if let Value::Object(members) = &mut shown {
        members.remove("hash");
    }
    Ok(ChainHash::of(canonical_json(&shown)?.as_bytes()))
}

/// Sets the hash of an event whose other members are final.
///
/// # Errors
/// When the event has no canonical JSON.
pub fn seal(mut event: WorkflowEvent) -> Result<WorkflowEvent, NotCanonical> {
    event.hash = hash_of(&event)?;
    Ok(event)
}

/// Where and how a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The first broken version.
    pub at: Version,
    /// The kind of break.
    pub fault: BreakKind,
}

/// What can be wrong with a stored version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BreakKind {
    /// The versions go from one below this one to one above it.
    Missing,
    /// It cannot be read as a version at all.
    Unreadable,
    /// It belongs to another workflow.
    Foreign,
    /// Its own hash does not fit its content.
    Altered,
    /// It does not follow from the version before: hash, state, type, creation or time.
    Unlinked,
    /// A quarantine or a release about it cannot be read.
    UnreadableQuarantine,
    /// The claim or the outcome of a recovery at it cannot be read.
    UnreadableRecovery,
    /// It is not the version that was published with this number: the index entry keeps another hash.
    Replaced,
    /// An entry at it was changed or removed after it was written. The stream of the log is the evidence, whatever the
    /// log holds now.
    Changed,
}

impl BreakKind {
    /// The name on the wire, in storage and in the identity of a break.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Foreign => "foreign",
            Self::Altered => "altered",
            Self::Unlinked => "unlinked",
            Self::UnreadableQuarantine => "unreadable-quarantine",
            Self::UnreadableRecovery => "unreadable-recovery",
            Self::Replaced => "replaced",
            Self::Changed => "changed",
        }
    }
}

/// For people: the predicate of a sentence whose subject is the version.
impl fmt::Display for BreakKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the feature `reworded` every text differs. A test builds it with that feature and checks that no key
        // changes.
        if cfg!(feature = "reworded") {
            return write!(f, "fault number {}", *self as u8);
        }
        f.write_str(match self {
            Self::Missing => "the version is missing",
            Self::Unreadable => "the stored version cannot be read",
            Self::Foreign => "the stored version belongs to another workflow",
            Self::Altered => "the content does not match its hash",
            Self::Unlinked => "the version does not follow from the one before it",
            Self::UnreadableQuarantine => "a stored quarantine or release of it cannot be read",
            Self::UnreadableRecovery => "a stored recovery of it cannot be read",
            Self::Replaced => "the version is not the one that was published",
            Self::Changed => "a stored entry of it was changed or removed",
        })
    }
}

/// Checks the versions of one workflow in order and holds only the last.
#[derive(Debug)]
pub struct ChainWalk<'a> {
    key: &'a WorkflowKey,
    first: Version,
    /// The version that the first one may resume from.
    base: Option<WorkflowEvent>,
    last: Option<WorkflowEvent>,
}

impl<'a> ChainWalk<'a> {
    /// Starts before version 1.
    #[must_use]
    pub fn new(key: &'a WorkflowKey) -> Self {
        Self::beginning_at(key, Version::FIRST)
    }

    /// Starts before any other version, without checking that this version follows from the one before it.
    #[must_use]
    pub fn beginning_at(key: &'a WorkflowKey, first: Version) -> Self {
        Self { key, first, base: None, last: None }
    }

    /// Starts before a version above some unreadable ones. When that version resumes from `base`, it must follow from
    /// `base`; otherwise its predecessor is unknown and unchecked.
    #[must_use]
    pub fn resuming(key: &'a WorkflowKey, first: Version, base: Option<WorkflowEvent>) -> Self {
        Self { key, first, base, last: None }
    }

    /// Starts behind a version that an earlier walk found valid: the next one must follow from it.
    #[must_use]
    pub fn continuing(key: &'a WorkflowKey, last: WorkflowEvent) -> Self {
        Self { key, first: last.version, base: None, last: Some(last) }
    }

    /// The last valid version.
    #[must_use]
    pub fn last(&self) -> Option<&WorkflowEvent> {
        self.last.as_ref()
    }

    /// The version that must come next; none after the last possible one.
    #[must_use]
    pub fn awaited(&self) -> Option<Version> {
        self.last.as_ref().map_or(Some(self.first), |last| last.version.next())
    }

    /// Checks the next version.
    ///
    /// # Errors
    /// The break, when the version is not the awaited one or is not valid.
    pub fn step(&mut self, event: WorkflowEvent) -> Result<(), Break> {
        let Some(awaited) = self.awaited() else {
            return Err(Break { at: event.version, fault: BreakKind::Unlinked });
        };
        match event.version.cmp(&awaited) {
            Ordering::Greater => return Err(Break { at: awaited, fault: BreakKind::Missing }),
            Ordering::Less => return Err(Break { at: event.version, fault: BreakKind::Unlinked }),
            Ordering::Equal => {}
        }
        let broken = |fault| Err(Break { at: awaited, fault });
        if event.key() != *self.key {
            return broken(BreakKind::Foreign);
        }
        if !is_intact(&event) {
            return broken(BreakKind::Altered);
        }
        if !follows(self.last.as_ref(), self.base.as_ref(), &event) {
            return broken(BreakKind::Unlinked);
        }
        self.last = Some(event);
        Ok(())
    }
}

/// How far a check of a history has come: to a valid version. The next check continues behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    /// The version.
    pub version: Version,
    /// Its hash.
    pub hash: ChainHash,
}

impl From<&WorkflowEvent> for Checked {
    fn from(event: &WorkflowEvent) -> Self {
        Self { version: event.version, hash: event.hash.clone() }
    }
}

/// Whether an event's hash matches its content. An event that cannot be hashed is not intact.
#[must_use]
pub fn is_intact(event: &WorkflowEvent) -> bool {
    hash_of(event).is_ok_and(|hash| hash == event.hash)
}

fn follows(before: Option<&WorkflowEvent>, base: Option<&WorkflowEvent>, event: &WorkflowEvent) -> bool {
    let Some(before) = before else {
        if event.version == Version::FIRST {
            return event.previous_hash == ChainHash::genesis()
                && event.from_state.is_none()
                && event.to_state == crate::lifecycle::State::Created
                && event.event_type == EventType::WorkflowCreated
                && event.previous_state.is_none()
                && event.state_since.is_none()
                && event.resumes.is_none()
                && signs_as_its_kind(event);
        }
        return match (base, &event.resumes) {
            (Some(base), Some(resumes)) => resumes.from_version == base.version && is_next(base, event),
            // What it continues from is unknown. What it says of its own signature is not.
            (Some(_) | None, _) => signs_as_its_kind(event),
        };
    };
    // A version that resumes from an earlier one claims that the one before it is unreadable; but that one was read.
    event.resumes.is_none() && is_next(before, event)
}

fn is_next(before: &WorkflowEvent, event: &WorkflowEvent) -> bool {
    event.previous_hash == before.hash
        && event.from_state == Some(before.to_state)
        && state_follows(before, event)
        && signs_as_its_kind(event)
        && signatures_follow(before, event)
        && event.timestamp >= before.timestamp
        && event.workflow_type == before.workflow_type
        && event.created_at == before.created_at
        && event.created_by == before.created_by
        && event.replaces == before.replaces
}

/// A version that keeps the state says what the version before it says of that state: the state before the last change,
/// the version that made it, and its failure. It changes no data of a closed workflow.
fn state_follows(before: &WorkflowEvent, event: &WorkflowEvent) -> bool {
    if event.event_type.keeps_the_state() {
        event.to_state == before.to_state
            && event.previous_state == before.state_before()
            && event.state_since == Some(before.state_since())
            && event.failure == before.failure
            && (!before.to_state.is_closed() || event.data() == before.data())
    } else {
        event.previous_state.is_none() && event.state_since.is_none() && before.to_state.may_become(event.to_state)
    }
}

/// The hash of everything that the history shows of a version, its own hash included.
#[must_use]
pub fn content_of(event: &WorkflowEvent) -> ChainHash {
    canonical_json(event).map_or_else(
        // No event from the edge gets here. Its id and its claimed hash still distinguish it from others.
        |_| {
            let parts = [Part::literal("no-canonical-json"), Part::of(&event.event_id), Part::of(&event.hash)];
            ChainHash::of(&digest(&parts))
        },
        |json| ChainHash::of(json.as_bytes()),
    )
}

named_as_str!(BreakKind);
