//! Turns the errors of sign-workflow into problems.

use alims_edge::problem::Problem;
use alims_operations::sign_workflow::SignWorkflowError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: SignWorkflowError) -> Problem {
    match error {
        SignWorkflowError::NotFound => Problem::WorkflowNotFound,
        SignWorkflowError::KeyReused => Problem::IdempotencyKeyReused,
        SignWorkflowError::Insufficient(insufficient) => Problem::InsufficientUserAuthentication(insufficient),
        SignWorkflowError::VersionConflict(conflict) => Problem::VersionConflict { conflict, if_match: false },
        SignWorkflowError::NotSigned(not) => Problem::NotSigned(not),
        SignWorkflowError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        SignWorkflowError::RuleViolation(violation) => Problem::RuleViolation(violation),
        SignWorkflowError::TooManyRefusals(too_many) => Problem::TooManyRefusals(too_many),
        SignWorkflowError::RulesUnavailable(cause) => Problem::RulesEngineUnavailable(Box::new(cause)),
        SignWorkflowError::Quarantined(quarantined) => Problem::WorkflowQuarantined(quarantined.0),
        SignWorkflowError::Store(error) => error.into(),
        SignWorkflowError::Bug(bug) => Problem::internal(bug),
    }
}
