//! The parts of the worked example that several operations show: a sample on its way through the laboratory. Tests check
//! each example against its schema, and the hashes.

use serde_json::{Value, json};

const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_1: &str = "8e4bf7b2351332e64956fa7e6749a800ebdd873b6b22106b033e7c62bd4164c3";
/// The hash of version 2.
pub const HASH_2: &str = "676f273fda31373a93a0a565df45b8a5882c35d23e278c95755e9eb05c0aa6e5";
const HASH_3: &str = "d911b31047a0b95ec77c1dd3bc975668c8469f2809779eac6d1065c1ff5c3cbd";
const HASH_4: &str = "55b4bce846836beeaa3e82c18f585f17a0245c0edb7dd9f614d7a6b1c2f092ca";

/// The workflow as created.
#[must_use]
pub fn created() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "current_state": "CREATED",
        "version": 1, "created_at": "2026-11-23T08:15:00.000Z", "updated_at": "2026-11-23T08:15:00.000Z",
        "created_by": "alice", "metadata": {"sample_id": "S-2026-0042", "matrix": "serum", "volume_ml": 2.5},
        "labels": {"order": "A-1177", "sample": "S-2026-0042"}, "due_at": "2026-11-25T16:00:00.000Z",
        "assignee": "bob", "allowed_transitions": ["ACTIVE"]
    })
}

/// The workflow after its first transition.
#[must_use]
pub fn moved_workflow() -> Value {
    json!({
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis", "current_state": "ACTIVE",
        "previous_state": "CREATED", "version": 2, "created_at": "2026-11-23T08:15:00.000Z",
        "updated_at": "2026-11-23T08:20:00.000Z", "created_by": "alice",
        "metadata": {"sample_id": "S-2026-0042", "matrix": "serum", "volume_ml": 2.5, "bench": "B-3"},
        "labels": {"order": "A-1177", "sample": "S-2026-0042"}, "due_at": "2026-11-25T16:00:00.000Z",
        "assignee": "bob", "allowed_transitions": ["PAUSED", "COMPLETED", "FAILED", "CANCELLED"]
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
        "metadata": {"sample_id": "S-2026-0042", "matrix": "serum", "volume_ml": 2.5},
        "labels": {"order": "A-1177", "sample": "S-2026-0042"}, "due_at": "2026-11-25T16:00:00.000Z",
        "assignee": "bob",
        "rules": {"ruleset": "laboratory", "ruleset_version": "1", "evaluated": []},
        "previous_hash": GENESIS, "hash": HASH_1
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
        "metadata": {"sample_id": "S-2026-0042", "matrix": "serum", "volume_ml": 2.5, "bench": "B-3"},
        "labels": {"order": "A-1177", "sample": "S-2026-0042"}, "due_at": "2026-11-25T16:00:00.000Z",
        "assignee": "bob",
        "rules": {"ruleset": "laboratory", "ruleset_version": "1", "evaluated": []},
        "previous_hash": HASH_1, "hash": HASH_2
    })
}

/// The workflow after it was amended.
#[must_use]
pub fn amended_workflow() -> Value {
    let (mut workflow, event) = (moved_workflow(), amended());
    let members = ["version", "metadata", "labels", "due_at", "assignee"].map(|member| (member, member));
    if let Some(workflow) = workflow.as_object_mut() {
        for (member, of_the_event) in members.into_iter().chain([("updated_at", "timestamp")]) {
            workflow.extend(event.get(of_the_event).map(|value| (member.to_owned(), value.clone())));
        }
    }
    workflow
}

/// The event of the amendment.
#[must_use]
pub fn amended() -> Value {
    json!({
        "event_id": "019abf77-5120-7a52-9a3c-77c1c1b0f003", "tenant_id": "default",
        "workflow_id": "sample-2026-0042", "workflow_type": "sample-analysis",
        "event_type": "WorkflowAmended", "version": 3, "from_state": "ACTIVE", "to_state": "ACTIVE",
        "previous_state": "CREATED", "state_since": 2, "timestamp": "2026-11-23T08:25:00.000Z",
        "created_at": "2026-11-23T08:15:00.000Z", "created_by": "alice", "requested_by": "alice",
        "reason": "The first result is in.",
        "metadata": {
            "sample_id": "S-2026-0042", "matrix": "serum", "volume_ml": 2.5, "bench": "B-3",
            "results": {"sodium_mmol_l": 141.5}
        },
        "labels": {"sample": "S-2026-0042"}, "due_at": "2026-11-25T12:00:00.000Z", "assignee": "bob",
        "rules": {"ruleset": "laboratory", "ruleset_version": "1", "evaluated": []},
        "previous_hash": HASH_2, "hash": HASH_3
    })
}

/// The workflow after it was signed.
#[must_use]
pub fn signed_workflow() -> Value {
    let (mut workflow, event) = (amended_workflow(), signed());
    if let Some(workflow) = workflow.as_object_mut() {
        for (member, of_the_event) in
            [("version", "version"), ("signatures", "signatures"), ("updated_at", "timestamp")]
        {
            workflow.extend(event.get(of_the_event).map(|value| (member.to_owned(), value.clone())));
        }
    }
    workflow
}

/// The event of the signature.
#[must_use]
pub fn signed() -> Value {
    let mut event = amended();
    let signature = json!({
        "event_id": "019abf7b-e4a0-7a52-9a3c-77c1c1b0f004", "event_type": "WorkflowSigned", "version": 4,
        "timestamp": "2026-11-23T08:30:00.000Z", "requested_by": "sue",
        "signature": {
            "meaning": "review", "signer_name": "Susanne Berger", "roles": ["supervisor"],
            "comment": "Compared with the printout.", "signed_version": 3, "signed_hash": HASH_3,
            "authenticated": {"auth_time": "2026-11-23T08:29:00.000Z", "amr": ["pwd", "otp"]}
        },
        "signatures": [{
            "meaning": "review", "by": "sue", "name": "Susanne Berger", "roles": ["supervisor"],
            "at": "2026-11-23T08:30:00.000Z", "version": 3, "hash": HASH_3, "current": true
        }],
        "previous_hash": HASH_3, "hash": HASH_4
    });
    if let (Some(event), Value::Object(signature)) = (event.as_object_mut(), signature) {
        event.remove("reason");
        event.extend(signature);
    }
    event
}
