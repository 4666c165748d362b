//! The OpenAPI description of list-activity.

use alims_domain::activity::ActivityKind;
use alims_edge::openapi::schemas::reference;
use alims_edge::openapi::{Described, Tag, examples, parameters, responses};
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::response::ActivityList;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let list = responses::json_of::<ActivityList>(activity_list());
    Described {
        route: &ROUTE,
        tag: Tag::Audit,
        summary: "List activity",
        description: "Every entry of the tenant's log by its own time, newest first: versions, refused attempts (also \
                      to create), quarantines, releases, due dates that passed, the request and the end of each recovery, and the audit entries \
                      of the tenant, which belong to no workflow. With the action \
                      `listActivity` you see what everybody did, with `listOwnActivity` what you did. A walk from page \
                      to page keeps its span of time and shows every entry that was there when it began once, whatever \
                      is added meanwhile. An entry gets its time before it is stored, by the clock of one of several \
                      servers, and comes here some seconds later: a span that ends in the last minute may lack \
                      entries. To miss none, begin the next span a minute before the last one ended, and drop what you \
                      have by its `event_id`, or by `recovery_id` and `kind`. A page may be short or empty although \
                      more pages follow.",
        parameters: of_activity(),
        body: None,
        successes: vec![("200", responses::success("A page of activity.", list).build())],
        problems: &[],
        schemas: |schemas| {
            schemas.add::<ActivityList>();
        },
    }
}

/// The filters, and the paging parameters.
fn of_activity() -> Vec<Parameter> {
    let by = parameters::text().min_length(Some(1)).max_length(Some(256));
    let from = "Only entries of this instant or later. By default a day before `to`, or before now.";
    let to = "Only entries before this instant: at or after `from`, and at most 31 days later. By default 31 days \
              after `from`, or now.";
    let principal = "Only what this principal did or asked for. Write `+` as `%2B`, and a space as `%20`. The end of a \
                     recovery names no principal.";
    let kind = "Only entries of this kind.";
    let instant = |name: &str, told: &str, example: &str| {
        parameters::parameter(name, ParameterIn::Query, told, parameters::instant(), json!(example)).build()
    };
    vec![
        instant("from", from, "2026-11-01T00:00:00.000Z"),
        instant("to", to, "2026-12-01T00:00:00.000Z"),
        parameters::parameter("principal", ParameterIn::Query, principal, by, json!("alice")).build(),
        parameters::parameter(
            "kind",
            ParameterIn::Query,
            kind,
            reference::<ActivityKind>(),
            json!(ActivityKind::WorkflowStateChanged),
        )
        .build(),
        parameters::limit(),
        parameters::cursor(),
        parameters::correlation_id(),
    ]
}

fn activity_list() -> Value {
    json!({
        "items": [
            {
                "at": "2026-11-23T08:20:00.000Z", "workflow_id": "sample-2026-0042", "kind": "WorkflowStateChanged",
                "entry": examples::moved()
            },
            {
                "at": "2026-11-23T08:15:00.000Z", "workflow_id": "sample-2026-0042", "kind": "WorkflowCreated",
                "entry": examples::creation()
            },
        ],
        "next_cursor": "ASr1ub9vQ0t1eW5lbXVzdHJlYWR0aGlz"
    })
}
