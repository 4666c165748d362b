//! The bodies that requests have, for the document. What is accepted is decided by the readers in
//! [`crate::request`]; a test holds the two together.

use alims_domain::lifecycle::State;
use alims_domain::quarantine::BreakId;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A workflow to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowCreate {
    /// What kind of work it is.
    #[schema(pattern = "^[a-z0-9-]{1,64}$")]
    pub workflow_type: String,
    /// Its id; when absent it gets one: a UUIDv7, or one derived from the idempotency key.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// The laboratory's own data: at most 64 KiB of compact JSON and 32 levels. It comes back as it was sent. At no level
    /// may a member's name begin with `$serde_json::private::`.
    pub metadata: Option<Map<String, Value>>,
}

/// A move that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateTransitionRequest {
    /// Where the workflow is to go.
    pub target_state: State,
    /// Why: not only white space, and without control characters but for tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
    /// The version you decided on. `If-Match` says the same; when both are there they must agree.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub expected_version: Option<u64>,
    /// What the rules are told beside the workflow: at most 16 KiB of compact JSON and 32 levels. It comes back as it was
    /// sent. At no level may a member's name begin with `$serde_json::private::`.
    pub validation_context: Option<Map<String, Value>>,
    /// A merge patch (RFC 7396) of the metadata: members are replaced, null removes one. At no level may a member's name
    /// begin with `$serde_json::private::`, not even to be removed.
    pub metadata: Option<Map<String, Value>>,
    /// What broke: required when `target_state` is FAILED, and refused otherwise.
    pub failure: Option<Failure>,
}

/// What broke, told by whoever moves a workflow to FAILED.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = FailureReport)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// For machines.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,64}$")]
    pub code: String,
    /// For people: not only white space, and without control characters but for tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub message: String,
    /// Whether trying again can help.
    pub retryable: bool,
}

/// A recovery that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    /// Why: not only white space, and without control characters but for tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: Option<String>,
}

/// A release that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// The `break_id` of each quarantine to release, each once.
    #[schema(min_items = 1, max_items = 100)]
    pub breaks: Vec<BreakId>,
    /// Why: not only white space, and without control characters but for tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
}

/// A replay that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// The first version whose event is to be published again; at most the last one that was published.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub from_version: u64,
}
