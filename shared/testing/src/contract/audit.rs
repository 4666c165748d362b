//! The contract of the audit entries: each kept once for its request, for ever, and apart from the workflows.

use alims_domain::audit_entry::{KeptAuditEntry, SealedAuditEntry, StoredAuditEntry};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::TenantId;
use alims_operations::ports::{AuditEntries, AuditPlace, AuditRecorded, LogWalk, StoreError};
use futures_util::future::join_all;
use std::collections::BTreeSet;

use crate::builders::{a_fresh_tenant, at};
use crate::contract::tampered::Tampered;
use crate::some_audit_entries::{a_review, an_export, some_request};

/// Every readable entry of a tenant, one page of this size after another, and the places in their order.
async fn all<L: AuditEntries>(log: &L, tenant: &TenantId, limit: usize) -> (Vec<SealedAuditEntry>, Vec<AuditPlace>) {
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    loop {
        let page = log.audit_entries(tenant, places.last(), limit).await.unwrap();
        let is_last = page.len() < limit;
        for (place, kept) in page {
            places.push(place);
            if let KeptAuditEntry::Entry(entry) = kept {
                entries.push(*entry);
            }
        }
        if is_last {
            return (entries, places);
        }
    }
}

fn recorded(entry: &SealedAuditEntry) -> AuditRecorded {
    AuditRecorded::Entry(Box::new(entry.clone()))
}

/// Neither is one of its requests known.
pub async fn a_tenant_that_did_nothing_has_no_audit_entries<T: Tampered<Log: AuditEntries>>(store: T) {
    let tenant = a_fresh_tenant();
    assert_eq!(store.log().audit_entries(&tenant, None, 10).await.unwrap(), []);
    assert_eq!(store.log().audit_recorded(&tenant, &some_request("k", 1)).await.unwrap(), None);
}

/// Of each kind, with every member that it can have and with the fewest, with a request and without.
pub async fn audit_entries_come_back_as_they_went_in_and_in_pages<T: Tampered<Log: AuditEntries>>(store: T) {
    let (tenant, log) = (a_fresh_tenant(), store.log());
    let entries =
        [an_export(&tenant, true), an_export(&tenant, false), a_review(&tenant, true), a_review(&tenant, false)];
    for (number, entry) in entries.iter().enumerate() {
        let request = (number % 2 == 0).then(|| some_request(&format!("k{number}"), 1));
        let stored = StoredAuditEntry { entry: entry.clone(), request };
        // Once more, as after a lost answer.
        for _ in 0..2 {
            assert_eq!(log.record_audit(&stored).await.unwrap(), recorded(entry));
        }
    }
    for limit in 1..=5 {
        let (mut there, places) = all(log, &tenant, limit).await;
        assert!(places.is_sorted(), "at most {limit}: {places:?}");
        there.sort_by_key(|entry| entry.event_id);
        assert_eq!(there, entries, "at most {limit}");
    }
    assert_eq!(log.audit_entries(&tenant, None, 0).await.unwrap(), []);
}

/// Also when it is made at another time, with another id.
pub async fn a_repeated_request_gets_the_entry_that_it_made<T: Tampered<Log: AuditEntries>>(store: T) {
    let (tenant, log) = (a_fresh_tenant(), store.log());
    let (first, second) = (a_review(&tenant, true), a_review(&tenant, true));
    let (request, another) = (some_request("k", 1), some_request("k", 2));
    let of = |entry: &SealedAuditEntry, request| StoredAuditEntry { entry: entry.clone(), request: Some(request) };
    assert_eq!(log.record_audit(&of(&first, request.clone())).await.unwrap(), recorded(&first));
    assert_eq!(log.record_audit(&of(&second, request.clone())).await.unwrap(), recorded(&first));
    assert_eq!(log.audit_recorded(&tenant, &request).await.unwrap(), Some(recorded(&first)));
    assert_eq!(log.record_audit(&of(&second, another.clone())).await.unwrap(), AuditRecorded::KeyReused);
    assert_eq!(log.audit_recorded(&tenant, &another).await.unwrap(), Some(AuditRecorded::KeyReused));
    assert_eq!(log.audit_recorded(&a_fresh_tenant(), &request).await.unwrap(), None);
    assert_eq!(all(log, &tenant, 10).await.0, [first]);
}

