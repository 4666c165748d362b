//! Asks the index entry, the witness of what was published, about the log.

use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{BreakFound, QuarantineRecord};
use alims_domain::witness::{Testimony, recorded, testimony};

use crate::chain_walk::event_at;
use crate::head::newest;
use crate::ports::{QuarantineLog, StoreError, WorkflowLog};

/// Compares an index entry with the log as it is now. The entry must have been read before.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn consulted<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
    indexed: &IndexEntry,
) -> Result<Testimony, StoreError> {
    let quarantine = log.quarantine(key).await?;
    compared(log, key, indexed, &quarantine).await
}

/// The first break that an index entry shows or has shown, released or not: after the release the index is in order
/// again, and the record remembers.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn ever_shown<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
    indexed: Option<&IndexEntry>,
) -> Result<Option<BreakFound>, StoreError> {
    let quarantine = log.quarantine(key).await?;
    let now = match indexed {
        None => None,
        Some(indexed) => match compared(log, key, indexed, &quarantine).await? {
            Testimony::Contradicts(found) => Some(found),
            Testimony::Agrees | Testimony::Released => None,
        },
    };
    Ok(recorded(&quarantine).into_iter().chain(now).min())
}

async fn compared<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    indexed: &IndexEntry,
    quarantine: &QuarantineRecord,
) -> Result<Testimony, StoreError> {
    let Some(newest) = newest(log, key).await? else {
        return Ok(Testimony::Contradicts(BreakFound::nothing_is_left(Version::FIRST)));
    };
    let published = indexed.published_version;
    let claimed = match newest.event().filter(|newest| newest.version == published) {
        Some(newest) => Some(newest.clone()),
        None if published > newest.version() => None,
        None => event_at(log, key, published).await?,
    };
    Ok(testimony(indexed, claimed.as_ref(), newest.version(), quarantine))
}
