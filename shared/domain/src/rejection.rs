//! Why a request is rejected: each reason is a fact about the workflow or the caller, not a failure.

use crate::hash_chain::Break;
use crate::identifiers::{Version, WorkflowId};
use crate::lifecycle::State;
use crate::refusal::RuleReason;
use crate::signature::NotAdded;

/// The policies do not allow the caller to do this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no policy permits {action}")]
pub struct Forbidden {
    /// The action's name.
    pub action: &'static str,
    /// The policies that forbid it; empty when no policy permits it.
    pub policies: Vec<String>,
}

/// The lifecycle has no such transition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a workflow in {current_state} cannot move to {target_state}")]
pub struct InvalidTransition {
    /// The current state.
    pub current_state: State,
    /// The requested state.
    pub target_state: State,
    /// The current version.
    pub version: Version,
}

/// The workflow has ended, so its data does not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a workflow in {current_state} keeps its data")]
pub struct WorkflowClosed {
    /// The current state.
    pub current_state: State,
    /// The current version.
    pub version: Version,
}

/// The workflow cannot have this signature at its version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the workflow at version {version} cannot have this signature")]
pub struct NotSigned {
    /// Why.
    pub why: NotAdded,
    /// The current state.
    pub current_state: State,
    /// The current version.
    pub version: Version,
}

/// The rules refused the transition.
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
    /// The current state.
    pub current_state: State,
    /// The current version.
    pub version: Version,
}

/// The stored history is broken: the workflow is locked until a person has reviewed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored history is broken at version {}: {}", .0.at, .0.fault)]
pub struct Quarantined(pub Break);

/// The workflow that a creation names as replaced cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the workflow {workflow_id} cannot be replaced: {why}")]
pub struct NotReplaceable {
    /// The workflow that was to be replaced.
    pub workflow_id: WorkflowId,
    /// Why not.
    pub why: WhyNotReplaceable,
}

/// Why a workflow cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyNotReplaceable {
    /// The tenant has no such workflow, or the caller may not read it: the caller must not learn which.
    #[error("there is none that the caller may read")]
    NotFound,
    /// Its history is broken, so its state is not certain.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// Its work goes on.
    #[error("it is in {0}")]
    NotClosed(State),
}
