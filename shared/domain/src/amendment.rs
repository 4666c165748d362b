//! The decision on an amendment: a version that keeps the state, and changes the workflow's data or only adds a remark.

use crate::attempt::RefusedBy;
use crate::decide::{Decision, fits, known};
use crate::expected_versions::ExpectedVersions;
use crate::head::{Head, may_be_built_on};
use crate::idempotency::{Known, RepeatableRequest};
use crate::identifiers::Reason;
use crate::quarantine::QuarantineRecord;
use crate::rejection::{Forbidden, Quarantined, RuleViolation, VersionConflict, WorkflowClosed};
use crate::ruling::Transition;
use crate::workflow_data::{DataPatch, DataRefused};

/// A requested amendment.
#[derive(Clone, Copy, Debug)]
pub struct AmendmentCommand<'a> {
    /// Why; of a remark it is the text.
    pub reason: &'a Reason,
    /// The versions the caller decided on; none accepts the current version.
    pub expected_versions: Option<&'a ExpectedVersions>,
    /// What changes.
    pub patch: &'a DataPatch,
    /// The request, if it carries an idempotency key.
    pub repeatable: Option<&'a RepeatableRequest>,
}

/// Why an amendment is rejected.
#[derive(Debug)]
pub enum AmendmentRejected {
    /// The policies forbid it.
    Forbidden(Forbidden),
    /// The stored history is broken.
    Quarantined(Quarantined),
    /// The idempotency key was used for another request.
    KeyReused,
    /// The workflow is not at the version the caller decided on.
    VersionConflict(VersionConflict),
    /// The patch makes data that is not allowed.
    Data(DataRefused),
    /// The workflow has ended, and the patch would change its data.
    Closed(WorkflowClosed),
    /// The rules refused it; the decision itself never returns this.
    RuleViolation(RuleViolation),
}

impl AmendmentRejected {
    /// Who refused it, when the refusal is audit data that the log must keep before the answer is sent.
    #[must_use]
    pub const fn refused_by(&self) -> Option<RefusedBy<'_>> {
        match self {
            Self::Forbidden(forbidden) => Some(RefusedBy::Policies(forbidden)),
            Self::Closed(_) => Some(RefusedBy::Closed),
            Self::RuleViolation(violation) => Some(RefusedBy::Rules(violation)),
            Self::Quarantined(_) | Self::KeyReused | Self::VersionConflict(_) | Self::Data(_) => None,
        }
    }
}

/// Decides an amendment from the head, the quarantine record that was read with it, and the decision of the policies.
#[must_use]
pub fn decide_amendment(
    head: &Head,
    quarantine: &QuarantineRecord,
    permission: Result<(), Forbidden>,
    command: &AmendmentCommand<'_>,
) -> Decision<AmendmentRejected> {
    use AmendmentRejected as No;
    match (
        permission,
        may_be_built_on(head.event(), quarantine),
        known(command.repeatable, &head.stored.accepted),
        fits(head, command.expected_versions),
        proposed(head, command),
    ) {
        // The order of `decide_transition`, for its reasons.
        (Err(forbidden), ..) => Decision::Rejected(No::Forbidden(forbidden)),
        (Ok(()), Err(quarantined), ..) => Decision::Rejected(No::Quarantined(quarantined)),
        (Ok(()), Ok(()), Known::Accepted(version), ..) => Decision::Repeated(version),
        (Ok(()), Ok(()), Known::KeyReused, ..) => Decision::Rejected(No::KeyReused),
        (Ok(()), Ok(()), Known::No, Err(conflict), _) => Decision::Rejected(No::VersionConflict(conflict)),
        (Ok(()), Ok(()), Known::No, Ok(()), Err(refused)) => Decision::Rejected(No::Data(refused)),
        (Ok(()), Ok(()), Known::No, Ok(()), Ok(transition)) => match closed(head, &transition) {
            Some(closed) => Decision::Rejected(No::Closed(closed)),
            None => Decision::AskRules(transition),
        },
    }
}

/// The data of a workflow that has ended is its result. A remark changes none.
fn closed(head: &Head, transition: &Transition) -> Option<WorkflowClosed> {
    let (event, current_state) = (head.event(), head.event().to_state);
    (current_state.is_closed() && transition.data != event.data())
        .then_some(WorkflowClosed { current_state, version: event.version })
}

/// The amendment, with the data that the workflow would have.
fn proposed(head: &Head, command: &AmendmentCommand<'_>) -> Result<Transition, DataRefused> {
    let current = head.event();
    let data = current.data().patched(command.patch)?;
    Ok(Transition {
        from: Some(current.to_state),
        to: current.to_state,
        reason: Some(command.reason.clone()),
        signature: None,
        signatures: current.signatures_with(&data),
        data,
        failure: None,
    })
}
