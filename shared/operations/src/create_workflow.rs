//! Creates a workflow: version 1, decided by policies and rules like every other version.

use alims_domain::access::{Action, Resource};
use alims_domain::attempt::Attempt;
use alims_domain::call::Call;
use alims_domain::decide::{CreationRejected, Decision, decide_creation, may_be_replaced};
use alims_domain::event::{EventType, Workflow};
use alims_domain::idempotency::{RepeatableRequest, derived_workflow_id};
use alims_domain::identifiers::{EventId, Version, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::lifecycle::State;
use alims_domain::proposal::Proposal;
use alims_domain::signature::Signatures;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use serde::Serialize;

use crate::append::{Accepted, Appended, append};
use crate::errors::{Bug, Forbidden, NotReplaceable, Quarantined, RuleViolation, WhyNotReplaceable};
use crate::head::{ReadWorkflowError, head};
use crate::permission::{authorise, permitted, unless_forbidden};
use crate::ports::{LogError, QuarantineLog, RulesUnavailable, StoreError, TransitionRules, WorkflowLog};
use crate::refusals::{NotKept, TooManyRefusals, keep};

pub use crate::ports::DecisionPorts as Ports;

/// The workflow to create.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewWorkflow {
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// Its id. If none, the service derives one from the idempotency key or makes a fresh one.
    pub workflow_id: Option<WorkflowId>,
    /// What people keep on it.
    #[serde(flatten)]
    pub data: WorkflowData,
    /// The finished or cancelled workflow whose work this one does again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<WorkflowId>,
}

