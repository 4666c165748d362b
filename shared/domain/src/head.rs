//! The head of a workflow: what its next version goes on from, and whether it may.

use crate::event::{Resumes, WorkflowEvent};
use crate::hash_chain::{Break, Fault, content_of, is_intact};
use crate::identifiers::Version;
use crate::quarantine::{BreakFound, QuarantineRecord};
use crate::rejection::Quarantined;
use crate::stored_version::StoredVersion;

/// What the next version goes on from.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The newest version that can be read.
    pub stored: StoredVersion,
    /// Present when versions above it cannot be read: all of them were released.
    pub resumes: Option<Resumes>,
    /// The newest version that is there, readable or not.
    pub end: Version,
}

impl Head {
    /// A newest version that can be read.
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

/// Whether a version may be made from this one, by the record of quarantines that was read beside it.
///
/// # Errors
/// When a break is in force, or the content does not fit its hash and was not released as it is.
pub fn may_be_built_on(head: &WorkflowEvent, quarantine: &QuarantineRecord) -> Result<(), Quarantined> {
    match quarantine.in_force().first() {
        Some(in_force) => Err(Quarantined(in_force.found.as_break())),
        None => intact(head, quarantine),
    }
}

/// Whether the content of the newest version fits its hash, or was released as it is.
///
/// # Errors
/// When it does not and was not.
pub fn intact(head: &WorkflowEvent, quarantine: &QuarantineRecord) -> Result<(), Quarantined> {
    let (at, fault) = (head.version, Fault::Altered);
    if is_intact(head) || quarantine.is_released(&BreakFound { at, fault, content: content_of(head) }) {
        Ok(())
    } else {
        Err(Quarantined(Break { at, fault }))
    }
}
