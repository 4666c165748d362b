//! The failure that a requested transition to FAILED reports.

use serde::Deserialize;
use utoipa::ToSchema;

/// The failure that moves a workflow to FAILED.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = FailureReport)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// For machines.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,64}$")]
    pub code: String,
    /// For people: at least one visible character; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub message: String,
    /// Whether a retry can help.
    pub retryable: bool,
}
