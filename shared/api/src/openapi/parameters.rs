//! The parameters of the operations: in the path, in the query and in headers.

use alims_domain::lifecycle::State;
use alims_domain::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required};

use crate::openapi::schemas::reference;

/// The workflow that the path names.
pub(super) fn workflow_id() -> Parameter {
    let schema = text().pattern(Some("^[A-Za-z0-9._:-]{1,128}$"));
    let told = "The id of the workflow.";
    parameter("workflow_id", ParameterIn::Path, told, schema, json!("sample-2026-0042"))
        .required(Required::True)
        .build()
}

/// What ties a request to others; every operation takes it.
pub(super) fn correlation_id() -> Parameter {
    let schema = text().pattern(Some("^[A-Za-z0-9._:=;-]{1,128}$"));
    let told = "Links the request to its cause in other services; stored in the event. Default: the request id.";
    parameter("X-Correlation-Id", ParameterIn::Header, told, schema, json!("order-7719")).build()
}

/// What lets a request be repeated.
pub(super) fn idempotency_key() -> Parameter {
    let schema = text().pattern(Some("^[!-~]{1,255}$"));
    let told =
        "Your own name for this request. A repeated request with the same key has one effect and gets the same answer.";
    parameter("Idempotency-Key", ParameterIn::Header, told, schema, json!("4f6f1d2e-9c1b-4a7e")).build()
}

/// The version that the caller decided on.
pub(super) fn if_match() -> Parameter {
    let schema = text().pattern(Some(r#"^"[1-9][0-9]{0,9}"$"#));
    let told = "The `ETag` of the version you decided on: a single strong ETag.";
    parameter("If-Match", ParameterIn::Header, told, schema, json!("\"7\"")).build()
}

/// Decide and write nothing.
pub(super) fn dry_run() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)));
    let told = "`true` decides the transition and writes nothing, not even a record of a refusal.";
    parameter("dry_run", ParameterIn::Query, told, schema, json!(true)).build()
}

/// Judge the moves too.
pub(super) fn evaluate() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)));
    let told =
        "`true` adds `evaluated_transitions`: the verdict on each transition the lifecycle allows. Nothing is written.";
    parameter("evaluate", ParameterIn::Query, told, schema, json!(true)).build()
}

/// Refused attempts too.
pub(super) fn include() -> Parameter {
    let schema = text().enum_values(Some(["refusals"]));
    let told = "`refusals` adds refused attempts; this needs a separate permission.";
    parameter("include", ParameterIn::Query, told, schema, json!("refusals")).build()
}

/// The filters of a list, and its pages.
pub(super) fn of_a_list() -> Vec<Parameter> {
    let kind = text().pattern(Some("^[a-z0-9-]{1,64}$"));
    let by = text().min_length(Some(1)).max_length(Some(256));
    let state = "Only workflows in this state.";
    let after = "Only workflows updated at this instant or later. Write `+` as `%2B`.";
    let before = "Only workflows updated before this instant. Write `+` as `%2B`.";
    let at = json!("2026-11-23T08:15:00.000Z");
    vec![
        parameter("state", ParameterIn::Query, state, reference::<State>(), json!("ACTIVE")).build(),
        parameter("workflow_type", ParameterIn::Query, "Only workflows of this type.", kind, json!("sample-analysis"))
            .build(),
        parameter("created_by", ParameterIn::Query, "Only workflows that this principal created.", by, json!("alice"))
            .build(),
        parameter("updated_after", ParameterIn::Query, after, instant(), at.clone()).build(),
        parameter("updated_before", ParameterIn::Query, before, instant(), at).build(),
        limit(),
        cursor(),
    ]
}

/// How many items a page has.
pub(super) fn limit() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(PAGE_ITEMS_MAX))
        .default(Some(json!(PAGE_ITEMS_DEFAULT)));
    parameter("limit", ParameterIn::Query, "Maximum number of items.", schema, json!(PAGE_ITEMS_DEFAULT)).build()
}

/// Where a page begins.
pub(super) fn cursor() -> Parameter {
    let told = "The unchanged `next_cursor` of the previous page of the same query.";
    let schema = text().pattern(Some("^[A-Za-z0-9_-]{1,1024}$"));
    ParameterBuilder::new()
        .name("cursor")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(told))
        .schema(Some(schema))
        .build()
}

fn parameter(
    name: &str,
    place: ParameterIn,
    told: &str,
    schema: impl Into<RefOr<Schema>>,
    example: Value,
) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(told))
        .schema(Some(schema))
        .example(Some(example))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn instant() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}
