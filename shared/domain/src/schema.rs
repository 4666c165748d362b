//! JSON Schemas (2020-12) of the events on the bus, one for each detail type, derived from the types.

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema, SchemaType, Type};

use crate::event::{EventType, WorkflowEvent};
use crate::identifiers::Version;
use crate::lifecycle::State;
use crate::overdue::{Overdue, WORKFLOW_OVERDUE};
use crate::quarantine::{Quarantine, Release, WORKFLOW_QUARANTINED, WORKFLOW_RELEASED};
use crate::refusal::{Refusal, WORKFLOW_TRANSITION_REFUSED};
use crate::sealed::Shown;

/// The reference prefix in the derived schemas, as in an OpenAPI document.
const IN_COMPONENTS: &str = "#/components/schemas/";
/// The reference prefix in a standalone schema.
const IN_DEFINITIONS: &str = "#/$defs/";

/// A standalone schema.
#[derive(Serialize)]
struct Document {
    #[serde(rename = "$schema")]
    dialect: &'static str,
    #[serde(rename = "$id")]
    id: String,
    title: &'static str,
    #[serde(flatten)]
    schema: Value,
    #[serde(rename = "$defs")]
    definitions: BTreeMap<String, Value>,
}

/// The members that a schema allows beyond those that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Any: a subscriber must accept what a later release adds.
    Allowed,
    /// None: this release publishes what it says and nothing else.
    Refused,
}

/// The schema document of each detail type. The repository keeps those that allow other members.
///
/// # Errors
/// When a document has no JSON, which is a bug.
pub fn of_details(others: Others) -> Result<BTreeMap<&'static str, String>, serde_json::Error> {
    Ok(BTreeMap::from([
        of_versions(EventType::WorkflowCreated, others)?,
        of_versions(EventType::WorkflowStateChanged, others)?,
        of_versions(EventType::WorkflowRecovered, others)?,
        of_versions(EventType::WorkflowAmended, others)?,
        of_versions(EventType::WorkflowSigned, others)?,
        (WORKFLOW_TRANSITION_REFUSED, document::<Shown<Refusal>>(WORKFLOW_TRANSITION_REFUSED, &[], others)?),
        (WORKFLOW_QUARANTINED, document::<Shown<Quarantine>>(WORKFLOW_QUARANTINED, &[], others)?),
        (WORKFLOW_RELEASED, document::<Shown<Release>>(WORKFLOW_RELEASED, &[], others)?),
        (WORKFLOW_OVERDUE, document::<Shown<Overdue>>(WORKFLOW_OVERDUE, &[], others)?),
    ]))
}

/// The constraints of one kind of version beyond those of all: a member that is null here is removed from that kind's
/// schema.
fn of_versions(event_type: EventType, others: Others) -> Result<(&'static str, String), serde_json::Error> {
    let of_all = json!({"properties": {
        "event_type": {"const": event_type},
        "replay": {"const": true, "description": "There, and true, when the event is published again on request."},
    }});
    let of_its_kind = match event_type {
        EventType::WorkflowCreated => json!({"properties": {
            "signature": null,
            "version": {"const": Version::FIRST},
            "from_state": {"oneOf": null, "type": "null", "description": "From nowhere."},
            "to_state": {"const": State::Created},
            "signatures": null,
            "previous_state": null,
            "state_since": null,
            "failure": null,
        }}),
        EventType::WorkflowStateChanged => json!({
            "properties": {
                "signature": null,
                "version": {"minimum": 2},
                "from_state": {"oneOf": null, "$ref": state(), "description": "Where the workflow stood before."},
                "previous_state": null,
                "state_since": null,
            },
            "if": {"properties": {"to_state": {"const": State::Failed}}},
            "then": {"required": ["failure"]},
            "else": {"properties": {"failure": false}},
        }),
        EventType::WorkflowRecovered => json!({"properties": {
            "signature": null,
            "version": {"minimum": 2},
            "from_state": {"oneOf": null, "const": State::Failed, "description": "Where the workflow stood before."},
            "to_state": {"const": State::Active},
            "previous_state": null,
            "state_since": null,
            "failure": null,
        }}),
        EventType::WorkflowAmended => json!({
            "properties": {
                "signature": null,
                "version": {"minimum": 2},
                "from_state": {"oneOf": null, "$ref": state(), "description": "Where the workflow stands."},
            },
            "if": {"properties": {"to_state": {"const": State::Failed}}},
            "then": {"required": ["failure"]},
            "else": {"properties": {"failure": false}},
            "allOf": [{"required": ["reason", "state_since"]}],
        }),
        EventType::WorkflowSigned => json!({
            "properties": {
                "version": {"minimum": 2},
                "from_state": {"oneOf": null, "$ref": state(), "description": "Where the workflow stands."},
                "reason": null,
            },
            "if": {"properties": {"to_state": {"const": State::Failed}}},
            "then": {"required": ["failure"]},
            "else": {"properties": {"failure": false}},
            "allOf": [{"required": ["signature", "signatures", "state_since"]}],
        }),
    };
    let name = event_type.as_str();
    Ok((name, document::<WorkflowEvent>(name, &[of_all, of_its_kind], others)?))
}

