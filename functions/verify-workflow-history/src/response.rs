//! The result of a check of the hash chain.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_edge::wire::ChainFault;
use alims_operations::verify_workflow_history as operation;
use serde::Serialize;

use crate::cursor::VerificationCursors;

/// The result of the check of a part of a workflow's hash chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// Whether the check has ended: at the end of the history or at a break. Otherwise continue with `next_cursor`.
    pub complete: bool,
    /// Whether the stored history is complete and unaltered from `from_version` on; absent while `complete` is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// The first version that this page checked: 1, unless the request had a cursor.
    pub from_version: Version,
    /// The number of valid versions, from `from_version` on.
    pub versions_checked: u64,
    /// The hash of the last valid version, which may be the one before `from_version`; absent when version 1 is broken.
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
    /// The cursor of the next page; absent when the check has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Verification {
    /// Renders the result.
    #[must_use]
    pub fn new(workflow_id: WorkflowId, found: operation::Verification, cursors: &VerificationCursors) -> Self {
        let complete = found.next.is_none();
        Self {
            workflow_id,
            complete,
            valid: complete.then_some(found.broken.is_none()),
            from_version: found.from,
            versions_checked: found.versions_checked,
            head_hash: found.head_hash,
            broken_at_version: found.broken.as_ref().map(|broken| broken.at),
            fault: found.broken.as_ref().map(|broken| ChainFault::from(&broken.fault)),
            published_hash: found.published_hash,
            next_cursor: found.next.map(|checked| cursors.seal(&checked)),
        }
    }
}
