//! A move of a workflow: decided as step 3 of "One request" in ARCHITECTURE.md tells it, committed by one append.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::chain_walk::readable;
use crate::decision::{Appended, Attempt, Refuser, append, applied_or_violation, now};
use crate::head::{Head, authorise, free_head};
use crate::ports::{LogError, QuarantineLog, RulesUnavailable, StoreError, TransitionRules, WorkflowLog};
use crate::{
    Accepted, Bug, Deciding, Forbidden, InvalidTransition, NotKept, Quarantined, ReadWorkflowError, RuleViolation,
    TooManyRefusals, VersionConflict,
};
use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::event::{AppliedRules, EventType, Failure, Workflow};
use alims_domain::hash_chain::{Break, Fault};
use alims_domain::idempotency::{Known, RepeatableRequest};
use alims_domain::identifiers::{Reason, Version, WorkflowId, WorkflowKey};
use alims_domain::json::{JsonRefused, ValidationContext};
use alims_domain::lifecycle::State;
use alims_domain::ruling::Move;

/// The move that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransitionRequest {
    /// Where the workflow is to go.
    pub target_state: State,
    /// Why.
    pub reason: Reason,
    /// The version the caller decided on; none takes the workflow as it is.
    pub expected_version: Option<Version>,
    /// The caller's input for the rules.
    pub validation_context: Option<ValidationContext>,
    /// A merge patch (RFC 7396) of the metadata.
    pub metadata: Option<Map<String, Value>>,
    /// What broke; for FAILED, and only then. The edge sees to it.
    pub failure: Option<Failure>,
}

/// Why a workflow was not moved. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RequestStateTransitionError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The workflow is not at the version the caller decided on, or somebody else was quicker.
    #[error(transparent)]
    VersionConflict(#[from] VersionConflict),
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The lifecycle has no such move.
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
    /// So much was refused lately that this is not kept any more.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The stored history is broken.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The store beneath; a write may or may not have happened.
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

/// The operation's name, everywhere.
const OPERATION: &str = "request-state-transition";

/// Moves a workflow of the caller's tenant.
///
/// # Errors
/// When the move is refused, the workflow is not what the caller thinks, or one of the ports fails.
pub async fn request_state_transition<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Deciding<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
) -> Result<Accepted, RequestStateTransitionError> {
    let key = call.key(workflow_id);
    let head = match permitted_head(ports, call, &key, request).await? {
        Ok(head) => head,
        Err((head, forbidden)) => {
            // Whoever may not do it is told no more than that, so this comes before all else.
            let transition = unpatched(&head, request);
            let attempt = attempt(ports, call, &key, &head, &transition, request);
            attempt.record(ports, Refuser::Policy(&forbidden)).await?;
            return Err(forbidden.into());
        }
    };
    let repeatable = repeatable(call, workflow_id, request)?;
    match repeatable.as_ref().map_or(Known::No, |repeatable| repeatable.known_in(&head.stored.accepted)) {
        Known::Accepted(version) => return first_answer(&ports.log, &key, head, version).await,
        Known::KeyReused => return Err(RequestStateTransitionError::KeyReused),
        Known::No => {}
    }
    check_version(&head, request)?;
    let transition = move_of(&head, request)?;
    let attempt = attempt(ports, call, &key, &head, &transition, request);
    let rules = match decide(ports, &attempt, &head).await? {
        Ok(rules) => rules,
        Err(no) => {
            attempt.record(ports, no.refuser()).await?;
            return Err(no.into());
        }
    };
    let workflow = Workflow::from(head.event());
    let version =
        attempt.next_version(ports, &workflow, EventType::WorkflowStateChanged, rules, repeatable.as_ref())?;
    match append(&ports.log, version, repeatable.as_ref()).await? {
        Appended::Yes(accepted) => Ok(*accepted),
        Appended::KeyReused => Err(RequestStateTransitionError::KeyReused),
        Appended::Lost(winner) => {
            Err(VersionConflict { current_state: winner.event.to_state, version: winner.event.version }.into())
        }
    }
}

/// What a dry run tells: the move would be accepted now.
#[derive(Clone, Debug, PartialEq)]
pub struct WouldBeAccepted {
    /// The workflow as it stands, unmoved.
    pub workflow: Workflow,
    /// Which rules would allow it.
    pub rules: AppliedRules,
}

/// Decides a move and writes nothing, not even the record of a refusal. Idempotency keys mean nothing to it.
///
/// # Errors
/// As [`request_state_transition`], but for what only a write can meet.
pub async fn try_state_transition<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Deciding<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
) -> Result<WouldBeAccepted, RequestStateTransitionError> {
    let key = call.key(workflow_id);
    let head = permitted_head(ports, call, &key, request).await?.map_err(|(_, forbidden)| forbidden)?;
    check_version(&head, request)?;
    let transition = move_of(&head, request)?;
    let attempt = attempt(ports, call, &key, &head, &transition, request);
    let rules = decide(ports, &attempt, &head).await??;
    Ok(WouldBeAccepted { workflow: Workflow::from(head.event()), rules })
}

