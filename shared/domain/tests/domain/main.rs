//! The domain alone: its bounds, names, hashes, plans and schemas, without any port.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod bounds;
mod committing;
mod deciding_amendments;
mod deciding_creations;
mod deciding_signatures;
mod deciding_transitions;
mod golden;
mod hash_chain;
mod lifecycle;
mod member_names;
mod overdue;
mod recovery_plan;
mod schemas;
mod signatures;

use alims_domain::authentication::Authentication;
use alims_domain::call::{Call, Principal};
use alims_domain::event::{AppliedRules, EventType, Workflow};
use alims_domain::head::Head;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::json::Metadata;
use alims_domain::lifecycle::State;
use alims_domain::proposal::Proposal;
use alims_domain::rejection::Forbidden;
use alims_domain::ruling::Transition;
use alims_domain::signature::Signatures;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use proptest::prelude::ProptestConfig;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Builder;

/// So many cases at most, and fewer where `PROPTEST_CASES` says so: `with_cases` alone would not look at it.
fn cases(at_most: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.min(at_most), ..config }
}

fn alice() -> Call {
    let (id, tenant_id) = ("alice".parse().unwrap(), "lab".parse().unwrap());
    Call {
        principal: Principal { id, tenant_id, roles: BTreeSet::new() },
        authentication: Authentication::default(),
        request_id: "r-1".to_owned(),
        correlation_id: None,
        idempotency_key: None,
    }
}

fn key() -> WorkflowKey {
    WorkflowKey { tenant_id: "lab".parse().unwrap(), workflow_id: "w".parse().unwrap() }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_700_000_000_000 + millis).unwrap()
}

fn id(number: u8) -> EventId {
    EventId(Builder::from_unix_timestamp_millis(1_700_000_000_000, &[number; 10]).into_uuid())
}

fn metadata(value: &Value) -> Metadata {
    Metadata::new(value.as_object().unwrap().clone()).unwrap()
}

fn forbidden() -> Forbidden {
    Forbidden { action: "activateWorkflow", policies: vec!["no".to_owned()] }
}

fn request(key: &str, what: &str) -> RepeatableRequest {
    RepeatableRequest::new(&"alice".parse().unwrap(), &key.parse().unwrap(), &what).unwrap()
}

/// A move between two states that changes nothing else.
fn moving(from: Option<State>, to: State) -> Transition {
    let data = metadata(&json!({"sample": "S-1"})).into();
    Transition { from, to, reason: None, data, failure: None, signature: None, signatures: Signatures::default() }
}

/// The workflow as it would be created.
fn to_create() -> Workflow {
    let alice = alice().principal.id;
    Workflow {
        key: key(),
        workflow_type: "free-form".parse().unwrap(),
        current_state: State::Created,
        previous_state: None,
        version: Version::FIRST,
        created_at: at(0),
        updated_at: at(0),
        created_by: alice.clone(),
        updated_by: alice,
        data: metadata(&json!({"sample": "S-1"})).into(),
        replaces: None,
        signatures: Signatures::default(),
    }
}

/// The version that a move makes of a workflow, by a request with a key or without.
fn version(
    head: Option<&Head>,
    workflow: &Workflow,
    transition: &Transition,
    repeatable: Option<&RepeatableRequest>,
) -> StoredVersion {
    let event_type = if head.is_none() { EventType::WorkflowCreated } else { EventType::WorkflowStateChanged };
    let proposal = Proposal { call: &alice(), head, workflow, transition, context: None, now: at(0) };
    proposal.commit(id(1), event_type, AppliedRules::lifecycle_only(), repeatable).unwrap()
}

/// A workflow that stands at version 2 in a state, whatever led there; the key `used` made version 2 of it.
fn standing_in(state: State) -> Head {
    let first = Head::of(version(None, &to_create(), &moving(None, State::Created), None));
    let workflow = Workflow::from(first.event());
    let transition = moving(Some(State::Created), state);
    Head::of(version(Some(&first), &workflow, &transition, Some(&request("used", "the first request"))))
}
