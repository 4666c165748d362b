//! Turns the errors of create-workflow into problems.

use alims_edge::problem::Problem;
use alims_operations::create_workflow::CreateWorkflowError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: CreateWorkflowError) -> Problem {
    match error {
        CreateWorkflowError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        CreateWorkflowError::AlreadyExists(id) => Problem::WorkflowAlreadyExists(id),
        CreateWorkflowError::NotReplaceable(not) => Problem::NotReplaceable(not),
        CreateWorkflowError::KeyReused => Problem::IdempotencyKeyReused,
        CreateWorkflowError::RuleViolation(violation) => Problem::RuleViolation(violation),
        CreateWorkflowError::TooManyRefusals(too_many) => Problem::TooManyRefusals(too_many),
        CreateWorkflowError::RulesUnavailable(cause) => Problem::RulesEngineUnavailable(Box::new(cause)),
        CreateWorkflowError::Quarantined(quarantined) => Problem::WorkflowQuarantined(quarantined.0),
        CreateWorkflowError::Log(error) => error.into(),
        CreateWorkflowError::Bug(bug) => Problem::internal(bug),
    }
}
