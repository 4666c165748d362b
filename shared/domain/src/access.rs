//! Who may do what: the actions, and the question the policies decide.

use crate::call::Principal;
use crate::identifiers::{PrincipalId, TenantId, WorkflowId, WorkflowType};
use crate::lifecycle::State;
use crate::signature::Meaning;

/// What somebody wants to do. A move is named by where it goes; only the target CREATED has no move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Create a workflow.
    CreateWorkflow,
    /// Read a workflow's state.
    GetWorkflowState,
    /// List the tenant's workflows.
    ListWorkflows,
    /// Read a workflow's history.
    GetWorkflowHistory,
    /// Read the refused attempts in a workflow's history.
    GetWorkflowRefusals,
    /// Have a workflow's hash chain checked.
    VerifyWorkflowHistory,
    /// Move a workflow to ACTIVE.
    ActivateWorkflow,
    /// Move a workflow to PAUSED.
    PauseWorkflow,
    /// Move a workflow to COMPLETED.
    CompleteWorkflow,
    /// Move a workflow to FAILED.
    FailWorkflow,
    /// Move a workflow to CANCELLED.
    CancelWorkflow,
    /// Have a workflow brought back to a consistent, working state.
    RecoverWorkflow,
    /// See what recoveries did, which breaks were found, and who released them and why.
    GetWorkflowRecovery,
    /// Publish a workflow's events again.
    ReplayEvents,
    /// Release a workflow from quarantine.
    ReleaseWorkflow,
    /// Count workflows.
    CountWorkflows,
    /// Change a workflow's data, or add a remark.
    AmendWorkflow,
    /// Sign a workflow electronically, with this meaning.
    SignWorkflow(Meaning),
    /// List the activity of the whole tenant.
    ListActivity,
    /// List the caller's own activity.
    ListOwnActivity,
    /// See which rules there are.
    ListRulesets,
    /// Record that the audit trail of a period was reviewed.
    ReviewAuditTrail,
    /// Export records.
    ExportRecords,
    /// See what became of an export, and download its archive.
    GetExport,
    /// See how far the sweep has come.
    GetSweep,
}

impl Action {
    /// Every action. Signing is one for each meaning.
    pub const ALL: [Self; 28] = [
        Self::CreateWorkflow,
        Self::GetWorkflowState,
        Self::ListWorkflows,
        Self::GetWorkflowHistory,
        Self::GetWorkflowRefusals,
        Self::VerifyWorkflowHistory,
        Self::ActivateWorkflow,
        Self::PauseWorkflow,
        Self::CompleteWorkflow,
        Self::FailWorkflow,
        Self::CancelWorkflow,
        Self::RecoverWorkflow,
        Self::GetWorkflowRecovery,
        Self::ReplayEvents,
        Self::ReleaseWorkflow,
        Self::CountWorkflows,
        Self::AmendWorkflow,
        Self::SignWorkflow(Meaning::Authorship),
        Self::SignWorkflow(Meaning::Review),
        Self::SignWorkflow(Meaning::Approval),
        Self::SignWorkflow(Meaning::Responsibility),
        Self::ListActivity,
        Self::ListOwnActivity,
        Self::ListRulesets,
        Self::ReviewAuditTrail,
        Self::ExportRecords,
        Self::GetExport,
        Self::GetSweep,
    ];

    /// The action of moving a workflow to `target`. Nothing moves to CREATED: a caller who may create may ask, and
    /// the lifecycle refuses.
    #[must_use]
    pub const fn moving_to(target: State) -> Self {
        match target {
            State::Created => Self::CreateWorkflow,
            State::Active => Self::ActivateWorkflow,
            State::Paused => Self::PauseWorkflow,
            State::Completed => Self::CompleteWorkflow,
            State::Failed => Self::FailWorkflow,
            State::Cancelled => Self::CancelWorkflow,
        }
    }

    /// Whether the action is done to one workflow that exists.
    #[must_use]
    pub const fn is_on_a_workflow(self) -> bool {
        !matches!(
            self,
            Self::CreateWorkflow
                | Self::ListWorkflows
                | Self::GetSweep
                | Self::ExportRecords
                | Self::GetExport
                | Self::ReviewAuditTrail
                | Self::CountWorkflows
                | Self::ListActivity
                | Self::ListOwnActivity
                | Self::ListRulesets
        )
    }

    /// What the signature means, when the action is to sign.
    #[must_use]
    pub const fn meaning(self) -> Option<Meaning> {
        if let Self::SignWorkflow(meaning) = self { Some(meaning) } else { None }
    }

    /// The name in policies and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateWorkflow => "createWorkflow",
            Self::GetWorkflowState => "getWorkflowState",
            Self::ListWorkflows => "listWorkflows",
            Self::GetWorkflowHistory => "getWorkflowHistory",
            Self::GetWorkflowRefusals => "getWorkflowRefusals",
            Self::VerifyWorkflowHistory => "verifyWorkflowHistory",
            Self::ActivateWorkflow => "activateWorkflow",
            Self::PauseWorkflow => "pauseWorkflow",
            Self::CompleteWorkflow => "completeWorkflow",
            Self::FailWorkflow => "failWorkflow",
            Self::CancelWorkflow => "cancelWorkflow",
            Self::RecoverWorkflow => "recoverWorkflow",
            Self::GetWorkflowRecovery => "getWorkflowRecovery",
            Self::ReplayEvents => "replayEvents",
            Self::ReleaseWorkflow => "releaseWorkflow",
            Self::CountWorkflows => "countWorkflows",
            Self::AmendWorkflow => "amendWorkflow",
            Self::SignWorkflow(_) => "signWorkflow",
            Self::ListActivity => "listActivity",
            Self::ListOwnActivity => "listOwnActivity",
            Self::ListRulesets => "listRulesets",
            Self::ReviewAuditTrail => "reviewAuditTrail",
            Self::ExportRecords => "exportRecords",
            Self::GetExport => "getExport",
            Self::GetSweep => "getSweep",
        }
    }
}

/// What the action is done to. What is not known yet, or has no meaning for the action, is none.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Whose it is; compared with the principal's tenant by policy, beside the separation by keys.
    pub tenant_id: &'a TenantId,
    /// Which workflow; none for a list.
    pub workflow_id: Option<&'a WorkflowId>,
    /// What kind of workflow.
    pub workflow_type: Option<&'a WorkflowType>,
    /// Where it stands.
    pub current_state: Option<State>,
    /// Who created it.
    pub created_by: Option<&'a PrincipalId>,
}

impl<'a> Resource<'a> {
    /// A tenant as a whole: no one workflow.
    #[must_use]
    pub const fn of_tenant(tenant_id: &'a TenantId) -> Self {
        Self { tenant_id, workflow_id: None, workflow_type: None, current_state: None, created_by: None }
    }
}

/// What the policies are asked.
#[derive(Clone, Copy, Debug)]
pub struct AccessQuestion<'a> {
    /// The edge's name for the call, so that the decision can be found in the log.
    pub request_id: &'a str,
    /// Who asks.
    pub principal: &'a Principal,
    /// To do what.
    pub action: Action,
    /// To what.
    pub resource: Resource<'a>,
}

/// What the policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessDecision {
    /// Yes, by these policies.
    Permitted {
        /// Their ids; never empty.
        policies: Vec<String>,
    },
    /// No: by these policies, or, when there are none, because none permits it.
    Forbidden {
        /// Their ids.
        policies: Vec<String>,
    },
}
