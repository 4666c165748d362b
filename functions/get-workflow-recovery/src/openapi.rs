//! The OpenAPI description of get-workflow-recovery.

use alims_edge::openapi::{Described, Tag, parameters, responses};
use alims_edge::problem::ProblemCode;
use alims_edge::wire::RecoveryReport;
use serde_json::{Value, json};

use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let status = responses::json_of::<RecoveryReport>(recovery_report());
    Described {
        route: &ROUTE,
        tag: Tag::Operate,
        summary: "Read a workflow's newest recovery",
        description: "Returns whether the newest recovery is running, or how it ended, and its steps.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The newest recovery.", status).build())],
        problems: &[ProblemCode::WorkflowNotFound],
        schemas: |schemas| {
            schemas.add::<RecoveryReport>();
        },
    }
}

fn recovery_report() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "status": "recovered",
        "recovery_id": "7c4dbe0c5f5c4b2d9a90f1f2b3c4d5e6-v3-a1", "version": 3, "attempt": 1, "trigger": "request",
        "requested_by": "sue", "reason": "The analyser was repaired.", "requested_at": "2026-11-23T08:30:00.000Z",
        "started_at": "2026-11-23T08:30:00.120Z", "ended_at": "2026-11-23T08:30:00.840Z",
        "steps": [
            {"step": "assessed", "at": "2026-11-23T08:30:00.120Z", "version": 3},
            {"step": "rules-allowed", "at": "2026-11-23T08:30:00.240Z", "version": 3},
            {"step": "reactivated", "at": "2026-11-23T08:30:00.360Z", "version": 4},
            {"step": "events-published", "at": "2026-11-23T08:30:00.480Z", "version": 4, "events": 1},
            {"step": "confirmed", "at": "2026-11-23T08:30:00.600Z", "version": 4}
        ]
    })
}
