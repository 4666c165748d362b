//! The decision: what becomes of a move or a creation, from all that was read. It waits for nothing and writes nothing.
//!
//! An operation loads, decides and appends. What only the rules can say, the decision asks for: [`Decision::AskRules`]
//! names the move, and with their yes [`crate::proposal::Proposal::commit`] makes the version. The order of the arms is
//! the order in which a caller is answered, and each names the part of `spec/WorkflowManager.tla` that it is.

use serde_json::{Map, Value};

use crate::attempt::RefusedBy;
use crate::event::Failure;
use crate::hash_chain::{Break, Fault};
use crate::head::{Head, may_be_built_on};
use crate::idempotency::{AcceptedRequest, Known, RepeatableRequest};
use crate::identifiers::{Reason, Version};
use crate::json::{JsonRefused, Metadata};
use crate::lifecycle::State;
use crate::quarantine::QuarantineRecord;
use crate::rejection::{Forbidden, InvalidTransition, Quarantined, RuleViolation, VersionConflict};
use crate::ruling::Move;
use crate::stored_version::StoredVersion;

/// What becomes of a request; `R` is why it may be turned down.
#[derive(Debug)]
pub enum Decision<R> {
    /// The same request made this version before: it is answered as it was then.
    Repeated(Version),
    /// It is turned down.
    Rejected(R),
    /// All but the rules allow this move. They are to be asked.
    AskRules(Move),
}

/// A move as it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TransitionCommand<'a> {
    /// Where the workflow is to go.
    pub target_state: State,
    /// Why.
    pub reason: Option<&'a Reason>,
    /// The version the caller decided on; none takes the workflow as it is.
    pub expected_version: Option<Version>,
    /// A merge patch (RFC 7396) of the metadata.
    pub metadata: Option<&'a Map<String, Value>>,
    /// What broke, on a move to FAILED.
    pub failure: Option<&'a Failure>,
    /// The request, if it carries an idempotency key.
    pub repeatable: Option<&'a RepeatableRequest>,
}

/// Why a move is turned down.
#[derive(Debug)]
pub enum TransitionRejected {
    /// By the policies.
    Forbidden(Forbidden),
    /// The stored history is broken.
    Quarantined(Quarantined),
    /// The idempotency key was used for another request.
    KeyReused,
    /// The workflow is not at the version the caller decided on.
    VersionConflict(VersionConflict),
    /// The patch makes metadata that is not allowed.
    Metadata(JsonRefused),
    /// By the lifecycle.
    InvalidTransition(InvalidTransition),
    /// By the rules; the decision itself never says so.
    RuleViolation(RuleViolation),
}

/// Why a creation is turned down.
#[derive(Debug)]
pub enum CreationRejected {
    /// By the policies.
    Forbidden(Forbidden),
    /// The version that this request made before is gone.
    Quarantined(Quarantined),
    /// The idempotency key was used for another request.
    KeyReused,
    /// There is a workflow of this id.
    AlreadyExists,
    /// By the rules; the decision itself never says so.
    RuleViolation(RuleViolation),
}

impl TransitionRejected {
    /// Who refused it, when that is audit and has to be kept before it is answered.
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
    /// Who refused it, when that is audit and has to be kept before it is answered.
    #[must_use]
    pub const fn refused_by(&self) -> Option<RefusedBy<'_>> {
        match self {
            Self::Forbidden(forbidden) => Some(RefusedBy::Policies(forbidden)),
            Self::RuleViolation(violation) => Some(RefusedBy::Rules(violation)),
            Self::Quarantined(_) | Self::KeyReused | Self::AlreadyExists => None,
        }
    }
}

