//! Problem documents as the API sends them: RFC 9457, with the extra members of each code.

use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RuleReason;
use http::StatusCode;
use serde::Serialize;

use crate::problem::Problem;

/// The codes of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The request is invalid.
    MalformedRequest,
    /// The request has no valid token.
    Unauthenticated,
    /// The policies do not allow the caller to do this.
    Forbidden,
    /// The caller's tenant has no workflow with this id.
    WorkflowNotFound,
    /// A workflow with this id exists.
    WorkflowAlreadyExists,
    /// The lifecycle does not have this transition.
    InvalidTransition,
    /// The workflow is not at the version the caller decided on.
    VersionConflict,
    /// The body, or an object in it, is too large.
    PayloadTooLarge,
    /// The stored history is broken.
    WorkflowQuarantined,
    /// A break that a release names is not in force.
    WorkflowNotQuarantined,
    /// The rules do not allow it.
    RuleViolation,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// Too many requests were refused lately: this refusal was not recorded.
    TooManyRefusals,
    /// The rules gave no verdict.
    RulesEngineUnavailable,
    /// The storage cannot be reached.
    StorageUnavailable,
    /// A newer release of the service wrote the stored item.
    WrittenByNewerRelease,
    /// A bug.
    Internal,
}

impl ProblemCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 17] = [
        Self::MalformedRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::WorkflowNotFound,
        Self::WorkflowAlreadyExists,
        Self::InvalidTransition,
        Self::VersionConflict,
        Self::PayloadTooLarge,
        Self::WorkflowQuarantined,
        Self::WorkflowNotQuarantined,
        Self::RuleViolation,
        Self::IdempotencyKeyReused,
        Self::TooManyRefusals,
        Self::RulesEngineUnavailable,
        Self::StorageUnavailable,
        Self::WrittenByNewerRelease,
        Self::Internal,
    ];

    /// The code as the API sends it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed-request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::WorkflowNotFound => "workflow-not-found",
            Self::WorkflowAlreadyExists => "workflow-already-exists",
            Self::InvalidTransition => "invalid-transition",
            Self::VersionConflict => "version-conflict",
            Self::PayloadTooLarge => "payload-too-large",
            Self::WorkflowQuarantined => "workflow-quarantined",
            Self::WorkflowNotQuarantined => "workflow-not-quarantined",
            Self::RuleViolation => "rule-violation",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::TooManyRefusals => "too-many-refusals",
            Self::RulesEngineUnavailable => "rules-engine-unavailable",
            Self::StorageUnavailable => "storage-unavailable",
            Self::WrittenByNewerRelease => "written-by-newer-release",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status; a version conflict is 412 when the caller sent `If-Match`.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::WorkflowNotFound => StatusCode::NOT_FOUND,
            Self::WorkflowAlreadyExists
            | Self::InvalidTransition
            | Self::VersionConflict
            | Self::WorkflowNotQuarantined => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WorkflowQuarantined => StatusCode::LOCKED,
            Self::RuleViolation | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRefusals => StatusCode::TOO_MANY_REQUESTS,
            Self::RulesEngineUnavailable | Self::StorageUnavailable | Self::WrittenByNewerRelease => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A short name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "Malformed request",
            Self::Unauthenticated => "Authentication required",
            Self::Forbidden => "Forbidden",
            Self::WorkflowNotFound => "Workflow not found",
            Self::WorkflowAlreadyExists => "Workflow already exists",
            Self::InvalidTransition => "Transition not allowed",
            Self::VersionConflict => "Version conflict",
            Self::PayloadTooLarge => "Payload too large",
            Self::WorkflowQuarantined => "Workflow quarantined",
            Self::WorkflowNotQuarantined => "Workflow not quarantined",
            Self::RuleViolation => "Rule violation",
            Self::IdempotencyKeyReused => "Idempotency key reused",
            Self::TooManyRefusals => "Too many refused requests",
            Self::RulesEngineUnavailable => "Rules engine unavailable",
            Self::StorageUnavailable => "Storage unavailable",
            Self::WrittenByNewerRelease => "Written by a newer release",
            Self::Internal => "Internal error",
        }
    }

    /// The identifier of this kind of problem, stable for ever.
    #[must_use]
    pub fn type_urn(self) -> String {
        format!("urn:alims:problem:{}", self.as_str())
    }
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// The place in the body, as a JSON pointer (RFC 6901). Absent when the fault is not in the body; `message` then
    /// names the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The fault, and the value that is required.
    pub message: String,
}

