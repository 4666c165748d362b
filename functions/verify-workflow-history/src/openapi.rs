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
        description: "Recomputes the hash chain over the stored history, a bounded part for each request: 500 versions \
                      or 4 MiB of their data. While `complete` is false, continue with `next_cursor`. The whole \
                      history is valid when the pages follow one another from version 1 to the last one, and that one \
                      says so; a page claims nothing about versions before its `from_version`. A broken chain is a \
                      result, not an error. The check also compares the history with the hash that the index keeps of \
                      the newest published version, and with the newest anchor: a history whose end was cut off is a sound chain. Behind the last version \
                      it checks the entries beside the versions, at most 100 of each kind for each request: that the content of \
                      each fits its hash, and that the version it names has the hash it names.",
        parameters: vec![parameters::workflow_id(), parameters::cursor(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The result of the check.", found).build())],
        problems: &[ProblemCode::WorkflowNotFound],
        schemas: |schemas| {
            schemas.add::<Verification>();
        },
    }
}

fn verification() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "complete": true, "valid": true, "from_version": 1, "versions_checked": 2,
        "head_hash": examples::HASH_2,
        "entries_checked": {"refusals": 1, "quarantines": 0, "recoveries": 0, "overdue": 0},
        "anchored": {"number": 42, "until": "2026-11-28T23:45:00.000Z", "versions": 2}
    })
}
