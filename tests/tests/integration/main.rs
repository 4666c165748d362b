//! The whole service over HTTP on the embedded database: a file an operation, and one for the edge itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod access;
mod amend_workflow;
mod anchor_heads;
mod batch_state_transitions;
mod behind;
mod changed;
mod cost;
mod create_workflow;
mod documented;
mod edge;
mod export_records;
mod export_step;
mod get_caller;
mod get_workflow_history;
mod get_workflow_recovery;
mod get_workflow_state;
mod judging;
mod lab;
mod list_activity;
mod list_rulesets;
mod list_workflows;
mod member_names;
mod publish_events;
mod rebuild_index;
mod recover_failed_workflow;
mod recover_workflow;
mod recovery_step;
mod release_workflow;
mod replay_events;
mod request_state_transition;
mod restore;
mod review_audit_trail;
mod rollback;
mod rules_engine;
mod sign_workflow;
mod subscribing;
mod sweep_deadlines;
mod sweep_workflows;
mod two_engines;
mod unreadable;
mod verify_workflow_history;
mod walks;
