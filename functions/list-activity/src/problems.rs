//! Turns the errors of list-activity into problems.

use alims_edge::problem::Problem;
use alims_operations::list_activity::ListActivityError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: ListActivityError) -> Problem {
    match error {
        ListActivityError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        ListActivityError::Store(error) => error.into(),
    }
}
