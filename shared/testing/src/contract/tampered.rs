//! The contract of the log for entries altered or removed with the store's own tools, which no port can do.

use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, TenantId, Version, WorkflowKey};
use alims_domain::overdue::{Deadline, KeptOverdue};
use alims_domain::quarantine::{BreakFound, QuarantineEntry};
use alims_domain::recovery::records::{KeptRecovery, Recoveries};
use alims_domain::refusal::KeptRefusal;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    AppendError, AuditPlace, Claimed, LogError, Noted, OverdueLog, QuarantineLog, RecoveryLog, StoreError, WorkflowLog,
};
use std::future::Future;

use crate::builders::{
    a_break, a_chain, a_claim, a_created_of, a_full_record, a_quarantine, a_refusal, a_release, an_overdue, at, version,
};
use crate::contract::log::a_fresh_key;

/// A log whose entries a test can alter and remove.
pub trait Tampered: Send + Sync {
    /// What reads it.
    type Log: WorkflowLog + RecoveryLog + QuarantineLog + OverdueLog;

    /// The log itself.
    fn log(&self) -> &Self::Log;

    /// Makes an entry unreadable, in a different way for each `how`.
    fn spoil(&self, key: &WorkflowKey, place: Place<'_>, how: &str) -> impl Future<Output = ()> + Send;

    /// Makes an audit entry unreadable, in a different way for each `how`.
    fn spoil_audit(&self, tenant: &TenantId, place: &AuditPlace, how: &str) -> impl Future<Output = ()> + Send;

    /// Removes an entry.
    fn take_out(&self, key: &WorkflowKey, place: Place<'_>) -> impl Future<Output = ()> + Send;
}

/// An entry of a workflow's log.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// A version.
    Version(Version),
    /// A refusal.
    Refusal(EventId),
    /// The claim of an attempt at a version.
    Claim(Version, u32),
    /// The outcome of an attempt at a version.
    Outcome(Version, u32),
    /// A quarantine or a release.
    Quarantine(&'a QuarantineEntry),
    /// The record of a due date that passed.
    Overdue(Timestamp),
}

/// The stored version may be the appended one, written by a try whose answer was lost, and altered since.
pub async fn an_append_onto_an_unreadable_version_has_an_unknown_outcome<T: Tampered>(store: T) {
    let (key, log) = (a_fresh_key(), store.log());
    let (ours, another) = (a_created_of(&key), a_created_of(&key));
    log.append(&ours).await.unwrap();
    store.spoil(&key, Place::Version(Version::FIRST), "a bit fell over").await;
    for version in [ours, another] {
        let answer = log.append(&version).await;
        assert!(matches!(answer, Err(AppendError::Store(StoreError::Unavailable(_)))), "{answer:?}");
    }
}

/// A caller who continues from the unreadable one meets the error.
pub async fn versions_before_an_unreadable_one_are_given_and_none_after_it<T: Tampered>(store: T) {
    let (key, log) = (a_fresh_key(), store.log());
    let chain = a_chain(&key, 5, 1);
    for version in &chain {
        log.append(version).await.unwrap();
    }
    store.spoil(&key, Place::Version(version(3)), "a bit fell over").await;
    assert_eq!(log.versions(&key, Version::FIRST, 10).await.unwrap(), chain[..2]);
    let met = [log.versions(&key, version(3), 10).await.map(drop), log.newest_below(&key, version(4)).await.map(drop)];
    for met in met {
        assert!(matches!(&met, Err(LogError::Unreadable { version, .. }) if version.get() == 3), "{met:?}");
    }
    assert_eq!(log.versions(&key, version(4), 10).await.unwrap(), chain[3..]);
    assert_eq!(log.head(&key).await.unwrap().as_ref(), chain.last());
}

/// It is returned in its place, for any page size, so that nothing is hidden.
pub async fn an_unreadable_refusal_is_given_in_its_place<T: Tampered>(store: T) {
    let (key, log) = (a_fresh_key(), store.log());
    let refusals: Vec<_> = (0..5).map(|_| a_refusal(&key)).collect();
    for refusal in &refusals {
        log.record_refusal(refusal).await.unwrap();
    }
    let spoilt = refusals[2].event_id;
    store.spoil(&key, Place::Refusal(spoilt), "a bit fell over").await;
    for limit in 1..=6 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = log.refusals(&key, after, limit).await.unwrap();
            after = page.last().map(KeptRefusal::event_id).or(after);
            let is_last = page.len() < limit;
            seen.extend(page);
            if is_last {
                break;
            }
        }
        for (refusal, seen) in refusals.iter().zip(&seen) {
            assert_eq!(seen.event_id(), refusal.event_id, "at most {limit}");
            let is_spoilt = matches!(seen, KeptRefusal::Unreadable { .. });
            assert_eq!(is_spoilt, refusal.event_id == spoilt, "at most {limit}");
        }
        assert_eq!(seen.len(), refusals.len(), "at most {limit}");
    }
    // It exists, and no other takes its place.
    log.record_refusal(&refusals[2]).await.unwrap();
    let there = log.refusals(&key, None, 10).await.unwrap();
    assert!(matches!(there[2], KeptRefusal::Unreadable { .. }), "{there:?}");
}

