//! The OpenAPI description of batch-state-transitions.

use alims_domain::lifecycle::State;
use alims_edge::openapi::{Described, Failure, Tag, examples, parameters, problems, responses};
use alims_edge::problem::ProblemCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};

use crate::response::BatchResult;
use crate::route::ROUTE;

/// The problems that one transition may have, as request-state-transition has them.
const OF_AN_ITEM: [ProblemCode; 16] = [
    ProblemCode::MalformedRequest,
    ProblemCode::Forbidden,
    ProblemCode::WorkflowNotFound,
    ProblemCode::InvalidTransition,
    ProblemCode::VersionConflict,
    ProblemCode::PayloadTooLarge,
    ProblemCode::WorkflowQuarantined,
    ProblemCode::RuleViolation,
    ProblemCode::IdempotencyKeyReused,
    ProblemCode::TooManyRefusals,
    ProblemCode::RulesEngineUnavailable,
    ProblemCode::StorageUnavailable,
    ProblemCode::WrittenByNewerRelease,
    ProblemCode::OutOfTime,
    ProblemCode::NotReached,
    ProblemCode::Internal,
];

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let told = "What became of each transition. The status is 200 even when all of them were refused.";
    Described {
        route: &ROUTE,
        tag: Tag::Work,
        summary: "Move up to a hundred workflows",
        description: "Decides each transition as a request of its own would be decided; none depends on another one. \
                      A request with a faulty item is refused as a whole, and nothing is written. The time of a request \
                      is limited: an item that was not begun says `not-reached`, and one that was begun and has no \
                      answer yet says `out-of-time`. Repeat the request, or those items, with the same key: each \
                      transition takes effect once. An item that is refused again is one more refused attempt in its \
                      workflow's history.",
        parameters: vec![dry_run(), parameters::idempotency_key(), parameters::correlation_id()],
        body: Some(responses::body(responses::json_of_any::<BatchTransitionsRequest>(requests()), Required::True)),
        successes: vec![("200", responses::success(told, responses::json_of::<BatchResult>(result())).build())],
        problems: &[ProblemCode::PayloadTooLarge, ProblemCode::UnsupportedMediaType],
        schemas: |schemas| {
            schemas.add::<BatchTransitionsRequest>();
            schemas.add::<BatchResult>();
        },
    }
}

/// The schema of an item's problem.
pub(crate) fn problem_of_an_item() -> RefOr<Schema> {
    problems::one_of(&OF_AN_ITEM)
}

/// A request for many transitions: at most 512 KiB.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchTransitionsRequest {
    /// The reason of every item that has none of its own: at least one visible character; no control characters except
    /// tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: Option<String>,
    /// The transitions, each of another workflow.
    #[schema(min_items = 1, max_items = 100)]
    pub transitions: Vec<BatchTransition>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

/// One of the requested transitions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchTransition {
    /// The id of the workflow. No other item may name it.
    #[schema(max_length = 128, pattern = r"^(\.{0,2}[A-Za-z0-9_:-][A-Za-z0-9._:-]*|\.{3}[A-Za-z0-9._:-]*)$")]
    pub workflow_id: String,
    /// The state to move to.
    pub target_state: State,
    /// The reason; required when there is none for all.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: Option<String>,
    /// The version you decided on.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub expected_version: Option<u64>,
    /// Extra input for the rules, as for a single transition.
    pub validation_context: Option<Map<String, Value>>,
    /// A merge patch (RFC 7396) of the metadata, as for a single transition.
    pub metadata: Option<Map<String, Value>>,
    /// The failure: required when `target_state` is FAILED, and refused otherwise.
    pub failure: Option<Failure>,
}

/// Decides, and writes nothing.
fn dry_run() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)));
    let told = "`true` decides every transition and writes nothing, not even a record of a refusal. It does not look at the \
                idempotency key.";
    parameters::parameter("dry_run", ParameterIn::Query, told, schema, json!(true)).build()
}

fn requests() -> [(&'static str, &'static str, Value); 2] {
    let begin = json!({
        "reason": "The samples are on the bench.",
        "transitions": [
            {"workflow_id": "sample-2026-0042", "target_state": "ACTIVE"},
            {"workflow_id": "sample-2026-0043", "target_state": "ACTIVE", "metadata": {"bench": "B-3"}}
        ]
    });
    let each = json!({
        "transitions": [
            {"workflow_id": "sample-2026-0042", "target_state": "PAUSED", "reason": "Waiting for the reagent.",
             "expected_version": 2},
            {"workflow_id": "sample-2026-0043", "target_state": "FAILED", "reason": "The analyser stopped.",
             "failure": {"code": "instrument-error", "message": "The pump lost pressure.", "retryable": true}}
        ]
    });
    [("begin", "Begin with one reason for all", begin), ("each", "Each for a reason of its own", each)]
}

fn result() -> Value {
    let workflow = examples::moved_workflow();
    let members = ["current_state", "previous_state", "version", "updated_at", "allowed_transitions"];
    let summary: Map<String, Value> =
        members.iter().filter_map(|name| Some(((*name).to_owned(), workflow.get(*name)?.clone()))).collect();
    json!({
        "moved": 1, "would_move": 0, "refused": 1, "failed": 0, "not_reached": 0, "dry_run": false,
        "results": [
            {"workflow_id": "sample-2026-0042", "outcome": "moved", "status": 200, "workflow": summary,
             "event_id": examples::moved().get("event_id")},
            {"workflow_id": "sample-2026-0043", "outcome": "refused", "status": 422, "problem": {
                "type": "urn:alims:problem:rule-violation", "title": "Rule violation", "status": 422,
                "detail": "The rules do not allow this now; nothing was changed. `reasons` lists each rule that is not met.",
                "code": "rule-violation", "request_id": "JKJaXmPLvHcESHA=",
                "reasons": [{"rule_id": "results-present", "message": "Enter at least one result by name before completing, such as metadata.results.sodium_mmol_l."}],
                "ruleset": "laboratory", "ruleset_version": "1"
            }}
        ]
    })
}
