//! Keeps refused attempts: each is audit data, and a flood of them must not affect others.
//!
//! Before it keeps a refusal, the service counts those of the last minute on the same workflow. Beyond a bound it keeps
//! no more, and tells the caller so instead of the refusal; the last kept one says that further ones are not kept.
//! Accepted transitions are not counted and never meet the bound.

use alims_domain::identifiers::EventId;
use alims_domain::limits::{REFUSALS_OF_A_PRINCIPAL_MAX, REFUSALS_OF_A_WORKFLOW_MAX, REFUSALS_WINDOW_SECONDS};
use alims_domain::refusal::{FurtherNotKept, KeptRefusal, Refusal, Whose};
use alims_domain::timestamp::Timestamp;
use uuid::Builder;

use crate::ports::{StoreError, WorkflowLog};

/// Too many attempts on this workflow were refused lately, so a further refusal was neither kept nor returned. Nothing
/// was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts were refused; the next one is kept in {retry_after_seconds} s")]
pub struct TooManyRefusals {
    /// The scope of the exceeded bound.
    pub whose: Whose,
    /// After how many seconds a refusal is kept again, from 1 to [`REFUSALS_WINDOW_SECONDS`].
    pub retry_after_seconds: u64,
}

/// Why a refusal was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// A bound is reached.
    #[error(transparent)]
    TooMany(#[from] TooManyRefusals),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const WINDOW_MILLIS: u64 = REFUSALS_WINDOW_SECONDS * 1000;

/// Keeps a refused attempt, unless a bound is reached. Concurrent attempts may all count before any of them is kept, so
/// the log may exceed the bound by the number of concurrent attempts.
pub(crate) async fn keep<L: WorkflowLog>(log: &L, mut refusal: Refusal) -> Result<(), NotKept> {
    let now = refusal.event_id.unix_millis();
    let begin = Builder::from_unix_timestamp_millis(now.saturating_sub(WINDOW_MILLIS), &[0; 10]).into_uuid();
    let kept = log.refusals(&refusal.key(), Some(EventId(begin)), REFUSALS_OF_A_WORKFLOW_MAX).await?;
    // Unreadable refusals do not count: they must not affect the refusals of others.
    let mut kept: Vec<Refusal> = kept.into_iter().filter_map(KeptRefusal::readable).collect();
    // Refusals from a clock that was far ahead must not count until that time is reached.
    kept.retain(|other| other.event_id.unix_millis() <= now.saturating_add(WINDOW_MILLIS));
    let own = || kept.iter().filter(|other| other.requested_by == refusal.requested_by);
    let of_principal = (Whose::Principal, own().count(), REFUSALS_OF_A_PRINCIPAL_MAX, own().next());
    let of_everybody = (Whose::Everybody, kept.len(), REFUSALS_OF_A_WORKFLOW_MAX, kept.first());
    let mut last = None;
    for (whose, count, bound, oldest) in [of_everybody, of_principal] {
        // A slot is free again when the oldest refusal is older than the window.
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