fn state() -> String {
    format!("{IN_COMPONENTS}{}", State::name())
}

fn document<T: ToSchema>(title: &'static str, narrower: &[Value], others: Others) -> Result<String, serde_json::Error> {
    let mut known = Vec::new();
    T::schemas(&mut known);
    let mut definitions = BTreeMap::new();
    for (name, mut schema) in known {
        never_null_but_absent(&mut schema);
        any_members_where_none_are_named(&mut schema);
        definitions.insert(name, serde_json::to_value(schema)?);
    }
    let mut schema = T::schema();
    never_null_but_absent(&mut schema);
    let mut schema = serde_json::to_value(schema)?;
    narrower.iter().for_each(|narrower| json_patch::merge(&mut schema, narrower));
    let needed = referred(&schema, &definitions);
    definitions.retain(|name, _| needed.contains(name));
    if others == Others::Allowed {
        definitions.values_mut().chain([&mut schema]).for_each(allow_others);
    }
    let dialect = "https://json-schema.org/draft/2020-12/schema";
    let document = Document { dialect, id: format!("urn:alims:workflow-manager:{title}"), title, schema, definitions };
    Ok(serde_json::to_string_pretty(&document)?.replace(IN_COMPONENTS, IN_DEFINITIONS) + "\n")
}

/// The definitions that a schema refers to, directly or indirectly.
#[must_use]
pub fn referred(schema: &Value, definitions: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut unread = vec![schema];
    while let Some(schema) = unread.pop() {
        let text = schema.to_string();
        for (name, definition) in definitions {
            if text.contains(&format!("\"{IN_COMPONENTS}{name}\"")) && needed.insert(name.clone()) {
                unread.push(definition);
            }
        }
    }
    needed
}

/// Removes every `additionalProperties: false`.
fn allow_others(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, value| !(name == "additionalProperties" && *value == Value::Bool(false)));
            members.values_mut().for_each(allow_others);
        }
        Value::Array(items) => items.iter_mut().for_each(allow_others),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Says of an object without named members that it may have any: generators of code take silence for an empty object,
/// and what they generate loses the members.
pub fn any_members_where_none_are_named(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    let is_object = object.schema_type == SchemaType::Type(Type::Object);
    if is_object && object.properties.is_empty() && object.additional_properties.is_none() {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
    }
    object.properties.values_mut().for_each(any_members_where_none_are_named);
}

/// Removes `null` from every optional member: the derived schemas allow null as well.
pub fn never_null_but_absent(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(Object { required, properties, .. })) = schema else { return };
    for (_, member) in properties.iter_mut().filter(|(name, _)| !required.contains(name)) {
        match member {
            RefOr::T(Schema::Object(member)) => without_null(&mut member.schema_type),
            RefOr::T(Schema::Array(member)) => without_null(&mut member.schema_type),
            RefOr::T(Schema::OneOf(either)) => {
                either.items.retain(|item| !is_null(item));
                if let ([RefOr::Ref(only)], description) = (either.items.as_slice(), &either.description) {
                    let mut only = only.clone();
                    only.description = description.clone().unwrap_or_default();
                    *member = RefOr::Ref(only);
                }
            }
            RefOr::T(_) | RefOr::Ref(_) => {}
        }
    }
}

fn without_null(schema_type: &mut SchemaType) {
    if let SchemaType::Array(types) = schema_type {
        types.retain(|each| *each != Type::Null);
        if let [only] = types.as_slice() {
            *schema_type = SchemaType::Type(only.clone());
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
