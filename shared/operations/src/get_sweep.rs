//! Reads how far the sweep has come. It is the same for all tenants, and names none of their workflows.

use alims_domain::access::{Action, Resource};
use alims_domain::call::Call;
use alims_domain::timestamp::Timestamp;

use crate::errors::Forbidden;
use crate::permission::permitted;
use crate::ports::{StoreError, SweepPositions};

pub use crate::ports::ReadPorts as Ports;

/// How far the sweep has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepState {
    /// When a sweep last recorded its progress; none where no sweep of this release did.
    pub swept_at: Option<Timestamp>,
    /// The share of the open workflows that this sweep compared with the log, in whole percent; none if unknown.
    pub open_percent: Option<u8>,
    /// When the round through the whole log began that is under way; none between two rounds.
    pub round_began_at: Option<Timestamp>,
    /// When the last complete round ended; none before the first one did, and where a newer release keeps the position.
    pub round_ended_at: Option<Timestamp>,
}

/// Why the state of the sweep could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetSweepError {
    /// The caller may not read it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads how far the sweep has come.
///
/// # Errors
/// When the caller may not read it or the index cannot be read.
pub async fn get_sweep<P: SweepPositions>(ports: &Ports<P>, call: &Call) -> Result<SweepState, GetSweepError> {
    let resource = Resource::of_tenant(&call.principal.tenant_id);
    permitted(ports.policy.as_ref(), call, Action::GetSweep, resource)?;
    let position = ports.store.sweep_position().await?;
    Ok(SweepState {
        swept_at: position.swept_at,
        open_percent: position.open_percent,
        round_began_at: position.round_began,
        round_ended_at: position.round_ended,
    })
}
