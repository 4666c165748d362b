//! Turns the errors of release-workflow into problems.

use alims_edge::problem::Problem;
use alims_operations::release_workflow::ReleaseWorkflowError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: ReleaseWorkflowError) -> Problem {
    match error {
        ReleaseWorkflowError::NotFound => Problem::WorkflowNotFound,
        ReleaseWorkflowError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        ReleaseWorkflowError::TooManyRefusals(too_many) => Problem::TooManyRefusals(too_many),
        ReleaseWorkflowError::NotQuarantined(named) => Problem::WorkflowNotQuarantined(named),
        ReleaseWorkflowError::Unreadable(quarantined) => Problem::NothingToGoOnFrom(quarantined.0),
        ReleaseWorkflowError::Store(error) => error.into(),
    }
}
