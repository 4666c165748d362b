//! How far the sweep has come.

use alims_domain::timestamp::Timestamp;
use alims_operations::get_sweep::SweepState;
use serde::Serialize;

/// How far the sweep has come. It is one sweep for all tenants. Everything is absent where a sweep of a newer release ran
/// last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sweep {
    /// When a sweep last recorded its progress. Absent before the first sweep, and where a sweep of another release ran
    /// last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_swept_at: Option<Timestamp>,
    /// The share of the open workflows that this sweep had compared with the log by then, in whole percent, rounded
    /// down. Absent when the index cannot tell which workflows are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_coverage_percent: Option<u8>,
    /// When the round through the whole log began that is under way. Absent between two rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_began_at: Option<Timestamp>,
    /// When the last complete round ended. Absent before the first one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_round_ended_at: Option<Timestamp>,
}

impl From<SweepState> for Sweep {
    fn from(state: SweepState) -> Self {
        let SweepState { swept_at, open_percent, round_began_at, round_ended_at } = state;
        Self {
            last_swept_at: swept_at,
            open_coverage_percent: open_percent,
            round_began_at,
            last_round_ended_at: round_ended_at,
        }
    }
}
