//! Turns the errors of list-workflows into problems.

use alims_edge::problem::Problem;
use alims_operations::list_workflows::ListWorkflowsError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: ListWorkflowsError) -> Problem {
    match error {
        ListWorkflowsError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        ListWorkflowsError::Store(error) => error.into(),
    }
}
