//! The newest recovery of a workflow.

use alims_domain::identifiers::WorkflowId;
use alims_edge::wire::{QuarantineNotice, RecoveryReport};
use alims_operations::get_workflow_recovery::{Progress, RecoveryStatus};

/// Renders the status of the newest recovery.
#[must_use]
pub fn report(workflow_id: WorkflowId, found: RecoveryStatus) -> RecoveryReport {
    let quarantines = found.quarantines.into_iter().map(QuarantineNotice::from).collect();
    let report = match found.progress {
        Progress::None => RecoveryReport::none(workflow_id),
        Progress::Running(attempt) => RecoveryReport::running(attempt.claim),
        Progress::Ended(attempt) => RecoveryReport::ended(*attempt),
        Progress::Vanished(attempt, how) => RecoveryReport::vanished(attempt.claim, how),
    };
    RecoveryReport { quarantines, ..report }
}
