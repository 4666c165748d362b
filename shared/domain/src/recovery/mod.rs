//! Recovery is a pure plan and a dumb executor: this is the plan, and what is handed from turn to turn and kept.

pub mod document;
pub mod outcome;
pub mod records;

use crate::event::WorkflowEvent;
use crate::hash_chain::Fault;
use crate::hashing::ChainHash;
use crate::identifiers::Version;
use crate::lifecycle::State;
use crate::projection::IndexEntry;
use crate::quarantine::{BreakFound, QuarantineRecord};
use crate::recovery::outcome::Trigger;
use crate::stored_name::{Part, digest};

/// What was found out about a workflow before deciding anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The newest version that can be read, reached by a chain from version 1 that is unbroken but for what was released;
    /// or where the chain is broken.
    pub log: Result<WorkflowEvent, BreakFound>,
    /// The newest version that is there. It is above the one in `log` when it cannot be read and was released.
    pub end: Version,
    /// What the index says; none when it has no entry.
    pub indexed: Option<IndexEntry>,
    /// The log's event of the version that the index claims; none when the log has no such version.
    pub claimed: Option<WorkflowEvent>,
    /// What is recorded of quarantines.
    pub quarantine: QuarantineRecord,
    /// Claims and outcomes of recoveries that cannot be read, as far as they were looked at.
    pub unreadable_recoveries: Vec<BreakFound>,
}

/// What is to be done. Every part may be repeated without harm.
#[derive(Clone, Debug, PartialEq)]
pub enum RecoveryPlan {
    /// Change nothing, raise an alarm: the stored history is broken here and nobody has released that.
    Quarantine(BreakFound),
    /// Log, index and bus agree and the workflow is not to be moved: there is nothing to do.
    AlreadyConsistent,
    /// Do what is named.
    Repair(Repairs),
}

impl RecoveryPlan {
    /// The same, but that the workflow is left in its state.
    #[must_use]
    pub fn without_reactivation(self) -> Self {
        match self {
            Self::Repair(repairs) => Self::of(Repairs { reactivate: false, ..repairs }),
            Self::Quarantine(_) | Self::AlreadyConsistent => self,
        }
    }

    fn of(repairs: Repairs) -> Self {
        if repairs == (Repairs { rebuild_index: false, publish: None, reactivate: false }) {
            Self::AlreadyConsistent
        } else {
            Self::Repair(repairs)
        }
    }
}

/// What is out of order.
#[derive(Clone, Debug, PartialEq)]
pub struct Repairs {
    /// The index entry is missing or does not say what the log says.
    pub rebuild_index: bool,
    /// Publish what follows this version (from the first on, when it is none); no field, nothing to publish.
    pub publish: Option<PublishAfter>,
    /// Ask the rules, and bring the failed workflow back to ACTIVE.
    pub reactivate: bool,
}

/// Events after this version are to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishAfter(pub Option<Version>);

/// Decides what a recovery has to do. Pure and total.
///
/// A workflow whose failure nobody marked as retryable is moved back only for a person who asked for it.
#[must_use]
pub fn plan(findings: &Findings, trigger: Trigger) -> RecoveryPlan {
    // What is recorded stays in force until a person releases it, even if it should not be found any more.
    if let Some(in_force) = findings.quarantine.in_force().into_iter().next() {
        return RecoveryPlan::Quarantine(in_force.found);
    }
    let head = match &findings.log {
        Err(broken) => return RecoveryPlan::Quarantine(broken.clone()),
        Ok(head) => head,
    };
    let unreadable = findings.unreadable_recoveries.iter().find(|found| !findings.quarantine.is_released(found));
    if let Some(unreadable) = unreadable {
        return RecoveryPlan::Quarantine(unreadable.clone());
    }
    // What is published was in the log before: an index ahead of the log is the witness of versions that are gone.
    if let Some(lost) = lost(findings) {
        return RecoveryPlan::Quarantine(lost);
    }
    let agrees = match (&findings.indexed, &findings.claimed) {
        (Some(indexed), Some(claimed)) => *indexed == IndexEntry::from(claimed),
        (Some(_) | None, None) | (None, Some(_)) => false,
    };
    let publish = match &findings.indexed {
        // An entry that says what the log says may be behind it.
        Some(indexed) if agrees => {
            (indexed.published_version < head.version).then_some(PublishAfter(Some(indexed.published_version)))
        }
        // Whoever lost or spoilt the entry took the knowledge of what is published with it. Publishing twice is
        // harmless, leaving out is not.
        Some(_) | None => Some(PublishAfter(None)),
    };
    RecoveryPlan::of(Repairs { rebuild_index: !agrees, publish, reactivate: is_to_be_reactivated(head, trigger) })
}

/// Whether a recovery so started moves a workflow at this version back to ACTIVE.
#[must_use]
pub fn is_to_be_reactivated(head: &WorkflowEvent, trigger: Trigger) -> bool {
    let retryable = head.failure.as_ref().is_some_and(|failure| failure.retryable);
    head.to_state == State::Failed
        && match trigger {
            Trigger::Request => true,
            Trigger::Failure | Trigger::Sweep => retryable,
        }
}

/// The first version that was published and is not in the log, unless that loss was released.
fn lost(findings: &Findings) -> Option<BreakFound> {
    let end = findings.end;
    let indexed = findings.indexed.as_ref().filter(|indexed| indexed.published_version > end)?;
    let content = witness(indexed);
    let released = findings.quarantine.is_loss_released(&content);
    Some(BreakFound { at: end.next().filter(|_| !released)?, fault: Fault::Missing, content })
}

/// Whether it is by this index entry that the break was found: versions are gone that it says were published.
#[must_use]
pub fn bears_witness_of(indexed: &IndexEntry, found: &BreakFound) -> bool {
    found.fault == Fault::Missing && found.content == witness(indexed)
}

/// What an index entry bears witness of, as a hash: another claim is another loss.
fn witness(indexed: &IndexEntry) -> ChainHash {
    let IndexEntry { published_version, updated_at, current_state, head_hash, .. } = indexed;
    let claim = [Part::of(published_version), Part::of(updated_at), Part::of(current_state), Part::of(head_hash)];
    ChainHash::of(&digest(&claim))
}
