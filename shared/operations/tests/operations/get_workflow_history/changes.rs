//! What each version of a history changed, old and new.

use alims_domain::changes::VersionChanges;
use alims_domain::identifiers::Version;
use alims_operations::ReadPorts;
use alims_operations::get_workflow_history::{HistoryPosition, HistoryQuery, Include, get_workflow_history};
use alims_testing::builders::{a_key, version};
use alims_testing::contract::tampered::{Place, Tampered as _};
use alims_testing::{EverybodyMay, MemoryLog};
use serde_json::json;
use std::sync::Arc;

use super::{NOTHING, a_log, events};
use crate::alice;

/// What each version of the history changed, read in pages of this size.
async fn all_changes(log: &MemoryLog, limit: usize) -> Vec<VersionChanges> {
    let ports = ReadPorts { store: log.clone(), policy: Arc::new(EverybodyMay) };
    let (mut after, mut all) = (Some(HistoryPosition::default()), Vec::new());
    while let Some(position) = after {
        let query = HistoryQuery { include: Include { changes: true, ..NOTHING }, after: position, limit };
        let page = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await.unwrap();
        all.extend(page.changes);
        after = page.next;
    }
    all
}

#[tokio::test]
async fn a_history_shows_what_each_version_changed_whatever_the_size_of_its_pages() {
    for seed in 0..20 {
        let (log, events) = (a_log(9, seed).await, events(9, seed));
        let all = all_changes(&log, 100).await;
        for limit in 1..=4 {
            assert_eq!(all_changes(&log, limit).await, all, "{limit} a page");
        }
        assert_eq!(all.len(), events.len());
        let mut state = json!({"metadata": {}, "labels": {}});
        for (version, event) in all.iter().zip(&events) {
            assert_eq!(
                version.compared_with.map(Version::get),
                event.version.get().checked_sub(1).filter(|it| *it > 0)
            );
            // The changes, applied to the state before, make the state after.
            for change in &version.changes {
                assert_ne!(change.from, change.to);
                let (parent, name) = change.pointer.rsplit_once('/').unwrap();
                let members = state.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                let before = match &change.to {
                    Some(to) => members.insert(name.to_owned(), to.clone()),
                    None => members.remove(name),
                };
                assert_eq!(before, change.from, "{}", change.pointer);
            }
            let mut after = serde_json::to_value(event.data()).unwrap();
            after["current_state"] = json!(event.to_state);
            after.as_object_mut().unwrap().entry("labels").or_insert(json!({}));
            assert_eq!(state, after);
        }
    }
}

#[tokio::test]
async fn a_version_whose_predecessor_cannot_be_read_shows_no_changes_and_one_above_it_is_compared_with_its_own() {
    let log = a_log(5, 3).await;
    log.spoil(&a_key("w"), Place::Version(version(3)), "a bit fell over").await;
    for limit in [1, 2, 100] {
        let shown: Vec<u64> = all_changes(&log, limit).await.iter().map(|it| it.version.get()).collect();
        assert_eq!(shown, [1, 2, 5], "{limit} a page");
    }
}

#[tokio::test]
async fn changes_are_shown_only_to_those_who_ask_for_them() {
    let log = a_log(3, 3).await;
    let ports = ReadPorts { store: log, policy: Arc::new(EverybodyMay) };
    let query = HistoryQuery { include: NOTHING, after: HistoryPosition::default(), limit: 9 };
    let page = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await.unwrap();
    assert_eq!((page.items.len(), page.changes.len()), (3, 0));
}
