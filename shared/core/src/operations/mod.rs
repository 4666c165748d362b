//! The operations, one module each, named as everywhere else. They decide; they render nothing.

pub mod create_workflow;
pub mod get_workflow_history;
pub mod get_workflow_recovery;
pub mod get_workflow_state;
pub mod list_workflows;
pub mod publish_events;
pub mod recover_failed_workflow;
pub mod recover_workflow;
pub mod recovery_step;
pub mod release_workflow;
pub mod replay_events;
pub mod request_state_transition;
pub mod sweep_workflows;
pub mod verify_workflow_history;

mod assessing;
mod catching_up;
mod chain_walk;
mod decision;
mod reading;
mod rebuild_index;
mod refusing;
mod starting;

use std::sync::Arc;

use crate::chain::{Break, NotCanonical};
use crate::event::WorkflowEvent;
use crate::identifiers::Version;
use crate::lifecycle::State;
use crate::ports::{AccessPolicy, Clock, Ids};
use crate::refusal::RuleReason;

pub use assessing::{AssessError, assess};
pub use chain_walk::{Walked, walk_chain};
pub use reading::ReadWorkflowError;
pub use rebuild_index::{Anomaly, Finding, RebuildIndexError, RebuildOptions, Rebuilt, rebuild_index};
pub use refusing::{NotKept, TooManyRefusals};
pub use starting::{StartRecoveryError, Starting};

/// What an operation that decides and appends needs.
#[derive(Clone)]
pub struct Deciding<L, R> {
    /// The log.
    pub log: L,
    /// The laboratory's rules.
    pub rules: R,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

/// What an operation that only reads needs: one store, and who may.
#[derive(Clone)]
pub struct Reading<S> {
    /// The log or the index.
    pub store: S,
    /// Who may.
    pub policy: Arc<dyn AccessPolicy>,
}

/// What publishing needs.
#[derive(Clone)]
pub struct Publishing<L, I, B> {
    /// The log, where gaps are filled from.
    pub log: L,
    /// The index, which holds how far each workflow is published.
    pub index: I,
    /// Where events go.
    pub bus: B,
}

/// The caller may not do this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no policy permits {action}")]
pub struct Forbidden {
    /// The action's name.
    pub action: &'static str,
    /// The policies that forbid it; none when it is simply not permitted.
    pub policies: Vec<String>,
}

/// The lifecycle has no such move.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a workflow in {current_state} cannot move to {target_state}")]
pub struct InvalidTransition {
    /// Where the workflow stands.
    pub current_state: State,
    /// Where it was to go.
    pub target_state: State,
    /// The version it stands at.
    pub version: Version,
}

/// The rules refused the move.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} rule(s) of {ruleset} {ruleset_version} are not met", reasons.len())]
pub struct RuleViolation {
    /// Each rule that was not met.
    pub reasons: Vec<RuleReason>,
    /// The ruleset.
    pub ruleset: String,
    /// Its version.
    pub ruleset_version: String,
}

/// The workflow is not at the version the caller decided on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the workflow is at version {version}")]
pub struct VersionConflict {
    /// Where it stands.
    pub current_state: State,
    /// The version it stands at.
    pub version: Version,
}

/// The stored history is not what it should be: nothing is changed until people have looked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored history is broken at version {}: {}", .0.at, .0.fault)]
pub struct Quarantined(pub Break);

/// A state of affairs that only a bug brings about.
#[derive(Debug, thiserror::Error)]
pub enum Bug {
    /// An event has no canonical JSON.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// A workflow has used up its ten digits of versions.
    #[error("no version follows {0}")]
    VersionsExhausted(Version),
}

/// An accepted version, made now or by an earlier request with the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The version's event; the workflow's state follows from it.
    pub event: WorkflowEvent,
    /// Whether an earlier request had made it.
    pub repeated: bool,
}
