//! The result of a check of the hash chain.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_edge::wire::ChainFault;
use alims_operations::verify_workflow_history as operation;
use serde::Serialize;

/// The result of the check of a workflow's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// Whether the stored history is complete and unaltered.
    pub valid: bool,
    /// The number of versions whose hash chain is sound, from version 1 on.
    pub versions_checked: u64,
    /// The hash of the last of these; absent when version 1 is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// The first broken version; absent when all versions are valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// The kind of break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
    /// The hash of the version that was published and is not in the history; only where the index shows the break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_hash: Option<ChainHash>,
}

impl Verification {
    /// Renders the result.
    #[must_use]
    pub fn new(workflow_id: WorkflowId, found: operation::Verification) -> Self {
        Self {
            workflow_id,
            valid: found.broken.is_none(),
            versions_checked: found.versions_checked,
            head_hash: found.head_hash,
            broken_at_version: found.broken.as_ref().map(|broken| broken.at),
            fault: found.broken.as_ref().map(|broken| ChainFault::from(&broken.fault)),
            published_hash: found.published_hash,
        }
    }
}
