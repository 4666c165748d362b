//! One worked example: a sample on its way through the laboratory. A test holds each to its schema.

use serde_json::{Value, json};

const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_1: &str = "6f1ed002ab5595859014ebf0951522d9ba5cdaf3f1d3c4d6e2f3a4b5c6d7e8f9";
const HASH_2: &str = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab";

pub(super) fn workflow_create() -> Value {
    json!({
        "workflow_type": "sample-analysis",
        "workflow_id": "sample-2026-0042",
        "metadata": {"sample": "S-0042", "matrix": "serum", "volume_ml": 2.5}
    })
}

pub(super) fn created() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "current_state": "CREATED",
        "version": 1, "created_at": "2026-11-23T08:15:00.000Z", "updated_at": "2026-11-23T08:15:00.000Z",
        "created_by": "alice", "metadata": {"sample": "S-0042", "matrix": "serum", "volume_ml": 2.5},
        "allowed_transitions": ["ACTIVE"]
    })
}

pub(super) fn transition_request() -> Value {
    json!({
        "target_state": "ACTIVE", "reason": "The sample is on the bench.", "expected_version": 1,
        "metadata": {"bench": "B-3"}
    })
}

pub(super) fn moved_workflow() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "current_state": "ACTIVE",
        "previous_state": "CREATED", "version": 2, "created_at": "2026-11-23T08:15:00.000Z",
        "updated_at": "2026-11-23T08:20:00.000Z", "created_by": "alice",
        "metadata": {"sample": "S-0042", "matrix": "serum", "volume_ml": 2.5, "bench": "B-3"},
        "allowed_transitions": ["PAUSED", "COMPLETED", "FAILED", "CANCELLED"]
    })
}

/// The same with its moves judged for an analyst.
pub(super) fn evaluated_workflow() -> Value {
    let judged = |target: &str| {
        json!({
            "target_state": target, "permitted": true, "rules": "allow", "ruleset": "laboratory",
            "ruleset_version": "1"
        })
    };
    let mut workflow = moved_workflow();
    if let Some(members) = workflow.as_object_mut() {
        let completion = json!({
            "target_state": "COMPLETED", "permitted": false, "forbidden_by": [], "rules": "deny",
            "reasons": [{"rule_id": "four-eyes", "message": "The creator of a workflow may not complete it."}],
            "ruleset": "laboratory", "ruleset_version": "1"
        });
        let failure = json!({"target_state": "FAILED", "permitted": true, "rules": "unavailable"});
        let evaluated = json!([judged("PAUSED"), completion, failure, judged("CANCELLED")]);
        members.insert("evaluated_transitions".to_owned(), evaluated);
    }
    workflow
}

pub(super) fn transition_result() -> Value {
    json!({"workflow": moved_workflow(), "event": moved()})
}

pub(super) fn workflow_list() -> Value {
    json!({
        "items": [{
            "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "current_state": "ACTIVE",
            "previous_state": "CREATED", "published_version": 2, "created_at": "2026-11-23T08:15:00.000Z",
            "updated_at": "2026-11-23T08:20:00.000Z", "created_by": "alice"
        }],
        "next_cursor": "ASr1ub9vQ0t1eW5lbXVzdHJlYWR0aGlz"
    })
}

pub(super) fn history_page() -> Value {
    json!({"items": [creation(), moved(), refused()]})
}

pub(super) fn verification() -> Value {
    json!({"workflow_id": "sample-2026-0042", "valid": true, "versions_checked": 2, "head_hash": HASH_2})
}

pub(super) fn recovery_request() -> Value {
    json!({"reason": "The analyser was repaired."})
}

pub(super) fn recovery_running() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "status": "running",
        "recovery_id": "7c4dbe0c5f5c4b2d9a90f1f2b3c4d5e6-v3-a1", "version": 3, "attempt": 1, "trigger": "request",
        "requested_by": "sue", "reason": "The analyser was repaired.", "requested_at": "2026-11-23T08:30:00.000Z",
        "steps": []
    })
}

pub(super) fn recovery_report() -> Value {
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

pub(super) fn release_request() -> Value {
    json!({
        "breaks": ["0000000003-5c9e41d0a7b2f3864e1d0c5b8a796f12"],
        "reason": "Version 3 was compared with the instrument's own record: the result is the same."
    })
}

pub(super) fn release_report() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "version": 4, "repeated": false, "quarantines": [],
        "released": [{
            "break_id": "0000000003-5c9e41d0a7b2f3864e1d0c5b8a796f12",
            "broken_at_version": 3, "fault": "altered", "released_at": "2026-11-23T09:05:00.000Z",
            "requested_by": "sue",
            "reason": "Version 3 was compared with the instrument's own record: the result is the same."
        }]
    })
}

pub(super) fn replay_request() -> Value {
    json!({"from_version": 2})
}

pub(super) fn replay_report() -> Value {
    json!({"workflow_id": "sample-2026-0042", "from_version": 2, "to_version": 4, "events_published": 3})
}

fn creation() -> Value {
    json!({
        "event_id": "019abf6e-2a20-7c11-8e0b-5a1b1f6d1a01", "tenant_id": "default",
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "event_type": "WorkflowCreated",
        "version": 1, "from_state": null, "to_state": "CREATED", "timestamp": "2026-11-23T08:15:00.000Z",
        "created_at": "2026-11-23T08:15:00.000Z", "created_by": "alice", "requested_by": "alice",
        "metadata": {"sample": "S-0042", "matrix": "serum", "volume_ml": 2.5},
        "rules": {"ruleset": "laboratory", "ruleset_version": "1", "evaluated": []},
        "correlation_id": "order-7719", "previous_hash": GENESIS, "hash": HASH_1
    })
}

fn moved() -> Value {
    json!({
        "event_id": "019abf72-bda0-7a52-9a3c-77c1c1b0f002", "tenant_id": "default",
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis",
        "event_type": "WorkflowStateChanged", "version": 2, "from_state": "CREATED", "to_state": "ACTIVE",
        "timestamp": "2026-11-23T08:20:00.000Z", "created_at": "2026-11-23T08:15:00.000Z",
        "created_by": "alice", "requested_by": "alice", "reason": "The sample is on the bench.",
        "metadata": {"sample": "S-0042", "matrix": "serum", "volume_ml": 2.5, "bench": "B-3"},
        "rules": {"ruleset": "laboratory", "ruleset_version": "1", "evaluated": []},
        "correlation_id": "order-7719", "previous_hash": HASH_1, "hash": HASH_2
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
        "ruleset": "laboratory", "ruleset_version": "1"
    })
}
