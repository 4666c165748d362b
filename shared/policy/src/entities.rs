//! An access question in Cedar's terms: a user with roles, an action, a workflow.

use alims_domain::access::{AccessQuestion, Action};
use alims_domain::identifiers::WorkflowId;
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, ParseErrors, Request, RestrictedExpression, Schema,
};
use std::collections::{HashMap, HashSet};

/// The names of the schema, parsed once.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    user: EntityTypeName,
    role: EntityTypeName,
    workflow: EntityTypeName,
    workflow_type: EntityTypeName,
    state: EntityTypeName,
    meaning: EntityTypeName,
    action: EntityTypeName,
}

impl Vocabulary {
    /// Parses the names, which are constants of this function.
    pub(crate) fn new() -> Result<Self, Box<ParseErrors>> {
        Ok(Self {
            user: "ALIMS::User".parse()?,
            role: "ALIMS::Role".parse()?,
            workflow: "ALIMS::Workflow".parse()?,
            workflow_type: "ALIMS::WorkflowType".parse()?,
            state: "ALIMS::State".parse()?,
            meaning: "ALIMS::Meaning".parse()?,
            action: "ALIMS::Action".parse()?,
        })
    }

    /// The name of an action in policies.
    pub(crate) fn action_uid(&self, action: Action) -> EntityUid {
        uid(&self.action, action.as_str())
    }

    /// What Cedar is asked. `actions` are those of the schema, each with its groups. With a schema, what does not fit it
    /// is an error; without, nothing is checked and it is cheaper, which is right for a schema that was checked at load.
    pub(crate) fn render(
        &self,
        question: &AccessQuestion<'_>,
        actions: &Entities,
        schema: Option<&Schema>,
    ) -> Result<(Request, Entities), Box<dyn std::error::Error + Send + Sync>> {
        let principal = question.principal;
        let user = uid(&self.user, principal.id.as_str());
        let roles: HashSet<EntityUid> = principal.roles.iter().map(|role| uid(&self.role, role)).collect();
        let user_attributes = HashMap::from([
            ("id".to_owned(), text(principal.id.as_str())),
            ("tenant_id".to_owned(), text(principal.tenant_id.as_str())),
            ("roles".to_owned(), RestrictedExpression::new_set(roles.iter().cloned().map(entity))),
        ]);

        let resource = question.resource;
        // No workflow id is empty, so this one names no workflow.
        let workflow = uid(&self.workflow, resource.workflow_id.map_or("", WorkflowId::as_str));
        let known = [
            ("tenant_id", Some(text(resource.tenant_id.as_str()))),
            ("workflow_id", resource.workflow_id.map(|id| text(id.as_str()))),
            ("workflow_type", resource.workflow_type.map(|kind| entity(uid(&self.workflow_type, kind.as_str())))),
            ("current_state", resource.current_state.map(|state| entity(uid(&self.state, state.as_str())))),
            ("created_by", resource.created_by.map(|creator| text(creator.as_str()))),
        ];
        let workflow_attributes =
            known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();

        let action = self.action_uid(question.action);
        let known = [
            Entity::new(user.clone(), user_attributes, roles)?,
            Entity::new(workflow.clone(), workflow_attributes, HashSet::new())?,
        ];
        let entities = Entities::from_entities(known.into_iter().chain(actions.get(&action).cloned()), schema)?;
        let meaning = question.action.meaning().map(|meaning| uid(&self.meaning, meaning.as_str()));
        let context = Context::from_pairs(meaning.map(|meaning| ("meaning".to_owned(), entity(meaning))))?;
        Ok((Request::new(user, action, workflow, context, schema)?, entities))
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn entity(uid: EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid)
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}
