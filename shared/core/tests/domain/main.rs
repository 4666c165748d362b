//! The domain and its operations over in-memory ports: a file a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod assessing;
mod bounds;
mod calls;
mod chain;
mod circling;
mod evaluating;
mod faults;
mod flooding;
mod golden;
mod judged;
mod lifecycle_model;
mod member_names;
mod names;
mod newer;
mod paging;
mod publishing;
mod rebuilding;
mod recovering;
mod refusing;
mod released;
mod repeating;
mod replaying;
mod same_request;
mod schemas;
mod specified;

use alims_core::call::Call;
use alims_core::lifecycle::State;
use alims_core::operations::create_workflow::NewWorkflow;
use alims_core::operations::request_state_transition::TransitionRequest;
use alims_core::operations::{Deciding, Publishing};
use alims_testing::builders::{a_call, at};
use alims_testing::{EverybodyMay, MemoryBus, MemoryIndex, MemoryLog, RulesThatAllow, SequentialIds, SteppingClock};
use std::sync::{Arc, LazyLock};

/// No two operations of a test process get the same id.
static IDS: LazyLock<SequentialIds> = LazyLock::new(SequentialIds::default);

/// The ports of an operation that decides, over this log and these rules.
fn deciding<L, R>(log: L, rules: R) -> Deciding<L, R> {
    let (policy, clock) = (Arc::new(EverybodyMay), Arc::new(SteppingClock::new(at(0), 7)));
    Deciding { log, rules, policy, clock, ids: Arc::new(IDS.clone()) }
}

/// The same with rules that allow everything.
fn allowing(log: &MemoryLog) -> Deciding<MemoryLog, RulesThatAllow> {
    deciding(log.clone(), RulesThatAllow)
}

/// The ports of a publisher, in memory.
fn publishing(log: &MemoryLog) -> Publishing<MemoryLog, MemoryIndex, MemoryBus> {
    Publishing { log: log.clone(), index: MemoryIndex::default(), bus: MemoryBus::default() }
}

/// A new workflow of this id.
fn new(workflow_id: &str) -> NewWorkflow {
    NewWorkflow {
        workflow_type: "free-form".parse().unwrap(),
        workflow_id: Some(workflow_id.parse().unwrap()),
        metadata: alims_core::json::Metadata::default(),
    }
}

/// A request to move to a state, and nothing else.
fn to(target_state: State) -> TransitionRequest {
    TransitionRequest {
        target_state,
        reason: "as planned".parse().unwrap(),
        expected_version: None,
        validation_context: None,
        metadata: None,
        failure: None,
    }
}

/// A call by Alice.
fn alice() -> Call {
    a_call("alice")
}
