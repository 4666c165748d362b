//! The contract of a walk over the index and of the removal of entries. The index is a fresh one: both see all tenants.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::labels::Labels;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{IndexWalk, Sought, WorkflowIndex, entry_of};
use std::collections::BTreeSet;

use crate::builders::{a_fresh_tenant, labels, version};
use crate::contract::index::an_entry;

async fn filled<I: WorkflowIndex>(index: &I, workflows: u32) -> Vec<IndexEntry> {
    let tenant = a_fresh_tenant();
    let entries: Vec<IndexEntry> =
        (0..workflows).map(|number| an_entry(&tenant, &format!("w-{number}"), number % 3 + 1)).collect();
    for entry in &entries {
        index.advance(entry).await.unwrap();
    }
    entries
}

async fn walked<I: IndexWalk>(index: &I) -> Vec<IndexEntry> {
    let (mut met, mut from) = (Vec::new(), None);
    for _ in 0..10_000 {
        let part = index.index_part(from.as_ref()).await.unwrap();
        met.extend(part.entries);
        match part.next {
            Some(next) => from = Some(next),
            None => return met,
        }
    }
    panic!("the walk does not end");
}

/// Each once, as it is.
pub async fn every_entry_is_met_part_by_part<I: WorkflowIndex + IndexWalk>(index: I) {
    assert_eq!(walked(&index).await, []);
    let entries = filled(&index, 60).await;
    let met = walked(&index).await;
    assert_eq!(met.len(), entries.len());
    assert!(entries.iter().all(|entry| met.contains(entry)));
}

/// Nothing that the index wrote itself is out of its lists; what has no mark is not among the quarantined.
pub async fn what_was_written_is_listed_by_what_it_has<I: WorkflowIndex + IndexWalk>(index: I) {
    let mut entries = filled(&index, 60).await;
    for (entry, number) in entries.iter_mut().zip(0..) {
        let labels = labels(&[("sample", &format!("S-{number}")), ("rack", "7")]);
        *entry = IndexEntry { labels, published_version: version(9), ..entry.clone() };
        index.advance(entry).await.unwrap();
    }
    index.mark_quarantined(&entries[0].key, entries[0].created_at).await.unwrap();
    let sought = |entry, as_quarantined| Sought { entry, by_labels: true, as_quarantined };
    let all: Vec<Sought<'_>> = entries.iter().map(|entry| sought(entry, false)).collect();
    assert_eq!(index.unlisted(&all).await.unwrap(), []);
    assert_eq!(index.unlisted(&[]).await.unwrap(), []);
    let both = [sought(&entries[0], true), sought(&entries[1], true)];
    assert_eq!(index.unlisted(&both).await.unwrap(), [entries[1].key.clone()]);
    // Its label was removed after it was read.
    let changed = IndexEntry { labels: Labels::default(), published_version: version(10), ..entries[2].clone() };
    index.advance(&changed).await.unwrap();
    assert_eq!(index.unlisted(&all).await.unwrap(), []);
}

/// What was published since is no entry of the past.
pub async fn an_entry_is_removed_as_it_was_seen_and_not_when_it_went_on<I: WorkflowIndex + IndexWalk>(index: I) {
    let entries = filled(&index, 3).await;
    let went_on = an_entry(&entries[1].key.tenant_id, "w-1", 9);
    index.advance(&went_on).await.unwrap();
    assert!(!index.remove(&entries[1]).await.unwrap());
    assert_eq!(entry_of(&index, &went_on.key).await.unwrap(), Some(went_on));
    for _ in 0..2 {
        assert!(index.remove(&entries[0]).await.unwrap(), "removed, or gone");
    }
    let left: BTreeSet<WorkflowKey> = walked(&index).await.into_iter().map(|entry| entry.key).collect();
    assert_eq!(left, entries[1..].iter().map(|entry| entry.key.clone()).collect());
}

/// However many calls that takes.
pub async fn an_index_is_cleared_to_the_last_item_and_can_be_filled_again<I: WorkflowIndex + IndexWalk>(index: I) {
    filled(&index, 60).await;
    let mut cleared = 0;
    for _ in 0..10_000 {
        match index.clear_some().await.unwrap() {
            0 => {
                assert_eq!((cleared, walked(&index).await), (60, vec![]));
                assert_eq!(filled(&index, 2).await, walked(&index).await);
                return;
            }
            some => cleared += some,
        }
    }
    panic!("it is never empty");
}
