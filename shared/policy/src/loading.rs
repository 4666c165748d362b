//! Reads policies and finds every error in them before the first question.

use alims_domain::access::{AccessQuestion, Action, Resource};
use alims_domain::call::Principal;
use alims_domain::lifecycle::State;
use alims_domain::signature::Meaning;
use alims_operations::errors::with_causes;
use cedar_policy::{
    Authorizer, Entities, EntityUid, Policy, PolicyId, PolicySet, Schema, SchemaFragment, ValidationMode, Validator,
};
use miette::Diagnostic;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use crate::entities::Vocabulary;
use crate::{CedarPolicy, PolicyInvalid};

/// The schema's file in the folder of policies.
const SCHEMA_FILE: &str = "schema.cedarschema";
/// The extension of a policy file.
const POLICY_EXTENSION: &str = "cedar";

impl CedarPolicy {
    /// Loads `schema.cedarschema` and every `*.cedar` of a folder, in the order of their names.
    ///
    /// # Errors
    /// When a file cannot be read, when there is no policy, and as [`CedarPolicy::from_text`] says.
    pub fn load(dir: &Path) -> Result<Self, PolicyInvalid> {
        let read = |path: &Path| {
            fs::read_to_string(path).map_err(|source| PolicyInvalid::Unreadable { path: path.to_owned(), source })
        };
        let unreadable = |source| PolicyInvalid::Unreadable { path: dir.to_owned(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(dir).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == POLICY_EXTENSION) {
                paths.push(path);
            }
        }
        paths.sort();
        let schema = read(&dir.join(SCHEMA_FILE))?;
        let files = paths
            .iter()
            .map(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                read(path).map(|text| (name, text))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Self::from_text(&schema, files)
    }

    /// Reads a schema and policy files, each a name and its text.
    ///
    /// # Errors
    /// When the schema is invalid or does not fit this service's questions; when a file is not Cedar; when a policy has
    /// no `@id` or another's, is a template, or does not pass strict validation, warnings included, because they point
    /// to a policy that can never apply or a misleading name, or names a state, role or workflow type that the schema does
    /// not list; when there is no policy.
    pub fn from_text(schema: &str, files: impl IntoIterator<Item = (String, String)>) -> Result<Self, PolicyInvalid> {
        let in_schema = |cause: String| PolicyInvalid::in_file(SCHEMA_FILE, cause);
        let vocabulary = Vocabulary::new().map_err(|error| in_schema(error.to_string()))?;
        let listed = Listed::of(schema).map_err(in_schema)?;
        let (schema, warnings) = Schema::from_cedarschema_str(schema).map_err(|error| in_schema(error.to_string()))?;
        for warning in warnings {
            tracing::warn!(%warning, "access schema");
        }
        let actions = schema.action_entities().map_err(|error| in_schema(error.to_string()))?;
        fits(&schema, &vocabulary, &listed, &actions)?;

        let (mut policies, mut source) = (PolicySet::new(), String::new());
        let mut file_of: BTreeMap<PolicyId, String> = BTreeMap::new();
        for (file, text) in files {
            for policy in named_policies(&file, &text)? {
                let id = policy.id().clone();
                if let Some(other) = file_of.get(&id) {
                    return Err(PolicyInvalid::in_policy(&file, id.to_string(), format!("its id is taken in {other}")));
                }
                policies
                    .add(policy)
                    .map_err(|error| PolicyInvalid::in_policy(&file, id.to_string(), error.to_string()))?;
                file_of.insert(id, file.clone());
            }
            source.push_str(&text);
        }
        if policies.is_empty() {
            return Err(PolicyInvalid::NoPolicies);
        }
        validate(schema, &policies, &file_of)?;
        Ok(Self { authorizer: Authorizer::new(), policies, source, vocabulary, actions })
    }
}

/// The policies of one file, each under the id of its annotation.
fn named_policies(file: &str, text: &str) -> Result<Vec<Policy>, PolicyInvalid> {
    let parsed: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        let at = errors.labels().and_then(|mut labels| labels.next()).map(|label| line(text, label.offset()));
        PolicyInvalid::in_file(file, format!("{}{errors}", at.map(|n| format!("line {n}: ")).unwrap_or_default()))
    })?;
    if parsed.num_of_templates() > 0 {
        return Err(PolicyInvalid::in_file(
            file,
            "a template (?principal or ?resource) is never linked and does nothing",
        ));
    }
    parsed
        .policies()
        .map(|policy| match policy.annotation("id").map(str::trim) {
            Some(id) if !id.is_empty() => Ok(policy.new_id(PolicyId::new(id))),
            Some(_) | None => {
                let first_line = policy.to_string().lines().next().unwrap_or_default().to_owned();
                Err(PolicyInvalid::in_file(file, format!("a policy has no @id(\"…\"): {first_line}")))
            }
        })
        .collect()
}

