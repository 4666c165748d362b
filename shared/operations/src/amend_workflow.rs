//! Amends a workflow: changes its data, or adds a remark. The version that this makes keeps the state. Load, decide,
//! append, as for a transition.

use alims_domain::access::Action;
use alims_domain::amendment::{AmendmentCommand, AmendmentRejected, decide_amendment};
use alims_domain::call::Call;
use alims_domain::decide::Decision;
use alims_domain::event::{AppliedRules, EventType, Workflow};
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, Reason, WorkflowId};
use alims_domain::json::ValidationContext;
use alims_domain::workflow_data::{DataPatch, DataRefused, WorkflowData};
use serde::Serialize;

use crate::append::{Accepted, Appended, append};
use crate::deciding::{Asked, Loaded, keep_forbidden, load};
use crate::errors::{Bug, Forbidden, Quarantined, RuleViolation, VersionConflict, WorkflowClosed};
use crate::head::ReadWorkflowError;
use crate::ports::{QuarantineLog, RulesUnavailable, StoreError, TransitionRules, WorkflowLog};
use crate::refusals::{NotKept, TooManyRefusals};

pub use crate::ports::DecisionPorts as Ports;

/// The requested amendment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AmendmentRequest {
    /// The reason; of a remark it is the text.
    pub reason: Reason,
    /// The versions the caller decided on; none accepts the current version.
    #[serde(rename = "expected_version")]
    pub expected_versions: Option<ExpectedVersions>,
    /// The caller's input for the rules.
    pub validation_context: Option<ValidationContext>,
    /// What changes; nothing, for a remark.
    #[serde(flatten)]
    pub patch: DataPatch,
}

