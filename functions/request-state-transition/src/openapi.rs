//! The OpenAPI description of request-state-transition.

use alims_domain::lifecycle::State;
use alims_edge::openapi::{Described, Failure, Tag, examples, parameters, responses};
use alims_edge::problem::ProblemCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::response::{DryRunResult, TransitionResult};
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let outcomes = ["moved", "would-move"];
    let moved = responses::json_of_either::<TransitionResult, DryRunResult>("outcome", outcomes, transition_result());
    let told = "The transition was made, now or by an earlier request with this key. For a dry run: it would be made.";
    Described {
        route: &ROUTE,
        tag: Tag::Work,
        summary: "Move a workflow to another state",
        description: "Checks the policies, the lifecycle and the rules, in this order, and appends the next version.",
        parameters: vec![
            parameters::workflow_id(),
            dry_run(),
            parameters::if_match(),
            parameters::idempotency_key(),
            parameters::correlation_id(),
        ],
        body: Some(responses::body(
            responses::json_of_any::<StateTransitionRequest>(transition_requests()),
            Required::True,
        )),
        successes: vec![("200", responses::success(told, moved).header("ETag", responses::etag()).build())],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::InvalidTransition,
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
            schemas.add::<StateTransitionRequest>();
            schemas.add::<TransitionResult>();
            schemas.add::<DryRunResult>();
        },
    }
}

/// A request for a state transition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateTransitionRequest {
    /// The state to move to.
    pub target_state: State,
    /// The reason: at least one visible character; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
    /// The version you decided on. If `If-Match` names versions, this must be one of them.
    #[schema(minimum = 1, maximum = 9_999_999_999_u64)]
    pub expected_version: Option<u64>,
    /// Extra input for the rules: at most 16 KiB of compact JSON and 32 levels. The service returns it as sent, each
    /// number as the same double. At no level may the name of a field begin with `$serde_json::private::`.
    pub validation_context: Option<Map<String, Value>>,
    /// A merge patch (RFC 7396) of the metadata: it replaces fields, and null removes a field. At no level may the name
    /// of a field begin with `$serde_json::private::`, not even to remove it.
    pub metadata: Option<Map<String, Value>>,
    /// The failure: required when `target_state` is FAILED, and refused otherwise.
    pub failure: Option<Failure>,
    /// The id in the path once more, for clients that send it in the body. It must be the same.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

/// Decides, and writes nothing.
fn dry_run() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)));
    let told = "`true` decides the transition and writes nothing, not even a record of a refusal. It does not look at the \
                idempotency key.";
    parameters::parameter("dry_run", ParameterIn::Query, told, schema, json!(true)).build()
}

/// The first fits a new workflow.
fn transition_requests() -> [(&'static str, &'static str, Value); 4] {
    let begin = json!({
        "target_state": "ACTIVE", "reason": "The sample is on the bench.", "metadata": {"bench": "B-3"}
    });
    let complete = json!({
        "target_state": "COMPLETED", "reason": "The results are approved.",
        "metadata": {"report": "R-2026-0042"}
    });
    let fail = json!({
        "target_state": "FAILED", "reason": "The analyser stopped.",
        "failure": {"code": "instrument-error", "message": "The pump lost pressure.", "retryable": true}
    });
    let pause = json!({"target_state": "PAUSED", "reason": "Waiting for the reagent."});
    [
        ("begin", "Begin, or go on after a pause or a failure", begin),
        ("complete", "Complete; another person than the creator must ask", complete),
        ("fail", "Report a failure", fail),
        ("pause", "Pause", pause),
    ]
}

fn transition_result() -> Value {
    json!({"outcome": "moved", "workflow": examples::moved_workflow(), "event": examples::moved()})
}