/// It counts as a record: the due date is noted, and no other takes its place. No size of a page hides it.
pub async fn an_unreadable_record_of_a_due_date_is_given_in_its_place<T: Tampered>(store: T) {
    let (key, log) = (a_fresh_key(), store.log());
    let dates: Vec<Timestamp> = (1..=5).map(|number| at(number * 1000)).collect();
    for due_at in &dates {
        log.record_overdue(&an_overdue(&key, *due_at)).await.unwrap();
    }
    store.spoil(&key, Place::Overdue(dates[2]), "a bit fell over").await;
    for limit in 1..=6 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = log.overdue(&key, after, limit).await.unwrap();
            after = page.last().map(KeptOverdue::due_at).or(after);
            let is_last = page.len() < limit;
            seen.extend(page.iter().map(|kept| (kept.due_at(), matches!(kept, KeptOverdue::Unreadable { .. }))));
            if is_last {
                break;
            }
        }
        let expected: Vec<_> = dates.iter().map(|due_at| (*due_at, *due_at == dates[2])).collect();
        assert_eq!(seen, expected, "at most {limit}");
    }
    let deadline = Deadline { key: key.clone(), due_at: dates[2] };
    assert!(log.overdue_noted(std::slice::from_ref(&deadline)).await.unwrap().contains(&deadline));
    assert_eq!(log.record_overdue(&an_overdue(&key, dates[2])).await.unwrap(), Noted::Already);
    let there = log.overdue(&key, Some(dates[1]), 1).await.unwrap();
    assert!(matches!(there[0], KeptOverdue::Unreadable { .. }), "{there:?}");
}

fn numbers(recoveries: &Recoveries) -> Vec<(u64, u32)> {
    recoveries.attempts.iter().map(|attempt| (attempt.claim.version.get(), attempt.claim.attempt)).collect()
}

async fn attempted<L: RecoveryLog>(log: &L, key: &WorkflowKey, at_version: u64, attempts: u32) {
    for attempt in 1..=attempts {
        let claim = a_claim(key, at_version, attempt);
        assert_eq!(log.claim_recovery(&claim).await.unwrap(), Claimed::Ours);
        log.record_recovery(&a_full_record(&claim)).await.unwrap();
    }
}

/// However many of them there are: the newest attempt that can be read is given, and no number is taken for free.
pub async fn unreadable_recoveries_hide_no_older_attempt<T: Tampered>(store: T) {
    let (key, log) = (a_fresh_key(), store.log());
    attempted(log, &key, 2, 1).await;
    attempted(log, &key, 3, 70).await;
    for attempt in 2..=70 {
        store.spoil(&key, Place::Claim(version(3), attempt), "a bit fell over").await;
        store.spoil(&key, Place::Outcome(version(3), attempt), "another bit fell over").await;
        if attempt == 2 {
            assert_eq!(numbers(&log.recoveries(&key, 69).await.unwrap()).len(), 69);
        }
    }
    for (limit, expected) in [(1, &[(3, 1)][..]), (2, &[(3, 1), (2, 1)]), (5, &[(3, 1), (2, 1)])] {
        let read = log.recoveries(&key, limit).await.unwrap();
        assert_eq!(numbers(&read), expected, "at most {limit}");
        assert_eq!((read.attempts_at(version(3)), read.unreadable.len()), (70, 138), "at most {limit}");
        assert!(read.attempts.iter().all(|attempt| attempt.ended.is_some()), "at most {limit}");
    }
    assert_eq!(log.claim_recovery(&a_claim(&key, 3, 70)).await.unwrap(), Claimed::Taken);
    assert_eq!(log.claim_recovery(&a_claim(&key, 3, 71)).await.unwrap(), Claimed::Ours);
    assert_eq!(numbers(&log.recoveries(&key, 1).await.unwrap()), [(3, 71)]);
}

