//! The OpenAPI description of list-workflows.

use alims_domain::lifecycle::State;
use alims_edge::openapi::schemas::reference;
use alims_edge::openapi::{Described, Tag, parameters, responses};
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::response::WorkflowList;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let list = responses::json_of::<WorkflowList>(workflow_list());
    let mut parameters = of_a_list();
    parameters.push(parameters::correlation_id());
    Described {
        route: &ROUTE,
        tag: Tag::Read,
        summary: "List workflows",
        description: "Newest first by `updated_at`, eventually consistent: the list shows the last published version \
                      of each workflow, of those that you may read. The policies decide on each one, so a page may \
                      be short or empty although more pages follow. A workflow that changes while you read the \
                      pages moves to the front, so these pages may miss it. To miss none, read all pages; then read \
                      again with `updated_after` ten seconds before the last reading began; repeat until a reading \
                      has a single page. The last page that shows a workflow is right.",
        parameters,
        body: None,
        successes: vec![("200", responses::success("A page of workflows.", list).build())],
        problems: &[],
        schemas: |schemas| {
            schemas.add::<WorkflowList>();
        },
    }
}

/// The filters of a list, and its paging parameters.
fn of_a_list() -> Vec<Parameter> {
    let kind = parameters::text().pattern(Some("^[a-z0-9-]{1,64}$"));
    let by = parameters::text().min_length(Some(1)).max_length(Some(256));
    let state = "Only workflows in this state.";
    let after = "Only workflows updated at this instant or later, compared exactly.";
    let before = "Only workflows updated before this instant, compared exactly.";
    let at = json!("2026-11-23T08:15:00.000Z");
    vec![
        parameters::parameter("state", ParameterIn::Query, state, reference::<State>(), json!("ACTIVE")).build(),
        parameters::parameter(
            "workflow_type",
            ParameterIn::Query,
            "Only workflows of this type.",
            kind,
            json!("sample-analysis"),
        )
        .build(),
        parameters::parameter(
            "created_by",
            ParameterIn::Query,
            "Only workflows that this principal created. Write `+` as `%2B`, and a space as `%20`.",
            by,
            json!("alice"),
        )
        .build(),
        parameters::parameter("updated_after", ParameterIn::Query, after, parameters::instant(), at.clone()).build(),
        parameters::parameter("updated_before", ParameterIn::Query, before, parameters::instant(), at).build(),
        parameters::limit(),
        parameters::cursor(),
    ]
}

fn workflow_list() -> Value {
    json!({
        "items": [{
            "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "current_state": "ACTIVE",
            "previous_state": "CREATED", "published_version": 2, "created_at": "2026-11-23T08:15:00.000Z",
            "updated_at": "2026-11-23T08:20:00.000Z", "created_by": "alice",
            "labels": {"order": "A-1177", "sample": "S-2026-0042"}, "due_at": "2026-11-25T16:00:00.000Z",
            "assignee": "bob"
        }],
        "next_cursor": "ASr1ub9vQ0t1eW5lbXVzdHJlYWR0aGlz"
    })
}
