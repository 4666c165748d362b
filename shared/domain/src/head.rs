//! The head of a workflow: the version that the next one continues from, and whether a next one is allowed.

use crate::event::{Resumes, WorkflowEvent};
use crate::hash_chain::{Break, BreakKind, content_of, is_intact};
use crate::identifiers::Version;
use crate::quarantine::{BreakFound, QuarantineRecord};
use crate::rejection::Quarantined;
use crate::stored_version::StoredVersion;

/// The version that the next one continues from.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The newest readable version.
    pub stored: StoredVersion,
    /// Present when the versions above it are unreadable; a supervisor released all of them.
    pub resumes: Option<Resumes>,
    /// The newest stored version, readable or not.
    pub end: Version,
}

impl Head {
    /// The head at a readable newest version.
    #[must_use]
    pub fn of(stored: StoredVersion) -> Self {
        Self { end: stored.event.version, stored, resumes: None }
    }

    /// Its event.
    #[must_use]
    pub fn event(&self) -> &WorkflowEvent {
        &self.stored.event
    }
}

/// Checks that a version may be built on this one, given the quarantine record that was read with it.
///
/// # Errors
/// When a break is in force, or the content does not match its hash and that break was not released.
pub fn may_be_built_on(head: &WorkflowEvent, quarantine: &QuarantineRecord) -> Result<(), Quarantined> {
    match quarantine.in_force().first() {
        Some(in_force) => Err(Quarantined(in_force.found.as_break())),
        None => intact(head, quarantine),
    }
}

/// Checks that the content of the newest version matches its hash, or that this break was released.
///
/// # Errors
/// When it does not match and was not released.
pub fn intact(head: &WorkflowEvent, quarantine: &QuarantineRecord) -> Result<(), Quarantined> {
    let (at, fault) = (head.version, BreakKind::Altered);
    if is_intact(head) || quarantine.is_released(&BreakFound::new(at, fault, content_of(head))) {
        Ok(())
    } else {
        Err(Quarantined(Break { at, fault }))
    }
}