/// A problem (RFC 9457). The `code` decides which of the optional members are present.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Problem))]
pub struct ProblemDocument {
    /// The kind of problem: `urn:alims:problem:<code>`.
    pub r#type: String,
    /// The kind of problem, for people.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what the caller can do, in at most 25 words.
    pub detail: String,
    /// The kind of problem, for programs.
    pub code: ProblemCode,
    /// The id of the request.
    pub request_id: String,
    /// malformed-request: every fault of the request, not only the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<Fault>>,
    /// invalid-transition, version-conflict: the current state of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_state: Option<State>,
    /// invalid-transition, version-conflict: the current version of the workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// invalid-transition: the states it can move to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_transitions: Option<Vec<State>>,
    /// payload-too-large: the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<usize>,
    /// workflow-quarantined: the first broken version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// storage-unavailable, for a replay: the version to continue from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_version: Option<Version>,
    /// rule-violation: each rule that is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<RuleReason>>,
    /// rule-violation: the ruleset that was evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<String>,
    /// rule-violation: its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset_version: Option<String>,
}

impl ProblemDocument {
    /// Renders a problem as the answer to a request.
    #[must_use]
    pub fn new(problem: &Problem, request_id: &str) -> Self {
        let code = problem.kind();
        let bare = Self {
            r#type: code.type_urn(),
            title: code.title(),
            status: problem.status().as_u16(),
            detail: problem.detail(),
            code,
            request_id: request_id.to_owned(),
            errors: None,
            current_state: None,
            version: None,
            allowed_transitions: None,
            limit_bytes: None,
            broken_at_version: None,
            next_version: None,
            reasons: None,
            ruleset: None,
            ruleset_version: None,
        };
        match problem {
            Problem::MalformedRequest(faults) => Self { errors: Some(faults.clone()), ..bare },
            Problem::InvalidTransition(invalid) => Self {
                current_state: Some(invalid.current_state),
                version: Some(invalid.version),
                allowed_transitions: Some(invalid.current_state.allowed_transitions()),
                ..bare
            },
            Problem::VersionConflict { conflict, .. } => {
                Self { current_state: Some(conflict.current_state), version: Some(conflict.version), ..bare }
            }
            Problem::PayloadTooLarge { limit_bytes, .. } => Self { limit_bytes: Some(*limit_bytes), ..bare },
            Problem::WorkflowQuarantined(broken) => Self { broken_at_version: Some(broken.at), ..bare },
            Problem::ReplayInterrupted { next_version, .. } => Self { next_version: Some(*next_version), ..bare },
            Problem::RuleViolation(violation) => Self {
                reasons: Some(violation.reasons.clone()),
                ruleset: Some(violation.ruleset.clone()),
                ruleset_version: Some(violation.ruleset_version.clone()),
                ..bare
            },
            Problem::Unauthenticated(_)
            | Problem::Forbidden(_)
            | Problem::WorkflowNotFound
            | Problem::WorkflowAlreadyExists(_)
            | Problem::WorkflowNotQuarantined(_)
            | Problem::IdempotencyKeyReused
            | Problem::TooManyRefusals(_)
            | Problem::RulesEngineUnavailable(_)
            | Problem::StorageUnavailable(_)
            | Problem::WrittenByNewerRelease(_)
            | Problem::Internal(_) => bare,
        }
    }
}
