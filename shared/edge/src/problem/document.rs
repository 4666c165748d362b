//! Problem documents as the API sends them: RFC 9457, with the extra members of each code.

use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RuleReason;
use alims_operations::{NotReplaceable, Quarantined, WhyNotReplaceable};
use serde::Serialize;

use crate::problem::all::Problem;
use crate::problem::code::ProblemCode;
use crate::problem::request_fault::RequestFault;

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
    /// malformed-request, unsupported-media-type: every fault of the request, not only the first. payload-too-large: each
    /// object that is too large; absent when the whole body is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<RequestFault>>,
    /// invalid-transition, workflow-closed, already-signed, too-many-signatures, version-conflict: the current state of
    /// the workflow.
    /// replaced-workflow-not-closed: of the replaced one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_state: Option<State>,
    /// invalid-transition, workflow-closed, already-signed, too-many-signatures, version-conflict: the current version of
    /// the workflow.
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
            Problem::MalformedRequest(faults) | Problem::UnsupportedMediaType { faults, .. } => {
                Self { errors: Some(faults.clone()), ..bare }
            }
            Problem::InvalidTransition(invalid) => Self {
                current_state: Some(invalid.current_state),
                version: Some(invalid.version),
                allowed_transitions: Some(invalid.current_state.allowed_transitions()),
                ..bare
            },
            Problem::WorkflowClosed(closed) => bare.of(closed.current_state, closed.version),
            Problem::NotSigned(not) => bare.of(not.current_state, not.version),
            Problem::VersionConflict { conflict, .. } => bare.of(conflict.current_state, conflict.version),
            Problem::NotReplaceable(NotReplaceable { why, .. }) => match why {
                WhyNotReplaceable::NotFound => bare,
                WhyNotReplaceable::NotClosed(state) => Self { current_state: Some(*state), ..bare },
                WhyNotReplaceable::Quarantined(Quarantined(broken)) => {
                    Self { broken_at_version: Some(broken.at), ..bare }
                }
            },
            Problem::PayloadTooLarge { limit_bytes, faults, .. } => {
                let errors = (!faults.is_empty()).then(|| faults.clone());
                Self { limit_bytes: Some(*limit_bytes), errors, ..bare }
            }
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
            | Problem::InsufficientUserAuthentication(_)
            | Problem::Forbidden(_)
            | Problem::WorkflowNotFound
            | Problem::ExportNotFound
            | Problem::NothingToExport
            | Problem::WorkflowAlreadyExists(_)
            | Problem::WorkflowNotQuarantined(_)
            | Problem::IdempotencyKeyReused
            | Problem::TooManyRefusals(_)
            | Problem::RulesEngineUnavailable(_)
            | Problem::StorageUnavailable(_)
            | Problem::WrittenByNewerRelease(_)
            | Problem::OutOfTime
            | Problem::NotReached
            | Problem::Internal(_) => bare,
        }
    }

    /// The same about a workflow that is in this state, at this version.
    fn of(self, state: State, version: Version) -> Self {
        Self { current_state: Some(state), version: Some(version), ..self }
    }
}
