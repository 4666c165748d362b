//! The OpenAPI description of recover-workflow.

use alims_edge::openapi::{Described, Tag, parameters, responses};
use alims_edge::problem::ProblemCode;
use alims_edge::wire::RecoveryReport;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::Required;

use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let report = responses::json_of::<RecoveryReport>(recovery_running());
    let accepted = responses::success("The recovery is running.", report);
    let location = responses::location("/workflows/sample-2026-0042/recovery");
    Described {
        route: &ROUTE,
        tag: Tag::Operate,
        summary: "Recover a workflow",
        description: "Starts a recovery: it publishes missing events, repairs the index, and returns a failed workflow to \
                      ACTIVE if the rules allow it. It runs in the background and ends within 30 s; poll the address \
                      in `Location`. While a recovery is running, a further request by any caller returns that \
                      recovery. The service ignores an `Idempotency-Key` here.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: Some(responses::body(responses::json_of::<RecoveryRequest>(recovery_request()), Required::False)),
        successes: vec![("202", accepted.header("Location", location).build())],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::PayloadTooLarge,
            ProblemCode::UnsupportedMediaType,
            ProblemCode::TooManyRefusals,
        ],
        schemas: |schemas| {
            schemas.add::<RecoveryRequest>();
            schemas.add::<RecoveryReport>();
        },
    }
}

/// A request for a recovery.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRequest {
    /// The reason: at least one visible character; no control characters except tabs and line ends.
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: Option<String>,
    /// The id in the path once more, for clients that send it in the body. It must be the same.
    #[schema(pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub workflow_id: Option<String>,
    /// The subject of your token once more, for clients that send it in the body. It must be the same.
    pub requested_by: Option<String>,
}

fn recovery_request() -> Value {
    json!({"reason": "The analyser was repaired."})
}

fn recovery_running() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "status": "running",
        "recovery_id": "7c4dbe0c5f5c4b2d9a90f1f2b3c4d5e6-v3-a1", "version": 3, "attempt": 1, "trigger": "request",
        "requested_by": "sue", "reason": "The analyser was repaired.", "requested_at": "2026-11-23T08:30:00.000Z",
        "steps": []
    })
}
