//! Counting workflows: only those of the caller's tenant, only for callers who may, and no longer than the bound.

use alims_domain::lifecycle::State;
use alims_domain::limits::COUNT_READS_MAX;
use alims_domain::projection::IndexEntry;
use alims_operations::count_workflows::{CountWorkflowsError, Counts, Ports, count_workflows};
use alims_testing::builders::a_created;
use alims_testing::{CallFault, EverybodyMay, Faulty, MemoryIndex, NobodyMay, Script};
use std::sync::Arc;

use crate::alice;

/// An index with so many workflows in each state, in the order of all states.
fn indexed(workflows: [usize; 6]) -> MemoryIndex {
    let index = MemoryIndex::default();
    for (current_state, workflows) in State::ALL.into_iter().zip(workflows) {
        for number in 0..workflows {
            let entry = IndexEntry::from(&a_created(&format!("{current_state}-{number}")).event);
            index.overwrite(IndexEntry { current_state, ..entry });
        }
    }
    index
}

fn each(counts: &Counts) -> [u64; 6] {
    State::ALL.map(|state| counts.of(state))
}

#[tokio::test]
async fn every_state_has_its_count_and_the_total_is_their_sum() {
    let ports = Ports { store: indexed([3, 1, 0, 4, 2, 5]), policy: Arc::new(EverybodyMay) };
    let counts = count_workflows(&ports, &alice()).await.unwrap();
    assert_eq!((each(&counts), counts.total(), counts.is_complete()), ([3, 1, 0, 4, 2, 5], 15, true));
}

#[tokio::test]
async fn a_caller_s_counts_hold_no_workflow_of_another_tenant() {
    let ports = Ports { store: indexed([3, 1, 0, 4, 2, 5]), policy: Arc::new(EverybodyMay) };
    let mut call = alice();
    call.principal.tenant_id = "other".parse().unwrap();
    let counts = count_workflows(&ports, &call).await.unwrap();
    assert_eq!((each(&counts), counts.total(), counts.is_complete()), ([0; 6], 0, true));
}

#[tokio::test]
async fn one_state_with_more_than_the_reads_reach_makes_the_counts_a_lower_bound() {
    let counted = u64::try_from(COUNT_READS_MAX).unwrap();
    for (failed, complete) in [(COUNT_READS_MAX, true), (COUNT_READS_MAX + 1, false)] {
        let store = indexed([3, 0, 0, 0, failed, 0]).evaluating_at_most(1);
        let ports = Ports { store, policy: Arc::new(EverybodyMay) };
        let counts = count_workflows(&ports, &alice()).await.unwrap();
        let seen = (each(&counts), counts.total(), counts.is_complete());
        assert_eq!(seen, ([3, 0, 0, 0, counted, 0], counted + 3, complete), "{failed} failed");
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_counted_leaves_no_answer() {
    for call in 0..State::ALL.len() {
        let script = Script::failing(call, CallFault::BeforeEffect);
        let store = Faulty::new(indexed([1; 6]), &script);
        let answer = count_workflows(&Ports { store, policy: Arc::new(EverybodyMay) }, &alice()).await;
        assert!(matches!(answer, Err(CountWorkflowsError::Store(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn a_caller_who_may_not_count_is_refused_before_the_index_is_read() {
    let script = Script::default();
    let ports = Ports { store: Faulty::new(indexed([1; 6]), &script), policy: Arc::new(NobodyMay) };
    let answer = count_workflows(&ports, &alice()).await;
    assert!(matches!(answer, Err(CountWorkflowsError::Forbidden(_))), "{answer:?}");
    assert_eq!(script.calls(), Vec::<&str>::new());
}
