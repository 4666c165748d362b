//! Every problem: its code, its status and what the caller reads.

use alims_domain::authentication::WhyInsufficient;
use alims_domain::hash_chain::Break;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::limits::{REFUSALS_WINDOW_SECONDS, UNREADABLE_PASSED_OVER_MAX};
use alims_domain::quarantine::BreakId;
use alims_domain::refusal::Whose;
use alims_domain::signature::NotAdded;
use alims_operations::sign_workflow::InsufficientAuthentication;
use alims_operations::{
    Forbidden, InvalidTransition, NotReplaceable, NotSigned, Quarantined, RuleViolation, TooManyRefusals,
    VersionConflict, WhyNotReplaceable, WorkflowClosed,
};
use http::StatusCode;
use std::error::Error;

use crate::problem::code::ProblemCode;
use crate::problem::request_fault::RequestFault;

/// After how many seconds a caller may try again what could not be done now.
pub const RETRY_AFTER_SECONDS: u16 = 1;
/// The detail of a body that cannot be read.
const UNSUPPORTED: &str = "The form of the body is not supported; nothing was changed. Send uncompressed \
                           `application/json` in UTF-8, as `errors` says.";
/// The detail of a key that belongs to another request.
const KEY_REUSED: &str =
    "This idempotency key belongs to another request of yours; nothing was changed. Use a new key.";
/// The detail of rules that gave no verdict.
const NO_VERDICT: &str =
    "The rules engine gave no verdict, so nothing was changed. Repeat the request after `Retry-After`.";
/// The detail of a store that gave no answer.
const STORAGE_UNAVAILABLE: &str = "The storage did not answer in time; the change may have been made. Repeat the \
                                   request later with the same idempotency key, if any.";
/// The detail of an item that this release cannot read.
const NEWER_RELEASE: &str = "A newer release of this service wrote what this request needs; nothing was changed. \
                             Repeat the request when that release runs again.";
/// The detail of work that took too long.
const OUT_OF_TIME: &str = "The service ran out of time; the change may have been made. Repeat the request later with \
                           the same idempotency key, if any.";
/// The detail of a part of a request that was not begun.
const NOT_REACHED: &str = "The service had no time left to begin this; nothing was changed. Repeat the request with the \
                           same idempotency key.";
/// A cause for the log, shown to no caller.
pub type Cause = Box<dyn Error + Send + Sync>;

/// The part of a body's form that is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// The media type or the charset: `Content-Type`.
    Type,
    /// The compression: `Content-Encoding`.
    Coding,
}

