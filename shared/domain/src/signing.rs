//! The decision on a signature: a version that keeps the state and the data, and adds an electronic signature.

use crate::attempt::RefusedBy;
use crate::authentication::{Signer, WhyInsufficient};
use crate::decide::{Decision, fits, known};
use crate::expected_versions::ExpectedVersions;
use crate::head::{Head, may_be_built_on};
use crate::idempotency::{Known, RepeatableRequest};
use crate::identifiers::{PrincipalId, Reason};
use crate::quarantine::QuarantineRecord;
use crate::rejection::{Forbidden, NotSigned, Quarantined, RuleViolation, VersionConflict};
use crate::ruling::Transition;
use crate::signature::{KeptSignature, Meaning, Signature};
use crate::timestamp::Timestamp;

/// A requested signature.
#[derive(Clone, Copy, Debug)]
pub struct SignatureCommand<'a> {
    /// The signer's principal.
    pub by: &'a PrincipalId,
    /// The signer, or why the caller's authentication is not enough.
    pub signer: Result<&'a Signer, WhyInsufficient>,
    /// What the signature means.
    pub meaning: Meaning,
    /// The signer's remark.
    pub comment: Option<&'a Reason>,
    /// The version that the caller signs. None, when the caller named one that cannot be.
    pub version: &'a ExpectedVersions,
    /// The instant of the signature.
    pub now: Timestamp,
    /// The request, if it carries an idempotency key.
    pub repeatable: Option<&'a RepeatableRequest>,
}

/// Why a signature is rejected.
#[derive(Debug)]
pub enum SignatureRejected {
    /// The policies forbid it.
    Forbidden(Forbidden),
    /// The stored history is broken.
    Quarantined(Quarantined),
    /// The idempotency key was used for another request.
    KeyReused,
    /// The caller's authentication is not enough.
    Insufficient(WhyInsufficient),
    /// The workflow is not at the version that the caller signs.
    VersionConflict(VersionConflict),
    /// The workflow cannot have this signature.
    NotSigned(NotSigned),
    /// The rules refused it; the decision itself never returns this.
    RuleViolation(RuleViolation),
}

impl SignatureRejected {
    /// Who refused it, when the refusal is audit data that the log must keep before the answer is sent.
    #[must_use]
    pub const fn refused_by(&self) -> Option<RefusedBy<'_>> {
        match self {
            Self::Forbidden(forbidden) => Some(RefusedBy::Policies(forbidden)),
            Self::Insufficient(why) => Some(RefusedBy::Authentication(*why)),
            Self::RuleViolation(violation) => Some(RefusedBy::Rules(violation)),
            Self::Quarantined(_) | Self::KeyReused | Self::VersionConflict(_) | Self::NotSigned(_) => None,
        }
    }
}

/// Decides a signature from the head, the quarantine record that was read with it, and the decision of the policies.
///
/// The order is that of `decide_transition`. The authentication comes before the version: a refused one is audit data,
/// whatever the caller looked at. It comes after a repetition, which makes no signature.
#[must_use]
pub fn decide_signature(
    head: &Head,
    quarantine: &QuarantineRecord,
    permission: Result<(), Forbidden>,
    command: &SignatureCommand<'_>,
) -> Decision<SignatureRejected> {
    use SignatureRejected as No;
    match (
        permission,
        may_be_built_on(head.event(), quarantine),
        known(command.repeatable, &head.stored.accepted),
        command.signer,
        fits(head, Some(command.version)),
    ) {
        (Err(forbidden), ..) => Decision::Rejected(No::Forbidden(forbidden)),
        (Ok(()), Err(quarantined), ..) => Decision::Rejected(No::Quarantined(quarantined)),
        (Ok(()), Ok(()), Known::Accepted(version), ..) => Decision::Repeated(version),
        (Ok(()), Ok(()), Known::KeyReused, ..) => Decision::Rejected(No::KeyReused),
        (Ok(()), Ok(()), Known::No, Err(why), _) => Decision::Rejected(No::Insufficient(why)),
        (Ok(()), Ok(()), Known::No, Ok(_), Err(conflict)) => Decision::Rejected(No::VersionConflict(conflict)),
        (Ok(()), Ok(()), Known::No, Ok(signer), Ok(())) => match proposed(head, signer, command) {
            Ok(transition) => Decision::AskRules(transition),
            Err(not) => Decision::Rejected(No::NotSigned(not)),
        },
    }
}

/// The version with the signature. It signs the version that it continues from: where unreadable versions above that one
/// were released, the newest readable one, which is what the signer was shown.
fn proposed(head: &Head, signer: &Signer, command: &SignatureCommand<'_>) -> Result<Transition, NotSigned> {
    let current = head.event();
    let signature = Signature {
        meaning: command.meaning,
        signer_name: signer.name.clone(),
        roles: signer.roles.clone(),
        comment: command.comment.cloned(),
        signed_version: current.version,
        signed_hash: current.hash.clone(),
        authenticated: signer.authenticated.clone(),
    };
    let added = KeptSignature::new(&signature, command.by, command.now);
    let signatures = current.signatures.with(added).map_err(|why| NotSigned {
        why,
        current_state: current.to_state,
        version: current.version,
    })?;
    Ok(Transition {
        from: Some(current.to_state),
        to: current.to_state,
        reason: None,
        data: current.data(),
        failure: None,
        signature: Some(signature),
        signatures,
    })
}