/// The same request, as often as it comes.
pub async fn racing_requests_with_one_key_record_one_entry<T: Tampered<Log: AuditEntries>>(store: T) {
    let (tenant, log) = (a_fresh_tenant(), store.log());
    let tries: Vec<_> = (0..8)
        .map(|_| StoredAuditEntry { entry: a_review(&tenant, false), request: Some(some_request("k", 1)) })
        .collect();
    let answers: Vec<_> = join_all(tries.iter().map(|stored| log.record_audit(stored))).await;
    let (there, _) = all(log, &tenant, 10).await;
    let [winner] = there.as_slice() else { panic!("{there:?}") };
    for answer in answers {
        assert_eq!(answer.unwrap(), recorded(winner));
    }
}

/// Also of the same request.
pub async fn audit_entries_of_tenants_are_kept_apart<T: Tampered<Log: AuditEntries>>(store: T) {
    let (ours, theirs) = (a_fresh_tenant(), a_fresh_tenant());
    for tenant in [&ours, &theirs] {
        let stored = StoredAuditEntry { entry: a_review(tenant, true), request: Some(some_request("k", 1)) };
        assert_eq!(store.log().record_audit(&stored).await.unwrap(), recorded(&stored.entry));
    }
    for tenant in [&ours, &theirs] {
        let (there, _) = all(store.log(), tenant, 10).await;
        assert_eq!(there.iter().map(|entry| &entry.tenant_id).collect::<Vec<_>>(), [tenant]);
    }
}

/// It has its place, no other takes it, and its request gets an error and not another entry.
pub async fn an_unreadable_audit_entry_is_given_in_its_place<T: Tampered<Log: AuditEntries>>(store: T) {
    let (tenant, log) = (a_fresh_tenant(), store.log());
    let mut requests = Vec::new();
    for number in 0..3 {
        let request = some_request(&format!("k{number}"), 1);
        let stored = StoredAuditEntry { entry: a_review(&tenant, true), request: Some(request.clone()) };
        log.record_audit(&stored).await.unwrap();
        requests.push(stored);
    }
    let (_, places) = all(log, &tenant, 10).await;
    store.spoil_audit(&tenant, &places[1], "a bit fell over").await;
    for limit in 1..=4 {
        let (readable, seen) = all(log, &tenant, limit).await;
        assert_eq!((readable.len(), seen), (2, places.clone()), "at most {limit}");
    }
    let kept = log.audit_entries(&tenant, None, 10).await.unwrap();
    let contents: BTreeSet<&ChainHash> = kept
        .iter()
        .filter_map(|(_, kept)| if let KeptAuditEntry::Unreadable { content } = kept { Some(content) } else { None })
        .collect();
    assert_eq!(contents.len(), 1);
    let mut refused = 0;
    for stored in requests {
        let request = stored.request.clone().unwrap();
        let answers = [log.record_audit(&stored).await.map(Some), log.audit_recorded(&tenant, &request).await];
        refused += answers.iter().filter(|answer| matches!(answer, Err(StoreError::Refused(_)))).count();
    }
    assert_eq!(refused, 2, "of one request, written and looked for");
}

/// A walk over the workflows meets none, and calls none a stray.
pub async fn audit_entries_are_of_no_workflow<T: Tampered<Log: AuditEntries + LogWalk>>(store: T) {
    let tenant = a_fresh_tenant();
    for timestamp in [at(0), at(1)] {
        let mut entry = a_review(&tenant, true).into_entry();
        entry.timestamp = timestamp;
        let entry = SealedAuditEntry::new(entry).unwrap();
        store.log().record_audit(&StoredAuditEntry { entry, request: None }).await.unwrap();
    }
    let mut from = None;
    loop {
        let part = store.log().part(from.as_ref()).await.unwrap();
        assert!(part.workflows.iter().all(|key| key.tenant_id != tenant), "{:?}", part.workflows);
        assert!(part.strays.is_empty(), "{:?}", part.strays);
        from = part.next;
        if from.is_none() {
            return;
        }
    }
}
