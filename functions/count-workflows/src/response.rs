//! The numbers of a tenant's workflows.

use alims_domain::lifecycle::State;
use alims_operations::count_workflows::Counts;
use serde::Serialize;

/// The numbers of the tenant's workflows, as far as their events were published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowCounts {
    /// The workflows in each state.
    pub counts: StateCounts,
    /// The workflows in all states: the sum of the counts.
    pub total: u64,
    /// Whether all workflows were counted. When false, the counts and the total are lower bounds: a state has more
    /// workflows than one request counts.
    pub complete: bool,
}

/// The workflows in each state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateCounts {
    /// Registered; no work has begun.
    pub created: u64,
    /// Work is in progress.
    pub active: u64,
    /// Work is interrupted on purpose and can be resumed.
    pub paused: u64,
    /// Work finished with a result.
    pub completed: u64,
    /// Work failed.
    pub failed: u64,
    /// Given up.
    pub cancelled: u64,
}

impl From<Counts> for WorkflowCounts {
    fn from(counts: Counts) -> Self {
        let [created, active, paused, completed, failed, cancelled] = State::ALL.map(|state| counts.of(state));
        Self {
            counts: StateCounts { created, active, paused, completed, failed, cancelled },
            total: counts.total(),
            complete: counts.is_complete(),
        }
    }
}
