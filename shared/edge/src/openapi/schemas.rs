//! The schemas of the document, derived from the wire types.

use alims_domain::schema::never_null_but_absent;
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr};

/// The schemas of a document under construction.
#[derive(Default)]
pub struct Schemas(Vec<(String, RefOr<Schema>)>);

impl Schemas {
    /// Adds a type's schema, and those it refers to.
    pub fn add<T: ToSchema>(&mut self) {
        T::schemas(&mut self.0);
        self.0.push((T::name().into_owned(), T::schema()));
    }

    /// All of them.
    #[must_use]
    pub fn finish(mut self) -> Vec<(String, RefOr<Schema>)> {
        for (_, schema) in &mut self.0 {
            never_null_but_absent(schema);
        }
        self.0
    }
}

/// Refers to a type's schema.
#[must_use]
pub fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}
