//! Signs a workflow electronically: a version that keeps state and data, and adds a signature of the version before it.
//! Load, decide, append, as for a transition.

use alims_domain::access::Action;
use alims_domain::authentication::{FreshAuthentication, Signer, WhyInsufficient};
use alims_domain::call::Call;
use alims_domain::decide::Decision;
use alims_domain::event::{AppliedRules, EventType, Workflow};
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, Reason, WorkflowId};
use alims_domain::json::ValidationContext;
use alims_domain::signature::{Meaning, Signatures};
use alims_domain::signing::{SignatureCommand, SignatureRejected, decide_signature};
use serde::Serialize;

use crate::append::{Accepted, Appended, append};
use crate::deciding::{Asked, Loaded, keep_forbidden, load};
use crate::errors::{Bug, Forbidden, NotSigned, Quarantined, RuleViolation, VersionConflict};
use crate::head::ReadWorkflowError;
use crate::ports::{DecisionPorts, QuarantineLog, RulesUnavailable, StoreError, TransitionRules, WorkflowLog};
use crate::refusals::{NotKept, TooManyRefusals};

/// The ports of sign-workflow, and the authentication that a signature needs.
#[derive(Clone)]
pub struct Ports<L, R> {
    /// The ports of every operation that decides.
    pub decision: DecisionPorts<L, R>,
    /// The authentication that a signer needs.
    pub needed: FreshAuthentication,
}

/// The requested signature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SignatureRequest {
    /// What it means.
    pub meaning: Meaning,
    /// The signer's remark.
    pub comment: Option<Reason>,
    /// The version that is signed. None, when the caller named one that cannot be; never several.
    #[serde(rename = "version")]
    pub signed: ExpectedVersions,
    /// The caller's input for the rules.
    pub validation_context: Option<ValidationContext>,
}

/// The caller's authentication is not enough to sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct InsufficientAuthentication {
    /// Why.
    pub why: WhyInsufficient,
    /// The authentication that is needed.
    pub needed: FreshAuthentication,
}

