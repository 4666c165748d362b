//! What the errors of list-workflows are to a caller.

use alims_edge::problem::Problem;
use alims_operations::list_workflows::ListWorkflowsError;

/// The problem that an error is: one exhaustive match, and no default.
#[must_use]
pub fn problem(error: ListWorkflowsError) -> Problem {
    match error {
        ListWorkflowsError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        ListWorkflowsError::Store(error) => error.into(),
    }
}
