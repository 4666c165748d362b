//! Keeping refused attempts: each is audit, and a flood of them must not hurt others.
//!
//! Before one is kept, those of the last minute on the same workflow are looked at. Beyond a bound nothing more is kept,
//! and the caller is told so instead of the refusal; the last one that is kept says that further ones are not. Moves
//! that are accepted are not counted and never meet the bound, whoever floods.

use alims_domain::identifiers::EventId;
use alims_domain::limits::{REFUSALS_OF_A_PRINCIPAL_MAX, REFUSALS_OF_A_WORKFLOW_MAX, REFUSALS_WINDOW_SECONDS};
use alims_domain::refusal::{FurtherNotKept, KeptRefusal, Refusal, Whose};
use alims_domain::timestamp::Timestamp;
use uuid::Builder;

use crate::ports::{StoreError, WorkflowLog};

/// So much was refused lately on this workflow that a further refusal was neither kept nor answered. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts were refused; the next one is kept in {retry_after_seconds} s")]
pub struct TooManyRefusals {
    /// Whose attempts were too many.
    pub whose: Whose,
    /// After how many seconds one is kept again, from 1 to [`REFUSALS_WINDOW_SECONDS`].
    pub retry_after_seconds: u64,
}

/// Why a refusal was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// A bound is reached.
    #[error(transparent)]
    TooMany(#[from] TooManyRefusals),
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const WINDOW_MILLIS: u64 = REFUSALS_WINDOW_SECONDS * 1000;

/// Keeps a refused attempt, unless a bound is reached. Attempts at the same time may look before any of them is kept, so
/// that as many more than the bound are kept as there are at once.
pub(crate) async fn keep<L: WorkflowLog>(log: &L, mut refusal: Refusal) -> Result<(), NotKept> {
    let now = refusal.event_id.unix_millis();
    let begin = Builder::from_unix_timestamp_millis(now.saturating_sub(WINDOW_MILLIS), &[0; 10]).into_uuid();
    let kept = log.refusals(&refusal.key(), Some(EventId(begin)), REFUSALS_OF_A_WORKFLOW_MAX).await?;
    // What cannot be read counts for nothing: it must not keep others from being refused as they should.
    let mut kept: Vec<Refusal> = kept.into_iter().filter_map(KeptRefusal::readable).collect();
    // A clock that was far ahead once must not count until it is reached.
    kept.retain(|other| other.event_id.unix_millis() <= now.saturating_add(WINDOW_MILLIS));
    let own = || kept.iter().filter(|other| other.requested_by == refusal.requested_by);
    let of_principal = (Whose::Principal, own().count(), REFUSALS_OF_A_PRINCIPAL_MAX, own().next());
    let of_everybody = (Whose::Everybody, kept.len(), REFUSALS_OF_A_WORKFLOW_MAX, kept.first());
    let mut last = None;
    for (whose, count, bound, oldest) in [of_everybody, of_principal] {
        // A place is free again when the oldest is older than the window.
        let until = oldest.map_or(now, |oldest| oldest.event_id.unix_millis()).saturating_add(WINDOW_MILLIS);
        if count >= bound {
            let retry_after_seconds = until.saturating_sub(now).div_ceil(1000).clamp(1, REFUSALS_WINDOW_SECONDS);
            return Err(TooManyRefusals { whose, retry_after_seconds }.into());
        }
        if count + 1 == bound {
            let until = i64::try_from(until).ok().and_then(Timestamp::from_unix_millis);
            last = last.or(until.map(|until| FurtherNotKept { whose, until }));
        }
    }
    refusal.further_not_kept = last;
    Ok(log.record_refusal(&refusal).await?)
}
