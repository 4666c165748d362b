//! Problems as they travel: RFC 9457, with the extra members of each code.

use alims_core::identifiers::Version;
use alims_core::lifecycle::State;
use alims_core::refusal::RuleReason;
use http::StatusCode;
use serde::Serialize;

use crate::problem::Problem;

/// The codes of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The request is not what the operation takes.
    MalformedRequest,
    /// There is no valid token.
    Unauthenticated,
    /// The caller may not.
    Forbidden,
    /// The caller's tenant has no such workflow.
    WorkflowNotFound,
    /// There is a workflow of this id.
    WorkflowAlreadyExists,
    /// The lifecycle has no such move.
    InvalidTransition,
    /// The workflow is not at the version the caller decided on.
    VersionConflict,
    /// The body, or an object in it, is too large.
    PayloadTooLarge,
    /// The stored history is broken.
    WorkflowQuarantined,
    /// A break that a release names is not in force.
    WorkflowNotQuarantined,
    /// The rules refused.
    RuleViolation,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// So much was refused that nothing more of it is kept or told for a while.
    TooManyRefusals,
    /// The rules gave no verdict.
    RulesEngineUnavailable,
    /// The storage cannot be reached.
    StorageUnavailable,
    /// A newer release of the service wrote what has to be read.
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

    /// The code as it travels.
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

    /// The status it is answered with; a version conflict is 412 instead when the caller sent `If-Match`.
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

    /// What it is called to a person.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "The request is malformed",
            Self::Unauthenticated => "Nobody is known to be calling",
            Self::Forbidden => "You may not do this",
            Self::WorkflowNotFound => "There is no such workflow",
            Self::WorkflowAlreadyExists => "The workflow exists already",
            Self::InvalidTransition => "The lifecycle has no such move",
            Self::VersionConflict => "The workflow has changed",
            Self::PayloadTooLarge => "The request is too large",
            Self::WorkflowQuarantined => "The workflow is quarantined",
            Self::WorkflowNotQuarantined => "The workflow is not quarantined",
            Self::RuleViolation => "The rules do not allow this",
            Self::IdempotencyKeyReused => "The idempotency key was used before",
            Self::TooManyRefusals => "Too many attempts were refused",
            Self::RulesEngineUnavailable => "The rules engine is unavailable",
            Self::StorageUnavailable => "The storage is unavailable",
            Self::WrittenByNewerRelease => "A newer release wrote this workflow",
            Self::Internal => "The service failed",
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
    /// Where in the body, as a JSON pointer (RFC 6901); absent when it is not in the body, and then `message` says
    /// where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What is wrong with it, and what it must be.
    pub message: String,
}

/// A problem (RFC 9457). Which of the optional members there are depends on `code`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Problem))]
pub struct ProblemDocument {
    /// The kind of problem: `urn:alims:problem:<code>`.
    pub r#type: String,
    /// The kind of problem, for people.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened, why, and what the caller can do.
    pub detail: String,
    /// The kind of problem, for programs.
    pub code: ProblemCode,
    /// The request it is the answer to.
    pub request_id: String,
    /// malformed-request: everything that is wrong, not the first thing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<Fault>>,
    /// invalid-transition, version-conflict: where the workflow stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_state: Option<State>,
    /// invalid-transition, version-conflict: the version it stands at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// invalid-transition: where it can move to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_transitions: Option<Vec<State>>,
    /// payload-too-large: what is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<usize>,
    /// workflow-quarantined: the first version that is not what it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// storage-unavailable, of a replay: the version to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_version: Option<Version>,
    /// rule-violation: each rule that is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<RuleReason>>,
    /// rule-violation: the ruleset that was asked.
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
            Problem::WorkflowQuarantined(broken) | Problem::NothingToGoOnFrom(broken) => {
                Self { broken_at_version: Some(broken.at), ..bare }
            }
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
