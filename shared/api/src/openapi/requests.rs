//! The bodies that requests have, for the document. What is accepted is decided by the readers in
//! [`crate::request`]; a test holds the two together.

use alims_domain::lifecycle::State;
use alims_domain::quarantine::BreakId;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A request to create a workflow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowCreate {
    /// The kind of work.
    #[schema(pattern = "^[a-z0-9-]{1,64}$")]
    pub workflow_type: String,
    /// The id. If absent, the service generates one: a UUIDv7, or an id derived from the idempotency key.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// The laboratory's own data: at most 64 KiB of compact JSON and 32 levels. The service returns it as sent. At no
    /// level may the name of a field begin with `$serde_json::private::`.
    pub metadata: Option<Map<String, Value>>,
}

/// A request for a state transition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateTransitionRequest {
    /// The state to move to.
    pub target_state: State,
    /// The reason: not only white space; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
    /// The version you decided on, like `If-Match`. If both are present they must agree.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub expected_version: Option<u64>,
    /// Extra input for the rules: at most 16 KiB of compact JSON and 32 levels. The service returns it as sent. At no
    /// level may the name of a field begin with `$serde_json::private::`.
    pub validation_context: Option<Map<String, Value>>,
    /// A merge patch (RFC 7396) of the metadata: it replaces fields, and null removes a field. At no level may the name
    /// of a field begin with `$serde_json::private::`, not even to remove it.
    pub metadata: Option<Map<String, Value>>,
    /// The failure: required when `target_state` is FAILED, and refused otherwise.
    pub failure: Option<Failure>,
}

/// The failure that moves a workflow to FAILED.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = FailureReport)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// For machines.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,64}$")]
    pub code: String,
    /// For people: not only white space; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub message: String,
    /// Whether a retry can help.
    pub retryable: bool,
}

/// A request for a recovery.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    /// The reason: not only white space; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: Option<String>,
}

/// A request to release a workflow from quarantine.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// The `break_id` of each quarantine to release, each once.
    #[schema(min_items = 1, max_items = 100)]
    pub breaks: Vec<BreakId>,
    /// The reason: not only white space; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
}

/// A request to replay events.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// The first version whose event is published again; at most the last published version.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub from_version: u64,
}
