//! The operations: load, decide, append. One module an operation, named as everywhere else. They render nothing.
//!
//! Nothing in here does I/O, reads a clock or makes an id: all of that comes in through [`ports`].

pub mod amend_workflow;
pub mod anchor_heads;
pub mod batch_state_transitions;
pub mod count_workflows;
pub mod create_workflow;
pub mod errors;
pub mod exporting;
pub mod get_caller;
pub mod get_sweep;
pub mod get_workflow_history;
pub mod get_workflow_state;
pub mod list_activity;
pub mod list_rulesets;
pub mod list_workflows;
pub mod metrics;
pub mod ports;
pub mod publishing;
pub mod recovery;
pub mod request_state_transition;
pub mod review_audit_trail;
pub mod sign_workflow;
pub mod sweep_deadlines;
pub mod verify_anchors;
pub mod verify_workflow_history;

mod anchoring;
mod append;
mod chain_walk;
mod deciding;
mod head;
mod newest_anchor;
mod permission;
mod quarantining;
mod refusals;
mod time_left;
mod witness;

pub use append::Accepted;
pub use chain_walk::{Walked, walk_chain};
pub use errors::{
    Bug, Forbidden, InvalidTransition, NotReplaceable, NotSigned, Quarantined, RuleViolation, VersionConflict,
    WhyNotReplaceable, WorkflowClosed,
};
pub use exporting::{export_records, export_step, get_export};
pub use head::ReadWorkflowError;
pub use newest_anchor::SignedAnchors;
pub use ports::{DecisionPorts, PublishPorts, ReadPorts};
pub use publishing::anomaly::Anomaly;
pub use publishing::compare_index::{Compared, compare_index, empty_index, remove_orphans};
pub use publishing::rebuild_index::{Finding, RebuildIndexError, RebuildOptions, Rebuilt, rebuild_index};
pub use publishing::{publish_events, replay_events};
pub use recovery::assess::{AssessError, Assessed, assess, assess_part};
pub use recovery::start::{StartPorts, StartRecoveryError};
pub use recovery::{
    get_workflow_recovery, recover_failed_workflow, recover_workflow, recovery_step, release_workflow, sweep_workflows,
};
pub use refusals::{NotKept, TooManyRefusals};
pub use request_state_transition::{RequestStateTransitionError, TransitionRequest};
pub use time_left::TimeLeft;
