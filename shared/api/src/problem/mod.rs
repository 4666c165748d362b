//! Everything that can be wrong with a request, with its code, its status and what the caller is told.

mod document;
mod from_errors;

use alims_core::chain::Break;
use alims_core::identifiers::{Version, WorkflowId};
use alims_core::limits::{REFUSALS_WINDOW_SECONDS, UNREADABLE_PASSED_OVER_MAX};
use alims_core::operations::{Forbidden, InvalidTransition, RuleViolation, TooManyRefusals, VersionConflict};
use alims_core::quarantine::BreakId;
use alims_core::refusal::Whose;
use http::StatusCode;
use std::error::Error;

use crate::exchange::RETRY_AFTER_SECONDS;

pub use document::{Fault, ProblemCode, ProblemDocument};

/// A cause for the log, shown to no caller.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a request was not done. Each variant is one code of the API.
#[derive(Debug)]
pub enum Problem {
    /// The request is not what the API takes.
    MalformedRequest(Vec<Fault>),
    /// There is no verified token, or its claims name nobody.
    Unauthenticated(&'static str),
    /// The caller may not.
    Forbidden(Forbidden),
    /// The tenant has no such workflow.
    WorkflowNotFound,
    /// There is a workflow of this id.
    WorkflowAlreadyExists(WorkflowId),
    /// The lifecycle has no such move.
    InvalidTransition(InvalidTransition),
    /// The workflow is not at the version the caller decided on.
    VersionConflict {
        /// Where it stands instead.
        conflict: VersionConflict,
        /// Whether the caller named the version by `If-Match`.
        if_match: bool,
    },
    /// The body, or one of the objects in it, is too large.
    PayloadTooLarge {
        /// What is too large.
        what: &'static str,
        /// What is allowed.
        limit_bytes: usize,
    },
    /// The stored history is broken.
    WorkflowQuarantined(Break),
    /// Nothing of the stored history can be read that a release could go on from.
    NothingToGoOnFrom(Break),
    /// A break that a release names is not in force.
    WorkflowNotQuarantined(BreakId),
    /// The rules refused.
    RuleViolation(RuleViolation),
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// So much was refused that nothing more of it is kept or told for a while.
    TooManyRefusals(TooManyRefusals),
    /// The rules gave no verdict.
    RulesEngineUnavailable(Cause),
    /// The store or the bus cannot be reached.
    StorageUnavailable(Cause),
    /// A newer release wrote what has to be read.
    WrittenByNewerRelease(Cause),
    /// The bus did not confirm an event of a replay.
    ReplayInterrupted {
        /// Where to go on.
        next_version: Version,
        /// What the bus said.
        cause: Cause,
    },
    /// A bug.
    Internal(Cause),
}

impl Problem {
    /// A bug, of which the caller learns nothing.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The same problem for a caller who sent `If-Match`: a lost race is then a failed precondition.
    #[must_use]
    pub fn under_if_match(self, used: bool) -> Self {
        if let Self::VersionConflict { conflict, .. } = self {
            Self::VersionConflict { conflict, if_match: used }
        } else {
            self
        }
    }

    /// The code of the API.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind().as_str()
    }

    /// The code as a type.
    #[must_use]
    pub const fn kind(&self) -> ProblemCode {
        match self {
            Self::MalformedRequest(_) => ProblemCode::MalformedRequest,
            Self::Unauthenticated(_) => ProblemCode::Unauthenticated,
            Self::Forbidden(_) => ProblemCode::Forbidden,
            Self::WorkflowNotFound => ProblemCode::WorkflowNotFound,
            Self::WorkflowAlreadyExists(_) => ProblemCode::WorkflowAlreadyExists,
            Self::InvalidTransition(_) => ProblemCode::InvalidTransition,
            Self::VersionConflict { .. } => ProblemCode::VersionConflict,
            Self::PayloadTooLarge { .. } => ProblemCode::PayloadTooLarge,
            Self::WorkflowQuarantined(_) | Self::NothingToGoOnFrom(_) => ProblemCode::WorkflowQuarantined,
            Self::WorkflowNotQuarantined(_) => ProblemCode::WorkflowNotQuarantined,
            Self::RuleViolation(_) => ProblemCode::RuleViolation,
            Self::IdempotencyKeyReused => ProblemCode::IdempotencyKeyReused,
            Self::TooManyRefusals(_) => ProblemCode::TooManyRefusals,
            Self::RulesEngineUnavailable(_) => ProblemCode::RulesEngineUnavailable,
            Self::StorageUnavailable(_) | Self::ReplayInterrupted { .. } => ProblemCode::StorageUnavailable,
            Self::WrittenByNewerRelease(_) => ProblemCode::WrittenByNewerRelease,
            Self::Internal(_) => ProblemCode::Internal,
        }
    }

