//! Turns the errors of get-export into problems.

use alims_edge::problem::Problem;
use alims_operations::get_export::GetExportError;

/// The problem for an error: one exhaustive match without a default.
#[must_use]
pub fn problem(error: GetExportError) -> Problem {
    match error {
        GetExportError::NotFound => Problem::ExportNotFound,
        GetExportError::Forbidden(forbidden) => Problem::Forbidden(forbidden),
        GetExportError::Store(error) => error.into(),
    }
}
