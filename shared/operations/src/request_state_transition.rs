//! Requests a transition of a workflow: load, decide, append. "Walk: one request" in ARCHITECTURE.md leads through it.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::decide::{Decision, TransitionCommand, TransitionRejected, decide_transition};
use alims_domain::event::{AppliedRules, EventType, Failure, Workflow};
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, Reason, WorkflowId};
use alims_domain::json::{JsonRefused, ValidationContext};
use alims_domain::lifecycle::State;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::append::{Accepted, Appended, append};
use crate::deciding::{Asked, Loaded, keep_forbidden, load};
use crate::errors::{Bug, Forbidden, InvalidTransition, Quarantined, RuleViolation, VersionConflict};
use crate::head::ReadWorkflowError;
use crate::ports::{QuarantineLog, RulesUnavailable, StoreError, TransitionRules, WorkflowLog};
use crate::refusals::{NotKept, TooManyRefusals};

pub use crate::ports::DecisionPorts as Ports;

/// The requested transition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransitionRequest {
    /// The requested state.
    pub target_state: State,
    /// The reason.
    pub reason: Reason,
    /// The versions the caller decided on; none accepts the current version.
    #[serde(rename = "expected_version")]
    pub expected_versions: Option<ExpectedVersions>,
    /// The caller's input for the rules.
    pub validation_context: Option<ValidationContext>,
    /// A merge patch (RFC 7396) of the metadata.
    pub metadata: Option<Map<String, Value>>,
    /// The failure; only for FAILED, and required there. The edge checks this.
    pub failure: Option<Failure>,
}