/// Why a request was not done. Each variant is one code of the API.
#[derive(Debug)]
pub enum Problem {
    /// The request is invalid.
    MalformedRequest(Vec<RequestFault>),
    /// The request has no verified token, or the token's claims are invalid.
    Unauthenticated(&'static str),
    /// The caller's authentication is not enough to sign.
    InsufficientUserAuthentication(InsufficientAuthentication),
    /// The policies do not allow the caller to do this.
    Forbidden(Forbidden),
    /// The tenant has no workflow with this id.
    WorkflowNotFound,
    /// A workflow with this id exists.
    WorkflowAlreadyExists(WorkflowId),
    /// The lifecycle does not have this transition.
    InvalidTransition(InvalidTransition),
    /// The tenant has no export with this id.
    ExportNotFound,
    /// The selection of an export has no entries.
    NothingToExport,
    /// The workflow has ended, and its data does not change.
    WorkflowClosed(WorkflowClosed),
    /// The workflow cannot have this signature.
    NotSigned(NotSigned),
    /// The workflow is not at the version the caller decided on.
    VersionConflict {
        /// The current version and state.
        conflict: VersionConflict,
        /// Whether the caller named the version by `If-Match`.
        if_match: bool,
    },
    /// The workflow that a creation names as replaced cannot be replaced.
    NotReplaceable(NotReplaceable),
    /// The body, or one of the objects in it, is too large.
    PayloadTooLarge {
        /// What is too large.
        what: &'static str,
        /// What is allowed.
        limit_bytes: usize,
        /// Where, when it is an object in the body.
        faults: Vec<RequestFault>,
    },
    /// The body is not plain JSON in UTF-8.
    UnsupportedMediaType {
        /// Every fault of the request, as far as it could be read.
        faults: Vec<RequestFault>,
        /// What is not supported.
        what: Unsupported,
    },
    /// The stored history is broken.
    WorkflowQuarantined(Break),
    /// Nothing of the stored history can be read that a release could go on from.
    NothingToGoOnFrom(Break),
    /// A break that a release names is not in force.
    WorkflowNotQuarantined(BreakId),
    /// The rules do not allow it.
    RuleViolation(RuleViolation),
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// Too many requests were refused lately: this refusal was not recorded.
    TooManyRefusals(TooManyRefusals),
    /// The rules gave no verdict.
    RulesEngineUnavailable(Cause),
    /// The store or the bus cannot be reached.
    StorageUnavailable(Cause),
    /// A newer release wrote the stored item.
    WrittenByNewerRelease(Cause),
    /// The work on the request took too long.
    OutOfTime,
    /// There was no time to begin one of the things that a request asks for.
    NotReached,
    /// The bus did not confirm an event of a replay.
    ReplayInterrupted {
        /// The version to continue from.
        next_version: Version,
        /// The answer of the bus.
        cause: Cause,
    },
    /// A bug.
    Internal(Cause),
}

impl Problem {
    /// A bug. The caller sees no cause.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The same problem for a caller who sent `If-Match`: a version conflict is then a failed precondition.
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
            Self::InsufficientUserAuthentication(_) => ProblemCode::InsufficientUserAuthentication,
            Self::Forbidden(_) => ProblemCode::Forbidden,
            Self::WorkflowNotFound => ProblemCode::WorkflowNotFound,
            Self::WorkflowAlreadyExists(_) => ProblemCode::WorkflowAlreadyExists,
            Self::InvalidTransition(_) => ProblemCode::InvalidTransition,
            Self::ExportNotFound => ProblemCode::ExportNotFound,
            Self::NothingToExport => ProblemCode::NothingToExport,
            Self::WorkflowClosed(_) => ProblemCode::WorkflowClosed,
            Self::NotSigned(not) => match not.why {
                NotAdded::AlreadySigned => ProblemCode::AlreadySigned,
                NotAdded::TooMany => ProblemCode::TooManySignatures,
            },
            Self::VersionConflict { .. } => ProblemCode::VersionConflict,
            Self::NotReplaceable(not) => match not.why {
                WhyNotReplaceable::NotFound => ProblemCode::ReplacedWorkflowNotFound,
                WhyNotReplaceable::NotClosed(_) => ProblemCode::ReplacedWorkflowNotClosed,
                WhyNotReplaceable::Quarantined(_) => ProblemCode::WorkflowQuarantined,
            },
            Self::PayloadTooLarge { .. } => ProblemCode::PayloadTooLarge,
            Self::UnsupportedMediaType { .. } => ProblemCode::UnsupportedMediaType,
            Self::WorkflowQuarantined(_) | Self::NothingToGoOnFrom(_) => ProblemCode::WorkflowQuarantined,
            Self::WorkflowNotQuarantined(_) => ProblemCode::WorkflowNotQuarantined,
            Self::RuleViolation(_) => ProblemCode::RuleViolation,
            Self::IdempotencyKeyReused => ProblemCode::IdempotencyKeyReused,
            Self::TooManyRefusals(_) => ProblemCode::TooManyRefusals,
            Self::RulesEngineUnavailable(_) => ProblemCode::RulesEngineUnavailable,
            Self::StorageUnavailable(_) | Self::ReplayInterrupted { .. } => ProblemCode::StorageUnavailable,
            Self::WrittenByNewerRelease(_) => ProblemCode::WrittenByNewerRelease,
            Self::OutOfTime => ProblemCode::OutOfTime,
            Self::NotReached => ProblemCode::NotReached,
            Self::Internal(_) => ProblemCode::Internal,
        }
    }

    /// The HTTP status of the answer.
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

    /// The cause, for the log only.
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
            | Self::InsufficientUserAuthentication(_)
            | Self::NotSigned(_)
            | Self::Forbidden(_)
            | Self::WorkflowNotFound
            | Self::ExportNotFound
            | Self::NothingToExport
            | Self::WorkflowAlreadyExists(_)
            | Self::InvalidTransition(_)
            | Self::WorkflowClosed(_)
            | Self::VersionConflict { .. }
            | Self::NotReplaceable(_)
            | Self::PayloadTooLarge { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::WorkflowQuarantined(_)
            | Self::NothingToGoOnFrom(_)
            | Self::WorkflowNotQuarantined(_)
            | Self::RuleViolation(_)
            | Self::IdempotencyKeyReused
            | Self::OutOfTime
            | Self::NotReached
            | Self::TooManyRefusals(_) => None,
        }
    }

    /// What is wrong and what the caller can do, in at most 25 words.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::MalformedRequest(_) => {
                "The request is invalid and nothing was changed. Correct what `errors` lists and send it again."
                    .to_owned()
            }
            Self::Unauthenticated(why) => {
                format!("{why}. Send a valid token as `Authorization: Bearer <token>`.")
            }
            Self::InsufficientUserAuthentication(insufficient) => insufficient_authentication(insufficient.why),
            Self::NotSigned(not) => not_signed(not).to_owned(),
            Self::Forbidden(forbidden) => format!(
                "Your roles do not allow the action `{}`; nothing was changed. Ask someone with the required role.",
                forbidden.action
            ),
            Self::WorkflowNotFound => {
                "Your tenant has no workflow with this id. Check the id, or list the workflows to find it.".to_owned()
            }
            Self::ExportNotFound => {
                "Your tenant has no export with this id. Check the id, or export the records again.".to_owned()
            }
            Self::NothingToExport => {
                "The selection has no entries that are older than a minute. Choose other filters, or repeat the request a minute later."
                    .to_owned()
            }
            Self::WorkflowAlreadyExists(id) => format!(
                "The workflow {id} already exists and was not changed. Choose another id, or omit it to get a generated one."
            ),
            Self::InvalidTransition(invalid) => format!(
                "A workflow in {} cannot move to {}; nothing was changed. Choose one of `allowed_transitions`.",
                invalid.current_state, invalid.target_state
            ),
            Self::WorkflowClosed(closed) => closed_workflow(closed),
            Self::VersionConflict { conflict, .. } => outdated(conflict),
            Self::NotReplaceable(not) => not_replaceable(not),
            Self::PayloadTooLarge { what, limit_bytes, .. } => format!(
                "The {what} exceeds the limit of {limit_bytes} bytes; nothing was changed. Store large data outside the \
                 workflow and refer to it."
            ),
            Self::UnsupportedMediaType { .. } => UNSUPPORTED.to_owned(),
            Self::WorkflowQuarantined(broken) => format!(
                "The history is broken at version {}: {}. Ask for a recovery, then for a release.",
                broken.at, broken.fault
            ),
            Self::NothingToGoOnFrom(broken) => nothing_to_go_on_from(broken),
            Self::WorkflowNotQuarantined(named) => format!(
                "The break {} is not in force; nothing was released. Name breaks from `quarantines`. If transitions \
                 still fail, start a recovery.",
                named.as_str()
            ),
            Self::RuleViolation(_) => {
                "The rules do not allow this now; nothing was changed. `reasons` lists each rule that is not met."
                    .to_owned()
            }
            Self::IdempotencyKeyReused => KEY_REUSED.to_owned(),
            Self::TooManyRefusals(too_many) => too_many_refusals(too_many),
            Self::RulesEngineUnavailable(_) => NO_VERDICT.to_owned(),
            Self::StorageUnavailable(_) => STORAGE_UNAVAILABLE.to_owned(),
            Self::WrittenByNewerRelease(_) => NEWER_RELEASE.to_owned(),
            Self::OutOfTime => OUT_OF_TIME.to_owned(),
            Self::NotReached => NOT_REACHED.to_owned(),
            Self::ReplayInterrupted { next_version, .. } => format!(
                "The event bus did not confirm version {next_version}; no later event was sent. Repeat the replay later \
                 from that version."
            ),
            Self::Internal(_) => "An internal error occurred. Report the `request_id` to the operator.".to_owned(),
        }
    }
}

