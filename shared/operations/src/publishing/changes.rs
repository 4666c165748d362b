//! Quarantines the workflows of items that were changed or removed in the log.
//!
//! The stream's record is the evidence. It does not matter what the log holds by now: an intruder may have put everything
//! back. Each change is a break of its own, so its record may come as often as it likes.

use alims_domain::identifiers::{EventId, PrincipalId, Version, WorkflowKey};
use alims_domain::limits::PUBLISHER_CONCURRENCY_MAX;
use alims_domain::quarantine::{FoundBy, Quarantine};
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;

use crate::errors::with_causes;
use crate::head::newest;
use crate::metrics::LOG_CHANGES;
use crate::ports::{Clock, DeadLetter, Ids, QuarantineLog, StoreError, WorkflowLog};
use crate::publishing::batch::{FailedRecord, LogChange, Published, StreamRecord};
use crate::quarantining::quarantine;

/// The publisher's name in logs, policies and records.
pub(super) const OPERATION: &str = "publish-events";

/// What became of a change.
enum Recorded {
    /// Its break is in force.
    InForce,
    /// A person has released it: its record comes late, or again.
    Released,
    /// It cannot be recorded.
    Never(String),
    /// It is not recorded yet.
    Later(String),
}

/// Counts the changes of a batch and quarantines their workflows. Returns the records that are left to publish.
///
/// A version of the batch that was changed, or follows one that was, is not published: the log would give the changed
/// one. Its record becomes a dead letter, and after the release a recovery publishes it.
pub(super) async fn quarantine_changed<L: WorkflowLog + QuarantineLog>(
    log: &L,
    world: (&Arc<dyn Clock>, &Arc<dyn Ids>),
    batch: Vec<StreamRecord>,
    published: &mut Published,
) -> Vec<StreamRecord> {
    let (mut changed, mut left) = (Vec::new(), Vec::new());
    for record in batch {
        if let StreamRecord::Changed { sequence_number, change } = record {
            changed.push((sequence_number, *change));
        } else {
            left.push(record);
        }
    }
    if changed.is_empty() {
        return left;
    }
    // At once, and each time the records come: an alarm must not wait for the store.
    LOG_CHANGES.add(u64::try_from(changed.len()).unwrap_or(u64::MAX), &[]);
    let changed: Vec<(String, LogChange, Recorded)> = stream::iter(changed)
        .map(async |(sequence_number, change)| {
            let recorded = record(log, world, &change).await;
            (sequence_number, change, recorded)
        })
        .buffered(PUBLISHER_CONCURRENCY_MAX)
        .collect()
        .await;
    for (sequence_number, change, recorded) in changed {
        left = hold_back(left, &change, &recorded, published);
        match recorded {
            Recorded::InForce | Recorded::Released => {}
            Recorded::Never(why) => {
                published.dead.push(DeadLetter { sequence_number, key: change.item.clone(), why, refused: None });
            }
            Recorded::Later(why) => published.failed.push(FailedRecord { sequence_number, why }),
        }
        published.changes.push(change);
    }
    left
}

async fn record<L: WorkflowLog + QuarantineLog>(
    log: &L,
    (clock, ids): (&Arc<dyn Clock>, &Arc<dyn Ids>),
    change: &LogChange,
) -> Recorded {
    let Some(key) = &change.key else {
        return Recorded::Never("it was changed or removed, and its key names no workflow".to_owned());
    };
    let recorded = async {
        let newest = match newest(log, key).await {
            Ok(newest) => newest.map(|newest| newest.version()),
            // The change may be just this.
            Err(StoreError::NewerFormat(_)) => None,
            Err(error) => return Err(error),
        };
        let principal = PrincipalId::automatic_recovery();
        let by = FoundBy { operation: OPERATION, principal, recovery_id: None, timestamp: clock.now(), newest };
        let entry = Quarantine::new(EventId(ids.fresh()), key, &change.found, by);
        quarantine(log, entry).await?;
        match log.quarantine(key).await {
            Ok(quarantine) if quarantine.is_released(&change.found) => Ok(Recorded::Released),
            Ok(_) | Err(StoreError::NewerFormat(_)) => Ok(Recorded::InForce),
            Err(error) => Err(error),
        }
    };
    match recorded.await {
        Ok(recorded) => recorded,
        Err(error @ StoreError::Refused(_)) => {
            Recorded::Never(format!("it was changed or removed, and not quarantined: {}", with_causes(&error)))
        }
        Err(error @ (StoreError::Unavailable(_) | StoreError::NewerFormat(_))) => {
            Recorded::Later(format!("it was changed or removed, and not quarantined yet: {}", with_causes(&error)))
        }
    }
}

/// Takes the versions out of the batch that may not be published after this change.
fn hold_back(
    records: Vec<StreamRecord>,
    change: &LogChange,
    recorded: &Recorded,
    published: &mut Published,
) -> Vec<StreamRecord> {
    let (Some(key), Some(from)) = (&change.key, change.version) else { return records };
    if matches!(recorded, Recorded::Released) {
        return records;
    }
    let (held, left): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| is_from(record, key, from));
    for record in held {
        let sequence_number = record.sequence_number().to_owned();
        if let Recorded::Later(why) = recorded {
            published.failed.push(FailedRecord { sequence_number, why: why.clone() });
        } else {
            let why = format!("version {from} was changed or removed before this could be published: quarantined");
            published.dead.push(DeadLetter { sequence_number, key: key.to_string(), why, refused: None });
        }
    }
    left
}

/// Whether this is the record of a version of the workflow, from this one on.
fn is_from(record: &StreamRecord, key: &WorkflowKey, from: Version) -> bool {
    matches!(record, StreamRecord::Version { version, .. } if version.event.version >= from && version.event.key() == *key)
}
