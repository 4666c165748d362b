//! A signature that was made, or that a dry run would make.

use alims_domain::event::{AppliedRules, Workflow, WorkflowEvent};
use alims_domain::signature::Signatures;
use alims_edge::answer::Answer;
use alims_edge::problem::Problem;
use alims_edge::wire::WorkflowState;
use alims_operations::Accepted;
use alims_operations::sign_workflow::WouldBeSigned;
use serde::Serialize;

/// A signature that was made, now or by an earlier request with the same key.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn signed(accepted: Accepted) -> Result<Answer, Problem> {
    let version = accepted.event.version;
    Ok(Answer::ok(&SignatureResult::from(accepted.event))?.at_version(version))
}

/// A signature that would be made.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn would_sign(accepted: WouldBeSigned) -> Result<Answer, Problem> {
    let version = accepted.workflow.version;
    Ok(Answer::ok(&SignatureDryRun::from(accepted))?.at_version(version))
}

/// A completed signature.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignatureResult {
    /// Always the same: the workflow was signed.
    pub outcome: Signed,
    /// The workflow after the signature.
    pub workflow: WorkflowState,
    /// The event of the signature, as in the history.
    pub event: WorkflowEvent,
}

impl From<WorkflowEvent> for SignatureResult {
    fn from(event: WorkflowEvent) -> Self {
        Self { outcome: Signed::Signed, workflow: Workflow::from(&event).into(), event }
    }
}

/// The one outcome of a signature that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Signed {
    /// The only one.
    Signed,
}

/// The one outcome of a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WouldSign {
    /// The only one.
    WouldSign,
}

/// A signature that would be made now. Nothing was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignatureDryRun {
    /// Always the same: the workflow would be signed.
    pub outcome: WouldSign,
    /// Always true.
    pub dry_run: bool,
    /// The workflow, unchanged.
    pub workflow: WorkflowState,
    /// The signatures that it would have.
    pub signatures: Signatures,
    /// The rules that would allow it.
    pub rules: AppliedRules,
}

impl From<WouldBeSigned> for SignatureDryRun {
    fn from(accepted: WouldBeSigned) -> Self {
        let WouldBeSigned { workflow, signatures, rules } = accepted;
        Self { outcome: WouldSign::WouldSign, dry_run: true, workflow: workflow.into(), signatures, rules }
    }
}
