//! The OpenAPI description of list-workflows.

use alims_domain::lifecycle::State;
use alims_domain::limits::LABELS_MAX;
use alims_edge::openapi::schemas::reference;
use alims_edge::openapi::{Described, Tag, parameters, responses};
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};

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
        description: "The last published version of each workflow, of those that you may read; eventually consistent. \
                      All filters must match. The policies decide on each workflow, and each page looks at a bounded \
                      number of them, so a page may be short or empty although more pages follow. By default the list \
                      is in the order `created` with `label` or `quarantined`, in the order `due` with `due_before` or \
                      `overdue`, and else in the order `updated`. In the order `created` no workflow changes its \
                      place: the pages hold each one exactly once that was listed when you began and matches all the \
                      while, whatever is moved or created meanwhile. In the orders `updated` and `due` a workflow \
                      that changes while you read the pages may move to a page that you have read. To miss none, read \
                      by `order=created`; or read all pages by `order=updated`, then read again with `updated_after` \
                      ten seconds before the last reading began, and repeat until a reading has a single page. The \
                      last page that shows a workflow is right.",
        parameters,
        body: None,
        successes: vec![("200", responses::success("A page of workflows.", list).build())],
        problems: &[],
        schemas: |schemas| {
            schemas.add::<WorkflowList>();
        },
    }
}

/// The filters of a list, its order, and its paging parameters.
fn of_a_list() -> Vec<Parameter> {
    let mut parameters = which();
    parameters.extend(when());
    let order = parameters::text().enum_values(Some(["updated", "created", "due"]));
    let include = parameters::text().enum_values(Some(["metadata"]));
    parameters.push(one(
        "order",
        "By the last update or by creation, the newest first; or open workflows with a due date, the nearest first. \
             With `label` or `quarantined` only `created`.",
        order,
        json!("created"),
    ));
    parameters.push(one(
        "include",
        "Adds the metadata of each published version. Such a page ends after 2 MB of metadata.",
        include,
        json!("metadata"),
    ));
    parameters.extend([parameters::limit(), parameters::cursor()]);
    parameters
}

fn one(name: &str, description: &str, schema: ObjectBuilder, example: Value) -> Parameter {
    parameters::parameter(name, ParameterIn::Query, description, schema, example).build()
}

/// Filters by what a workflow is.
fn which() -> Vec<Parameter> {
    let kind = parameters::text().pattern(Some("^[a-z0-9-]{1,64}$"));
    let principal = || parameters::text().min_length(Some(1)).max_length(Some(256));
    let label = parameters::text().pattern(Some("^[a-z0-9._-]{1,32}:.{1,64}$"));
    let yes = || parameters::text().enum_values(Some(["true"]));
    let states = ArrayBuilder::new().items(reference::<State>()).min_items(Some(1));
    let labels = ArrayBuilder::new().items(label).min_items(Some(1)).max_items(Some(LABELS_MAX));
    let state = "Only workflows in one of these states. May be repeated.";
    let states = parameters::parameter("state", ParameterIn::Query, state, states, json!(["ACTIVE", "PAUSED"]));
    let label = "Only workflows with all these labels, each `name:value`, compared exactly. May be repeated, with \
                 different names. The first one is looked up: begin with the one that fewest workflows have.";
    let labels = parameters::parameter("label", ParameterIn::Query, label, labels, json!(["sample:S-2026-0042"]));
    let by = "Only workflows that this principal created. Write `+` as `%2B`, and a space as `%20`.";
    let quarantined = "Only workflows with a quarantine in force.";
    vec![
        states.build(),
        one("workflow_type", "Only workflows of this type.", kind, json!("sample-analysis")),
        one("created_by", by, principal(), json!("alice")),
        one("assignee", "Only workflows with this assignee.", principal(), json!("bob")),
        labels.build(),
        one("quarantined", quarantined, yes(), json!("true")),
        one("overdue", "Only open workflows that were due by now, at the service's clock.", yes(), json!("true")),
    ]
}

/// Filters by the instants of a workflow.
fn when() -> impl Iterator<Item = Parameter> {
    [
        ("due_before", "Only open workflows due before this instant, compared exactly."),
        ("created_after", "Only workflows created at this instant or later, compared exactly."),
        ("created_before", "Only workflows created before this instant, compared exactly."),
        ("updated_after", "Only workflows updated at this instant or later, compared exactly."),
        ("updated_before", "Only workflows updated before this instant, compared exactly."),
    ]
    .into_iter()
    .map(|(name, description)| one(name, description, parameters::instant(), json!("2026-11-23T08:15:00.000Z")))
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