/// The newest version, when the caller may move it and it is sound and free; else what the refusal is about.
async fn permitted_head<L: WorkflowLog + QuarantineLog, R>(
    ports: &Deciding<L, R>,
    call: &Call,
    key: &WorkflowKey,
    request: &TransitionRequest,
) -> Result<Result<Head, (Head, Forbidden)>, ReadWorkflowError> {
    let (head, free) = free_head(&ports.log, key).await?;
    let action = Action::moving_to(request.target_state);
    if let Err(forbidden) = authorise(ports.policy.as_ref(), call, action, head.event()) {
        return Ok(Err((head, forbidden)));
    }
    free?;
    Ok(Ok(head))
}

/// The two who can say no to those who may ask, in the order they are asked.
enum No {
    Lifecycle(InvalidTransition),
    Rules(RuleViolation),
}

impl No {
    fn refuser(&self) -> Refuser<'_> {
        match self {
            Self::Lifecycle(_) => Refuser::Lifecycle,
            Self::Rules(violation) => Refuser::Rules(violation),
        }
    }
}

impl From<No> for RequestStateTransitionError {
    fn from(no: No) -> Self {
        match no {
            No::Lifecycle(invalid) => Self::InvalidTransition(invalid),
            No::Rules(violation) => Self::RuleViolation(violation),
        }
    }
}

async fn decide<L: WorkflowLog, R: TransitionRules>(
    ports: &Deciding<L, R>,
    attempt: &Attempt<'_>,
    head: &Head,
) -> Result<Result<AppliedRules, No>, RulesUnavailable> {
    let (current_state, target_state) = (head.event().to_state, attempt.transition.to);
    if !current_state.may_become(target_state) {
        let version = head.event().version;
        return Ok(Err(No::Lifecycle(InvalidTransition { current_state, target_state, version })));
    }
    let verdict = attempt.judge(&ports.rules, &Workflow::from(head.event())).await?;
    Ok(applied_or_violation(verdict).map_err(No::Rules))
}

fn attempt<'a, L, R>(
    ports: &Deciding<L, R>,
    call: &'a Call,
    key: &'a WorkflowKey,
    head: &'a Head,
    transition: &'a Move,
    request: &'a TransitionRequest,
) -> Attempt<'a> {
    let context = request.validation_context.as_ref();
    let now = now(ports.clock.as_ref(), Some(head));
    Attempt { operation: OPERATION, call, key, head: Some(head), transition, context, now }
}

fn move_of(head: &Head, request: &TransitionRequest) -> Result<Move, JsonRefused> {
    let unpatched = unpatched(head, request);
    Ok(match &request.metadata {
        Some(patch) => Move { metadata: head.event().metadata.patched(patch)?, ..unpatched },
        None => unpatched,
    })
}

/// The move with the metadata as it is.
fn unpatched(head: &Head, request: &TransitionRequest) -> Move {
    Move {
        from: Some(head.event().to_state),
        to: request.target_state,
        reason: Some(request.reason.clone()),
        metadata: head.event().metadata.clone(),
        failure: request.failure.clone(),
    }
}

fn check_version(head: &Head, request: &TransitionRequest) -> Result<(), VersionConflict> {
    let (current_state, version) = (head.event().to_state, head.event().version);
    match request.expected_version {
        Some(expected) if expected != version => Err(VersionConflict { current_state, version }),
        Some(_) | None => Ok(()),
    }
}

fn repeatable(
    call: &Call,
    workflow_id: &WorkflowId,
    request: &TransitionRequest,
) -> Result<Option<RepeatableRequest>, Bug> {
    let named = call.idempotency_key.as_ref();
    let what = (OPERATION, workflow_id, request);
    Ok(named.map(|key| RepeatableRequest::new(&call.principal.id, key, &what)).transpose()?)
}

/// What the first request with this key was answered.
async fn first_answer<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    head: Head,
    version: Version,
) -> Result<Accepted, RequestStateTransitionError> {
    if head.event().version == version {
        return Ok(Accepted { event: head.stored.event, repeated: true });
    }
    let page = readable(log, key, version, 1).await?.map_err(Quarantined)?;
    match page.into_iter().find(|stored| stored.event.version == version) {
        Some(stored) => Ok(Accepted { event: stored.event, repeated: true }),
        // The version that this key made is gone from the log.
        None => Err(Quarantined(Break { at: version, fault: Fault::Missing }).into()),
    }
}
