//! Turns the errors of export-records into problems.

use alims_edge::problem::Problem;
use alims_operations::export_records::ExportRecordsError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: ExportRecordsError) -> Problem {
    match error {
        ExportRecordsError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        ExportRecordsError::WorkflowNotFound => Problem::WorkflowNotFound,
        ExportRecordsError::Nothing => Problem::NothingToExport,
        ExportRecordsError::KeyReused => Problem::IdempotencyKeyReused,
        ExportRecordsError::Store(error) => error.into(),
        ExportRecordsError::Bug(bug) => Problem::internal(bug),
    }
}
