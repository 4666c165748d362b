//! A quarantine, and its release.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{PrincipalId, Reason, Version, WorkflowId};
use alims_domain::quarantine::{BreakId, InForce, Release};
use alims_domain::timestamp::Timestamp;
use alims_operations::release_workflow::Released;
use serde::Serialize;

use crate::wire::ChainFault;

/// A quarantine that is in force: the workflow can be read and not be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuarantineNotice {
    /// The name of the break: a release names it.
    pub break_id: BreakId,
    /// The first version that is not what it should be.
    pub broken_at_version: Version,
    /// What is wrong with it.
    pub fault: ChainFault,
    /// The hash of what is stored there; 64 zeros where nothing is.
    pub content: ChainHash,
    /// When that was found; absent of an entry that cannot be read and that no operation has recorded yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined_at: Option<Timestamp>,
    /// The operation that found it; absent as `quarantined_at` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_by: Option<String>,
}

impl From<InForce> for QuarantineNotice {
    fn from(in_force: InForce) -> Self {
        let InForce { found, recorded } = in_force;
        Self {
            break_id: found.id(),
            broken_at_version: found.at,
            fault: ChainFault::from(&found.fault),
            content: found.content,
            quarantined_at: recorded.as_ref().map(|recorded| recorded.timestamp),
            found_by: recorded.map(|recorded| recorded.found_by),
        }
    }
}

/// One break that was released. The stored history is as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleasedBreak {
    /// The name of the break.
    pub break_id: BreakId,
    /// The version at which the history is broken.
    pub broken_at_version: Version,
    /// What is wrong with it.
    pub fault: ChainFault,
    /// When it was released.
    pub released_at: Timestamp,
    /// Who released it.
    pub requested_by: PrincipalId,
    /// Why.
    pub reason: Reason,
}

impl From<Release> for ReleasedBreak {
    fn from(release: Release) -> Self {
        Self {
            break_id: release.covers().id(),
            broken_at_version: release.broken_at_version,
            fault: ChainFault::from(&release.fault),
            released_at: release.timestamp,
            requested_by: release.requested_by,
            reason: release.reason,
        }
    }
}

/// What a release did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseReport {
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// The newest version that can be read, which the next move builds on.
    pub version: Version,
    /// What was released, in the order of versions.
    pub released: Vec<ReleasedBreak>,
    /// The breaks that are still in force: the workflow is moved when there is none.
    pub quarantines: Vec<QuarantineNotice>,
    /// Whether an earlier request of the same person had released it for the same reason: the first answer again.
    pub repeated: bool,
}

impl ReleaseReport {
    /// Renders a release.
    #[must_use]
    pub fn new(workflow_id: WorkflowId, released: Released) -> Self {
        Self {
            workflow_id,
            version: released.head,
            released: released.releases.into_iter().map(ReleasedBreak::from).collect(),
            quarantines: released.left.into_iter().map(QuarantineNotice::from).collect(),
            repeated: released.repeated,
        }
    }
}
