//! Turns the errors of get-sweep into problems.

use alims_edge::problem::Problem;
use alims_operations::get_sweep::GetSweepError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: GetSweepError) -> Problem {
    match error {
        GetSweepError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        GetSweepError::Store(error) => error.into(),
    }
}
