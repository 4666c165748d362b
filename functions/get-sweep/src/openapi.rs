//! The OpenAPI description of get-sweep.

use alims_edge::openapi::{Described, Tag, parameters, responses};
use serde_json::{Value, json};

use crate::response::Sweep;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    Described {
        route: &ROUTE,
        tag: Tag::Read,
        summary: "See how far the sweep has come",
        description: "The sweep compares the open workflows with the log, continues a round through the whole log, and \
                      starts the recoveries that nothing else started. It is one sweep for all tenants, and the answer \
                      names none of their workflows. Strongly consistent.",
        parameters: vec![parameters::correlation_id()],
        body: None,
        successes: vec![(
            "200",
            responses::success("How far it has come.", responses::json_of::<Sweep>(sweep())).build(),
        )],
        problems: &[],
        schemas: |schemas| {
            schemas.add::<Sweep>();
        },
    }
}

fn sweep() -> Value {
    json!({
        "last_swept_at": "2026-11-29T08:00:04.210Z",
        "open_coverage_percent": 100,
        "last_round_ended_at": "2026-11-29T08:00:04.210Z"
    })
}