/// Which line of a text an offset in bytes is on, from 1.
fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Passes only policies with which the strict validator finds nothing wrong.
fn validate(schema: Schema, policies: &PolicySet, file_of: &BTreeMap<PolicyId, String>) -> Result<(), PolicyInvalid> {
    let result = Validator::new(schema).validate(policies, ValidationMode::Strict);
    let errors = result.validation_errors().map(|error| (error.policy_id(), error.to_string()));
    let warnings = result.validation_warnings().map(|warning| (warning.policy_id(), warning.to_string()));
    errors.chain(warnings).next().map_or(Ok(()), |(id, cause)| {
        let file = file_of.get(id).map_or("", String::as_str);
        Err(PolicyInvalid::in_policy(file, id.to_string(), cause))
    })
}

/// The names that a schema lists, so that a policy with any other is refused.
struct Listed {
    role: String,
    workflow_type: String,
}

impl Listed {
    /// Reads them. The states and the meanings of a signature must be this service's, all of them and no other.
    fn of(schema: &str) -> Result<Self, String> {
        let (fragment, _) = SchemaFragment::from_cedarschema_str(schema).map_err(|error| error.to_string())?;
        let schema = fragment.to_json_value().map_err(|error| error.to_string())?;
        let names = |entity: &str| {
            let listed = schema.pointer(&format!("/ALIMS/entityTypes/{entity}/enum")).and_then(Value::as_array);
            let listed =
                listed.ok_or_else(|| format!("entity {entity}: it must be an enum, so that names are checked"));
            listed.map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>())
        };
        let first = |entity| Ok::<_, String>(names(entity)?.into_iter().next().unwrap_or_default());
        let states: BTreeSet<String> = State::ALL.into_iter().map(|state| state.as_str().to_owned()).collect();
        if names("State")? != states {
            let states: Vec<&str> = State::ALL.into_iter().map(State::as_str).collect();
            return Err(format!("entity State: it must be an enum of {}", states.join(", ")));
        }
        let meanings: BTreeSet<String> = Meaning::ALL.into_iter().map(|meaning| meaning.as_str().to_owned()).collect();
        if names("Meaning")? != meanings {
            let meanings: Vec<&str> = Meaning::ALL.into_iter().map(Meaning::as_str).collect();
            return Err(format!("entity Meaning: it must be an enum of {}", meanings.join(", ")));
        }
        Ok(Self { role: first("Role")?, workflow_type: first("WorkflowType")? })
    }
}

/// Accepts only a schema with this service's actions, no others, and without required attributes that this service does
/// not supply.
///
/// Otherwise a policy could pass validation and fail on every question.
fn fits(schema: &Schema, vocabulary: &Vocabulary, listed: &Listed, actions: &Entities) -> Result<(), PolicyInvalid> {
    let in_schema = |cause: String| PolicyInvalid::in_file(SCHEMA_FILE, cause);
    let ours: HashSet<EntityUid> = Action::ALL.into_iter().map(|action| vocabulary.action_uid(action)).collect();
    // A group of actions is for policies only: the service never asks for one.
    let groups: HashSet<&EntityUid> = schema.action_groups().collect();
    let theirs: HashSet<EntityUid> = schema.actions().filter(|action| !groups.contains(action)).cloned().collect();
    let differing: BTreeSet<String> = ours.symmetric_difference(&theirs).map(EntityUid::to_string).collect();
    if !differing.is_empty() {
        let names: Vec<String> = differing.into_iter().collect();
        return Err(in_schema(format!("actions missing here or unknown to the service: {}", names.join(", "))));
    }

    let not_ours = |error: alims_domain::invalid::InvalidValue| in_schema(error.to_string());
    let tenant_id = "default".parse().map_err(not_ours)?;
    let id = "somebody".parse().map_err(not_ours)?;
    let workflow_id = "workflow".parse().map_err(not_ours)?;
    let workflow_type = listed.workflow_type.parse().map_err(not_ours)?;
    let barest = Resource {
        tenant_id: &tenant_id,
        workflow_id: None,
        workflow_type: None,
        current_state: None,
        created_by: None,
    };
    let fullest = Resource {
        workflow_id: Some(&workflow_id),
        workflow_type: Some(&workflow_type),
        current_state: Some(State::Active),
        created_by: Some(&id),
        ..barest
    };
    let principal =
        Principal { id: id.clone(), tenant_id: tenant_id.clone(), roles: BTreeSet::from([listed.role.clone()]) };
    for action in Action::ALL {
        for resource in [barest, fullest] {
            vocabulary
                .render(
                    &AccessQuestion { request_id: "trial", principal: &principal, action, resource },
                    actions,
                    Some(schema),
                )
                .map_err(|error| {
                    in_schema(format!("it does not fit what the service tells: {}", with_causes(error.as_ref())))
                })?;
        }
    }
    Ok(())
}
