//! The OpenAPI description of create-workflow.

use alims_domain::limits::LABELS_MAX;
use alims_edge::openapi::{Described, Tag, examples, parameters, responses};
use alims_edge::problem::ProblemCode;
use alims_edge::wire::WorkflowState;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};

use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let created = || responses::json_of::<WorkflowState>(examples::created());
    let with_headers = |description| {
        let response = responses::success(description, created()).header("ETag", responses::etag());
        response.header("Location", responses::location("/workflows/sample-2026-0042")).build()
    };
    Described {
        route: &ROUTE,
        tag: Tag::Work,
        summary: "Create a workflow",
        description: "Creates version 1 in the state CREATED. Policies and rules check it like every transition. To do \
                      the work of a finished or cancelled workflow again, name that workflow in `replaces`: it stays \
                      closed, and the new one shows for ever which it replaces.",
        parameters: vec![parameters::idempotency_key(), parameters::correlation_id()],
        body: Some(responses::body(responses::json_of::<WorkflowCreate>(workflow_create()), Required::True)),
        successes: vec![
            ("201", with_headers("The workflow was created.")),
            ("200", with_headers("An earlier request with this key created it; this is the first answer again.")),
        ],
        problems: &[
            ProblemCode::PayloadTooLarge,
            ProblemCode::UnsupportedMediaType,
            ProblemCode::WorkflowAlreadyExists,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::ReplacedWorkflowNotFound,
            ProblemCode::ReplacedWorkflowNotClosed,
            ProblemCode::RuleViolation,
            ProblemCode::IdempotencyKeyReused,
            ProblemCode::TooManyRefusals,
            ProblemCode::RulesEngineUnavailable,
        ],
        schemas: |schemas| {
            schemas.add::<WorkflowCreate>();
            schemas.add::<WorkflowState>();
        },
    }
}

/// A request to create a workflow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowCreate {
    /// The kind of work.
    #[schema(pattern = "^[a-z0-9-]{1,64}$")]
    pub workflow_type: String,
    /// The id; not `.` or `..`, which clients remove from a path. If absent, the service generates one: a UUIDv7, or an
    /// id derived from the idempotency key. With an id of your own, the same key and another id make another workflow.
    #[schema(pattern = r"^(\.{0,2}[A-Za-z0-9_:-][A-Za-z0-9._:-]*|\.{3}[A-Za-z0-9._:-]*)$", max_length = 128)]
    pub workflow_id: Option<String>,
    /// The laboratory's own data: at most 64 KiB of compact JSON and 32 levels. The service returns it as sent, each
    /// number as the same double. At no level may the name of a field begin with `$serde_json::private::`.
    pub metadata: Option<Map<String, Value>>,
    /// Short texts by which the workflow is found, such as the number of its sample: names with one value each. A value
    /// has a visible character, no control character, and no white space at its ends; it is compared exactly.
    #[schema(schema_with = labels)]
    pub labels: Option<BTreeMap<String, String>>,
    /// When the work should be finished: an RFC 3339 instant with its offset, not finer than a millisecond, no leap
    /// second. It may lie in the past; the workflow is then overdue at once. The service returns it in UTC.
    #[schema(format = DateTime)]
    pub due_at: Option<String>,
    /// Who should do the work: the subject of that person's tokens. The service does not check that they exist.
    #[schema(min_length = 1, max_length = 256)]
    pub assignee: Option<String>,
    /// A workflow of your tenant whose work this one does again. It is COMPLETED or CANCELLED, and you may read it.
    /// Several workflows may replace the same one.
    #[schema(pattern = r"^(\.{0,2}[A-Za-z0-9_:-][A-Za-z0-9._:-]*|\.{3}[A-Za-z0-9._:-]*)$", max_length = 128)]
    pub replaces: Option<String>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

/// Labels as a caller sends them.
fn labels() -> Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let value: Schema = text().min_length(Some(1)).max_length(Some(64)).pattern(Some(r"\S")).into();
    let name: Schema = text().pattern(Some("^[a-z0-9._-]{1,32}$")).into();
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(value))))
        .property_names(Some(name))
        .max_properties(Some(LABELS_MAX))
        .build()
}

fn workflow_create() -> Value {
    json!({
        "workflow_type": "sample-analysis",
        "workflow_id": "sample-2026-0042",
        "metadata": {"sample_id": "S-2026-0042", "matrix": "serum", "volume_ml": 2.5},
        "labels": {"sample": "S-2026-0042", "order": "A-1177"},
        "due_at": "2026-11-25T16:00:00.000Z",
        "assignee": "bob"
    })
}
