//! A workflow, and what a move of it is answered with.

use alims_domain::event::{AppliedRules, Workflow, WorkflowEvent};
use alims_domain::identifiers::{PrincipalId, Version, WorkflowId, WorkflowType};
use alims_domain::json::Metadata;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RuleReason;
use alims_domain::timestamp::Timestamp;
use alims_operations::RuleViolation;
use alims_operations::get_workflow_state::{EvaluatedMove, RulesAnswer, WorkflowNow};
use alims_operations::request_state_transition::WouldBeAccepted;
use serde::Serialize;

use crate::wire::QuarantineNotice;

/// A workflow at one version.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowState {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// The state.
    pub current_state: State,
    /// The state before; absent at version 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<State>,
    /// The version.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// When this version was made.
    pub updated_at: Timestamp,
    /// Who created it.
    pub created_by: PrincipalId,
    /// The laboratory's own data.
    pub metadata: Metadata,
    /// The states that the lifecycle allows next; empty in a terminal state.
    pub allowed_transitions: Vec<State>,
    /// The newest stored version, if it is above `version`: it is unreadable and a supervisor released it. The next
    /// transition makes the version after it, from this state. Otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed_over_version: Option<Version>,
    /// Every quarantine in force; absent when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub quarantines: Vec<QuarantineNotice>,
    /// With `evaluate=true`: the verdict on each of these for this caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluated_transitions: Option<Vec<EvaluatedTransition>>,
}

impl From<WorkflowNow> for WorkflowState {
    fn from(now: WorkflowNow) -> Self {
        let quarantines = now.quarantines.into_iter().map(QuarantineNotice::from).collect();
        Self { passed_over_version: now.passed_over, quarantines, ..Self::from(now.workflow) }
    }
}

/// The verdict on a transition, as if this caller requested it now with only the target state.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvaluatedTransition {
    /// The target state.
    pub target_state: State,
    /// Whether the policies allow it for this caller.
    pub permitted: bool,
    /// If not permitted: the policies that forbid it; empty if no policy permits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forbidden_by: Option<Vec<String>>,
    /// The verdict of the rules.
    pub rules: RulesVerdict,
    /// deny: each rule that is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<RuleReason>>,
    /// allow, deny: the ruleset that was evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset: Option<String>,
    /// allow, deny: its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruleset_version: Option<String>,
}

/// The verdict of the rules on a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RulesVerdict {
    /// The rules would allow it.
    Allow,
    /// The rules would refuse it.
    Deny,
    /// The rules engine gave no verdict: neither allowed nor refused.
    Unavailable,
}

impl From<EvaluatedMove> for EvaluatedTransition {
    fn from(judged: EvaluatedMove) -> Self {
        let EvaluatedMove { target_state, access, rules } = judged;
        let bare = Self {
            target_state,
            permitted: access.is_ok(),
            forbidden_by: access.err().map(|forbidden| forbidden.policies),
            rules: RulesVerdict::Unavailable,
            reasons: None,
            ruleset: None,
            ruleset_version: None,
        };
        match rules {
            RulesAnswer::Unavailable(_) => bare,
            RulesAnswer::Allow(AppliedRules { ruleset, ruleset_version, .. }) => Self {
                rules: RulesVerdict::Allow,
                ruleset: Some(ruleset),
                ruleset_version: Some(ruleset_version),
                ..bare
            },
            RulesAnswer::Deny(RuleViolation { reasons, ruleset, ruleset_version }) => Self {
                rules: RulesVerdict::Deny,
                reasons: Some(reasons),
                ruleset: Some(ruleset),
                ruleset_version: Some(ruleset_version),
                ..bare
            },
        }
    }
}

impl From<Workflow> for WorkflowState {
    fn from(workflow: Workflow) -> Self {
        Self {
            workflow_id: workflow.key.workflow_id,
            workflow_type: workflow.workflow_type,
            current_state: workflow.current_state,
            previous_state: workflow.previous_state,
            version: workflow.version,
            created_at: workflow.created_at,
            updated_at: workflow.updated_at,
            created_by: workflow.created_by,
            metadata: workflow.metadata,
            allowed_transitions: workflow.current_state.allowed_transitions(),
            evaluated_transitions: None,
            passed_over_version: None,
            quarantines: Vec::new(),
        }
    }
}

/// A completed transition.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransitionResult {
    /// The workflow after the transition.
    pub workflow: WorkflowState,
    /// The event of the transition, as in the history.
    pub event: WorkflowEvent,
}

impl From<WorkflowEvent> for TransitionResult {
    fn from(event: WorkflowEvent) -> Self {
        Self { workflow: Workflow::from(&event).into(), event }
    }
}

/// A transition that would be made now. Nothing was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DryRunResult {
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
    /// What a dry run of a move to `target_state` found.
    #[must_use]
    pub fn new(accepted: WouldBeAccepted, target_state: State) -> Self {
        Self { dry_run: true, workflow: accepted.workflow.into(), target_state, rules: accepted.rules }
    }
}
