//! An amendment that was made, or that a dry run would make.

use alims_domain::event::{AppliedRules, Workflow, WorkflowEvent};
use alims_domain::workflow_data::WorkflowData;
use alims_edge::answer::Answer;
use alims_edge::problem::Problem;
use alims_edge::wire::WorkflowState;
use alims_operations::Accepted;
use alims_operations::amend_workflow::WouldBeAmended;
use serde::Serialize;

/// An amendment that was made, now or by an earlier request with the same key.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn amended(accepted: Accepted) -> Result<Answer, Problem> {
    let version = accepted.event.version;
    Ok(Answer::ok(&AmendmentResult::from(accepted.event))?.at_version(version))
}

/// An amendment that would be made.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn would_amend(accepted: WouldBeAmended) -> Result<Answer, Problem> {
    let version = accepted.workflow.version;
    Ok(Answer::ok(&AmendmentDryRun::from(accepted))?.at_version(version))
}

/// A completed amendment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AmendmentResult {
    /// Always the same: the amendment was made.
    pub outcome: Amended,
    /// The workflow after the amendment.
    pub workflow: WorkflowState,
    /// The event of the amendment, as in the history.
    pub event: WorkflowEvent,
}

impl From<WorkflowEvent> for AmendmentResult {
    fn from(event: WorkflowEvent) -> Self {
        Self { outcome: Amended::Amended, workflow: Workflow::from(&event).into(), event }
    }
}

/// The one outcome of an amendment that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Amended {
    /// The only one.
    Amended,
}

/// The one outcome of a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WouldAmend {
    /// The only one.
    WouldAmend,
}

/// An amendment that would be made now. Nothing was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AmendmentDryRun {
    /// Always the same: the amendment would be made.
    pub outcome: WouldAmend,
    /// Always true.
    pub dry_run: bool,
    /// The workflow, unchanged.
    pub workflow: WorkflowState,
    /// The data that it would have.
    pub data: WorkflowData,
    /// The rules that would allow it.
    pub rules: AppliedRules,
}

impl From<WouldBeAmended> for AmendmentDryRun {
    fn from(accepted: WouldBeAmended) -> Self {
        let WouldBeAmended { workflow, data, rules } = accepted;
        Self { outcome: WouldAmend::WouldAmend, dry_run: true, workflow: workflow.into(), data, rules }
    }
}
