//! Every schema of the document, from the types that travel.

use alims_domain::schema::never_null_but_absent;
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr};

use crate::openapi::requests::{
    RecoveryRequest, ReleaseRequest, ReplayRequest, StateTransitionRequest, WorkflowCreate,
};
use crate::problem::ProblemDocument;
use crate::wire::{
    DryRunResult, HistoryPage, RecoveryReport, ReleaseReport, ReplayReport, TransitionResult, Verification,
    WorkflowList, WorkflowState,
};

/// All of them, with those they refer to.
pub(super) fn all() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    add::<WorkflowCreate>(&mut schemas);
    add::<StateTransitionRequest>(&mut schemas);
    add::<RecoveryRequest>(&mut schemas);
    add::<ReleaseRequest>(&mut schemas);
    add::<ReplayRequest>(&mut schemas);
    add::<WorkflowState>(&mut schemas);
    add::<TransitionResult>(&mut schemas);
    add::<DryRunResult>(&mut schemas);
    add::<WorkflowList>(&mut schemas);
    add::<HistoryPage>(&mut schemas);
    add::<Verification>(&mut schemas);
    add::<RecoveryReport>(&mut schemas);
    add::<ReleaseReport>(&mut schemas);
    add::<ReplayReport>(&mut schemas);
    add::<ProblemDocument>(&mut schemas);
    for (_, schema) in &mut schemas {
        never_null_but_absent(schema);
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
