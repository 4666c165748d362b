//! The operations over in-memory ports. Each operation has a file or a folder of its name; what several operations share
//! has the name of its module in `src`. Properties of runs made at random stand apart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod amend_workflow;
mod anchor_heads;
mod assess;
mod batch_state_transitions;
mod chain_walk;
mod count_workflows;
mod create_workflow;
mod decision;
mod export_records;
mod export_step;
mod foreign_keys;
mod get_caller;
mod get_export;
mod get_sweep;
mod get_workflow_history;
mod get_workflow_recovery;
mod get_workflow_state;
mod list_activity;
mod list_rulesets;
mod list_workflows;
mod ports;
mod properties;
mod publish_events;
mod rebuild_index;
mod recover_failed_workflow;
mod recover_workflow;
mod recovery_step;
mod refusals;
mod release_workflow;
mod replay_events;
mod request_state_transition;
mod review_audit_trail;
mod sign_workflow;
mod support;
mod sweep_deadlines;
mod sweep_workflows;
mod verify_anchors;
mod verify_workflow_history;
mod witness;

use alims_domain::call::Call;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RefusalCode;
use alims_operations::create_workflow::{NewWorkflow, create_workflow};
use alims_operations::request_state_transition::TransitionRequest;
use alims_operations::{DecisionPorts, PublishPorts};
use alims_testing::builders::{a_call, a_key, at};
use alims_testing::{EverybodyMay, MemoryBus, MemoryIndex, MemoryLog, RulesThatAllow, SequentialIds, SteppingClock};
use std::sync::{Arc, LazyLock};

/// No two operations of a test process get the same id.
static IDS: LazyLock<SequentialIds> = LazyLock::new(SequentialIds::default);

/// The ports of an operation that decides, over this log and these rules.
fn deciding<L, R>(log: L, rules: R) -> DecisionPorts<L, R> {
    let (policy, clock) = (Arc::new(EverybodyMay), Arc::new(SteppingClock::new(at(0), 7)));
    DecisionPorts { log, rules, policy, clock, ids: Arc::new(IDS.clone()) }
}

/// The same with rules that allow everything.
fn allowing(log: &MemoryLog) -> DecisionPorts<MemoryLog, RulesThatAllow> {
    deciding(log.clone(), RulesThatAllow)
}

/// The ports of a publisher, in memory.
fn publishing(log: &MemoryLog) -> PublishPorts<MemoryLog, MemoryIndex, MemoryBus> {
    PublishPorts { log: log.clone(), index: MemoryIndex::default(), bus: MemoryBus::default() }
}

/// A new workflow of this id.
fn new(workflow_id: &str) -> NewWorkflow {
    NewWorkflow {
        workflow_type: "free-form".parse().unwrap(),
        workflow_id: Some(workflow_id.parse().unwrap()),
        data: alims_domain::workflow_data::WorkflowData::default(),
        replaces: None,
    }
}

/// A request to move to a state, and nothing else.
fn to(target_state: State) -> TransitionRequest {
    TransitionRequest {
        target_state,
        reason: "as planned".parse().unwrap(),
        expected_versions: None,
        validation_context: None,
        metadata: None,
        failure: None,
    }
}

/// A call by Alice.
fn alice() -> Call {
    a_call("alice")
}

/// A log with the workflow `w`, just created.
async fn created() -> MemoryLog {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    log
}

/// The codes of the refusals that the log holds of `w`.
fn codes(log: &MemoryLog) -> Vec<RefusalCode> {
    log.entries(&a_key("w")).1.iter().map(|refusal| refusal.code).collect()
}
