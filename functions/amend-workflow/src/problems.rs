//! Turns the errors of amend-workflow into problems.

use alims_edge::problem::Problem;
use alims_operations::amend_workflow::AmendWorkflowError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: AmendWorkflowError) -> Problem {
    match error {
        AmendWorkflowError::NotFound => Problem::WorkflowNotFound,
        AmendWorkflowError::KeyReused => Problem::IdempotencyKeyReused,
        AmendWorkflowError::VersionConflict(conflict) => Problem::VersionConflict { conflict, if_match: false },
        AmendWorkflowError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        AmendWorkflowError::Data(refused) => refused.into(),
        AmendWorkflowError::Closed(closed) => Problem::WorkflowClosed(closed),
        AmendWorkflowError::RuleViolation(violation) => Problem::RuleViolation(violation),
        AmendWorkflowError::TooManyRefusals(too_many) => Problem::TooManyRefusals(too_many),
        AmendWorkflowError::RulesUnavailable(cause) => Problem::RulesEngineUnavailable(Box::new(cause)),
        AmendWorkflowError::Quarantined(quarantined) => Problem::WorkflowQuarantined(quarantined.0),
        AmendWorkflowError::Store(error) => error.into(),
        AmendWorkflowError::Bug(bug) => Problem::internal(bug),
    }
}
