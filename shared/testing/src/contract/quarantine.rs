//! The contract of the quarantine record: each break has one entry of either kind, and nothing else changes.

use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::Version;
use alims_domain::quarantine::{BreakFound, QuarantineEntry};
use alims_operations::ports::{QuarantineLog, WorkflowLog};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

use crate::builders::{a_break, a_created_of, a_quarantine, a_release, version};
use crate::contract::log::a_fresh_key;

/// None is none, and no error.
pub async fn a_workflow_that_was_never_quarantined_has_no_record<L: QuarantineLog>(log: L) {
    let record = log.quarantine(&a_fresh_key()).await.unwrap();
    assert_eq!(record.entries, []);
    assert!(record.in_force().is_empty());
}

/// Every member of both.
pub async fn a_quarantine_and_its_release_come_back_as_they_went_in<L: QuarantineLog>(log: L) {
    let key = a_fresh_key();
    let quarantine = a_quarantine(&key, &a_break(3));
    assert_eq!(log.record_quarantine(&quarantine).await.unwrap(), quarantine);
    let record = log.quarantine(&key).await.unwrap();
    assert_eq!(record.entries, std::slice::from_ref(&quarantine));
    assert_eq!(record.in_force().len(), 1);
    let release = a_release(&key, &a_break(3));
    assert_eq!(log.record_quarantine(&release).await.unwrap(), release);
    let record = log.quarantine(&key).await.unwrap();
    assert_eq!(record.entries.len(), 2);
    assert!(record.entries.contains(&quarantine) && record.entries.contains(&release));
    assert!(record.in_force().is_empty());
}

/// The first of either kind stays, and is given back.
pub async fn a_break_has_one_entry_of_either_kind<L: QuarantineLog>(log: L) {
    let key = a_fresh_key();
    for kind in [a_quarantine, a_release] {
        let (first, second) = (kind(&key, &a_break(2)), kind(&key, &a_break(2)));
        assert_ne!(first, second, "they have ids of their own");
        assert_eq!(log.record_quarantine(&first).await.unwrap(), first);
        assert_eq!(log.record_quarantine(&first).await.unwrap(), first);
        assert_eq!(log.record_quarantine(&second).await.unwrap(), first);
    }
    assert_eq!(log.quarantine(&key).await.unwrap().entries.len(), 2);
}

/// Sixteen concurrent writers get the same answer.
pub async fn racing_finders_record_one_quarantine<L: QuarantineLog + Clone + 'static>(log: L) {
    let key = a_fresh_key();
    let mut finders = JoinSet::new();
    for _ in 0..16 {
        let (log, entry) = (log.clone(), a_quarantine(&key, &a_break(2)));
        finders.spawn(async move { log.record_quarantine(&entry).await.unwrap() });
    }
    let told: BTreeSet<_> = finders.join_all().await.iter().map(QuarantineEntry::event_id).collect();
    assert_eq!(told.len(), 1);
    let record = log.quarantine(&key).await.unwrap();
    assert_eq!(record.entries.iter().map(QuarantineEntry::event_id).collect::<BTreeSet<_>>(), told);
}

/// Another version, another fault or other content is another break.
pub async fn a_release_covers_exactly_the_break_it_names<L: QuarantineLog>(log: L) {
    let key = a_fresh_key();
    let named = a_break(2);
    let others = [
        BreakFound { at: version(3), ..named.clone() },
        BreakFound { fault: BreakKind::Unlinked, ..named.clone() },
        BreakFound { content: ChainHash::of(b"other"), ..named.clone() },
        BreakFound { published: Some(ChainHash::of(b"published")), ..named.clone() },
        BreakFound { published: Some(ChainHash::of(b"another")), ..named.clone() },
    ];
    for found in others.iter().chain([&named]) {
        log.record_quarantine(&a_quarantine(&key, found)).await.unwrap();
    }
    log.record_quarantine(&a_release(&key, &named)).await.unwrap();
    let record = log.quarantine(&key).await.unwrap();
    let in_force: BTreeSet<BreakFound> = record.in_force().into_iter().map(|it| it.found).collect();
    assert_eq!(in_force, others.into_iter().collect());
    assert!(record.is_released(&named));
}

/// They are stored next to the versions, never among them.
pub async fn quarantines_change_no_version_and_are_no_refusals<L: QuarantineLog + WorkflowLog>(log: L) {
    let key = a_fresh_key();
    log.record_quarantine(&a_quarantine(&key, &a_break(1))).await.unwrap();
    assert_eq!(log.head(&key).await.unwrap(), None, "a quarantine makes no workflow");
    let first = a_created_of(&key);
    log.append(&first).await.unwrap();
    log.record_quarantine(&a_release(&key, &a_break(1))).await.unwrap();
    assert_eq!(log.head(&key).await.unwrap(), Some(first.clone()));
    assert_eq!(log.versions(&key, Version::FIRST, 10).await.unwrap(), [first]);
    assert_eq!(log.refusals(&key, None, 10).await.unwrap(), []);
    assert_eq!(log.quarantine(&a_fresh_key()).await.unwrap().entries, []);
}
