//! The decision on a transition or a creation, from the data that the operation has read. It does no I/O.
//!
//! An operation loads, decides and appends. Only the rules remain to be asked: [`Decision::AskRules`] names the
//! transition, and once they allow it [`crate::proposal::Proposal::commit`] makes the version. The order of the arms is
//! the order in which the service checks a request. Each arm names the part of `spec/WorkflowManager.tla` that it
//! implements. [`crate::amendment`] decides on versions that keep the state, in the same order.

use serde_json::{Map, Value};

use crate::attempt::RefusedBy;
use crate::event::Failure;
use crate::expected_versions::ExpectedVersions;
use crate::hash_chain::{Break, BreakKind};
use crate::head::{Head, may_be_built_on};
use crate::idempotency::{AcceptedRequest, Known, RepeatableRequest};
use crate::identifiers::{Reason, Version};
use crate::json::JsonRefused;
use crate::lifecycle::State;
use crate::quarantine::QuarantineRecord;
use crate::rejection::{
    Forbidden, InvalidTransition, NotReplaceable, Quarantined, RuleViolation, VersionConflict, WhyNotReplaceable,
};
use crate::ruling::Transition;
use crate::signature::Signatures;
use crate::stored_version::StoredVersion;
use crate::workflow_data::WorkflowData;

/// The decision on a request; `R` is the type of its rejections.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a request has one decision, and it is taken apart at once")]
pub enum Decision<R> {
    /// The same request made this version before: the caller gets the first answer again.
    Repeated(Version),
    /// The request is rejected.
    Rejected(R),
    /// Everything but the rules allows this transition. The operation must ask them.
    AskRules(Transition),
}

/// A requested transition.
#[derive(Clone, Copy, Debug)]
pub struct TransitionCommand<'a> {
    /// The requested state.
    pub target_state: State,
    /// Why.
    pub reason: Option<&'a Reason>,
    /// The versions the caller decided on; none accepts the current version.
    pub expected_versions: Option<&'a ExpectedVersions>,
    /// A merge patch (RFC 7396) of the metadata.
    pub metadata: Option<&'a Map<String, Value>>,
    /// The failure, on a transition to FAILED.
    pub failure: Option<&'a Failure>,
    /// The request, if it carries an idempotency key.
    pub repeatable: Option<&'a RepeatableRequest>,
}

/// Why a transition is rejected.
#[derive(Debug)]
pub enum TransitionRejected {
    /// The policies forbid it.
    Forbidden(Forbidden),
    /// The stored history is broken.
    Quarantined(Quarantined),
    /// The idempotency key was used for another request.
    KeyReused,
    /// The workflow is not at the version the caller decided on.
    VersionConflict(VersionConflict),
    /// The patch makes metadata that is not allowed.
    Metadata(JsonRefused),
    /// The lifecycle has no such transition.
    InvalidTransition(InvalidTransition),
    /// The rules refused it; the decision itself never returns this.
    RuleViolation(RuleViolation),
}

/// Why a creation is rejected.
#[derive(Debug)]
pub enum CreationRejected {
    /// The policies forbid it.
    Forbidden(Forbidden),
    /// The version that this request made before is missing.
    Quarantined(Quarantined),
    /// The idempotency key was used for another request.
    KeyReused,
    /// A workflow with this id exists.
    AlreadyExists,
    /// The workflow that it names as replaced cannot be replaced.
    NotReplaceable(NotReplaceable),
    /// The rules refused it; the decision itself never returns this.
    RuleViolation(RuleViolation),
}

impl TransitionRejected {
    /// Who refused it, when the refusal is audit data that the log must keep before the answer is sent.
    #[must_use]
    pub const fn refused_by(&self) -> Option<RefusedBy<'_>> {
        match self {
            Self::Forbidden(forbidden) => Some(RefusedBy::Policies(forbidden)),
            Self::InvalidTransition(_) => Some(RefusedBy::Lifecycle),
            Self::RuleViolation(violation) => Some(RefusedBy::Rules(violation)),
            Self::Quarantined(_) | Self::KeyReused | Self::VersionConflict(_) | Self::Metadata(_) => None,
        }
    }
}

impl CreationRejected {
    /// Who refused it, when the refusal is audit data that the log must keep before the answer is sent.
    #[must_use]
    pub const fn refused_by(&self) -> Option<RefusedBy<'_>> {
        match self {
            Self::Forbidden(forbidden) => Some(RefusedBy::Policies(forbidden)),
            Self::RuleViolation(violation) => Some(RefusedBy::Rules(violation)),
            Self::NotReplaceable(NotReplaceable { workflow_id, why: WhyNotReplaceable::NotClosed(_) }) => {
                Some(RefusedBy::Replaced(workflow_id))
            }
            Self::NotReplaceable(_) | Self::Quarantined(_) | Self::KeyReused | Self::AlreadyExists => None,
        }
    }
}