/// Why a workflow was not amended. It is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum AmendWorkflowError {
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
    /// The patch makes data that is not allowed.
    #[error(transparent)]
    Data(#[from] DataRefused),
    /// The workflow has ended, and its data does not change.
    #[error(transparent)]
    Closed(#[from] WorkflowClosed),
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

impl From<ReadWorkflowError> for AmendWorkflowError {
    fn from(error: ReadWorkflowError) -> Self {
        match error {
            ReadWorkflowError::NotFound => Self::NotFound,
            ReadWorkflowError::Forbidden(forbidden) => Self::Forbidden(forbidden),
            ReadWorkflowError::Quarantined(quarantined) => Self::Quarantined(quarantined),
            ReadWorkflowError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NotKept> for AmendWorkflowError {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::TooMany(too_many) => Self::TooManyRefusals(too_many),
            NotKept::Store(error) => Self::Store(error),
        }
    }
}

impl From<AmendmentRejected> for AmendWorkflowError {
    fn from(rejected: AmendmentRejected) -> Self {
        match rejected {
            AmendmentRejected::Forbidden(forbidden) => Self::Forbidden(forbidden),
            AmendmentRejected::Quarantined(quarantined) => Self::Quarantined(quarantined),
            AmendmentRejected::KeyReused => Self::KeyReused,
            AmendmentRejected::VersionConflict(conflict) => Self::VersionConflict(conflict),
            AmendmentRejected::Data(refused) => Self::Data(refused),
            AmendmentRejected::Closed(closed) => Self::Closed(closed),
            AmendmentRejected::RuleViolation(violation) => Self::RuleViolation(violation),
        }
    }
}

/// The operation's name in logs, policies and records.
const OPERATION: &str = "amend-workflow";

/// Amends a workflow of the caller's tenant.
///
/// # Errors
/// When the amendment is refused, the workflow has changed since the caller read it, or a port fails.
pub async fn amend_workflow<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &AmendmentRequest,
) -> Result<Accepted, AmendWorkflowError> {
    let asked = asked(request);
    let loaded = match load(ports, call, workflow_id, asked).await {
        Ok(loaded) => loaded,
        Err(error) => {
            keep_forbidden(ports, call, workflow_id, asked, &error).await?;
            return Err(error.into());
        }
    };
    let repeatable = repeatable(call, workflow_id, request)?;
    let rejected = match decide(&loaded, request, repeatable.as_ref()) {
        Decision::Repeated(version) => return Ok(loaded.first_answer(&ports.log, version).await?),
        Decision::Rejected(rejected) => rejected,
        Decision::AskRules(amendment) => {
            let proposal = loaded.proposal(call, asked, &amendment);
            match ports.rules.judge(&proposal.question()).await?.applied() {
                Ok(rules) => {
                    let (id, event_type) = (EventId(ports.ids.fresh()), EventType::WorkflowAmended);
                    let version = proposal.commit(id, event_type, rules, repeatable.as_ref()).map_err(Bug::from)?;
                    return appended(append(&ports.log, version, repeatable.as_ref()).await?);
                }
                Err(violation) => AmendmentRejected::RuleViolation(violation),
            }
        }
    };
    loaded.keep(ports, call, asked, rejected.refused_by()).await?;
    Err(rejected.into())
}

fn appended(appended: Appended) -> Result<Accepted, AmendWorkflowError> {
    match appended {
        Appended::Yes(accepted) => Ok(*accepted),
        Appended::KeyReused => Err(AmendWorkflowError::KeyReused),
        Appended::Lost(winner) => {
            Err(VersionConflict { current_state: winner.event.to_state, version: winner.event.version }.into())
        }
    }
}

/// The result of a dry run: the service would accept the amendment now.
#[derive(Clone, Debug, PartialEq)]
pub struct WouldBeAmended {
    /// The workflow, unchanged.
    pub workflow: Workflow,
    /// The data that it would have.
    pub data: WorkflowData,
    /// The rules that would allow it.
    pub rules: AppliedRules,
}

/// Decides an amendment and writes nothing, not even the record of a refusal. It ignores idempotency keys.
///
/// # Errors
/// As [`amend_workflow`], except for errors that only a write can meet.
pub async fn try_amendment<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &AmendmentRequest,
) -> Result<WouldBeAmended, AmendWorkflowError> {
    let asked = asked(request);
    let loaded = load(ports, call, workflow_id, asked).await?;
    match decide(&loaded, request, None) {
        Decision::Repeated(_) => Err(Bug::Decision("a request without a key is a repetition").into()),
        Decision::Rejected(rejected) => Err(rejected.into()),
        Decision::AskRules(amendment) => {
            let proposal = loaded.proposal(call, asked, &amendment);
            match ports.rules.judge(&proposal.question()).await?.applied() {
                Ok(rules) => Ok(WouldBeAmended { workflow: loaded.workflow, data: amendment.data, rules }),
                Err(violation) => Err(violation.into()),
            }
        }
    }
}

fn asked(request: &AmendmentRequest) -> Asked<'_> {
    Asked {
        operation: OPERATION,
        action: Action::AmendWorkflow,
        target_state: None,
        reason: Some(&request.reason),
        meaning: None,
        context: request.validation_context.as_ref(),
    }
}

fn decide(
    loaded: &Loaded,
    request: &AmendmentRequest,
    repeatable: Option<&RepeatableRequest>,
) -> Decision<AmendmentRejected> {
    let command = AmendmentCommand {
        reason: &request.reason,
        expected_versions: request.expected_versions.as_ref(),
        patch: &request.patch,
        repeatable,
    };
    decide_amendment(&loaded.head, &loaded.quarantine, loaded.permission.clone(), &command)
}

fn repeatable(
    call: &Call,
    workflow_id: &WorkflowId,
    request: &AmendmentRequest,
) -> Result<Option<RepeatableRequest>, Bug> {
    let named = call.idempotency_key.as_ref();
    let what = (OPERATION, workflow_id, request);
    Ok(named.map(|key| RepeatableRequest::new(&call.principal.id, key, &what)).transpose()?)
}
