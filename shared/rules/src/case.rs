//! A workflow and a transition or an amendment from files, in the API's formats, to be explained.

use alims_domain::call::Principal;
use alims_domain::event::{Failure, Workflow, WorkflowEvent};
use alims_domain::identifiers::{
    LabelName, LabelValue, PrincipalId, Reason, TenantId, Version, WorkflowId, WorkflowKey, WorkflowType,
};
use alims_domain::invalid::InvalidValue;
use alims_domain::json::{JsonRefused, Metadata, ValidationContext};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::member_names::ObjectAsWritten;
use alims_domain::ruling::{RulesQuestion, Transition};
use alims_domain::signature::Signatures;
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A transition or an amendment of a workflow by a caller at an instant.
#[derive(Clone, Debug)]
pub struct Case {
    workflow: Workflow,
    transition: Transition,
    actor: Principal,
    context: Option<ValidationContext>,
    now: Timestamp,
}

/// Why there is no such case.
#[derive(Debug, thiserror::Error)]
pub enum CaseInvalid {
    /// One of the documents is invalid.
    #[error("the {what} is invalid: {cause}")]
    Document {
        /// Which.
        what: &'static str,
        /// The error.
        cause: String,
    },
    /// A name is none.
    #[error("the {what} {cause}")]
    Name {
        /// The value.
        what: &'static str,
        /// The rule for the value.
        cause: InvalidValue,
    },
    /// Metadata or context are too large or too deep, or have a reserved name.
    #[error(transparent)]
    Json(#[from] JsonRefused),
    /// No rule is ever evaluated for such a transition.
    #[error("the lifecycle has no transition from {from} to {to}, so no rule applies")]
    NoSuchMove {
        /// Where it would begin.
        from: State,
        /// Where it would lead.
        to: State,
    },
    /// No rule is ever evaluated for such an amendment.
    #[error("a {0} workflow keeps its data, so no rule applies: only a remark is possible")]
    Closed(State),
    /// The labels after it are too many.
    #[error("the labels are invalid: {0}")]
    Labels(InvalidValue),
}

/// A workflow in the format of `GET /workflows/{workflow_id}`. Fields that it lacks may be added.
#[derive(Debug, Deserialize)]
struct StateDocument {
    workflow_id: WorkflowId,
    workflow_type: WorkflowType,
    current_state: State,
    previous_state: Option<State>,
    version: Version,
    created_at: Timestamp,
    updated_at: Timestamp,
    created_by: PrincipalId,
    #[serde(default)]
    metadata: ObjectAsWritten,
    #[serde(default)]
    labels: Labels,
    due_at: Option<Timestamp>,
    assignee: Option<PrincipalId>,
    replaces: Option<WorkflowId>,
    #[serde(default)]
    signatures: Signatures,
    tenant_id: Option<TenantId>,
    updated_by: Option<PrincipalId>,
}

/// A creation in the format of `POST /workflows`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreationDocument {
    workflow_type: WorkflowType,
    workflow_id: Option<WorkflowId>,
    #[serde(default)]
    metadata: ObjectAsWritten,
    #[serde(default)]
    labels: Labels,
    due_at: Option<Timestamp>,
    assignee: Option<PrincipalId>,
    replaces: Option<WorkflowId>,
}

/// A transition in the format of `POST /workflows/{workflow_id}/transitions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveDocument {
    target_state: State,
    reason: Option<Reason>,
    metadata: Option<ObjectAsWritten>,
    validation_context: Option<ObjectAsWritten>,
    failure: Option<Failure>,
    #[serde(rename = "expected_version")]
    _expected_version: Option<Value>,
}

/// An amendment in the format of `PATCH /workflows/{workflow_id}`. A member that is null removes what it names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AmendmentDocument {
    reason: Reason,
    metadata: Option<ObjectAsWritten>,
    #[serde(default)]
    labels: BTreeMap<LabelName, Option<LabelValue>>,
    #[serde(default, deserialize_with = "present")]
    due_at: Option<Option<Timestamp>>,
    #[serde(default, deserialize_with = "present")]
    assignee: Option<Option<PrincipalId>>,
    validation_context: Option<ObjectAsWritten>,
    #[serde(rename = "expected_version")]
    _expected_version: Option<Value>,
}

/// A member that is there: null is a value of its own.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The caller and the instant.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The principal's id.
    pub id: String,
    /// The principal's roles.
    pub roles: Vec<String>,
    /// The instant of the decision.
    pub now: Timestamp,
}

impl Case {
    /// Reads a transition of a workflow: a state as the API shows it, or an item of a history, and the body of the
    /// request.
    ///
    /// A state contains neither the tenant nor the author of its version: `tenant_id` and `updated_by` may be added.
    /// Their defaults are `default` and the creator.
    ///
    /// # Errors
    /// When a text is invalid, or the lifecycle has no such transition.
    pub fn of_move(workflow: &str, request: &str, asker: &Asker) -> Result<Self, CaseInvalid> {
        let workflow = workflow_of(workflow)?;
        let request: MoveDocument = read("move", request)?;
        let (from, to) = (workflow.current_state, request.target_state);
        if !from.may_become(to) {
            return Err(CaseInvalid::NoSuchMove { from, to });
        }
        let data = WorkflowData { metadata: patched(&workflow, request.metadata.as_ref())?, ..workflow.data.clone() };
        let signatures = workflow.signatures.over(&workflow.data, &data);
        let transition = Transition {
            from: Some(from),
            to,
            reason: request.reason,
            data,
            failure: request.failure,
            signature: None,
            signatures,
        };
        Self::of(workflow, transition, request.validation_context, asker)
    }

