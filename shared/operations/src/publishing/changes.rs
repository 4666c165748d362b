//! Quarantines the workflows of items that were changed or removed in the log.
//!
//! The stream's record is the evidence. It does not matter what the log holds by now: an intruder may have put everything
//! back. Each change is a break of its own, so its record may come as often as it likes.

use alims_domain::hash_chain::BreakKind;
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
use crate::publishing::cursor::{Cursor, Stop, held_back};
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
            Ok(newest) => newest.map(|newest| newest.met()),
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
        let why = match recorded {
            Recorded::Later(why) => {
                published.failed.push(FailedRecord { sequence_number, why: why.clone() });
                continue;
            }
            Recorded::Never(why) => format!("it waits for version {from}: {why}"),
            Recorded::InForce | Recorded::Released => held_back(from),
        };
        published.dead.push(DeadLetter { sequence_number, key: key.to_string(), why, refused: None });
    }
    left
}

/// Has these cursors stop before the first change that is in force. Its notification, and with it the change, may have
/// come in an earlier batch. The record does not say whether the item was a version or one beside it; a workflow with a
/// change in force is locked, so a recovery after the release publishes what waits.
pub(super) async fn hold_back_changed<L: QuarantineLog>(log: &L, cursors: impl Iterator<Item = &mut Cursor>) {
    stream::iter(cursors)
        .for_each_concurrent(PUBLISHER_CONCURRENCY_MAX, async |cursor| match log.quarantine(cursor.key()).await {
            Ok(record) => {
                let changed = record.in_force().into_iter().filter(|it| it.found.fault == BreakKind::Changed);
                // In version order. A change below the cursor is of what was published before.
                let first = changed.map(|it| it.found.at).find(|at| !cursor.is_after(*at));
                cursor.hold_back_from(first);
            }
            Err(error) => {
                let why = format!("the record of quarantines could not be read: {}", with_causes(&error));
                cursor.stop = Some(Stop::Retryable(why));
            }
        })
        .await;
}

/// Whether this is the record of a version of the workflow, from this one on.
fn is_from(record: &StreamRecord, key: &WorkflowKey, from: Version) -> bool {
    matches!(record, StreamRecord::Version { version, .. } if version.event.version >= from && version.event.key() == *key)
}

#[cfg(test)]
mod tests {
    use alims_domain::hashing::ChainHash;
    use alims_domain::quarantine::BreakFound;
    use alims_testing::builders::{a_created_of, a_key};

    use super::*;

    #[test]
    fn a_dead_letter_says_quarantined_only_when_that_is_recorded() {
        let stored = a_created_of(&a_key("w"));
        let at = stored.event.version;
        let change = LogChange {
            key: Some(a_key("w")),
            item: "w v1".to_owned(),
            found: BreakFound::new(at, BreakKind::Changed, ChainHash::of(b"evidence")),
            version: Some(at),
            before: None,
            after: None,
            by: None,
        };
        let why = |recorded: &Recorded| {
            let record = StreamRecord::Version { sequence_number: "1".to_owned(), version: Box::new(stored.clone()) };
            let mut published = Published::default();
            assert_eq!(hold_back(vec![record], &change, recorded, &mut published), []);
            let dead: Vec<String> = published.dead.into_iter().map(|dead| dead.why).collect();
            dead
        };
        let never = Recorded::Never("it was changed or removed, and not quarantined: refused".to_owned());
        assert_eq!(why(&never), ["it waits for version 1: it was changed or removed, and not quarantined: refused"]);
        assert_eq!(why(&Recorded::InForce), [held_back(at)]);
    }
}
