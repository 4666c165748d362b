//! The contract of the index for single entries: reads, advances, repairs.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{Advanced, WorkflowIndex, entry_of};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

use crate::builders::{a_fresh_tenant, a_key_of, at, version};

/// An entry of a workflow at a version: CREATED at the first, ACTIVE since, updated a second a version.
pub(super) fn an_entry(tenant: &TenantId, workflow_id: &str, published_version: u32) -> IndexEntry {
    let first = published_version == 1;
    IndexEntry {
        key: a_key_of(tenant, workflow_id),
        workflow_type: "sample-analysis".parse().unwrap(),
        current_state: if first { State::Created } else { State::Active },
        previous_state: (!first).then_some(State::Created),
        published_version: version(published_version.into()),
        created_at: at(1000),
        updated_at: at(i64::from(published_version) * 1000),
        created_by: "alice".parse().unwrap(),
        labels: Labels::default(),
        due_at: None,
        assignee: None,
        head_hash: ChainHash::of(&published_version.to_be_bytes()),
    }
}

async fn there<I: WorkflowIndex>(index: &I, key: &WorkflowKey) -> Option<IndexEntry> {
    entry_of(index, key).await.unwrap()
}

/// No entry, no keys, no error.
pub async fn a_missing_entry_is_not_given<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    assert_eq!(index.entries(&[]).await.unwrap(), BTreeMap::new());
    let entry = an_entry(&tenant, "w-1", 1);
    index.advance(&entry).await.unwrap();
    let keys = [a_key_of(&tenant, "w-2"), entry.key.clone(), a_key_of(&a_fresh_tenant(), "w-1")];
    assert_eq!(index.entries(&keys).await.unwrap(), BTreeMap::from([(entry.key.clone(), Ok(entry))]));
}

/// More keys than one call of any store takes, some of them twice.
pub async fn any_number_of_entries_is_given_at_once<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let entries: Vec<IndexEntry> = (0..230).map(|n| an_entry(&tenant, &format!("w-{n}"), 1)).collect();
    for entry in &entries {
        index.advance(entry).await.unwrap();
    }
    let mut keys: Vec<WorkflowKey> = entries.iter().map(|entry| entry.key.clone()).collect();
    keys.extend(keys.clone());
    let expected: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.key.clone(), Ok(entry))).collect();
    assert_eq!(index.entries(&keys).await.unwrap(), expected);
}

/// Every member, at its most unusual.
pub async fn an_entry_comes_back_as_it_went_in<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let entry = IndexEntry {
        key: a_key_of(&tenant, &"._:-aZ0".repeat(18)),
        workflow_type: "0-0".parse().unwrap(),
        current_state: State::Cancelled,
        previous_state: Some(State::Failed),
        published_version: version(9_999_999_999),
        created_at: at(-1),
        updated_at: at(999),
        created_by: "Ωmega#1 / \"Ärztin\" 🧪".parse().unwrap(),
        labels: Labels::default(),
        due_at: None,
        assignee: None,
        head_hash: ChainHash::of(b"the head"),
    };
    assert_eq!(index.advance(&entry).await.unwrap(), Advanced::Yes);
    assert_eq!(there(&index, &entry.key).await, Some(entry));
}

/// A later version replaces the whole entry; the same or an earlier one changes nothing.
pub async fn an_advance_never_goes_back<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let at_version = |version| an_entry(&tenant, "w-1", version);
    let key = a_key_of(&tenant, "w-1");
    for (version, expected, stands_at) in [
        (2, Advanced::Yes, 2),
        (1, Advanced::AlreadyThere, 2),
        (2, Advanced::AlreadyThere, 2),
        (10, Advanced::Yes, 10),
        (9, Advanced::AlreadyThere, 10),
        (11, Advanced::Yes, 11),
    ] {
        assert_eq!(index.advance(&at_version(version)).await.unwrap(), expected, "to {version}");
        assert_eq!(there(&index, &key).await, Some(at_version(stands_at)), "after {version}");
    }
    let same_version = IndexEntry { current_state: State::Failed, ..at_version(11) };
    assert_eq!(index.advance(&same_version).await.unwrap(), Advanced::AlreadyThere);
    assert_eq!(there(&index, &key).await, Some(at_version(11)));
}

/// In any order of arrival.
pub async fn racing_advances_end_at_the_newest<I: WorkflowIndex + Clone + 'static>(index: I) {
    let tenant = a_fresh_tenant();
    let mut writers = JoinSet::new();
    for version in [5, 12, 1, 9, 3, 11, 7, 2, 10, 4, 8, 6] {
        let (index, entry) = (index.clone(), an_entry(&tenant, "w-1", version));
        writers.spawn(async move { (index.advance(&entry).await.unwrap(), version) });
    }
    let outcomes = writers.join_all().await;
    assert!(outcomes.contains(&(Advanced::Yes, 12)), "nobody was ahead of the newest: {outcomes:?}");
    assert_eq!(there(&index, &a_key_of(&tenant, "w-1")).await, Some(an_entry(&tenant, "w-1", 12)));
}

/// To an older or a newer version, but only the entry that the repairer has seen.
pub async fn a_repair_replaces_what_was_seen_and_nothing_else<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let wrong = IndexEntry { workflow_type: "nonsense".parse().unwrap(), ..an_entry(&tenant, "w-1", 9) };
    let right = an_entry(&tenant, "w-1", 3);
    index.advance(&wrong).await.unwrap();

    let others = [
        IndexEntry { published_version: version(8), ..wrong.clone() },
        IndexEntry { workflow_type: "sample-analysis".parse().unwrap(), ..wrong.clone() },
        IndexEntry { current_state: State::Paused, ..wrong.clone() },
        IndexEntry { previous_state: None, ..wrong.clone() },
        IndexEntry { updated_at: at(1), ..wrong.clone() },
        IndexEntry { created_at: at(1), ..wrong.clone() },
        IndexEntry { created_by: "bob".parse().unwrap(), ..wrong.clone() },
        IndexEntry { head_hash: ChainHash::genesis(), ..wrong.clone() },
    ];
    for seen in &others {
        assert_eq!(index.repair(&right, Some(seen)).await.unwrap(), Advanced::AlreadyThere, "{seen:?}");
    }
    assert_eq!(there(&index, &right.key).await, Some(wrong.clone()));

    assert_eq!(index.repair(&right, Some(&wrong)).await.unwrap(), Advanced::Yes);
    assert_eq!(there(&index, &right.key).await, Some(right.clone()));
    assert_eq!(index.repair(&right, Some(&wrong)).await.unwrap(), Advanced::Yes, "its first answer was lost");
    let next = an_entry(&tenant, "w-1", 4);
    assert_eq!(index.advance(&next).await.unwrap(), Advanced::Yes);
    assert_eq!(index.repair(&right, Some(&wrong)).await.unwrap(), Advanced::AlreadyThere);
    assert_eq!(there(&index, &right.key).await, Some(next));
}

/// Seen as missing, it must still be missing.
pub async fn a_repair_of_nothing_needs_nothing_to_be_there<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let (entry, other) = (an_entry(&tenant, "w-1", 3), an_entry(&tenant, "w-1", 5));
    assert_eq!(index.repair(&entry, Some(&other)).await.unwrap(), Advanced::AlreadyThere);
    assert_eq!(there(&index, &entry.key).await, None);
    assert_eq!(index.repair(&entry, None).await.unwrap(), Advanced::Yes);
    assert_eq!(index.repair(&other, None).await.unwrap(), Advanced::AlreadyThere);
    assert_eq!(there(&index, &entry.key).await, Some(entry));
}