/// Decides a transition from the head, the quarantine record that was read with it, and the decision of the policies.
#[must_use]
pub fn decide_transition(
    head: &Head,
    quarantine: &QuarantineRecord,
    permission: Result<(), Forbidden>,
    command: &TransitionCommand<'_>,
) -> Decision<TransitionRejected> {
    use TransitionRejected as No;
    let current = head.event();
    match (
        permission,
        may_be_built_on(current, quarantine),
        known(command.repeatable, &head.stored.accepted),
        fits(head, command.expected_versions),
        proposed(head, command),
        follows(head, command),
    ) {
        // Forbidden: checked before all else, so the caller learns nothing about the workflow.
        (Err(forbidden), ..) => Decision::Rejected(No::Forbidden(forbidden)),
        // TransitionOutcomes, Ended("quarantined"): no version is built on a broken history.
        (Ok(()), Err(quarantined), ..) => Decision::Rejected(No::Quarantined(quarantined)),
        // TransitionOutcomes, Known > 0: a repetition gets its answer even when the transition is no longer possible.
        (Ok(()), Ok(()), Known::Accepted(version), ..) => Decision::Repeated(version),
        // RepeatedRequests leaves this out: in the specification a key is only repeated with its own request.
        (Ok(()), Ok(()), Known::KeyReused, ..) => Decision::Rejected(No::KeyReused),
        // TransitionOutcomes, Ended("conflict"): the caller decided on an outdated version.
        (Ok(()), Ok(()), Known::No, Err(conflict), ..) => Decision::Rejected(No::VersionConflict(conflict)),
        // The specification has no metadata.
        (Ok(()), Ok(()), Known::No, Ok(()), Err(refused), _) => Decision::Rejected(No::Metadata(refused)),
        // Judged, a move that is not in Moves: Refusing.
        (Ok(()), Ok(()), Known::No, Ok(()), Ok(_), Err(invalid)) => Decision::Rejected(No::InvalidTransition(invalid)),
        // Judged, a move that is in Moves: the rules allow it, deny it or cannot be reached.
        (Ok(()), Ok(()), Known::No, Ok(()), Ok(transition), Ok(())) => Decision::AskRules(transition),
    }
}

/// Whether a new workflow may replace this one, whose head and quarantine record the caller may read.
///
/// No later version takes it back: no move leaves the states that it allows.
///
/// # Errors
/// When the history is broken, or the work is neither finished nor given up.
pub fn may_be_replaced(head: &Head, quarantine: &QuarantineRecord) -> Result<(), WhyNotReplaceable> {
    may_be_built_on(head.event(), quarantine)?;
    let state = head.event().to_state;
    if state.is_closed() { Ok(()) } else { Err(WhyNotReplaceable::NotClosed(state)) }
}

/// Decides a creation from version 1 of the log, if the operation looked for it and found it, and from what was found
/// of the workflow that it replaces. That one is read only where there is no version 1: a repeated creation gets the
/// first answer, whatever became of the replaced workflow since.
#[must_use]
pub fn decide_creation(
    first: Option<&StoredVersion>,
    permission: Result<(), Forbidden>,
    replaced: Result<(), NotReplaceable>,
    data: &WorkflowData,
    repeatable: Option<&RepeatableRequest>,
) -> Decision<CreationRejected> {
    use CreationRejected as No;
    let first = first.map(|first| (first.event.version, known(repeatable, &first.accepted)));
    match (permission, first, replaced) {
        // Forbidden: checked before all else, as for a transition.
        (Err(forbidden), ..) => Decision::Rejected(No::Forbidden(forbidden)),
        // AppendRefused, `same`: the version in the log is this request's own.
        (Ok(()), Some((there, Known::Accepted(version))), _) if version == there => Decision::Repeated(version),
        // The version that this key made is missing from the log.
        (Ok(()), Some((_, Known::Accepted(at))), _) => {
            Decision::Rejected(No::Quarantined(Quarantined(Break { at, fault: BreakKind::Missing })))
        }
        // RepeatedRequests leaves this out, as for a transition.
        (Ok(()), Some((_, Known::KeyReused)), _) => Decision::Rejected(No::KeyReused),
        // AppendRefused, `lost`: the workflow exists.
        (Ok(()), Some((_, Known::No)), _) => Decision::Rejected(No::AlreadyExists),
        // The specification has one workflow at a time.
        (Ok(()), None, Err(not)) => Decision::Rejected(No::NotReplaceable(not)),
        // CreationOutcomes, Judged.
        (Ok(()), None, Ok(())) => Decision::AskRules(Transition {
            from: None,
            to: State::Created,
            reason: None,
            data: data.clone(),
            failure: None,
            signature: None,
            signatures: Signatures::default(),
        }),
    }
}

pub(crate) fn known(repeatable: Option<&RepeatableRequest>, accepted: &[AcceptedRequest]) -> Known {
    repeatable.map_or(Known::No, |repeatable| repeatable.known_in(accepted))
}

pub(crate) fn fits(head: &Head, expected: Option<&ExpectedVersions>) -> Result<(), VersionConflict> {
    let (current_state, version) = (head.event().to_state, head.event().version);
    match expected {
        Some(expected) if !expected.contain(version) => Err(VersionConflict { current_state, version }),
        Some(_) | None => Ok(()),
    }
}

fn follows(head: &Head, command: &TransitionCommand<'_>) -> Result<(), InvalidTransition> {
    let (current_state, target_state, version) = (head.event().to_state, command.target_state, head.event().version);
    if current_state.may_become(target_state) {
        Ok(())
    } else {
        Err(InvalidTransition { current_state, target_state, version })
    }
}

/// The transition, with the metadata that the workflow would have.
fn proposed(head: &Head, command: &TransitionCommand<'_>) -> Result<Transition, JsonRefused> {
    let mut data = head.event().data();
    if let Some(patch) = command.metadata {
        data.metadata = data.metadata.patched(patch)?;
    }
    Ok(Transition {
        from: Some(head.event().to_state),
        to: command.target_state,
        reason: command.reason.cloned(),
        signature: None,
        // A patch that changes the data takes the signatures away from this transition already.
        signatures: head.event().signatures_with(&data),
        data,
        failure: command.failure.cloned(),
    })
}
