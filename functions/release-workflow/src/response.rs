//! The result of a release.

use alims_domain::identifiers::{PrincipalId, Reason, Version, WorkflowId};
use alims_domain::quarantine::{BreakId, Release};
use alims_domain::timestamp::Timestamp;
use alims_edge::wire::{ChainFault, QuarantineNotice};
use alims_operations::release_workflow::Released;
use serde::Serialize;

/// One released break. The stored history is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleasedBreak {
    /// The id of the break.
    pub break_id: BreakId,
    /// The version at which the history is broken.
    pub broken_at_version: Version,
    /// The kind of break.
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

/// The result of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseReport {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The newest readable version; the next transition continues from it.
    pub version: Version,
    /// The released breaks, in version order.
    pub released: Vec<ReleasedBreak>,
    /// The breaks still in force; transitions are possible when there is none.
    pub quarantines: Vec<QuarantineNotice>,
    /// Whether an earlier request by the same person for the same reason had released it; this is the first answer again.
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