/// Why a workflow was not signed. It is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum SignWorkflowError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The caller's authentication is not enough.
    #[error(transparent)]
    Insufficient(#[from] InsufficientAuthentication),
    /// The workflow is not at the version that the caller signs, or another request was faster.
    #[error(transparent)]
    VersionConflict(#[from] VersionConflict),
    /// The workflow cannot have this signature.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// The policies do not allow the caller to do this.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The rules refused.
    #[error(transparent)]
    RuleViolation(#[from] RuleViolation),
    /// The rules gave no verdict.
    #[error(transparent)]
    RulesUnavailable(#[from] RulesUnavailable),
    /// Too many attempts were refused lately, so this refusal was not kept.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The stored history is broken.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The store failed; a write may or may not have happened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl From<ReadWorkflowError> for SignWorkflowError {
    fn from(error: ReadWorkflowError) -> Self {
        match error {
            ReadWorkflowError::NotFound => Self::NotFound,
            ReadWorkflowError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            ReadWorkflowError::Quarantined(quarantined) => Self::Quarantined(quarantined),
            ReadWorkflowError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NotKept> for SignWorkflowError {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::TooMany(too_many) => Self::TooManyRefusals(too_many),
            NotKept::Store(error) => Self::Store(error),
        }
    }
}

/// The operation's name in logs, policies and records.
const OPERATION: &str = "sign-workflow";

/// Signs a workflow of the caller's tenant.
///
/// # Errors
/// When the signature is refused, the workflow has changed since the caller read it, or a port fails.
pub async fn sign_workflow<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    Ports { decision: ports, needed }: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &SignatureRequest,
) -> Result<Accepted, SignWorkflowError> {
    let asked = asked(request);
    let loaded = match load(ports, call, workflow_id, asked).await {
        Ok(loaded) => loaded,
        Err(error) => {
            keep_forbidden(ports, call, workflow_id, asked, &error).await?;
            return Err(error.into());
        }
    };
    let repeatable = repeatable(call, workflow_id, request)?;
    // The clock and not the head's instant: a head from a clock that was ahead would make everybody's sign-in old.
    let signer = needed.signer(&call.authentication, &call.principal.roles, ports.clock.now());
    let rejected = match decide(&loaded, call, signer.as_ref(), request, repeatable.as_ref()) {
        Decision::Repeated(version) => return Ok(loaded.first_answer(&ports.log, version).await?),
        Decision::Rejected(rejected) => rejected,
        Decision::AskRules(signature) => {
            let proposal = loaded.proposal(call, asked, &signature);
            match ports.rules.judge(&proposal.question()).await?.applied() {
                Ok(rules) => {
                    let (id, event_type) = (EventId(ports.ids.fresh()), EventType::WorkflowSigned);
                    let version = proposal.commit(id, event_type, rules, repeatable.as_ref()).map_err(Bug::from)?;
                    return appended(append(&ports.log, version, repeatable.as_ref()).await?);
                }
                Err(violation) => SignatureRejected::RuleViolation(violation),
            }
        }
    };
    loaded.keep(ports, call, asked, rejected.refused_by()).await?;
    Err(error(rejected, needed))
}

fn appended(appended: Appended) -> Result<Accepted, SignWorkflowError> {
    match appended {
        Appended::Yes(accepted) => Ok(*accepted),
        Appended::KeyReused => Err(SignWorkflowError::KeyReused),
        Appended::Lost(winner) => {
            Err(VersionConflict { current_state: winner.event.to_state, version: winner.event.version }.into())
        }
    }
}

fn error(rejected: SignatureRejected, needed: &FreshAuthentication) -> SignWorkflowError {
    match rejected {
        SignatureRejected::Forbidden(forbidden) => forbidden.into(),
        SignatureRejected::Quarantined(quarantined) => quarantined.into(),
        SignatureRejected::KeyReused => SignWorkflowError::KeyReused,
        SignatureRejected::Insufficient(why) => InsufficientAuthentication { why, needed: needed.clone() }.into(),
        SignatureRejected::VersionConflict(conflict) => conflict.into(),
        SignatureRejected::NotSigned(not) => not.into(),
        SignatureRejected::RuleViolation(violation) => violation.into(),
    }
}

/// The result of a dry run: the service would accept the signature now.
#[derive(Clone, Debug, PartialEq)]
pub struct WouldBeSigned {
    /// The workflow, unchanged.
    pub workflow: Workflow,
    /// The signatures that it would have.
    pub signatures: Signatures,
    /// The rules that would allow it.
    pub rules: AppliedRules,
}

/// Decides a signature and writes nothing, not even the record of a refusal. It ignores idempotency keys.
///
/// # Errors
/// As [`sign_workflow`], except for errors that only a write can meet.
pub async fn try_signature<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    Ports { decision: ports, needed }: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &SignatureRequest,
) -> Result<WouldBeSigned, SignWorkflowError> {
    let asked = asked(request);
    let loaded = load(ports, call, workflow_id, asked).await?;
    let signer = needed.signer(&call.authentication, &call.principal.roles, ports.clock.now());
    match decide(&loaded, call, signer.as_ref(), request, None) {
        Decision::Repeated(_) => Err(Bug::Decision("a request without a key is a repetition").into()),
        Decision::Rejected(rejected) => Err(error(rejected, needed)),
        Decision::AskRules(signature) => {
            let proposal = loaded.proposal(call, asked, &signature);
            match ports.rules.judge(&proposal.question()).await?.applied() {
                Ok(rules) => Ok(WouldBeSigned { workflow: loaded.workflow, signatures: signature.signatures, rules }),
                Err(violation) => Err(violation.into()),
            }
        }
    }
}

fn asked(request: &SignatureRequest) -> Asked<'_> {
    Asked {
        operation: OPERATION,
        action: Action::SignWorkflow(request.meaning),
        target_state: None,
        reason: request.comment.as_ref(),
        meaning: Some(request.meaning),
        context: request.validation_context.as_ref(),
    }
}

fn decide(
    loaded: &Loaded,
    call: &Call,
    signer: Result<&Signer, &WhyInsufficient>,
    request: &SignatureRequest,
    repeatable: Option<&RepeatableRequest>,
) -> Decision<SignatureRejected> {
    let command = SignatureCommand {
        by: &call.principal.id,
        signer: signer.map_err(|why| *why),
        meaning: request.meaning,
        comment: request.comment.as_ref(),
        version: &request.signed,
        now: loaded.now,
        repeatable,
    };
    decide_signature(&loaded.head, &loaded.quarantine, loaded.permission.clone(), &command)
}

fn repeatable(
    call: &Call,
    workflow_id: &WorkflowId,
    request: &SignatureRequest,
) -> Result<Option<RepeatableRequest>, Bug> {
    let named = call.idempotency_key.as_ref();
    let what = (OPERATION, workflow_id, request);
    Ok(named.map(|key| RepeatableRequest::new(&call.principal.id, key, &what)).transpose()?)
}