/// The outcome of an attempt stays when its claim is lost: another claim with that number would have ended before it
/// began.
pub async fn a_number_that_only_an_outcome_has_is_used_up<T: Tampered>(store: T) {
    for spoilt in [false, true] {
        let (key, log) = (a_fresh_key(), store.log());
        attempted(log, &key, 3, 2).await;
        store.take_out(&key, Place::Claim(version(3), 2)).await;
        if spoilt {
            store.spoil(&key, Place::Outcome(version(3), 2), "a bit fell over").await;
        }
        let read = log.recoveries(&key, 1).await.unwrap();
        assert_eq!((numbers(&read), read.attempts_at(version(3))), (vec![(3, 1)], 2));
        assert_eq!(read.unreadable.len(), usize::from(spoilt));
        store.take_out(&key, Place::Claim(version(3), 1)).await;
        let read = log.recoveries(&key, 1).await.unwrap();
        assert_eq!((numbers(&read), read.attempts_at(version(3)), read.attempts_at(version(2))), (vec![], 2, 0));
    }
}

/// Its outcome is no longer known.
pub async fn an_attempt_with_an_unreadable_outcome_has_ended<T: Tampered>(store: T) {
    let (key, log) = (a_fresh_key(), store.log());
    attempted(log, &key, 3, 2).await;
    store.spoil(&key, Place::Outcome(version(3), 1), "a bit fell over").await;
    let read = log.recoveries(&key, 5).await.unwrap();
    let claims = [a_claim(&key, 3, 2), a_claim(&key, 3, 1)];
    let ended: Vec<_> = read.attempts.iter().map(|attempt| attempt.ended.clone().unwrap()).collect();
    assert_eq!(ended, [a_full_record(&claims[0]), claims[1].ended_unreadably()]);
    assert_eq!((read.unreadable[0].at, read.unreadable[0].fault), (version(3), BreakKind::UnreadableRecovery));
    log.record_recovery(&a_full_record(&claims[1])).await.unwrap();
    assert_eq!(log.recoveries(&key, 5).await.unwrap(), read, "the first outcome stays, readable or not");
}

/// Also when the log has only one of the two; no size of a page hides one or gives one twice.
pub async fn unreadable_claims_and_outcomes_are_given_in_their_places<T: Tampered>(store: T) {
    let (key, log) = (a_fresh_key(), store.log());
    attempted(log, &key, 3, 5).await;
    store.spoil(&key, Place::Claim(version(3), 1), "a bit fell over").await;
    store.spoil(&key, Place::Outcome(version(3), 2), "a bit fell over").await;
    store.take_out(&key, Place::Claim(version(3), 3)).await;
    store.take_out(&key, Place::Outcome(version(3), 4)).await;
    let expected = [
        (1, Some(false), Some(true)),
        (2, Some(true), Some(false)),
        (3, None, Some(true)),
        (4, Some(true), None),
        (5, Some(true), Some(true)),
    ];
    for limit in 1..=6 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = log.recoveries_after(&key, after, limit).await.unwrap();
            after = page.last().map(KeptRecovery::place).or(after);
            let is_last = page.len() < limit;
            seen.extend(
                page.into_iter().map(|it| (it.attempt, it.claim.map(|it| it.is_ok()), it.outcome.map(|it| it.is_ok()))),
            );
            if is_last {
                break;
            }
        }
        assert_eq!(seen, expected, "at most {limit}");
    }
}

fn beside_of(entry: &QuarantineEntry) -> Option<&ChainHash> {
    match entry {
        QuarantineEntry::Quarantined(it) => it.beside.as_ref(),
        QuarantineEntry::Released(it) => it.beside.as_ref(),
    }
}

/// Once, beside each that cannot be read. What cannot be read may have been a quarantine, so it is in force itself.
pub async fn an_entry_of_a_quarantine_is_kept_beside_an_unreadable_one<T: Tampered>(store: T) {
    for kind in [a_quarantine, a_release] {
        let (key, log) = (a_fresh_key(), store.log());
        let mut newest = log.record_quarantine(&kind(&key, &a_break(2))).await.unwrap();
        assert_eq!(beside_of(&newest), None);
        for how in ["a bit fell over", "another bit fell over"] {
            store.spoil(&key, Place::Quarantine(&newest), how).await;
            let before = log.quarantine(&key).await.unwrap();
            let in_force: Vec<BreakFound> = before.in_force().into_iter().map(|it| it.found).collect();
            assert!(
                in_force.iter().all(|found| (found.at, found.fault) == (version(2), BreakKind::UnreadableQuarantine))
            );
            let again = kind(&key, &a_break(2));
            newest = log.record_quarantine(&again).await.unwrap();
            assert_eq!(newest.event_id(), again.event_id());
            let beside = beside_of(&newest).cloned();
            assert!(before.unreadable.iter().any(|found| Some(&found.content) == beside.as_ref()), "{before:?}");
            assert_eq!(log.record_quarantine(&kind(&key, &a_break(2))).await.unwrap(), newest, "once only");
        }
        let record = log.quarantine(&key).await.unwrap();
        assert_eq!((record.entries, record.unreadable.len()), (vec![newest], 2));
    }
}
