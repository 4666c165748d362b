//! The contract of the log's activity: every entry in its place, once, whatever else happens.

use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::{KeptAuditEntry, SealedAuditEntry, StoredAuditEntry};
use alims_domain::event::{EventType, WorkflowEvent};
use alims_domain::identifiers::{TenantId, Version, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::overdue::{KeptOverdue, Overdue};
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::recovery::records::{KeptRecovery, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::Refusal;
use alims_domain::sealed::Sealed;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    ActivityEntry, ActivityLog, ActivityPage, ActivityPosition, ActivityQuery, AuditEntries, KeptEntry, OverdueLog,
    QuarantineLog, RecoveryLog, WorkflowLog,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

use crate::builders::{
    a_break, a_claim, a_created_of, a_fresh_tenant, a_full_record, a_key_of, a_move, a_quarantine, a_refusal,
    a_release, an_overdue, at, sealed, version,
};
use crate::contract::log::a_fresh_key;
use crate::contract::tampered::{Place, Tampered};
use crate::some_audit_entries::{a_review, an_export};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Everything from three days before [`at`]`(0)` to three days after.
fn everything(tenant: &TenantId) -> ActivityQuery {
    ActivityQuery {
        tenant_id: tenant.clone(),
        from: at(-3 * DAY),
        to: at(3 * DAY),
        principal: None,
        kind: None,
        after: None,
        limit: 100,
    }
}

/// All pages of a query, one after another.
async fn walk<L: ActivityLog>(log: &L, query: ActivityQuery) -> Vec<ActivityEntry> {
    walk_while(log, query, async || ()).await
}

/// All pages of a query, with something that happens after each.
async fn walk_while<L: ActivityLog>(
    log: &L,
    mut query: ActivityQuery,
    mut meanwhile: impl AsyncFnMut(),
) -> Vec<ActivityEntry> {
    let mut walked = Vec::new();
    for _ in 0..10_000 {
        let ActivityPage { items, next } = log.activity(&query).await.unwrap();
        assert!(items.len() <= query.limit);
        walked.extend(items);
        meanwhile().await;
        match next {
            Some(next) => query.after = Some(next),
            None => return walked,
        }
    }
    panic!("the walk does not end");
}

/// The same version at another time, by another principal or of another type.
fn version_with(of: &StoredVersion, change: impl FnOnce(&mut WorkflowEvent)) -> StoredVersion {
    let mut event = of.event.clone();
    change(&mut event);
    sealed(event)
}

fn created_at(key: &WorkflowKey, instant: Timestamp) -> StoredVersion {
    version_with(&a_created_of(key), |event| event.timestamp = instant)
}

/// One entry of every kind, the oldest first, each at an instant of its own.
struct OneOfEach {
    key: WorkflowKey,
    versions: Vec<StoredVersion>,
    refusal: Refusal,
    quarantined: QuarantineEntry,
    released: QuarantineEntry,
    claim: RecoveryClaim,
    record: RecoveryRecord,
    overdue: Overdue,
    audits: [SealedAuditEntry; 2],
}

impl OneOfEach {
    fn of(key: &WorkflowKey) -> Self {
        let types = [
            EventType::WorkflowCreated,
            EventType::WorkflowStateChanged,
            EventType::WorkflowRecovered,
            EventType::WorkflowAmended,
            EventType::WorkflowSigned,
        ];
        let versions = (0_i64..).zip(types).map(|(number, event_type)| {
            version_with(&a_created_of(key), |event| {
                event.event_type = event_type;
                event.version = version(u64::try_from(number + 1).unwrap());
                event.timestamp = at(number * 10);
            })
        });
        let refusal = Refusal { timestamp: at(50), ..a_refusal(key) };
        let (mut quarantined, mut released) = (a_quarantine(key, &a_break(2)), a_release(key, &a_break(2)));
        if let QuarantineEntry::Quarantined(entry) = &mut quarantined {
            entry.timestamp = at(60);
        }
        if let QuarantineEntry::Released(entry) = &mut released {
            entry.timestamp = at(70);
        }
        let claim = RecoveryClaim { claimed_at: at(80), ..a_claim(key, 3, 1) };
        let record = RecoveryRecord { ended_at: at(90), ..a_full_record(&claim) };
        let overdue = Overdue { timestamp: at(100), ..an_overdue(key, at(95)) };
        let mut audits = [an_export(&key.tenant_id, true), a_review(&key.tenant_id, false)].map(Sealed::into_entry);
        for (number, audit) in (11_i64..).zip(&mut audits) {
            audit.timestamp = at(number * 10);
        }
        let audits = audits.map(|audit| Sealed::new(audit).unwrap());
        let (key, versions) = (key.clone(), versions.collect());
        Self { key, versions, refusal, quarantined, released, claim, record, overdue, audits }
    }

    async fn write<L: WorkflowLog + RecoveryLog + QuarantineLog + OverdueLog + AuditEntries>(&self, log: &L) {
        for version in &self.versions {
            log.append(version).await.unwrap();
        }
        log.record_refusal(&self.refusal).await.unwrap();
        log.record_quarantine(&self.quarantined).await.unwrap();
        log.record_quarantine(&self.released).await.unwrap();
        log.claim_recovery(&self.claim).await.unwrap();
        log.record_recovery(&self.record).await.unwrap();
        log.record_overdue(&self.overdue).await.unwrap();
        for entry in &self.audits {
            log.record_audit(&StoredAuditEntry { entry: entry.clone(), request: None }).await.unwrap();
        }
    }

    /// What the activity says of them, newest first.
    fn told(&self) -> Vec<(Timestamp, ActivityKind, KeptEntry)> {
        let recovery = KeptRecovery {
            claim: Some(Ok(self.claim.clone())),
            outcome: Some(Ok(self.record.clone())),
            ..KeptRecovery::named((version(3), 1))
        };
        let recovery = KeptEntry::Recovery(Box::new(recovery));
        let quarantine = |entry: &QuarantineEntry| KeptEntry::Quarantine(Box::new(entry.clone()));
        let mut told: Vec<_> = self
            .versions
            .iter()
            .map(|stored| {
                let event = stored.event.clone();
                (event.timestamp, event.event_type.into(), KeptEntry::Version(Box::new(event)))
            })
            .collect();
        let refusal = KeptEntry::Refusal(Box::new(self.refusal.clone()));
        told.push((at(50), ActivityKind::WorkflowTransitionRefused, refusal));
        told.push((at(60), ActivityKind::WorkflowQuarantined, quarantine(&self.quarantined)));
        told.push((at(70), ActivityKind::WorkflowReleased, quarantine(&self.released)));
        told.push((at(80), ActivityKind::RecoveryRequested, recovery.clone()));
        told.push((at(90), ActivityKind::RecoveryEnded, recovery));
        let overdue = KeptOverdue::Overdue(Box::new(self.overdue.clone()));
        told.push((at(100), ActivityKind::WorkflowOverdue, KeptEntry::Overdue(Box::new(overdue))));
        for audit in &self.audits {
            told.push((audit.timestamp, audit.act.kind(), KeptEntry::Audit(Box::new(audit.clone()))));
        }
        told.reverse();
        told
    }
}

fn told(entries: Vec<ActivityEntry>) -> Vec<(Timestamp, ActivityKind, KeptEntry)> {
    entries.into_iter().map(|entry| (entry.at, entry.kind.unwrap(), entry.entry)).collect()
}

/// Of every kind there is, each with all that is in it, and each repetition of a write adds none.
pub async fn every_kind_of_entry_is_in_the_activity_at_its_own_time<T: Tampered<Log: ActivityLog + AuditEntries>>(
    store: T,
) {
    let each = OneOfEach::of(&a_fresh_key());
    each.write(store.log()).await;
    each.write(store.log()).await;
    let walked = walk(store.log(), everything(&each.key.tenant_id)).await;
    for entry in &walked {
        let is_audit = matches!(entry.entry, KeptEntry::Audit(_));
        assert_eq!(entry.workflow_id, (!is_audit).then(|| each.key.workflow_id.clone()), "{entry:?}");
    }
    let walked = told(walked);
    assert_eq!(walked, each.told());
    let kinds: BTreeSet<ActivityKind> = walked.iter().map(|(_, kind, _)| *kind).collect();
    assert_eq!(kinds, BTreeSet::from(ActivityKind::ALL), "a kind that no entry has");
}

/// Also with many entries of one instant, and across midnight.
pub async fn pages_of_any_size_show_every_entry_once_and_newest_first<T: Tampered<Log: ActivityLog + AuditEntries>>(
    store: T,
) {
    let tenant = a_fresh_tenant();
    for number in 0..30 {
        let key = a_key_of(&tenant, &format!("w:{number}"));
        // Three days, with ten entries at one instant of each, the last of which is the first of its day.
        let midnight = at(0).unix_millis() / DAY * DAY;
        let instant = [at(-DAY), at(0), Timestamp::from_unix_millis(midnight + DAY).unwrap()][number % 3];
        store.log().append(&created_at(&key, instant)).await.unwrap();
    }
    let whole = walk(store.log(), everything(&tenant)).await;
    let ids: BTreeSet<_> = whole.iter().map(|entry| entry.workflow_id.clone()).collect();
    assert_eq!((whole.len(), ids.len()), (30, 30));
    assert!(whole.is_sorted_by(|newer, older| newer.at >= older.at));
    for limit in [1, 2, 7, 10, 29, 30, 31] {
        assert_eq!(walk(store.log(), ActivityQuery { limit, ..everything(&tenant) }).await, whole, "{limit}");
    }
    let none = store.log().activity(&ActivityQuery { limit: 0, ..everything(&tenant) }).await.unwrap();
    assert_eq!(none.items, []);
}

/// The instants themselves: `from` is in, `to` is not. An empty span has nothing, nor has one that runs backwards.
pub async fn a_span_is_from_its_first_instant_to_before_its_last<T: Tampered<Log: ActivityLog + AuditEntries>>(
    store: T,
) {
    let tenant = a_fresh_tenant();
    let midnight = Timestamp::from_unix_millis(at(0).unix_millis() / DAY * DAY).unwrap();
    let millis = |offset: i64| Timestamp::from_unix_millis(midnight.unix_millis() + offset).unwrap();
    for offset in [-1, 0, 1] {
        let key = a_key_of(&tenant, &format!("w:{}", offset + 1));
        store.log().append(&created_at(&key, millis(offset))).await.unwrap();
    }
    for (from, to, expected) in [
        (-1, 0, vec![-1]),
        (0, 1, vec![0]),
        (-1, 2, vec![1, 0, -1]),
        (0, 2, vec![1, 0]),
        (-5, 1, vec![0, -1]),
        (0, 0, vec![]),
        (1, -1, vec![]),
    ] {
        let query = ActivityQuery { from: millis(from), to: millis(to), ..everything(&tenant) };
        let seen: Vec<_> = walk(store.log(), query).await.iter().map(|entry| entry.at).collect();
        assert_eq!(seen, expected.into_iter().map(millis).collect::<Vec<_>>(), "from {from} to {to}");
    }
    // A position that the span does not reach is no way out of it.
    for after in [millis(-DAY), millis(DAY)] {
        let after = Some(ActivityPosition { at: after, entry: None });
        let query = ActivityQuery { from: millis(0), to: millis(1), after, ..everything(&tenant) };
        assert!(walk(store.log(), query).await.iter().all(|entry| entry.at == millis(0)));
    }
}

/// Eight writers append to new and old workflows between and during the pages. What was there is shown once.
pub async fn a_walk_that_goes_on_while_others_append_misses_and_repeats_nothing<T>(store: T)
where
    T: Tampered<Log: ActivityLog + AuditEntries> + 'static,
{
    let (tenant, store) = (a_fresh_tenant(), Arc::new(store));
    let mut heads = Vec::new();
    for number in 0..40 {
        let created = created_at(&a_key_of(&tenant, &format!("w:{number}")), at(-number * 7));
        store.log().append(&created).await.unwrap();
        heads.push(created);
    }
    let before: BTreeSet<_> = heads.iter().map(|head| head.event.event_id).collect();
    let mut writers = JoinSet::new();
    let mut round = 0_i64;
    let query = ActivityQuery { limit: 3, ..everything(&tenant) };
    let walked = walk_while(store.log(), query, async || {
        round += 1;
        // They end, or entries older than the walk would come faster than it shows them.
        for writer in if round <= 12 { 0..8_i64 } else { 0..0 } {
            let (store, tenant) = (Arc::clone(&store), tenant.clone());
            // Newer than, in between and at the instants of what is walked.
            let instant = at((writer - 6) * round * 11);
            let old = heads[usize::try_from(round * 8 + writer).unwrap() % heads.len()].clone();
            writers.spawn(async move {
                let key = a_key_of(&tenant, &format!("n:{round}:{writer}"));
                store.log().append(&created_at(&key, instant)).await.unwrap();
                let moved = version_with(&a_move(&old, State::Active), |event| event.timestamp = instant);
                // Another writer may have made this version.
                let _ = store.log().append(&moved).await;
            });
        }
    })
    .await;
    writers.join_all().await;
    let shown: Vec<_> = walked
        .iter()
        .map(|entry| {
            let KeptEntry::Version(event) = &entry.entry else { panic!("{entry:?}") };
            event.event_id
        })
        .collect();
    let once: BTreeSet<_> = shown.iter().copied().collect();
    assert_eq!(once.len(), shown.len(), "an entry came twice");
    let missed: Vec<_> = before.difference(&once).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// By principal, by kind, and by both. The end of a recovery names no principal.
pub async fn filters_let_through_what_they_name<T: Tampered<Log: ActivityLog + AuditEntries>>(store: T) {
    let each = OneOfEach::of(&a_fresh_key());
    each.write(store.log()).await;
    let all = each.told();
    for kind in ActivityKind::ALL {
        let query = ActivityQuery { kind: Some(kind), ..everything(&each.key.tenant_id) };
        let expected: Vec<_> = all.iter().filter(|(_, of, _)| *of == kind).cloned().collect();
        assert_eq!(told(walk(store.log(), query).await), expected, "{}", kind.as_str());
    }
    for principal in ["alice", "mallory", "sue", "audrey", "otto"] {
        let by = |entry: &KeptEntry| entry.by().is_some_and(|by| by.as_str() == principal);
        let expected: Vec<_> =
            all.iter().filter(|(_, kind, entry)| *kind != ActivityKind::RecoveryEnded && by(entry)).cloned().collect();
        let principal = Some(principal.parse().unwrap());
        let query = ActivityQuery { principal: principal.clone(), limit: 2, ..everything(&each.key.tenant_id) };
        assert_eq!(told(walk(store.log(), query.clone()).await), expected, "{principal:?}");
        let kind = Some(ActivityKind::WorkflowReleased);
        let expected: Vec<_> =
            expected.into_iter().filter(|(_, kind, _)| *kind == ActivityKind::WorkflowReleased).collect();
        assert_eq!(told(walk(store.log(), ActivityQuery { kind, ..query }).await), expected);
    }
}

/// Of every kind, between others that are not altered.
pub async fn an_altered_entry_is_shown_as_unreadable_in_its_place<T: Tampered<Log: ActivityLog + AuditEntries>>(
    store: T,
) {
    let each = OneOfEach::of(&a_fresh_key());
    let (key, log) = (&each.key, store.log());
    each.write(log).await;
    for place in [
        Place::Version(version(2)),
        Place::Refusal(each.refusal.event_id),
        Place::Quarantine(&each.released),
        Place::Outcome(version(3), 1),
    ] {
        store.spoil(key, place, "a bit fell over").await;
    }
    let audits = log.audit_entries(&key.tenant_id, None, 10).await.unwrap();
    let is_review = |kept: &KeptAuditEntry| matches!(kept, KeptAuditEntry::Entry(it) if **it == each.audits[1]);
    let (review, _) = audits.iter().find(|(_, kept)| is_review(kept)).unwrap();
    store.spoil_audit(&key.tenant_id, review, "a bit fell over").await;
    let walked = walk(log, everything(&key.tenant_id)).await;
    let (before, all) = (each.told(), told(walked));
    assert_eq!(
        all.iter().map(|(at, kind, _)| (*at, *kind)).collect::<Vec<_>>(),
        before.iter().map(|(at, kind, _)| (*at, *kind)).collect::<Vec<_>>()
    );
    let mut unreadable = 0;
    for ((_, kind, now), (_, _, then)) in all.iter().zip(&before) {
        match now {
            KeptEntry::UnreadableVersion(at, _) => assert_eq!(*at, version(2)),
            KeptEntry::UnreadableRefusal(id, _) => assert_eq!(*id, each.refusal.event_id),
            KeptEntry::UnreadableQuarantine(at, _) => assert_eq!(*at, Some(version(2))),
            KeptEntry::Recovery(kept) => {
                assert_eq!(kept.claim, Some(Ok(each.claim.clone())), "{}", kind.as_str());
                assert!(matches!(kept.outcome, Some(Err(_))), "{}", kind.as_str());
            }
            KeptEntry::UnreadableAudit(_) => assert_eq!(*kind, ActivityKind::AuditTrailReviewed),
            KeptEntry::Version(_)
            | KeptEntry::Refusal(_)
            | KeptEntry::Quarantine(_)
            | KeptEntry::Overdue(_)
            | KeptEntry::Audit(_) => {
                assert_eq!(now, then);
                continue;
            }
        }
        unreadable += 1;
    }
    assert_eq!(unreadable, 6);
}

/// A removed entry is gone from the activity, too; the chain and the stream show that it was removed.
pub async fn an_entry_that_was_removed_is_passed_over<T: Tampered<Log: ActivityLog + AuditEntries>>(store: T) {
    let each = OneOfEach::of(&a_fresh_key());
    each.write(store.log()).await;
    store.take_out(&each.key, Place::Version(Version::FIRST)).await;
    store.take_out(&each.key, Place::Refusal(each.refusal.event_id)).await;
    let left: Vec<_> = told(walk(store.log(), ActivityQuery { limit: 1, ..everything(&each.key.tenant_id) }).await);
    assert_eq!(left.len(), each.told().len() - 2);
}

/// Also workflows of the same name.
pub async fn tenants_are_kept_apart<T: Tampered<Log: ActivityLog + AuditEntries>>(store: T) {
    let (ours, theirs) = (OneOfEach::of(&a_fresh_key()), OneOfEach::of(&a_fresh_key()));
    ours.write(store.log()).await;
    theirs.write(store.log()).await;
    assert_eq!(told(walk(store.log(), everything(&ours.key.tenant_id)).await), ours.told());
    assert_eq!(walk(store.log(), everything(&a_fresh_tenant())).await, []);
}

/// A month with entries on its first and its last day.
pub async fn days_without_entries_are_walked_to_the_end<T: Tampered<Log: ActivityLog + AuditEntries>>(store: T) {
    let tenant = a_fresh_tenant();
    for (name, instant) in [("w:1", at(-31 * DAY)), ("w:2", at(-1))] {
        store.log().append(&created_at(&a_key_of(&tenant, name), instant)).await.unwrap();
    }
    let query = ActivityQuery { from: at(-31 * DAY), to: at(0), ..everything(&tenant) };
    let seen: Vec<_> = walk(store.log(), query).await.iter().map(|entry| entry.at).collect();
    assert_eq!(seen, [at(-1), at(-31 * DAY)]);
}
