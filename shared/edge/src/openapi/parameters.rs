//! The parameters of the operations: in the path, in the query and in headers.

use alims_domain::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required};

/// A workflow id but for its length: its characters, and neither `.` nor `..`.
const WORKFLOW_ID_PATTERN: &str = r"^(\.{0,2}[A-Za-z0-9_:-][A-Za-z0-9._:-]*|\.{3}[A-Za-z0-9._:-]*)$";

/// The workflow id in the path.
#[must_use]
pub fn workflow_id() -> Parameter {
    let schema = text().pattern(Some(WORKFLOW_ID_PATTERN)).max_length(Some(128));
    let told = "The id of the workflow.";
    ParameterBuilder::new()
        .name("workflow_id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(told))
        .schema(Some(schema))
        .example(Some(json!("sample-2026-0042")))
        .build()
}

/// The correlation id, which every operation accepts.
#[must_use]
pub fn correlation_id() -> Parameter {
    let schema = text().pattern(Some("^[A-Za-z0-9._:=;-]{1,128}$"));
    let told = "Links the request to its cause in other services; stored in the event. Default: the request id.";
    parameter("X-Correlation-Id", ParameterIn::Header, told, schema, json!("order-7719")).build()
}

/// The export in the path.
#[must_use]
pub fn export_id() -> Parameter {
    let schema = text().pattern(Some("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"));
    ParameterBuilder::new()
        .name("export_id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The id of the export."))
        .schema(Some(schema))
        .example(Some(json!("019ab000-0000-7000-8000-000000000042")))
        .build()
}

/// The idempotency key.
#[must_use]
pub fn idempotency_key() -> Parameter {
    let schema = text().pattern(Some("^[!-+--~]{1,255}$"));
    let told = "Your own name for this request, without a comma. A repeated request with the same key has one effect and gets the same \
                answer; another request with it is refused. A key is yours alone, and belongs to one workflow: the same \
                key on another workflow is another request, also for a creation with another `workflow_id`. A creation \
                without a `workflow_id` gets its id from the key, so the key names one workflow. A workflow remembers \
                the last 16 accepted requests with a key; a repetition of its creation is known for ever.";
    parameter("Idempotency-Key", ParameterIn::Header, told, schema, json!("4f6f1d2e-9c1b-4a7e")).build()
}

/// The version the caller decided on.
#[must_use]
pub fn if_match() -> Parameter {
    const LIST: &str = r#"^(\*|[ \t,]*(W/)?"[!#-~]*"([ \t]*,[ \t,]*(W/)?"[!#-~]*")*[ \t,]*)$"#;
    let schema = text().pattern(Some(LIST));
    let told = "The `ETag` of the version you decided on. A list of ETags accepts each of them, `*` any version; a weak \
                ETag (`W/\"7\"`) matches none.";
    parameter("If-Match", ParameterIn::Header, told, schema, json!("\"7\"")).build()
}

/// The maximum number of items on a page.
#[must_use]
pub fn limit() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(PAGE_ITEMS_MAX))
        .default(Some(json!(PAGE_ITEMS_DEFAULT)));
    parameter("limit", ParameterIn::Query, "Maximum number of items.", schema, json!(PAGE_ITEMS_DEFAULT)).build()
}

/// The start of a page.
#[must_use]
pub fn cursor() -> Parameter {
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

/// An optional parameter. Its example stands in the description: a documentation page would send an example of its own
/// accord, and a real request would then carry the correlation id and the idempotency key of the example.
pub fn parameter(
    name: &str,
    place: ParameterIn,
    told: &str,
    schema: impl Into<RefOr<Schema>>,
    example: Value,
) -> ParameterBuilder {
    let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(format!("{told} Example: `{example}`.")))
        .schema(Some(schema))
}

/// A text.
#[must_use]
pub fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// An instant.
#[must_use]
pub fn instant() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}
