//! The OpenAPI description of amend-workflow.

use alims_domain::limits::{LABELS_MAX, LABELS_PATCHED_MAX};
use alims_edge::openapi::{Described, Tag, examples, parameters, responses};
use alims_edge::problem::ProblemCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{RefOr, Required};

use crate::response::{AmendmentDryRun, AmendmentResult};
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let outcomes = ["amended", "would-amend"];
    let amended =
        responses::json_of_either::<AmendmentResult, AmendmentDryRun>("outcome", outcomes, amendment_result());
    let told = "The amendment was made, now or by an earlier request with this key. For a dry run: it would be made.";
    Described {
        route: &ROUTE,
        tag: Tag::Work,
        summary: "Change a workflow's data, or add a remark",
        description: "Checks the policies and the rules, in this order, and appends the next version, which keeps the \
                      state. What the body does not name stays as it is. A body with a `reason` alone, or with data \
                      that the workflow has already, is a remark; it is possible in every state. The data of a \
                      COMPLETED or CANCELLED workflow do not change.",
        parameters: vec![
            parameters::workflow_id(),
            dry_run(),
            parameters::if_match(),
            parameters::idempotency_key(),
            parameters::correlation_id(),
        ],
        body: Some(responses::body(responses::json_of_any::<WorkflowAmendment>(amendments()), Required::True)),
        successes: vec![("200", responses::success(told, amended).header("ETag", responses::etag()).build())],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::WorkflowClosed,
            ProblemCode::VersionConflict,
            ProblemCode::PayloadTooLarge,
            ProblemCode::UnsupportedMediaType,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::RuleViolation,
            ProblemCode::IdempotencyKeyReused,
            ProblemCode::TooManyRefusals,
            ProblemCode::RulesEngineUnavailable,
        ],
        schemas: |schemas| {
            schemas.add::<WorkflowAmendment>();
            schemas.add::<AmendmentResult>();
            schemas.add::<AmendmentDryRun>();
        },
    }
}

/// A change of a workflow's data, or a remark.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowAmendment {
    /// The reason, or the text of a remark: at least one visible character; no control characters except tabs and line
    /// ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
    /// A merge patch (RFC 7396) of the metadata: it replaces fields, and null removes a field. At no level may the name
    /// of a field begin with `$serde_json::private::`, not even to remove it.
    pub metadata: Option<Map<String, Value>>,
    /// A patch of the labels: a text replaces or adds a label, and null removes it. A name has 1 to 32 of
    /// `a-z 0-9 . _ -`, a text 1 to 64 visible characters. A workflow has at most 10 labels.
    #[schema(schema_with = labels_patch, required = false)]
    pub labels: Option<BTreeMap<String, Option<String>>>,
    /// When the work should be finished; null removes the due date.
    #[schema(schema_with = instant_or_null, required = false)]
    pub due_at: Option<String>,
    /// Who should do the work: the `sub` of a token; null removes the assignee. The service does not check that there
    /// is such a person.
    #[schema(schema_with = principal_or_null, required = false)]
    pub assignee: Option<String>,
    /// Extra input for the rules: at most 16 KiB of compact JSON and 32 levels. The service returns it as sent, each
    /// number as the same double. At no level may the name of a field begin with `$serde_json::private::`.
    pub validation_context: Option<Map<String, Value>>,
    /// The version you decided on. If `If-Match` names versions, this must be one of them.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub expected_version: Option<u64>,
    /// The id in the path once more, for clients that send it in the body. It must be the same.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

/// A text or null. Elsewhere null is no value of an optional member, so that a derived schema does not allow it.
fn or_null(text: ObjectBuilder) -> AnyOfBuilder {
    AnyOfBuilder::new().item(text.schema_type(Type::String)).item(ObjectBuilder::new().schema_type(Type::Null))
}

fn labels_patch() -> Object {
    let text = or_null(ObjectBuilder::new().min_length(Some(1)).max_length(Some(64)).pattern(Some(r"\S"))).build();
    let name = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[a-z0-9._-]{1,32}$")).build();
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(format!(
            "A patch of the labels: a text replaces or adds a label, and null removes it. A workflow has at most \
             {LABELS_MAX} labels."
        )))
        .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(Schema::from(text)))))
        .property_names(Some(Schema::from(name)))
        .max_properties(Some(LABELS_PATCHED_MAX))
        .build()
}

fn instant_or_null() -> Schema {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    let told = "When the work should be finished; null removes the due date.";
    or_null(ObjectBuilder::new().format(Some(format))).description(Some(told)).build().into()
}

fn principal_or_null() -> Schema {
    let text = ObjectBuilder::new().min_length(Some(1)).max_length(Some(256)).pattern(Some(r"\S"));
    let told = "Who should do the work: the `sub` of a token; null removes the assignee. The service does not check that \
                there is such a person.";
    or_null(text).description(Some(told)).build().into()
}

/// Decides, and writes nothing.
fn dry_run() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)));
    let told = "`true` decides the amendment and writes nothing, not even a record of a refusal. It does not look at the \
                idempotency key.";
    parameters::parameter("dry_run", ParameterIn::Query, told, schema, json!(true)).build()
}

/// The first fits an active workflow.
fn amendments() -> [(&'static str, &'static str, Value); 3] {
    let result = json!({
        "reason": "The first result is in.", "metadata": {"results": {"sodium_mmol_l": 141.5}},
        "labels": {"sample": "S-2026-0042"}, "due_at": "2026-11-25T12:00:00.000Z", "assignee": "bob"
    });
    let remark = json!({"reason": "The tube was relabelled after a misprint."});
    let removal =
        json!({"reason": "Handed back to the pool.", "due_at": null, "assignee": null, "labels": {"rack": null}});
    [
        ("result", "Save a result, a label, a due date and an assignee", result),
        ("remark", "Add a remark; possible in every state", remark),
        ("removal", "Remove a due date, an assignee and a label", removal),
    ]
}

fn amendment_result() -> Value {
    json!({"outcome": "amended", "workflow": examples::amended_workflow(), "event": examples::amended()})
}
