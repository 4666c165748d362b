//! Recovery is a pure plan and a dumb executor: this is the plan.

use crate::chain::{Break, Fault};
use crate::event::WorkflowEvent;
use crate::identifiers::Version;
use crate::lifecycle::State;
use crate::ports::IndexEntry;

/// What was found out about a workflow before deciding anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The newest version, reached by an unbroken chain from version 1; or where the chain is broken.
    pub log: Result<WorkflowEvent, Break>,
    /// What the index says; none when it has no entry.
    pub indexed: Option<IndexEntry>,
    /// The log's event of the version that the index claims; none when the log has no such version.
    pub claimed: Option<WorkflowEvent>,
}

/// What is to be done. Every part may be repeated without harm.
#[derive(Clone, Debug, PartialEq)]
pub enum RecoveryPlan {
    /// Change nothing, raise an alarm: the stored history is broken here.
    Quarantine(Break),
    /// Log, index and bus agree and the workflow has not failed: there is nothing to do.
    AlreadyConsistent,
    /// Do what is named.
    Repair(Repairs),
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
#[must_use]
pub fn plan(findings: &Findings) -> RecoveryPlan {
    let head = match &findings.log {
        Err(broken) => return RecoveryPlan::Quarantine(broken.clone()),
        Ok(head) => head,
    };
    // What is published was in the log before: an index ahead of the log is the witness of versions that are gone.
    if let Some(lost) = lost(head, findings) {
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
    let repairs = Repairs { rebuild_index: !agrees, publish, reactivate: head.to_state == State::Failed };
    if repairs == (Repairs { rebuild_index: false, publish: None, reactivate: false }) {
        RecoveryPlan::AlreadyConsistent
    } else {
        RecoveryPlan::Repair(repairs)
    }
}

/// The first version that was published and is not in the log.
fn lost(head: &WorkflowEvent, findings: &Findings) -> Option<Break> {
    let ahead = findings.indexed.as_ref().is_some_and(|indexed| indexed.published_version > head.version);
    Some(Break { at: head.version.next().filter(|_| ahead)?, fault: Fault::Missing })
}
