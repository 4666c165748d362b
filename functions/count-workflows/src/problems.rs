//! Turns the errors of count-workflows into problems.

use alims_edge::problem::Problem;
use alims_operations::count_workflows::CountWorkflowsError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: CountWorkflowsError) -> Problem {
    match error {
        CountWorkflowsError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        CountWorkflowsError::Store(error) => error.into(),
    }
}
