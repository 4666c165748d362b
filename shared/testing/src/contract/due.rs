//! The contract of a walk over the due workflows: the open ones whose index entry has a due date that has passed.

use alims_domain::lifecycle::State;
use alims_domain::overdue::Deadline;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{DueWorkflows, StoreError, WalkPosition, WorkflowIndex};
use std::collections::BTreeSet;

use crate::builders::{a_created_of, a_fresh_tenant, a_key_of, at, version};

/// The deadlines of a walk from its beginning, each as often as it was met; other tests' too.
async fn walked<I: DueWorkflows>(index: &I, until: Timestamp) -> Vec<Deadline> {
    let (mut met, mut from) = (Vec::new(), None);
    for _ in 0..10_000 {
        let part = index.due_part(until, from.as_ref()).await.unwrap();
        met.extend(part.deadlines);
        match part.next {
            Some(next) => from = Some(next),
            None => return met,
        }
    }
    panic!("the walk does not end");
}

/// Whatever its state: only one that it can leave counts, at exactly the due date too.
pub async fn an_open_workflow_is_met_once_from_its_due_date_on<I: WorkflowIndex + DueWorkflows>(index: I) {
    let tenant = a_fresh_tenant();
    let now = at(10_000);
    let mut due = BTreeSet::new();
    let dates = [None, Some(-1), Some(0), Some(9999), Some(10_000), Some(10_001), Some(86_400_000)];
    for (number, state) in State::ALL.into_iter().enumerate() {
        for (place, due_at) in dates.into_iter().map(|due_at| due_at.map(at)).enumerate() {
            let key = a_key_of(&tenant, &format!("w:{number}:{place}"));
            let first = IndexEntry::from(&a_created_of(&key).event);
            index.advance(&first).await.unwrap();
            let there = IndexEntry { current_state: state, published_version: version(2), due_at, ..first };
            index.advance(&there).await.unwrap();
            let is_due = due_at.filter(|due_at| *due_at <= now && !state.is_closed());
            due.extend(is_due.map(|due_at| Deadline { key, due_at }));
        }
    }
    let met: Vec<Deadline> = walked(&index, now).await.into_iter().filter(|it| it.key.tenant_id == tenant).collect();
    assert_eq!(met.len(), due.len(), "{met:?}");
    assert_eq!(met.into_iter().collect::<BTreeSet<_>>(), due);
}

/// What a sweep was interrupted in may have another due date, or none, when it goes on.
pub async fn a_walk_goes_on_where_a_due_date_was_changed_or_removed<I: WorkflowIndex + DueWorkflows>(index: I) {
    let tenant = a_fresh_tenant();
    let dated = |number: usize| {
        let entry = IndexEntry::from(&a_created_of(&a_key_of(&tenant, &format!("w:{number}"))).event);
        IndexEntry { due_at: Some(at(1000)), ..entry }
    };
    for number in 0..10 {
        index.advance(&dated(number)).await.unwrap();
    }
    let (mut met, mut from) = (BTreeSet::new(), None);
    loop {
        let part = index.due_part(at(2000), from.as_ref()).await.unwrap();
        for deadline in part.deadlines.iter().filter(|it| it.key.tenant_id == tenant) {
            let number: usize = deadline.key.workflow_id.as_str().trim_start_matches("w:").parse().unwrap();
            let due_at = number.is_multiple_of(2).then(|| at(86_400_000));
            let changed = IndexEntry { published_version: version(2), due_at, ..dated(number) };
            index.advance(&changed).await.unwrap();
        }
        met.extend(part.deadlines.into_iter().map(|it| it.key));
        from = part.next;
        if from.is_none() {
            break;
        }
    }
    assert!((0..10).all(|number| met.contains(&dated(number).key)), "{met:?}");
    assert!(walked(&index, at(2000)).await.iter().all(|it| it.key.tenant_id != tenant), "none is due");
}

/// It leads nowhere.
pub async fn a_position_that_no_walk_gave_is_refused<I: WorkflowIndex + DueWorkflows>(index: I) {
    let refused = index.due_part(at(0), Some(&WalkPosition("nowhere".to_owned()))).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
}
