//! Turns the errors of verify-workflow-history into problems.

use alims_edge::problem::{Problem, RequestFault};
use alims_operations::verify_workflow_history::VerifyWorkflowHistoryError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: VerifyWorkflowHistoryError) -> Problem {
    match error {
        VerifyWorkflowHistoryError::Read(error) => error.into(),
        VerifyWorkflowHistoryError::NotThere(checked) => {
            let message = format!(
                "the query parameter cursor names a version {} that the log does not have; check from the beginning",
                checked.version
            );
            Problem::MalformedRequest(vec![RequestFault { pointer: None, message }])
        }
    }
}
