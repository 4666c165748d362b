//! Turns the errors of recover-workflow into problems.

use alims_edge::problem::Problem;
use alims_operations::recover_workflow::RecoverWorkflowError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: RecoverWorkflowError) -> Problem {
    match error {
        RecoverWorkflowError::NotFound => Problem::WorkflowNotFound,
        RecoverWorkflowError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        RecoverWorkflowError::TooManyRefusals(too_many) => Problem::TooManyRefusals(too_many),
        RecoverWorkflowError::Start(error) => error.into(),
        RecoverWorkflowError::Store(error) => error.into(),
    }
}