/// Why a transition was not made. The workflow is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum RequestStateTransitionError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The workflow is not at the version the caller decided on, or another request was faster.
    #[error(transparent)]
    VersionConflict(#[from] VersionConflict),
    /// The policies do not allow the caller to do this.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The lifecycle has no such transition.
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    /// The patch makes metadata that is not allowed.
    #[error(transparent)]
    Metadata(#[from] JsonRefused),
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

impl From<ReadWorkflowError> for RequestStateTransitionError {
    fn from(error: ReadWorkflowError) -> Self {
        match error {
            ReadWorkflowError::NotFound => Self::NotFound,
            ReadWorkflowError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            ReadWorkflowError::Quarantined(quarantined) => Self::Quarantined(quarantined),
            ReadWorkflowError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NotKept> for RequestStateTransitionError {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::TooMany(too_many) => Self::TooManyRefusals(too_many),
            NotKept::Store(error) => Self::Store(error),
        }
    }
}

impl From<TransitionRejected> for RequestStateTransitionError {
    fn from(rejected: TransitionRejected) -> Self {
        match rejected {
            TransitionRejected::Forbidden(forbidden) => Self::Forbidden(forbidden),
            TransitionRejected::Quarantined(quarantined) => Self::Quarantined(quarantined),
            TransitionRejected::KeyReused => Self::KeyReused,
            TransitionRejected::VersionConflict(conflict) => Self::VersionConflict(conflict),
            TransitionRejected::Metadata(refused) => Self::Metadata(refused),
            TransitionRejected::InvalidTransition(invalid) => Self::InvalidTransition(invalid),
            TransitionRejected::RuleViolation(violation) => Self::RuleViolation(violation),
        }
    }
}

/// The operation's name in logs, policies and records.
const OPERATION: &str = "request-state-transition";

/// Makes a transition of a workflow of the caller's tenant.
///
/// # Errors
/// When the transition is refused, the workflow has changed since the caller read it, or a port fails.
pub async fn request_state_transition<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
) -> Result<Accepted, RequestStateTransitionError> {
    request_as(OPERATION, ports, call, workflow_id, request).await
}

/// The same for an operation of another name, which its refusals and its idempotency keys keep.
pub(crate) async fn request_as<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    operation: &'static str,
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
) -> Result<Accepted, RequestStateTransitionError> {
    let asked = asked(operation, request);
    let loaded = match load(ports, call, workflow_id, asked).await {
        Ok(loaded) => loaded,
        Err(error) => {
            keep_forbidden(ports, call, workflow_id, asked, &error).await?;
            return Err(error.into());
        }
    };
    let repeatable = repeatable(operation, call, workflow_id, request)?;
    let rejected = match decide(&loaded, request, repeatable.as_ref()) {
        Decision::Repeated(version) => return Ok(loaded.first_answer(&ports.log, version).await?),
        Decision::Rejected(rejected) => rejected,
        Decision::AskRules(transition) => {
            let proposal = loaded.proposal(call, asked, &transition);
            match ports.rules.judge(&proposal.question()).await?.applied() {
                Ok(rules) => {
                    let (id, event_type) = (EventId(ports.ids.fresh()), EventType::WorkflowStateChanged);
                    let version = proposal.commit(id, event_type, rules, repeatable.as_ref()).map_err(Bug::from)?;
                    return appended(append(&ports.log, version, repeatable.as_ref()).await?);
                }
                Err(violation) => TransitionRejected::RuleViolation(violation),
            }
        }
    };
    loaded.keep(ports, call, asked, rejected.refused_by()).await?;
    Err(rejected.into())
}

fn appended(appended: Appended) -> Result<Accepted, RequestStateTransitionError> {
    match appended {
        Appended::Yes(accepted) => Ok(*accepted),
        Appended::KeyReused => Err(RequestStateTransitionError::KeyReused),
        Appended::Lost(winner) => {
            Err(VersionConflict { current_state: winner.event.to_state, version: winner.event.version }.into())
        }
    }
}

/// The result of a dry run: the service would accept the transition now.
#[derive(Clone, Debug, PartialEq)]
pub struct WouldBeAccepted {
    /// The workflow, unchanged.
    pub workflow: Workflow,
    /// The rules that would allow it.
    pub rules: AppliedRules,
}

/// Decides a transition and writes nothing, not even the record of a refusal. It ignores idempotency keys.
///
/// # Errors
/// As [`request_state_transition`], except for errors that only a write can meet.
pub async fn try_state_transition<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
) -> Result<WouldBeAccepted, RequestStateTransitionError> {
    let asked = asked(OPERATION, request);
    let loaded = load(ports, call, workflow_id, asked).await?;
    match decide(&loaded, request, None) {
        Decision::Repeated(_) => Err(Bug::Decision("a request without a key is a repetition").into()),
        Decision::Rejected(rejected) => Err(rejected.into()),
        Decision::AskRules(transition) => {
            let proposal = loaded.proposal(call, asked, &transition);
            match ports.rules.judge(&proposal.question()).await?.applied() {
                Ok(rules) => Ok(WouldBeAccepted { workflow: loaded.workflow, rules }),
                Err(violation) => Err(violation.into()),
            }
        }
    }
}

fn asked<'a>(operation: &'static str, request: &'a TransitionRequest) -> Asked<'a> {
    Asked {
        operation,
        action: Action::moving_to(request.target_state),
        target_state: Some(request.target_state),
        reason: Some(&request.reason),
        meaning: None,
        context: request.validation_context.as_ref(),
    }
}

fn decide(
    loaded: &Loaded,
    request: &TransitionRequest,
    repeatable: Option<&RepeatableRequest>,
) -> Decision<TransitionRejected> {
    let command = TransitionCommand {
        target_state: request.target_state,
        reason: Some(&request.reason),
        expected_versions: request.expected_versions.as_ref(),
        metadata: request.metadata.as_ref(),
        failure: request.failure.as_ref(),
        repeatable,
    };
    decide_transition(&loaded.head, &loaded.quarantine, loaded.permission.clone(), &command)
}

fn repeatable(
    operation: &'static str,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
) -> Result<Option<RepeatableRequest>, Bug> {
    let named = call.idempotency_key.as_ref();
    let what = (operation, workflow_id, request);
    Ok(named.map(|key| RepeatableRequest::new(&call.principal.id, key, &what)).transpose()?)
}
