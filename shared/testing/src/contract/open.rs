//! The contract of a walk over the open workflows: those whose index entry has a state that it can leave.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{OpenWorkflows, StoreError, WalkPosition, WorkflowIndex};
use std::collections::BTreeSet;

use crate::builders::{a_created_of, a_fresh_tenant, a_key_of, version};

/// The workflows of a walk from its beginning, each as often as it was met; other tests' workflows too.
async fn walked<I: OpenWorkflows>(index: &I) -> Vec<WorkflowKey> {
    let (mut met, mut from) = (Vec::new(), None);
    for _ in 0..10_000 {
        let part = index.open_part(from.as_ref()).await.unwrap();
        met.extend(part.workflows);
        match part.next {
            Some(next) => from = Some(next),
            None => return met,
        }
    }
    panic!("the walk does not end");
}

/// Whatever state it was in before, and however the entry was written.
pub async fn a_workflow_is_met_once_while_its_state_is_not_final<I: WorkflowIndex + OpenWorkflows>(index: I) {
    let tenant = a_fresh_tenant();
    let mut open = BTreeSet::new();
    for (number, state) in State::ALL.into_iter().enumerate() {
        let key = a_key_of(&tenant, &format!("w:{number}"));
        let first = IndexEntry::from(&a_created_of(&key).event);
        index.advance(&first).await.unwrap();
        let there = IndexEntry { current_state: state, published_version: version(2), ..first.clone() };
        index.advance(&there).await.unwrap();
        if !state.allowed_transitions().is_empty() {
            open.insert(key.clone());
        }
        // Put in order by a recovery: back, and to where it was.
        let key = a_key_of(&tenant, &format!("r:{number}"));
        let other = |entry: &IndexEntry| IndexEntry { key: key.clone(), ..entry.clone() };
        index.advance(&other(&there)).await.unwrap();
        index.repair(&other(&first), Some(&other(&there))).await.unwrap();
        index.repair(&other(&there), Some(&other(&first))).await.unwrap();
        if !state.allowed_transitions().is_empty() {
            open.insert(key);
        }
    }
    let met: Vec<WorkflowKey> = walked(&index).await.into_iter().filter(|key| key.tenant_id == tenant).collect();
    assert_eq!(met.len(), open.len(), "{met:?}");
    assert_eq!(met.into_iter().collect::<BTreeSet<_>>(), open);
}

/// What a sweep was interrupted in may be closed when it goes on.
pub async fn a_walk_goes_on_where_a_workflow_was_closed<I: WorkflowIndex + OpenWorkflows>(index: I) {
    let tenant = a_fresh_tenant();
    let keys: Vec<WorkflowKey> = (0..10).map(|number| a_key_of(&tenant, &format!("w:{number}"))).collect();
    for key in &keys {
        index.advance(&IndexEntry::from(&a_created_of(key).event)).await.unwrap();
    }
    let (mut met, mut from) = (BTreeSet::new(), None);
    loop {
        let part = index.open_part(from.as_ref()).await.unwrap();
        for key in part.workflows.iter().filter(|key| key.tenant_id == tenant) {
            let first = IndexEntry::from(&a_created_of(key).event);
            let closed = IndexEntry { current_state: State::Cancelled, published_version: version(2), ..first };
            index.advance(&closed).await.unwrap();
        }
        met.extend(part.workflows);
        from = part.next;
        if from.is_none() {
            break;
        }
    }
    assert!(keys.iter().all(|key| met.contains(key)), "{met:?}");
    assert!(walked(&index).await.iter().all(|key| key.tenant_id != tenant), "all are closed");
}

/// It leads nowhere.
pub async fn a_position_that_no_walk_gave_is_refused<I: WorkflowIndex + OpenWorkflows>(index: I) {
    let refused = index.open_part(Some(&WalkPosition("nowhere".to_owned()))).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
}
