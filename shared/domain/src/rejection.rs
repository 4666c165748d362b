//! Why a request is turned down: each is a fact about the workflow or the caller, and no failure.

use crate::hash_chain::Break;
use crate::identifiers::Version;
use crate::lifecycle::State;
use crate::refusal::RuleReason;

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
