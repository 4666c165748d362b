//! Every schema of the document, from the types that travel.

use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};

use crate::openapi::requests::{RecoveryRequest, StateTransitionRequest, WorkflowCreate};
use crate::problem::ProblemDocument;
use crate::wire::{
    DryRunResult, HistoryPage, RecoveryReport, RecoveryStatus, TransitionResult, Verification, WorkflowList,
    WorkflowState,
};

/// All of them, with those they refer to.
pub(super) fn all() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    add::<WorkflowCreate>(&mut schemas);
    add::<StateTransitionRequest>(&mut schemas);
    add::<RecoveryRequest>(&mut schemas);
    add::<WorkflowState>(&mut schemas);
    add::<TransitionResult>(&mut schemas);
    add::<DryRunResult>(&mut schemas);
    add::<WorkflowList>(&mut schemas);
    add::<HistoryPage>(&mut schemas);
    add::<Verification>(&mut schemas);
    add::<RecoveryReport>(&mut schemas);
    add::<RecoveryStatus>(&mut schemas);
    add::<ProblemDocument>(&mut schemas);
    for (_, schema) in &mut schemas {
        if let RefOr::T(Schema::Object(object)) = schema {
            never_null_but_absent(object);
        }
    }
    schemas
}

/// Refers to a type's schema.
pub(super) fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
}

/// The derived schemas let every optional member be null as well. This API leaves it out.
fn never_null_but_absent(object: &mut Object) {
    let required = object.required.clone();
    for (name, schema) in &mut object.properties {
        if required.contains(name) {
            continue;
        }
        match schema {
            RefOr::T(Schema::Object(member)) => without_null(&mut member.schema_type),
            RefOr::T(Schema::Array(member)) => without_null(&mut member.schema_type),
            RefOr::T(Schema::OneOf(either)) => {
                either.items.retain(|item| !is_null(item));
                if let ([RefOr::Ref(only)], description) = (either.items.as_slice(), &either.description) {
                    let mut only = only.clone();
                    only.description = description.clone().unwrap_or_default();
                    *schema = RefOr::Ref(only);
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