/// The detail of a change of a workflow that has ended.
fn closed_workflow(closed: &WorkflowClosed) -> String {
    format!(
        "A workflow in {} keeps its data; nothing was changed. Send a `reason` alone as a remark, or create a new workflow.",
        closed.current_state
    )
}

/// The detail of an authentication that is not enough to sign. What a new sign-in does not mend is for the operator.
fn insufficient_authentication(why: WhyInsufficient) -> String {
    let todo = match why {
        WhyInsufficient::TooOld => "Sign in again, then repeat the request with the new token",
        WhyInsufficient::OtherClass | WhyInsufficient::OtherMethods => {
            "Sign in again as `WWW-Authenticate` asks, then repeat the request"
        }
        WhyInsufficient::NoAuthTime
        | WhyInsufficient::UnreadableAuthTime
        | WhyInsufficient::FutureAuthTime
        | WhyInsufficient::NoName
        | WhyInsufficient::UnprintableName
        | WhyInsufficient::TooManyRoles => "Ask the operator to correct the identity provider's tokens",
    };
    format!("{why}; nothing was signed. {todo}.")
}

/// The detail of a signature that a workflow cannot have.
const fn not_signed(not: &NotSigned) -> &'static str {
    match not.why {
        NotAdded::AlreadySigned => {
            "Your signature with this meaning is current already; nothing was changed. Sign again after metadata or \
             labels change."
        }
        NotAdded::TooMany => {
            "The workflow has twenty current signatures, the most it can have; nothing was changed. Sign after metadata \
             or labels change."
        }
    }
}

