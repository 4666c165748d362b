//! The OpenAPI description of verify-workflow-history.

use alims_edge::openapi::{Described, Tag, examples, parameters, responses};
use alims_edge::problem::ProblemCode;
use serde_json::{Value, json};

use crate::response::Verification;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let found = responses::json_of::<Verification>(verification());
    Described {
        route: &ROUTE,
        tag: Tag::Audit,
        summary: "Check a workflow's history",
        description: "Recomputes the hash chain over the stored history, and compares it with the hash that the index keeps of the \
                      newest published version: a history whose end was cut off is a sound chain. A break is a result, \
                      not an error.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The result of the check.", found).build())],
        problems: &[ProblemCode::WorkflowNotFound],
        schemas: |schemas| {
            schemas.add::<Verification>();
        },
    }
}

fn verification() -> Value {
    json!({"workflow_id": "sample-2026-0042", "valid": true, "versions_checked": 2, "head_hash": examples::HASH_2})
}
