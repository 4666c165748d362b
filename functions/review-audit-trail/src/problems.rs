//! Turns the errors of review-audit-trail into problems.

use alims_edge::problem::{Problem, RequestFault};
use alims_operations::review_audit_trail::{NotOver, ReviewAuditTrailError};

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: ReviewAuditTrailError) -> Problem {
    match error {
        ReviewAuditTrailError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        ReviewAuditTrailError::NotOver(not_over) => not_over_yet(not_over),
        ReviewAuditTrailError::KeyReused => Problem::IdempotencyKeyReused,
        ReviewAuditTrailError::Store(error) => error.into(),
        ReviewAuditTrailError::Bug(bug) => Problem::internal(bug),
    }
}

fn not_over_yet(not_over: NotOver) -> Problem {
    let NotOver { ends_by } = not_over;
    let message = format!("must not be after {ends_by}: later entries may still come; end the period earlier, or wait");
    Problem::MalformedRequest(vec![RequestFault { pointer: Some("/to".to_owned()), message }])
}