/// The detail of a decision on a version that is not the newest.
fn outdated(conflict: &VersionConflict) -> String {
    format!(
        "The workflow is now at version {} in {}; nothing was changed. Read it again, then repeat the request with that \
         version.",
        conflict.version, conflict.current_state
    )
}

/// The detail of a release of a history whose end cannot be read.
fn nothing_to_go_on_from(broken: &Break) -> String {
    format!(
        "The newest {UNREADABLE_PASSED_OVER_MAX} versions, from {} down, are unreadable; nothing was released. Contact \
         the operator.",
        broken.at
    )
}

/// The detail of a creation that names a workflow that it cannot replace.
fn not_replaceable(not: &NotReplaceable) -> String {
    let id = &not.workflow_id;
    match &not.why {
        WhyNotReplaceable::NotFound => format!(
            "You can read no workflow {id} to replace; nothing was created. Correct `replaces`, or leave it out."
        ),
        WhyNotReplaceable::NotClosed(state) => format!(
            "The workflow {id} is {state}; nothing was created. Complete or cancel it before it is replaced, or leave \
             `replaces` out."
        ),
        WhyNotReplaceable::Quarantined(Quarantined(broken)) => format!(
            "The replaced workflow {id} is broken at version {}: {}. Ask the operator for a release.",
            broken.at, broken.fault
        ),
    }
}

/// The detail of a refusal that was not kept.
fn too_many_refusals(too_many: &TooManyRefusals) -> String {
    let whose = match too_many.whose {
        Whose::Principal => "Too many of your requests",
        Whose::Everybody => "Too many requests",
    };
    format!(
        "{whose} on this workflow were refused within {REFUSALS_WINDOW_SECONDS} seconds. This one was not evaluated or \
         recorded. Wait as `Retry-After` says."
    )
}
