//! The schemas of the document, derived from the wire types.

use alims_domain::schema::{any_members_where_none_are_named, never_null_but_absent, referred};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::{Ref, RefOr};

use crate::openapi::{gateway, problems};
use crate::problem::{ProblemCode, ProblemDocument};

/// The schemas of a document under construction.
#[derive(Default)]
pub struct Schemas(Vec<(String, RefOr<Schema>)>);

impl Schemas {
    /// Adds a type's schema, and those it refers to.
    pub fn add<T: ToSchema>(&mut self) {
        T::schemas(&mut self.0);
        self.0.push((T::name().into_owned(), T::schema()));
    }

    /// Adds the schemas of the refusals.
    pub(crate) fn add_problems(&mut self) {
        ProblemDocument::schemas(&mut self.0);
        // Each problem names its own code.
        self.0.retain(|(name, _)| *name != ProblemCode::name());
        self.0.extend(ProblemCode::ALL.map(|code| (problems::name(code), problems::schema(code))));
        self.0.push(gateway::schema());
    }

    /// All of them. What only answers carry is open: a later release may add members to an answer.
    #[must_use]
    pub fn finish(mut self, bodies: &[&RequestBody]) -> Vec<(String, RefOr<Schema>)> {
        for (_, schema) in &mut self.0 {
            never_null_but_absent(schema);
            any_members_where_none_are_named(schema);
        }
        let schemas = self.0.iter().map(|(name, schema)| (name.clone(), json!(schema)));
        let sent = referred(&json!(bodies), &schemas.collect());
        for (name, schema) in &mut self.0 {
            if let RefOr::T(Schema::Object(object)) = schema
                && !sent.contains(name)
            {
                object.additional_properties = object
                    .additional_properties
                    .take()
                    .filter(|allowed| **allowed != AdditionalProperties::FreeForm(false));
            }
        }
        self.0
    }
}

/// Refers to a type's schema.
#[must_use]
pub fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}