    /// Reads an amendment of a workflow, as [`Case::of_move`] reads a transition.
    ///
    /// # Errors
    /// When a text is invalid, or the workflow is in a terminal state and its data would change.
    pub fn of_amendment(workflow: &str, request: &str, asker: &Asker) -> Result<Self, CaseInvalid> {
        let workflow = workflow_of(workflow)?;
        let request: AmendmentDocument = read("amendment", request)?;
        let data = WorkflowData {
            metadata: patched(&workflow, request.metadata.as_ref())?,
            labels: workflow.data.labels.patched(&request.labels).map_err(CaseInvalid::Labels)?,
            due_at: request.due_at.unwrap_or(workflow.data.due_at),
            assignee: request.assignee.unwrap_or_else(|| workflow.data.assignee.clone()),
        };
        let state = workflow.current_state;
        if state.allowed_transitions().is_empty() && data != workflow.data {
            return Err(CaseInvalid::Closed(state));
        }
        let signatures = workflow.signatures.over(&workflow.data, &data);
        let reason = Some(request.reason);
        let transition =
            Transition { from: Some(state), to: state, reason, data, failure: None, signature: None, signatures };
        Self::of(workflow, transition, request.validation_context, asker)
    }

    fn of(
        workflow: Workflow,
        transition: Transition,
        context: Option<ObjectAsWritten>,
        asker: &Asker,
    ) -> Result<Self, CaseInvalid> {
        let context = context.map(|ObjectAsWritten(given)| ValidationContext::new(given)).transpose()?;
        let actor = principal(asker, &workflow.key.tenant_id)?;
        Ok(Self { workflow, transition, actor, context, now: asker.now })
    }

    /// Reads a creation: the body of the request.
    ///
    /// # Errors
    /// When the text is invalid.
    pub fn of_creation(request: &str, asker: &Asker) -> Result<Self, CaseInvalid> {
        let request: CreationDocument = read("creation", request)?;
        let named = |cause| CaseInvalid::Name { what: "workflow's id", cause };
        let tenant_id: TenantId = "default".parse().map_err(named)?;
        let actor = principal(asker, &tenant_id)?;
        let workflow_id = request.workflow_id.map_or_else(|| "new".parse().map_err(named), Ok)?;
        let data = WorkflowData {
            metadata: Metadata::new(request.metadata.0)?,
            labels: request.labels,
            due_at: request.due_at,
            assignee: request.assignee,
        };
        let workflow = Workflow {
            key: WorkflowKey { tenant_id, workflow_id },
            workflow_type: request.workflow_type,
            current_state: State::Created,
            previous_state: None,
            version: Version::FIRST,
            created_at: asker.now,
            updated_at: asker.now,
            created_by: actor.id.clone(),
            updated_by: actor.id.clone(),
            data: data.clone(),
            replaces: request.replaces,
            signatures: Signatures::default(),
        };
        let transition = Transition {
            from: None,
            to: State::Created,
            reason: None,
            data,
            failure: None,
            signature: None,
            signatures: Signatures::default(),
        };
        Ok(Self { workflow, transition, actor, context: None, now: asker.now })
    }

    /// The question that the rules are asked.
    #[must_use]
    pub fn question(&self) -> RulesQuestion<'_> {
        RulesQuestion {
            request_id: "explain",
            workflow: &self.workflow,
            transition: &self.transition,
            actor: &self.actor,
            context: self.context.as_ref(),
            now: self.now,
        }
    }
}

impl TryFrom<StateDocument> for Workflow {
    type Error = CaseInvalid;

    fn try_from(state: StateDocument) -> Result<Self, Self::Error> {
        let named = |cause| CaseInvalid::Name { what: "tenant", cause };
        let tenant_id = state.tenant_id.map_or_else(|| "default".parse().map_err(named), Ok)?;
        Ok(Self {
            key: WorkflowKey { tenant_id, workflow_id: state.workflow_id },
            workflow_type: state.workflow_type,
            current_state: state.current_state,
            previous_state: state.previous_state,
            version: state.version,
            created_at: state.created_at,
            updated_at: state.updated_at,
            updated_by: state.updated_by.unwrap_or_else(|| state.created_by.clone()),
            created_by: state.created_by,
            data: WorkflowData {
                metadata: Metadata::new(state.metadata.0)?,
                labels: state.labels,
                due_at: state.due_at,
                assignee: state.assignee,
            },
            replaces: state.replaces,
            signatures: state.signatures,
        })
    }
}

fn workflow_of(text: &str) -> Result<Workflow, CaseInvalid> {
    match serde_json::from_str::<WorkflowEvent>(text) {
        Ok(event) => Ok(Workflow::from(&event)),
        Err(_another_form) => read::<StateDocument>("workflow", text)?.try_into(),
    }
}

/// The metadata after a patch.
fn patched(workflow: &Workflow, patch: Option<&ObjectAsWritten>) -> Result<Metadata, JsonRefused> {
    match patch {
        Some(ObjectAsWritten(patch)) => workflow.data.metadata.patched(patch),
        None => Ok(workflow.data.metadata.clone()),
    }
}

fn principal(asker: &Asker, tenant_id: &TenantId) -> Result<Principal, CaseInvalid> {
    let id = asker.id.parse().map_err(|cause| CaseInvalid::Name { what: "actor's id", cause })?;
    Ok(Principal { id, tenant_id: tenant_id.clone(), roles: asker.roles.iter().cloned().collect() })
}

fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, CaseInvalid> {
    serde_json::from_str(text).map_err(|error| CaseInvalid::Document { what, cause: error.to_string() })
}
