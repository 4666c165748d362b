//! Turns the errors of request-state-transition into problems.

use alims_edge::problem::Problem;
use alims_operations::request_state_transition::RequestStateTransitionError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: RequestStateTransitionError) -> Problem {
    match error {
        RequestStateTransitionError::NotFound => Problem::WorkflowNotFound,
        RequestStateTransitionError::KeyReused => Problem::IdempotencyKeyReused,
        RequestStateTransitionError::VersionConflict(conflict) => {
            Problem::VersionConflict { conflict, if_match: false }
        }
        RequestStateTransitionError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        RequestStateTransitionError::InvalidTransition(invalid) => Problem::InvalidTransition(invalid),
        RequestStateTransitionError::Metadata(refused) => refused.into(),
        RequestStateTransitionError::RuleViolation(violation) => Problem::RuleViolation(violation),
        RequestStateTransitionError::TooManyRefusals(too_many) => Problem::TooManyRefusals(too_many),
        RequestStateTransitionError::RulesUnavailable(cause) => Problem::RulesEngineUnavailable(Box::new(cause)),
        RequestStateTransitionError::Quarantined(quarantined) => Problem::WorkflowQuarantined(quarantined.0),
        RequestStateTransitionError::Store(error) => error.into(),
        RequestStateTransitionError::Bug(bug) => Problem::internal(bug),
    }
}
