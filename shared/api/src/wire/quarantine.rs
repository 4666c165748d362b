//! A quarantine, and its release.

use alims_core::identifiers::{PrincipalId, Reason, Version, WorkflowId};
use alims_core::operations::release_workflow::Released;
use alims_core::quarantine::{Quarantine, Release};
use alims_core::timestamp::Timestamp;
use serde::Serialize;

use crate::wire::ChainFault;

/// A quarantine that is in force: the workflow can be read and not be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuarantineNotice {
    /// The first version that is not what it should be.
    pub broken_at_version: Version,
    /// What is wrong with it.
    pub fault: ChainFault,
    /// When that was found.
    pub quarantined_at: Timestamp,
    /// The operation that found it.
    pub found_by: String,
}

impl From<Quarantine> for QuarantineNotice {
    fn from(quarantine: Quarantine) -> Self {
        Self {
            broken_at_version: quarantine.broken_at_version,
            fault: ChainFault::from(&quarantine.fault),
            quarantined_at: quarantine.timestamp,
            found_by: quarantine.found_by,
        }
    }
}

/// One break that was released. The stored history is as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleasedBreak {
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
    /// The version it stands at, which the next move builds on.
    pub version: Version,
    /// What was released, in the order of versions.
    pub released: Vec<ReleasedBreak>,
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
            repeated: released.repeated,
        }
    }
}
