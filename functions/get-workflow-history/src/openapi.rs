//! The OpenAPI description of get-workflow-history.

use alims_edge::openapi::{Described, Tag, examples, parameters, responses};
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn, ParameterStyle};
use utoipa::openapi::schema::ArrayBuilder;

use crate::request::INCLUDED;
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
        description: "Returns every version, oldest first, and on request what each changed, refused attempts, quarantines \
                      with their releases, recoveries, and due dates that passed. Each of these comes behind the version \
                      that was the newest when it \
                      was made, whatever the clocks say. A page holds fewer items when the items are large. What is \
                      added while you read follows on the last pages. A page may be short although more pages follow.",
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

/// Includes entries beside the versions.
fn include() -> Parameter {
    let kind = parameters::text().enum_values(Some(INCLUDED));
    let schema = ArrayBuilder::new().items(kind).unique_items(true).min_items(Some(1));
    let told = "Adds other entries of the log, separated by commas. `refusals` adds your own refused \
                attempts, and with the action `getWorkflowRefusals` those of every caller. `quarantines` adds each \
                break that was found and each release with its reason, and `recoveries` each attempt with its outcome; \
                both need the action `getWorkflowRecovery`. `overdue` adds each due date at which the workflow was open. \
                `changes` adds, beside the items, the old and the new values of what each version changed, at most 100 \
                of a version; they are computed, and no hash covers them.";
    parameters::parameter("include", ParameterIn::Query, told, schema, json!(INCLUDED))
        .style(Some(ParameterStyle::Form))
        .explode(Some(false))
        .build()
}

fn history_page() -> Value {
    json!({
        "items": [
            examples::creation(), examples::moved(), refused(), recovered(), quarantined(), released(), overdue(),
            examples::amended()
        ],
        "changes": [{
            "version": 3, "compared_with": 2, "truncated": false, "changes": [
                {"pointer": "/assignee", "to": "bob"},
                {"pointer": "/due_at", "to": "2026-11-25T12:00:00.000Z"},
                {"pointer": "/labels/sample", "to": "S-2026-0042"},
                {"pointer": "/metadata/results", "to": {"sodium_mmol_l": 141.5}}
            ]
        }]
    })
}

fn refused() -> Value {
    json!({
        "event_id": "019abf77-5120-7d93-8b4e-3d2a9c8e7003", "tenant_id": "default",
        "workflow_id": "sample-2026-0042", "event_type": "WorkflowTransitionRefused",
        "operation": "request-state-transition", "version": 2, "current_state": "ACTIVE",
        "target_state": "COMPLETED", "timestamp": "2026-11-23T08:25:00.000Z", "requested_by": "alice",
        "reason": "Done.", "code": "rule-violation",
        "reasons": [{"rule_id": "four-eyes", "message": "The creator of a workflow may not complete it."}],
        "ruleset": "laboratory", "ruleset_version": "1",
        "head_hash": examples::HASH_2,
        "hash": "233cbc03fd5cbbf89daec9b001c14db4799fd01ec03a235b8aa18241053a9759"
    })
}

fn recovered() -> Value {
    json!({
        "event_type": "RecoveryAttempt", "version": 2, "attempt": 1, "status": "quarantined",
        "recovery_id": "a2284d881037f85da25ba4fca5657dff-v2-a1", "trigger": "request", "requested_by": "sue",
        "reason": "The alarm of the night.", "requested_at": "2026-11-23T09:00:00.000Z",
        "started_at": "2026-11-23T09:00:01.000Z", "ended_at": "2026-11-23T09:00:02.000Z",
        "steps": [{"step": "quarantined", "at": "2026-11-23T09:00:02.000Z", "version": 1}],
        "broken_at_version": 1, "fault": "altered"
    })
}

fn quarantined() -> Value {
    json!({
        "event_id": "019abf97-b3c0-7d93-8b4e-3d2a9c8e7004", "tenant_id": "default",
        "workflow_id": "sample-2026-0042", "event_type": "WorkflowQuarantined", "broken_at_version": 1,
        "fault": "altered", "content": examples::HASH_2, "timestamp": "2026-11-23T09:00:02.000Z", "version": 2,
        "found_by": "recovery-step", "requested_by": "sue",
        "recovery_id": "a2284d881037f85da25ba4fca5657dff-v2-a1",
        "head_hash": examples::HASH_2,
        "hash": "d9b9bf07f78e7cf8e378bdc607f628036d5b1a68057026aedbc2f18bca1dc57e"
    })
}

fn released() -> Value {
    json!({
        "event_id": "019abfa0-db80-7d93-8b4e-3d2a9c8e7005", "tenant_id": "default",
        "workflow_id": "sample-2026-0042", "event_type": "WorkflowReleased", "broken_at_version": 1,
        "fault": "altered", "content": examples::HASH_2, "timestamp": "2026-11-23T09:10:00.000Z", "version": 2,
        "requested_by": "sue", "reason": "Compared with the paper record; see deviation 2026-117.",
        "head_hash": examples::HASH_2,
        "hash": "aeeacfd651df362e9d6f01cba6d068f94730d3390ef7420dfb8349c7702e4df3"
    })
}

fn overdue() -> Value {
    json!({
        "event_id": "019abfc3-15e0-7d93-8b4e-3d2a9c8e7006", "tenant_id": "default",
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "event_type": "WorkflowOverdue",
        "version": 2, "current_state": "ACTIVE", "due_at": "2026-11-23T10:00:00.000Z", "assignee": "bob",
        "labels": {"sample": "S-2026-0042"}, "created_by": "alice", "timestamp": "2026-11-23T10:02:11.000Z",
        "head_hash": examples::HASH_2,
        "hash": "e00f0367060086f055124c3d59c717885c1b72cbd7d7e7538b7ea56e4f220cbe"
    })
}
