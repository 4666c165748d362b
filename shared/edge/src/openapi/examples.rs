//! The parts of the worked example that several operations show: a sample on its way through the laboratory. A test
//! checks each example against its schema.

use serde_json::{Value, json};

const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_1: &str = "6f1ed002ab5595859014ebf0951522d9ba5cdaf3f1d3c4d6e2f3a4b5c6d7e8f9";
/// The hash of version 2.
pub const HASH_2: &str = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab";

/// The workflow as created.
#[must_use]
pub fn created() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "current_state": "CREATED",
        "version": 1, "created_at": "2026-11-23T08:15:00.000Z", "updated_at": "2026-11-23T08:15:00.000Z",
        "created_by": "alice", "metadata": {"sample": "S-0042", "matrix": "serum", "volume_ml": 2.5},
        "allowed_transitions": ["ACTIVE"]
    })
}

/// The workflow after its first transition.
#[must_use]
pub fn moved_workflow() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "current_state": "ACTIVE",
        "previous_state": "CREATED", "version": 2, "created_at": "2026-11-23T08:15:00.000Z",
        "updated_at": "2026-11-23T08:20:00.000Z", "created_by": "alice",
        "metadata": {"sample": "S-0042", "matrix": "serum", "volume_ml": 2.5, "bench": "B-3"},
        "allowed_transitions": ["PAUSED", "COMPLETED", "FAILED", "CANCELLED"]
    })
}

/// The event of the creation.
#[must_use]
pub fn creation() -> Value {
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

/// The event of the transition.
#[must_use]
pub fn moved() -> Value {
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
