//! Turns the errors of get-workflow-recovery into problems.

use alims_edge::problem::Problem;
use alims_operations::get_workflow_recovery::GetWorkflowRecoveryError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: GetWorkflowRecoveryError) -> Problem {
    match error {
        GetWorkflowRecoveryError::Read(error) => error.into(),
        GetWorkflowRecoveryError::Starter(error) => error.into(),
    }
}
