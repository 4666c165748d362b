//! Requests a transition of a workflow: load, decide, append. "Walk: one request" in ARCHITECTURE.md leads through it.

use alims_domain::access::Action;
use alims_domain::attempt::{Attempt, RefusedBy};
use alims_domain::call::Call;
use alims_domain::decide::{Decision, TransitionCommand, TransitionRejected, decide_transition};
use alims_domain::event::{AppliedRules, EventType, Failure, Workflow};
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::head::Head;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, Reason, Version, WorkflowId, WorkflowKey};
use alims_domain::json::{JsonRefused, ValidationContext};
use alims_domain::lifecycle::State;
use alims_domain::proposal::Proposal;
use alims_domain::quarantine::QuarantineRecord;
use alims_domain::ruling::Transition;
use alims_domain::timestamp::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::append::{Accepted, Appended, append, now};
use crate::chain_walk::{Page, readable};
use crate::errors::{Bug, Forbidden, InvalidTransition, Quarantined, RuleViolation, VersionConflict};
use crate::head::{ReadWorkflowError, head};
use crate::permission::{authorise, unless_forbidden};
use crate::ports::{LogError, QuarantineLog, RulesUnavailable, StoreError, TransitionRules, WorkflowLog};
use crate::refusals::{NotKept, TooManyRefusals, keep};

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

impl From<LogError> for RequestStateTransitionError {
    fn from(error: LogError) -> Self {
        ReadWorkflowError::from(error).into()
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
    let loaded = match load(ports, call, workflow_id, request).await {
        Ok(loaded) => loaded,
        Err(error) => {
            keep_forbidden(operation, ports, call, workflow_id, request, &error).await?;
            return Err(error.into());
        }
    };
    let repeatable = repeatable(operation, call, workflow_id, request)?;
    let rejected = match loaded.decide(request, repeatable.as_ref()) {
        Decision::Repeated(version) => return first_answer(&ports.log, loaded, version).await,
        Decision::Rejected(rejected) => rejected,
        Decision::AskRules(transition) => {
            let proposal = loaded.proposal(call, request, &transition);
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
    if let Some(by) = rejected.refused_by() {
        let attempt = Attempt { operation, ..loaded.attempt(call, request) };
        keep(&ports.log, attempt.refused(EventId(ports.ids.fresh()), by)).await?;
    }
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
    let loaded = load(ports, call, workflow_id, request).await?;
    match loaded.decide(request, None) {
        Decision::Repeated(_) => Err(Bug::Decision("a request without a key is a repetition").into()),
        Decision::Rejected(rejected) => Err(rejected.into()),
        Decision::AskRules(transition) => {
            let proposal = loaded.proposal(call, request, &transition);
            match ports.rules.judge(&proposal.question()).await?.applied() {
                Ok(rules) => Ok(WouldBeAccepted { workflow: loaded.workflow, rules }),
                Err(violation) => Err(violation.into()),
            }
        }
    }
}

/// The data on which a transition is decided.
struct Loaded {
    key: WorkflowKey,
    head: Head,
    quarantine: QuarantineRecord,
    workflow: Workflow,
    permission: Result<(), Forbidden>,
    now: Timestamp,
}

async fn load<L: WorkflowLog + QuarantineLog, R>(
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
) -> Result<Loaded, ReadWorkflowError> {
    let (key, policy, action) = (call.key(workflow_id), ports.policy.as_ref(), Action::moving_to(request.target_state));
    let read = head(&ports.log, &key).await;
    let (head, quarantine) = read.map_err(|error| unless_forbidden(policy, call, action, &key, error))?;
    let permission = authorise(policy, call, action, &key, Some(head.event()));
    let (workflow, now) = (Workflow::from(head.event()), now(ports.clock.as_ref(), Some(head.event())));
    Ok(Loaded { key, head, quarantine, workflow, permission, now })
}

/// Keeps the refusal of one who may not do this, of a workflow that is missing or cannot be read.
async fn keep_forbidden<L: WorkflowLog, R>(
    operation: &'static str,
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
    error: &ReadWorkflowError,
) -> Result<(), NotKept> {
    let ReadWorkflowError::Forbidden(forbidden) = error else { return Ok(()) };
    let attempt = Attempt {
        operation,
        call,
        key: &call.key(workflow_id),
        head: None,
        target_state: Some(request.target_state),
        reason: Some(&request.reason),
        now: now(ports.clock.as_ref(), None),
    };
    keep(&ports.log, attempt.refused(EventId(ports.ids.fresh()), RefusedBy::Policies(forbidden))).await
}

impl Loaded {
    fn decide(
        &self,
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
        decide_transition(&self.head, &self.quarantine, self.permission.clone(), &command)
    }

    fn proposal<'a>(
        &'a self,
        call: &'a Call,
        request: &'a TransitionRequest,
        transition: &'a Transition,
    ) -> Proposal<'a> {
        let (head, workflow, context) = (Some(&self.head), &self.workflow, request.validation_context.as_ref());
        Proposal { call, head, workflow, transition, context, now: self.now }
    }

    fn attempt<'a>(&'a self, call: &'a Call, request: &'a TransitionRequest) -> Attempt<'a> {
        Attempt {
            operation: OPERATION,
            call,
            key: &self.key,
            head: Some(self.head.event()),
            target_state: Some(request.target_state),
            reason: Some(&request.reason),
            now: self.now,
        }
    }
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

/// The answer to the first request with this key.
async fn first_answer<L: WorkflowLog>(
    log: &L,
    loaded: Loaded,
    version: Version,
) -> Result<Accepted, RequestStateTransitionError> {
    let Loaded { key, head, .. } = loaded;
    if head.event().version == version {
        return Ok(Accepted { event: head.stored.event, repeated: true });
    }
    let page = match readable(log, &key, version, 1).await? {
        Page::Versions(page) => page,
        Page::Broken(broken) => return Err(Quarantined(broken).into()),
    };
    match page.into_iter().find(|stored| stored.event.version == version) {
        Some(stored) => Ok(Accepted { event: stored.event, repeated: true }),
        // The version that this key made is missing from the log.
        None => Err(Quarantined(Break { at: version, fault: BreakKind::Missing }).into()),
    }
}
