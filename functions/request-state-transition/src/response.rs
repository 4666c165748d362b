//! A transition that was made, or that a dry run would make.

use alims_domain::event::{AppliedRules, Workflow, WorkflowEvent};
use alims_domain::lifecycle::State;
use alims_edge::answer::Answer;
use alims_edge::problem::Problem;
use alims_edge::wire::WorkflowState;
use alims_operations::Accepted;
use alims_operations::request_state_transition::WouldBeAccepted;
use serde::Serialize;

/// A transition that was made, now or by an earlier request with the same key.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn moved(accepted: Accepted) -> Result<Answer, Problem> {
    let version = accepted.event.version;
    Ok(Answer::ok(&TransitionResult::from(accepted.event))?.at_version(version))
}

/// A transition that would be made.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn would_move(accepted: WouldBeAccepted, target_state: State) -> Result<Answer, Problem> {
    let version = accepted.workflow.version;
    Ok(Answer::ok(&DryRunResult::new(accepted, target_state))?.at_version(version))
}

/// A completed transition.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransitionResult {
    /// Always the same: the transition was made.
    pub outcome: Moved,
    /// The workflow after the transition.
    pub workflow: WorkflowState,
    /// The event of the transition, as in the history.
    pub event: WorkflowEvent,
}

impl From<WorkflowEvent> for TransitionResult {
    fn from(event: WorkflowEvent) -> Self {
        Self { outcome: Moved::Moved, workflow: Workflow::from(&event).into(), event }
    }
}

/// The one outcome of a transition that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Moved {
    /// The only one.
    Moved,
}

/// The one outcome of a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WouldMove {
    /// The only one.
    WouldMove,
}

/// A transition that would be made now. Nothing was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DryRunResult {
    /// Always the same: the transition would be made.
    pub outcome: WouldMove,
    /// Always true.
    pub dry_run: bool,
    /// The workflow, unchanged.
    pub workflow: WorkflowState,
    /// The target state.
    pub target_state: State,
    /// The rules that would allow it.
    pub rules: AppliedRules,
}

impl DryRunResult {
    /// Renders the dry run of a transition to `target_state`.
    #[must_use]
    pub fn new(accepted: WouldBeAccepted, target_state: State) -> Self {
        Self {
            outcome: WouldMove::WouldMove,
            dry_run: true,
            workflow: accepted.workflow.into(),
            target_state,
            rules: accepted.rules,
        }
    }
}
