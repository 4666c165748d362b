//! Turns the errors of list-rulesets into problems.

use alims_edge::problem::Problem;
use alims_operations::list_rulesets::ListRulesetsError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: ListRulesetsError) -> Problem {
    match error {
        ListRulesetsError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
    }
}
