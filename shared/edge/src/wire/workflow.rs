//! A workflow, and the answer to a transition of it.

use alims_domain::event::Workflow;
use alims_domain::identifiers::{PrincipalId, Version, WorkflowId, WorkflowType};
use alims_domain::json::Metadata;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RuleReason;
use alims_domain::signature::Signatures;
use alims_domain::timestamp::Timestamp;
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
    /// The state before the last change of state; absent while there was none.
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
    /// The labels; absent when there are none.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub labels: Labels,
    /// When the work should be finished; absent without a due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who should do the work; absent without an assignee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PrincipalId>,
    /// The workflow whose work this one does again; absent when it replaces none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<WorkflowId>,
    /// The electronic signatures so far, oldest first; absent when there are none.
    #[serde(skip_serializing_if = "Signatures::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub signatures: Signatures,
    /// The states that the lifecycle allows next; empty in a terminal state and while the workflow is quarantined.
    pub allowed_transitions: Vec<State>,
    /// The newest stored version, if it is above `version`: it is unreadable and a supervisor released it. The next
    /// transition makes the version after it, from this state. Otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed_over_version: Option<Version>,
    /// Every quarantine in force; absent when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub quarantines: Vec<QuarantineNotice>,
    /// With `evaluate=true`: the verdict on each transition of the lifecycle for this caller. While the workflow is
    /// quarantined, the rules are not asked: every transition is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluated_transitions: Option<Vec<EvaluatedTransition>>,
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
    /// The rules were not asked: the workflow is quarantined, and `quarantines` says why.
    NotAsked,
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
            metadata: workflow.data.metadata,
            labels: workflow.data.labels,
            due_at: workflow.data.due_at,
            assignee: workflow.data.assignee,
            replaces: workflow.replaces,
            signatures: workflow.signatures,
            allowed_transitions: workflow.current_state.allowed_transitions(),
            evaluated_transitions: None,
            passed_over_version: None,
            quarantines: Vec::new(),
        }
    }
}