/// Why a workflow was not created. Nothing was written except the record of a refusal.
#[derive(Debug, thiserror::Error)]
pub enum CreateWorkflowError {
    /// The policies do not allow the caller to do this.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A workflow with this id exists.
    #[error("the workflow {0} exists already")]
    AlreadyExists(WorkflowId),
    /// The workflow that it names as replaced cannot be replaced.
    #[error(transparent)]
    NotReplaceable(#[from] NotReplaceable),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The rules refused.
    #[error(transparent)]
    RuleViolation(#[from] RuleViolation),
    /// The rules gave no verdict.
    #[error(transparent)]
    RulesUnavailable(#[from] RulesUnavailable),
    /// Too many attempts were refused lately, so this refusal was not kept.
    #[error(transparent)]
    TooManyRefusals(#[from] TooManyRefusals),
    /// The version that this request made before is missing.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The log failed.
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

/// The operation's name in logs, policies and records.
const OPERATION: &str = "create-workflow";

/// Creates a workflow of the caller's tenant.
///
/// # Errors
/// When the request is rejected, the workflow exists, or a port fails.
pub async fn create_workflow<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    new: &NewWorkflow,
) -> Result<Accepted, CreateWorkflowError> {
    let workflow = workflow_to_create(call, new, call.key(&id_of(ports, call, new)), ports.clock.now());
    let (key, now) = (&workflow.key, workflow.created_at);
    let permission = may_create(ports, call, new, key);
    let repeatable = repeatable(call, new)?;
    // A fresh id is never in use. Any other may be: the condition of the append sees version 1 only, and version 1 may
    // be missing from a history that continues without it. Only a caller who may create a workflow triggers this
    // lookup.
    let first = if permission.is_ok() && (new.workflow_id.is_some() || repeatable.is_some()) {
        ports.log.versions(key, Version::FIRST, 1).await?.into_iter().next()
    } else {
        None
    };
    let replaced = match &new.replaces {
        Some(replaced) if permission.is_ok() && first.is_none() => may_replace(ports, call, replaced).await?,
        Some(_) | None => Ok(()),
    };
    let rejected = match decide_creation(first.as_ref(), permission, replaced, &new.data, repeatable.as_ref()) {
        Decision::Repeated(_) => return first_answer(first),
        Decision::Rejected(rejected) => rejected,
        Decision::AskRules(transition) => {
            let proposal =
                Proposal { call, head: None, workflow: &workflow, transition: &transition, context: None, now };
            match ports.rules.judge(&proposal.question()).await?.applied() {
                Ok(rules) => {
                    let (id, event_type) = (EventId(ports.ids.fresh()), EventType::WorkflowCreated);
                    let version = proposal.commit(id, event_type, rules, repeatable.as_ref()).map_err(Bug::from)?;
                    return appended(append(&ports.log, version, repeatable.as_ref()).await?, workflow.key);
                }
                Err(violation) => CreationRejected::RuleViolation(violation),
            }
        }
    };
    if let Some(by) = rejected.refused_by() {
        let target_state = Some(State::Created);
        let attempt =
            Attempt { operation: OPERATION, call, key, head: None, target_state, reason: None, meaning: None, now };
        keep(&ports.log, attempt.refused(EventId(ports.ids.fresh()), by)).await?;
    }
    Err(match rejected {
        CreationRejected::Forbidden(forbidden) => forbidden.into(),
        CreationRejected::Quarantined(quarantined) => quarantined.into(),
        CreationRejected::KeyReused => CreateWorkflowError::KeyReused,
        CreationRejected::AlreadyExists => CreateWorkflowError::AlreadyExists(workflow.key.workflow_id),
        CreationRejected::NotReplaceable(not) => not.into(),
        CreationRejected::RuleViolation(violation) => violation.into(),
    })
}

/// Whether the new workflow may replace this one. One that the caller may not read is as one that does not exist.
async fn may_replace<L: WorkflowLog + QuarantineLog, R>(
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<Result<(), NotReplaceable>, StoreError> {
    let (key, policy, action) = (call.key(workflow_id), ports.policy.as_ref(), Action::GetWorkflowState);
    let read = head(&ports.log, &key).await.map_err(|error| unless_forbidden(policy, call, action, &key, error));
    let may = match read {
        Ok((head, quarantine)) => authorise(policy, call, action, &key, Some(head.event()))
            .map_err(|_forbidden| WhyNotReplaceable::NotFound)
            .and_then(|()| may_be_replaced(&head, &quarantine)),
        Err(ReadWorkflowError::NotFound | ReadWorkflowError::Forbidden(_)) => Err(WhyNotReplaceable::NotFound),
        Err(ReadWorkflowError::Quarantined(quarantined)) => Err(quarantined.into()),
        Err(ReadWorkflowError::Store(error)) => return Err(error),
    };
    Ok(may.map_err(|why| NotReplaceable { workflow_id: workflow_id.clone(), why }))
}

fn appended(appended: Appended, key: WorkflowKey) -> Result<Accepted, CreateWorkflowError> {
    match appended {
        Appended::Yes(accepted) => Ok(*accepted),
        Appended::Lost(_) => Err(CreateWorkflowError::AlreadyExists(key.workflow_id)),
        Appended::KeyReused => Err(CreateWorkflowError::KeyReused),
    }
}

/// The answer to the first request with this key.
fn first_answer(first: Option<StoredVersion>) -> Result<Accepted, CreateWorkflowError> {
    let first = first.ok_or(Bug::Decision("a creation is a repetition, and there is no version 1"))?;
    Ok(Accepted { event: first.event, repeated: true })
}

fn id_of<L, R>(ports: &Ports<L, R>, call: &Call, new: &NewWorkflow) -> WorkflowId {
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

fn may_create<L, R>(ports: &Ports<L, R>, call: &Call, new: &NewWorkflow, key: &WorkflowKey) -> Result<(), Forbidden> {
    let resource = Resource {
        tenant_id: &key.tenant_id,
        workflow_id: Some(&key.workflow_id),
        workflow_type: Some(&new.workflow_type),
        current_state: None,
        created_by: Some(&call.principal.id),
    };
    permitted(ports.policy.as_ref(), call, Action::CreateWorkflow, resource)
}

fn workflow_to_create(call: &Call, new: &NewWorkflow, key: WorkflowKey, now: Timestamp) -> Workflow {
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
        data: new.data.clone(),
        replaces: new.replaces.clone(),
        signatures: Signatures::default(),
    }
}
