//! Recovery is a pure plan and a simple executor: this module has the plan, the document of the turns and the stored
//! records.

pub mod document;
pub mod outcome;
pub mod records;

use crate::event::WorkflowEvent;
use crate::hash_chain::BreakKind;
use crate::hashing::ChainHash;
use crate::identifiers::Version;
use crate::lifecycle::State;
use crate::projection::IndexEntry;
use crate::quarantine::{BreakFound, Met, QuarantineRecord};
use crate::recovery::outcome::Trigger;
use crate::witness::{Testimony, testimony};

/// The facts about a workflow on which the plan is based.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The newest readable version, at the end of a chain from version 1 without unreleased breaks; or the first such
    /// break.
    pub log: Result<WorkflowEvent, BreakFound>,
    /// The newest stored version. It is above the one in `log` when it is unreadable and was released.
    pub end: Version,
    /// Its hash; none when it is unreadable.
    pub end_hash: Option<ChainHash>,
    /// The index entry; none when the index has none.
    pub indexed: Option<IndexEntry>,
    /// The log's event of the version that the index entry names; none when the log has no such version.
    pub claimed: Option<WorkflowEvent>,
    /// The quarantine record.
    pub quarantine: QuarantineRecord,
    /// Unreadable claims and outcomes of recoveries, among those that were read.
    pub unreadable_recoveries: Vec<BreakFound>,
}

impl Findings {
    /// The newest stored version, as what is recorded now meets it.
    #[must_use]
    pub fn met(&self) -> Met {
        Met { version: self.end, head_hash: self.end_hash.clone() }
    }
}

/// The plan. Every part may be repeated without harm.
#[derive(Clone, Debug, PartialEq)]
pub enum RecoveryPlan {
    /// Change nothing and raise an alarm: the stored history is broken here, and the break is not released.
    Quarantine(BreakFound),
    /// Log, index and bus agree and the workflow needs no transition: there is nothing to do.
    AlreadyConsistent,
    /// Do these repairs.
    Repair(Repairs),
}

impl RecoveryPlan {
    /// The same plan, but the workflow keeps its state.
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

/// The repairs that a workflow needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Repairs {
    /// The index entry is missing or disagrees with the log.
    pub rebuild_index: bool,
    /// Publish the events after this version, or from the first on if it is none. No field: nothing to publish.
    pub publish: Option<PublishAfter>,
    /// Ask the rules, and return the failed workflow to ACTIVE.
    pub reactivate: bool,
}

/// The events after this version are unpublished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishAfter(pub Option<Version>);

/// Decides what a recovery has to do. Pure and total.
///
/// Only a person's request reactivates a workflow whose failure is not marked as retryable.
#[must_use]
pub fn plan(findings: &Findings, trigger: Trigger) -> RecoveryPlan {
    let head = match (broken(findings), &findings.log) {
        (Some(found), _) => return RecoveryPlan::Quarantine(found),
        (None, Err(found)) => return RecoveryPlan::Quarantine(found.clone()),
        (None, Ok(head)) => head,
    };
    let agrees = match (&findings.indexed, &findings.claimed) {
        (Some(indexed), Some(claimed)) => *indexed == IndexEntry::from(claimed),
        (Some(_) | None, None) | (None, Some(_)) => false,
    };
    let publish = match &findings.indexed {
        // An entry that agrees with the log may be behind it.
        Some(indexed) if agrees => {
            (indexed.published_version < head.version).then_some(PublishAfter(Some(indexed.published_version)))
        }
        // Without a correct entry the published version is unknown, so the recovery publishes everything. A repeated
        // event is harmless, a missing one is not.
        Some(_) | None => Some(PublishAfter(None)),
    };
    RecoveryPlan::of(Repairs { rebuild_index: !agrees, publish, reactivate: is_to_be_reactivated(head, trigger) })
}

/// The break that is recorded, or has to be.
fn broken(findings: &Findings) -> Option<BreakFound> {
    let in_force: Vec<BreakFound> = findings.quarantine.in_force().into_iter().map(|it| it.found).collect();
    // A recorded break stays in force until a person releases it, even if it can no longer be found. One that the stream
    // showed does not say what the change has left: that is looked for, to be recorded beside it.
    let recorded = in_force.iter().find(|found| found.fault != BreakKind::Changed);
    let unreadable = || findings.unreadable_recoveries.iter().find(|found| !findings.quarantine.is_released(found));
    recorded
        .or(findings.log.as_ref().err())
        .or_else(unreadable)
        .cloned()
        .or_else(|| contradicted(findings))
        .or_else(|| in_force.into_iter().next())
}

/// Every published version was in the log before. An index ahead of the log, or with another hash, proves that its end
/// was cut off, and is the last proof of that.
fn contradicted(findings: &Findings) -> Option<BreakFound> {
    let indexed = findings.indexed.as_ref()?;
    match testimony(indexed, findings.claimed.as_ref(), findings.end, &findings.quarantine) {
        Testimony::Contradicts(found) => Some(found),
        Testimony::Agrees | Testimony::Released => None,
    }
}

/// Whether a workflow still stands in the failure for which a recovery was claimed at a version. An amendment leaves it
/// there; a workflow that has left FAILED and failed again stands in another failure.
///
/// `head` is the newest readable version and `end` the newest stored one.
#[must_use]
pub fn is_the_same_failure(head: &WorkflowEvent, end: Version, claimed_at: Version) -> bool {
    claimed_at == end || (end == head.version && head.state_since() <= claimed_at)
}

/// The oldest version at which a running recovery does what one claimed at `end` would do: the version that made the
/// failure, when the workflow stands in one.
#[must_use]
pub fn joined_since(head: Option<&WorkflowEvent>, end: Version) -> Version {
    head.filter(|head| head.to_state == State::Failed && head.version == end).map_or(end, WorkflowEvent::state_since)
}

/// Whether a recovery with this trigger returns a workflow at this version to ACTIVE.
#[must_use]
pub fn is_to_be_reactivated(head: &WorkflowEvent, trigger: Trigger) -> bool {
    let retryable = head.failure.as_ref().is_some_and(|failure| failure.retryable);
    head.to_state == State::Failed
        && match trigger {
            Trigger::Request => true,
            Trigger::Failure | Trigger::Sweep => retryable,
        }
}
