//! A workflow and a transition from files, in the API's formats, to be explained.

use alims_domain::call::Principal;
use alims_domain::event::{Failure, Workflow, WorkflowEvent};
use alims_domain::identifiers::{PrincipalId, Reason, TenantId, Version, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::invalid::InvalidValue;
use alims_domain::json::{JsonRefused, Metadata, ValidationContext};
use alims_domain::lifecycle::State;
use alims_domain::member_names::ObjectAsWritten;
use alims_domain::ruling::{RulesQuestion, Transition};
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A transition of a workflow by a caller at an instant.
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
        let workflow = match serde_json::from_str::<WorkflowEvent>(workflow) {
            Ok(event) => Workflow::from(&event),
            Err(_another_form) => read::<StateDocument>("workflow", workflow)?.try_into()?,
        };
        let request: MoveDocument = read("move", request)?;
        let (from, to) = (workflow.current_state, request.target_state);
        if !from.may_become(to) {
            return Err(CaseInvalid::NoSuchMove { from, to });
        }
        let metadata = match &request.metadata {
            Some(ObjectAsWritten(patch)) => workflow.data.metadata.patched(patch)?,
            None => workflow.data.metadata.clone(),
        };
        let transition = Transition {
            from: Some(from),
            to,
            reason: request.reason,
            data: WorkflowData { metadata, ..workflow.data.clone() },
            failure: request.failure,
        };
        let context =
            request.validation_context.map(|ObjectAsWritten(given)| ValidationContext::new(given)).transpose()?;
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
        let metadata = Metadata::new(request.metadata.0)?;
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
            data: metadata.clone().into(),
            replaces: None,
        };
        let transition =
            Transition { from: None, to: State::Created, reason: None, data: metadata.into(), failure: None };
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
            data: Metadata::new(state.metadata.0)?.into(),
            replaces: None,
        })
    }
}

fn principal(asker: &Asker, tenant_id: &TenantId) -> Result<Principal, CaseInvalid> {
    let id = asker.id.parse().map_err(|cause| CaseInvalid::Name { what: "actor's id", cause })?;
    Ok(Principal { id, tenant_id: tenant_id.clone(), roles: asker.roles.iter().cloned().collect() })
}

fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, CaseInvalid> {
    serde_json::from_str(text).map_err(|error| CaseInvalid::Document { what, cause: error.to_string() })
}
