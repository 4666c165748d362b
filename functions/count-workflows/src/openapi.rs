//! The OpenAPI description of count-workflows.

use alims_edge::openapi::{Described, Tag, parameters, responses};
use serde_json::{Value, json};

use crate::response::WorkflowCounts;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let counts = responses::json_of::<WorkflowCounts>(workflow_counts());
    Described {
        route: &ROUTE,
        tag: Tag::Read,
        summary: "Count workflows",
        description: "How many workflows are in each state, and in all. Eventually consistent: each workflow counts in \
                      the state of its last published version, and one that moves meanwhile may count twice or not at \
                      all. Bounded: when `complete` is false, a state has more workflows than one request counts, \
                      and the numbers are lower bounds. Workflows that a policy hides from you count too.",
        parameters: vec![parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The numbers of workflows.", counts).build())],
        problems: &[],
        schemas: |schemas| {
            schemas.add::<WorkflowCounts>();
        },
    }
}

fn workflow_counts() -> Value {
    json!({
        "counts": {"CREATED": 3, "ACTIVE": 1, "PAUSED": 0, "COMPLETED": 4, "FAILED": 2, "CANCELLED": 0},
        "total": 10,
        "complete": true
    })
}
