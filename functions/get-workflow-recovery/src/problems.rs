//! What the errors of get-workflow-recovery are to a caller.

use alims_edge::problem::Problem;
use alims_operations::get_workflow_recovery::GetWorkflowRecoveryError;

/// The problem that an error is: one exhaustive match, and no default.
#[must_use]
pub fn problem(error: GetWorkflowRecoveryError) -> Problem {
    match error {
        GetWorkflowRecoveryError::Read(error) => error.into(),
        GetWorkflowRecoveryError::Starter(error) => error.into(),
    }
}
