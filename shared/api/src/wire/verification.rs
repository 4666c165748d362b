//! What the check of a history found.

use alims_domain::hash_chain::Fault;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_operations::verify_workflow_history as operation;
use serde::Serialize;

/// The kinds of breaks of a stored history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ChainFault {
    /// The version is missing although a later one exists.
    Missing,
    /// It cannot be read.
    Unreadable,
    /// It belongs to another workflow.
    Foreign,
    /// Its content does not match its hash.
    Altered,
    /// It does not follow from the version before.
    Unlinked,
    /// A quarantine or a release of it cannot be read.
    UnreadableQuarantine,
    /// A claim or an outcome of a recovery at it cannot be read.
    UnreadableRecovery,
}

impl From<&Fault> for ChainFault {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Missing => Self::Missing,
            Fault::Unreadable => Self::Unreadable,
            Fault::Foreign => Self::Foreign,
            Fault::Altered => Self::Altered,
            Fault::Unlinked => Self::Unlinked,
            Fault::UnreadableQuarantine => Self::UnreadableQuarantine,
            Fault::UnreadableRecovery => Self::UnreadableRecovery,
        }
    }
}

/// The result of the check of a workflow's hash chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// Whether the stored history is complete and unaltered.
    pub valid: bool,
    /// The number of valid versions, from version 1 on.
    pub versions_checked: u64,
    /// The hash of the last valid version; absent when version 1 is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// The first broken version; absent when all versions are valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at_version: Option<Version>,
    /// The kind of break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
}

impl Verification {
    /// Renders what was found.
    #[must_use]
    pub fn new(workflow_id: WorkflowId, found: operation::Verification) -> Self {
        Self {
            workflow_id,
            valid: found.broken.is_none(),
            versions_checked: found.versions_checked,
            head_hash: found.head_hash,
            broken_at_version: found.broken.as_ref().map(|broken| broken.at),
            fault: found.broken.as_ref().map(|broken| ChainFault::from(&broken.fault)),
        }
    }
}
