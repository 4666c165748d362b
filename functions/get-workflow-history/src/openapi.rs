//! The OpenAPI description of get-workflow-history.

use alims_edge::openapi::{Described, Tag, examples, parameters, responses};
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::response::HistoryPage;
use crate::route::ROUTE;

/// The OpenAPI description of this operation.
#[must_use]
pub fn described() -> Described {
    let page = responses::json_of::<HistoryPage>(history_page());
    Described {
        route: &ROUTE,
        tag: Tag::Audit,
        summary: "Read a workflow's history",
        description: "Returns every version, oldest first, and on request the refused attempts between them. A page \
                      holds fewer items when the items are large.",
        parameters: vec![
            parameters::workflow_id(),
            include(),
            parameters::limit(),
            parameters::cursor(),
            parameters::correlation_id(),
        ],
        body: None,
        successes: vec![("200", responses::success("A page of the history.", page).build())],
        problems: responses::OF_A_READ,
        schemas: |schemas| {
            schemas.add::<HistoryPage>();
        },
    }
}

/// Includes refused attempts.
fn include() -> Parameter {
    let schema = parameters::text().enum_values(Some(["refusals"]));
    let told = "`refusals` adds refused attempts: your own, and with the permission `getWorkflowRefusals` those of everybody. A page \
                may be short although more pages follow.";
    parameters::parameter("include", ParameterIn::Query, told, schema, json!("refusals")).build()
}

fn history_page() -> Value {
    json!({"items": [examples::creation(), examples::moved(), refused()]})
}

fn refused() -> Value {
    json!({
        "event_id": "019abf77-5120-7d93-8b4e-3d2a9c8e7003", "tenant_id": "default",
        "workflow_id": "sample-2026-0042", "event_type": "WorkflowTransitionRefused",
        "operation": "request-state-transition", "version": 2, "current_state": "ACTIVE",
        "target_state": "COMPLETED", "timestamp": "2026-11-23T08:25:00.000Z", "requested_by": "alice",
        "reason": "Done.", "code": "rule-violation",
        "reasons": [{"rule_id": "four-eyes", "message": "The creator of a workflow may not complete it."}],
        "ruleset": "laboratory", "ruleset_version": "1"
    })
}