/// Decides a move from the head, the record of quarantines that was read beside it, and what the policies say.
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
        fits(head, command),
        proposed(head, command),
        follows(head, command),
    ) {
        // Forbidden: this comes before all else, so that the caller learns nothing of what is there.
        (Err(forbidden), ..) => Decision::Rejected(No::Forbidden(forbidden)),
        // TransitionOutcomes, Ended("quarantined"): on a broken history nothing is built.
        (Ok(()), Err(quarantined), ..) => Decision::Rejected(No::Quarantined(quarantined)),
        // TransitionOutcomes, Known > 0: a repetition is answered even when its move could not be made any more.
        (Ok(()), Ok(()), Known::Accepted(version), ..) => Decision::Repeated(version),
        // RepeatedRequests leaves this out: there a key comes again with its own request only.
        (Ok(()), Ok(()), Known::KeyReused, ..) => Decision::Rejected(No::KeyReused),
        // TransitionOutcomes, Ended("conflict"): the caller decided on a state that is gone.
        (Ok(()), Ok(()), Known::No, Err(conflict), ..) => Decision::Rejected(No::VersionConflict(conflict)),
        // The specification has no metadata.
        (Ok(()), Ok(()), Known::No, Ok(()), Err(refused), _) => Decision::Rejected(No::Metadata(refused)),
        // Judged, a move that is not in Moves: Refusing.
        (Ok(()), Ok(()), Known::No, Ok(()), Ok(_), Err(invalid)) => Decision::Rejected(No::InvalidTransition(invalid)),
        // Judged, a move that is in Moves: the rules allow it, deny it or cannot be reached.
        (Ok(()), Ok(()), Known::No, Ok(()), Ok(transition), Ok(())) => Decision::AskRules(transition),
    }
}

/// Decides a creation from the version 1 that the log has, if that was looked for and there is one.
#[must_use]
pub fn decide_creation(
    first: Option<&StoredVersion>,
    permission: Result<(), Forbidden>,
    metadata: &Metadata,
    repeatable: Option<&RepeatableRequest>,
) -> Decision<CreationRejected> {
    use CreationRejected as No;
    match (permission, first.map(|first| (first.event.version, known(repeatable, &first.accepted)))) {
        // Forbidden: before all else, as for a move.
        (Err(forbidden), _) => Decision::Rejected(No::Forbidden(forbidden)),
        // AppendRefused, `same`: the version that is there is this request's own.
        (Ok(()), Some((there, Known::Accepted(version)))) if version == there => Decision::Repeated(version),
        // The version that this key made is gone from the log.
        (Ok(()), Some((_, Known::Accepted(at)))) => {
            Decision::Rejected(No::Quarantined(Quarantined(Break { at, fault: Fault::Missing })))
        }
        // RepeatedRequests leaves this out, as for a move.
        (Ok(()), Some((_, Known::KeyReused))) => Decision::Rejected(No::KeyReused),
        // AppendRefused, `lost`: the workflow exists.
        (Ok(()), Some((_, Known::No))) => Decision::Rejected(No::AlreadyExists),
        // CreationOutcomes, Judged.
        (Ok(()), None) => Decision::AskRules(Move {
            from: None,
            to: State::Created,
            reason: None,
            metadata: metadata.clone(),
            failure: None,
        }),
    }
}

fn known(repeatable: Option<&RepeatableRequest>, accepted: &[AcceptedRequest]) -> Known {
    repeatable.map_or(Known::No, |repeatable| repeatable.known_in(accepted))
}

fn fits(head: &Head, command: &TransitionCommand<'_>) -> Result<(), VersionConflict> {
    let (current_state, version) = (head.event().to_state, head.event().version);
    match command.expected_version {
        Some(expected) if expected != version => Err(VersionConflict { current_state, version }),
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

/// The move, with the metadata that the workflow would have.
fn proposed(head: &Head, command: &TransitionCommand<'_>) -> Result<Move, JsonRefused> {
    let metadata = &head.event().metadata;
    Ok(Move {
        from: Some(head.event().to_state),
        to: command.target_state,
        reason: command.reason.cloned(),
        metadata: command.metadata.map_or_else(|| Ok(metadata.clone()), |patch| metadata.patched(patch))?,
        failure: command.failure.cloned(),
    })
}