    /// The status it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        if let Self::VersionConflict { if_match: true, .. } = self {
            return StatusCode::PRECONDITION_FAILED;
        }
        self.kind().status()
    }

    /// After how many seconds the caller may try again; none where waiting does not help.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        if let Self::TooManyRefusals(too_many) = self {
            return Some(too_many.retry_after_seconds);
        }
        (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS.into())
    }

    /// What is for the log only.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match self {
            Self::RulesEngineUnavailable(cause)
            | Self::StorageUnavailable(cause)
            | Self::WrittenByNewerRelease(cause)
            | Self::ReplayInterrupted { cause, .. }
            | Self::Internal(cause) => Some(cause.as_ref()),
            Self::MalformedRequest(_)
            | Self::Unauthenticated(_)
            | Self::Forbidden(_)
            | Self::WorkflowNotFound
            | Self::WorkflowAlreadyExists(_)
            | Self::InvalidTransition(_)
            | Self::VersionConflict { .. }
            | Self::PayloadTooLarge { .. }
            | Self::WorkflowQuarantined(_)
            | Self::NothingToGoOnFrom(_)
            | Self::WorkflowNotQuarantined(_)
            | Self::RuleViolation(_)
            | Self::IdempotencyKeyReused
            | Self::TooManyRefusals(_) => None,
        }
    }

    /// What happened, why, and what the caller can do about it.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::MalformedRequest(_) => {
                "The request is not what this operation takes, so nothing was done. Correct what `errors` names."
                    .to_owned()
            }
            Self::Unauthenticated(why) => {
                format!("{why}, so nothing was done. Send a valid token as `Authorization: Bearer <token>`.")
            }
            Self::Forbidden(forbidden) => format!(
                "No policy permits you the action {}, so nothing was changed. Ask somebody whose role permits it.",
                forbidden.action
            ),
            Self::WorkflowNotFound => {
                "There is no workflow of this id in your tenant. Check the id; a list shows those there are.".to_owned()
            }
            Self::WorkflowAlreadyExists(id) => format!(
                "There is a workflow {id} already, and it was left as it is. Choose another id, or none to get one."
            ),
            Self::InvalidTransition(invalid) => format!(
                "A workflow in {} cannot move to {}, so it was left as it is. `allowed_transitions` has the states \
                 that it can move to.",
                invalid.current_state, invalid.target_state
            ),
            Self::VersionConflict { conflict, .. } => format!(
                "The workflow is at version {} in {}, not at the version you decided on, and was left as it is. Read \
                 it again, decide again, and repeat the request with that version.",
                conflict.version, conflict.current_state
            ),
            Self::PayloadTooLarge { what, limit_bytes } => format!(
                "The {what} would be larger than {limit_bytes} bytes, so nothing was done. Keep large data elsewhere \
                 and refer to it."
            ),
            Self::WorkflowQuarantined(broken) => quarantined(broken),
            Self::NothingToGoOnFrom(broken) => nothing_to_go_on_from(broken),
            Self::WorkflowNotQuarantined(named) => not_quarantined(named),
            Self::RuleViolation(_) => {
                "The rules do not allow this now, so the workflow was left as it is. `reasons` has each rule that is \
                 not met."
                    .to_owned()
            }
            Self::IdempotencyKeyReused => {
                "This idempotency key was used for another request, so nothing was done. Take a new key for a new \
                 request."
                    .to_owned()
            }
            Self::TooManyRefusals(too_many) => too_many_refusals(too_many),
            Self::RulesEngineUnavailable(_) => {
                "The rules engine gave no verdict, so nothing was changed. Repeat the request later.".to_owned()
            }
            Self::StorageUnavailable(_) => {
                "The service could not reach its storage in time; a change may or may not have been made. Repeat the \
                 request later, with the same idempotency key if it had one."
                    .to_owned()
            }
            Self::WrittenByNewerRelease(_) => {
                "A newer release of this service wrote this workflow, so nothing was changed. Repeat the request when the \
                 newer release runs again."
                    .to_owned()
            }
            Self::ReplayInterrupted { next_version, .. } => format!(
                "The bus did not confirm the event of version {next_version}, and no later one was put on it. Repeat the \
                 request later from that version on."
            ),
            Self::Internal(_) => {
                "The service failed, which is its own fault. Tell those who run it the request id.".to_owned()
            }
        }
    }
}

/// The detail of a workflow that is locked.
fn quarantined(broken: &Break) -> String {
    format!(
        "The stored history is broken at version {}: {}. The workflow is locked until it is reviewed. Contact the \
         operator; a supervisor can release it.",
        broken.at, broken.fault
    )
}

/// The detail of a release of a history whose end cannot be read.
fn nothing_to_go_on_from(broken: &Break) -> String {
    format!(
        "None of the newest {UNREADABLE_PASSED_OVER_MAX} versions, from {} down, can be read, so nothing was released: \
         there is no state to go on from. Contact the operator.",
        broken.at
    )
}

/// The detail of a release that names a break that is not in force.
fn not_quarantined(named: &BreakId) -> String {
    format!(
        "The break {} is not in force, so nothing was released. Name the breaks that the workflow's `quarantines` show. \
         If there are none and moves are refused, start a recovery.",
        named.as_str()
    )
}

/// The detail of a refusal that was not kept.
fn too_many_refusals(too_many: &TooManyRefusals) -> String {
    let whose = match too_many.whose {
        Whose::Principal => "Too many of your attempts were refused",
        Whose::Everybody => "Too many attempts were refused",
    };
    format!(
        "{whose} on this workflow within {REFUSALS_WINDOW_SECONDS} seconds, so this one was refused without being looked \
         into further and without being kept. The workflow was left as it was. Wait as `Retry-After` says, and ask with \
         `dry_run` first."
    )
}
