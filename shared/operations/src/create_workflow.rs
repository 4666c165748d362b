//! A new workflow: version 1, judged by policies and rules like every other.

use serde::Serialize;

use crate::decision::{Appended, Attempt, Refuser, append, applied_or_violation};
use crate::head::decide;
use crate::ports::{LogError, RulesUnavailable, StoreError, TransitionRules, WorkflowLog};
use crate::{Accepted, Bug, Deciding, Forbidden, NotKept, Quarantined, RuleViolation, TooManyRefusals};
use alims_domain::access::{AccessQuestion, Action, Resource};
use alims_domain::call::Call;
use alims_domain::event::{EventType, Workflow};
use alims_domain::hash_chain::{Break, Fault};
use alims_domain::idempotency::{Known, RepeatableRequest, derived_workflow_id};
use alims_domain::identifiers::{Version, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::json::Metadata;
use alims_domain::lifecycle::State;
use alims_domain::ruling::Move;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;

/// What to create.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewWorkflow {
    /// What kind of work it is.
    pub workflow_type: WorkflowType,
    /// Its id. When none: derived from the idempotency key, or fresh.
    pub workflow_id: Option<WorkflowId>,
    /// The laboratory's own data.
    pub metadata: Metadata,
}

/// Why a workflow was not created. Nothing was written, but for the record of a refusal.
#[derive(Debug, thiserror::Error)]
pub enum CreateWorkflowError {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// There is a workflow of this id.
    #[error("the workflow {0} exists already")]
    AlreadyExists(WorkflowId),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The rules refused.
    #[error(transparent)]
    RuleViolation(#[from] RuleViolation),
    /// The rules gave no verdict.
    #[error(transparent)]
    RulesUnavailable(#[from] RulesUnavailable),
    /// So much was refused lately that this is not kept any more.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The version that this request made before is gone.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The log beneath.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A bug.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl From<StoreError> for CreateWorkflowError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

impl From<NotKept> for CreateWorkflowError {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::TooMany(too_many) => Self::TooManyRefusals(too_many),
            NotKept::Store(error) => Self::Log(error.into()),
        }
    }
}

/// The operation's name, everywhere.
const OPERATION: &str = "create-workflow";

/// Creates a workflow of the caller's tenant.
///
/// # Errors
/// When it is refused, exists already, or one of the ports fails.
pub async fn create_workflow<L: WorkflowLog, R: TransitionRules>(
    ports: &Deciding<L, R>,
    call: &Call,
    new: &NewWorkflow,
) -> Result<Accepted, CreateWorkflowError> {
    let key = call.key(&id_of(ports, call, new));
    let now = ports.clock.now();
    let transition =
        Move { from: None, to: State::Created, reason: None, metadata: new.metadata.clone(), failure: None };
    let attempt =
        Attempt { operation: OPERATION, call, key: &key, head: None, transition: &transition, context: None, now };
    // Whoever may not do it is told no more than that, so this comes before all else.
    if let Err(forbidden) = permitted(ports, call, new, &key) {
        attempt.record(ports, Refuser::Policy(&forbidden)).await?;
        return Err(forbidden.into());
    }
    let repeatable = repeatable(call, new)?;
    // An id that was just made up is nobody's. Any other may be: the condition of the append sees version 1 only, and
    // that may be gone from a history that goes on without it.
    if new.workflow_id.is_some() || repeatable.is_some() {
        let first = ports.log.versions(&key, Version::FIRST, 1).await?.into_iter().next();
        if let Some(first) = first {
            return already_there(first, repeatable.as_ref(), key.workflow_id);
        }
    }
    let workflow = as_it_would_be(call, new, key.clone(), now);
    let verdict = attempt.judge(&ports.rules, &workflow).await?;
    let rules = match applied_or_violation(verdict) {
        Ok(rules) => rules,
        Err(violation) => {
            attempt.record(ports, Refuser::Rules(&violation)).await?;
            return Err(violation.into());
        }
    };
    let version = attempt.next_version(ports, &workflow, EventType::WorkflowCreated, rules, repeatable.as_ref())?;
    match append(&ports.log, version, repeatable.as_ref()).await? {
        Appended::Yes(accepted) => Ok(*accepted),
        Appended::Lost(_) => Err(CreateWorkflowError::AlreadyExists(key.workflow_id)),
        Appended::KeyReused => Err(CreateWorkflowError::KeyReused),
    }
}

/// What is told of a creation whose id is taken: the first answer again, if it is the same request.
fn already_there(
    first: StoredVersion,
    repeatable: Option<&RepeatableRequest>,
    id: WorkflowId,
) -> Result<Accepted, CreateWorkflowError> {
    match repeatable.map_or(Known::No, |repeatable| repeatable.known_in(&first.accepted)) {
        Known::Accepted(version) if version == first.event.version => {
            Ok(Accepted { event: first.event, repeated: true })
        }
        // The version that this key made is gone from the log.
        Known::Accepted(at) => Err(Quarantined(Break { at, fault: Fault::Missing }).into()),
        Known::KeyReused => Err(CreateWorkflowError::KeyReused),
        Known::No => Err(CreateWorkflowError::AlreadyExists(id)),
    }
}

fn id_of<L, R>(ports: &Deciding<L, R>, call: &Call, new: &NewWorkflow) -> WorkflowId {
    match (&new.workflow_id, &call.idempotency_key) {
        (Some(id), _) => id.clone(),
        (None, Some(key)) => derived_workflow_id(&call.principal.tenant_id, &call.principal.id, key),
        (None, None) => WorkflowId::from(ports.ids.fresh()),
    }
}

fn repeatable(call: &Call, new: &NewWorkflow) -> Result<Option<RepeatableRequest>, Bug> {
    let named = call.idempotency_key.as_ref();
    Ok(named.map(|key| RepeatableRequest::new(&call.principal.id, key, &(OPERATION, new))).transpose()?)
}

fn permitted<L, R>(ports: &Deciding<L, R>, call: &Call, new: &NewWorkflow, key: &WorkflowKey) -> Result<(), Forbidden> {
    let resource = Resource {
        tenant_id: &key.tenant_id,
        workflow_id: Some(&key.workflow_id),
        workflow_type: Some(&new.workflow_type),
        current_state: None,
        created_by: Some(&call.principal.id),
    };
    let question = AccessQuestion {
        request_id: &call.request_id,
        principal: &call.principal,
        action: Action::CreateWorkflow,
        resource,
    };
    decide(ports.policy.as_ref(), &question)
}

fn as_it_would_be(call: &Call, new: &NewWorkflow, key: WorkflowKey, now: Timestamp) -> Workflow {
    Workflow {
        key,
        workflow_type: new.workflow_type.clone(),
        current_state: State::Created,
        previous_state: None,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        created_by: call.principal.id.clone(),
        updated_by: call.principal.id.clone(),
        metadata: new.metadata.clone(),
    }
}
