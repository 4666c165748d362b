//! The codes of the API, each with its status and its title.

use http::StatusCode;
use serde::Serialize;

/// The codes of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The request is invalid.
    MalformedRequest,
    /// The request has no valid token.
    Unauthenticated,
    /// The caller's authentication is not enough to sign.
    InsufficientUserAuthentication,
    /// The policies do not allow the caller to do this.
    Forbidden,
    /// The caller's tenant has no workflow with this id.
    WorkflowNotFound,
    /// A workflow with this id exists.
    WorkflowAlreadyExists,
    /// The lifecycle does not have this transition.
    InvalidTransition,
    /// The caller's tenant has no export with this id.
    ExportNotFound,
    /// The selection of an export has no entries.
    NothingToExport,
    /// The workflow has ended, and its data does not change.
    WorkflowClosed,
    /// The caller's signature with this meaning is current already.
    AlreadySigned,
    /// The workflow has as many current signatures as it may have.
    TooManySignatures,
    /// The workflow is not at the version the caller decided on.
    VersionConflict,
    /// The caller reads no workflow with the id that a creation names as replaced.
    ReplacedWorkflowNotFound,
    /// The workflow that a creation names as replaced is neither finished nor given up.
    ReplacedWorkflowNotClosed,
    /// The body, or an object in it, is too large.
    PayloadTooLarge,
    /// The body is not plain JSON in UTF-8.
    UnsupportedMediaType,
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
    /// The work on the request took too long.
    OutOfTime,
    /// There was no time to begin one of the things that a request asks for.
    NotReached,
    /// A bug.
    Internal,
}

impl ProblemCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 28] = [
        Self::MalformedRequest,
        Self::Unauthenticated,
        Self::InsufficientUserAuthentication,
        Self::Forbidden,
        Self::WorkflowNotFound,
        Self::WorkflowAlreadyExists,
        Self::InvalidTransition,
        Self::ExportNotFound,
        Self::NothingToExport,
        Self::WorkflowClosed,
        Self::AlreadySigned,
        Self::TooManySignatures,
        Self::VersionConflict,
        Self::ReplacedWorkflowNotFound,
        Self::ReplacedWorkflowNotClosed,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::WorkflowQuarantined,
        Self::WorkflowNotQuarantined,
        Self::RuleViolation,
        Self::IdempotencyKeyReused,
        Self::TooManyRefusals,
        Self::RulesEngineUnavailable,
        Self::StorageUnavailable,
        Self::WrittenByNewerRelease,
        Self::OutOfTime,
        Self::NotReached,
        Self::Internal,
    ];

    /// The code as the API sends it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed-request",
            Self::Unauthenticated => "unauthenticated",
            Self::InsufficientUserAuthentication => "insufficient-user-authentication",
            Self::Forbidden => "forbidden",
            Self::WorkflowNotFound => "workflow-not-found",
            Self::WorkflowAlreadyExists => "workflow-already-exists",
            Self::InvalidTransition => "invalid-transition",
            Self::ExportNotFound => "export-not-found",
            Self::NothingToExport => "nothing-to-export",
            Self::WorkflowClosed => "workflow-closed",
            Self::AlreadySigned => "already-signed",
            Self::TooManySignatures => "too-many-signatures",
            Self::VersionConflict => "version-conflict",
            Self::ReplacedWorkflowNotFound => "replaced-workflow-not-found",
            Self::ReplacedWorkflowNotClosed => "replaced-workflow-not-closed",
            Self::PayloadTooLarge => "payload-too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::WorkflowQuarantined => "workflow-quarantined",
            Self::WorkflowNotQuarantined => "workflow-not-quarantined",
            Self::RuleViolation => "rule-violation",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::TooManyRefusals => "too-many-refusals",
            Self::RulesEngineUnavailable => "rules-engine-unavailable",
            Self::StorageUnavailable => "storage-unavailable",
            Self::WrittenByNewerRelease => "written-by-newer-release",
            Self::OutOfTime => "out-of-time",
            Self::NotReached => "not-reached",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status; a version conflict is 412 when the caller sent `If-Match`.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::InsufficientUserAuthentication => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::WorkflowNotFound | Self::ExportNotFound => StatusCode::NOT_FOUND,
            Self::WorkflowAlreadyExists
            | Self::InvalidTransition
            | Self::WorkflowClosed
            | Self::AlreadySigned
            | Self::TooManySignatures
            | Self::VersionConflict
            | Self::WorkflowNotQuarantined => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::WorkflowQuarantined => StatusCode::LOCKED,
            Self::ReplacedWorkflowNotFound
            | Self::ReplacedWorkflowNotClosed
            | Self::NothingToExport
            | Self::RuleViolation
            | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRefusals => StatusCode::TOO_MANY_REQUESTS,
            Self::RulesEngineUnavailable
            | Self::StorageUnavailable
            | Self::WrittenByNewerRelease
            | Self::OutOfTime
            | Self::NotReached => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A short name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "Malformed request",
            Self::Unauthenticated => "Authentication required",
            Self::InsufficientUserAuthentication => "Fresh authentication required",
            Self::Forbidden => "Forbidden",
            Self::WorkflowNotFound => "Workflow not found",
            Self::WorkflowAlreadyExists => "Workflow already exists",
            Self::InvalidTransition => "Transition not allowed",
            Self::ExportNotFound => "Export not found",
            Self::NothingToExport => "Nothing to export",
            Self::WorkflowClosed => "Workflow closed",
            Self::AlreadySigned => "Already signed",
            Self::TooManySignatures => "Too many signatures",
            Self::VersionConflict => "Version conflict",
            Self::ReplacedWorkflowNotFound => "Replaced workflow not found",
            Self::ReplacedWorkflowNotClosed => "Replaced workflow not closed",
            Self::PayloadTooLarge => "Payload too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::WorkflowQuarantined => "Workflow quarantined",
            Self::WorkflowNotQuarantined => "Workflow not quarantined",
            Self::RuleViolation => "Rule violation",
            Self::IdempotencyKeyReused => "Idempotency key reused",
            Self::TooManyRefusals => "Too many refused requests",
            Self::RulesEngineUnavailable => "Rules engine unavailable",
            Self::StorageUnavailable => "Storage unavailable",
            Self::WrittenByNewerRelease => "Written by a newer release",
            Self::OutOfTime => "Out of time",
            Self::NotReached => "Not reached",
            Self::Internal => "Internal error",
        }
    }

    /// The identifier of this kind of problem, stable for ever.
    #[must_use]
    pub fn type_urn(self) -> String {
        format!("urn:alims:problem:{}", self.as_str())
    }
}
