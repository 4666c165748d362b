//! The contract of the index for counts: exact when complete, a lower bound when not.

use alims_domain::identifiers::TenantId;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{IndexCount, WorkflowIndex};

use super::index::an_entry;
use crate::builders::{a_fresh_tenant, version};

/// More reads than any of these counts needs, however little one read looks at.
const READS_MAX: usize = 100;

/// So many workflows of a tenant in a state.
async fn filled<I: WorkflowIndex>(index: &I, tenant: &TenantId, state: State, workflows: usize) {
    for number in 0..workflows {
        let entry = IndexEntry { current_state: state, ..an_entry(tenant, &format!("{state}-{number}"), 2) };
        index.advance(&entry).await.unwrap();
    }
}

/// The counts of all states, which must be complete.
async fn counted<I: WorkflowIndex>(index: &I, tenant: &TenantId) -> Vec<(State, u64)> {
    let mut counts = Vec::new();
    for state in State::ALL {
        let IndexCount { workflows, complete } = index.count(tenant, state, READS_MAX).await.unwrap();
        assert!(complete, "{READS_MAX} reads do not reach the end of {state}");
        counts.push((state, workflows));
    }
    counts.retain(|(_, workflows)| *workflows > 0);
    counts
}

/// Nothing, and that is all.
pub async fn an_unknown_tenant_has_no_workflows_to_count<I: WorkflowIndex>(index: I) {
    assert_eq!(counted(&index, &a_fresh_tenant()).await, []);
}

/// From none to more than one read of a store with short pages looks at.
pub async fn each_state_is_counted_apart<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let expected: Vec<(State, u64)> = State::ALL.into_iter().zip([1, 11, 3, 0, 6, 2]).collect();
    for (state, workflows) in &expected {
        filled(&index, &tenant, *state, usize::try_from(*workflows).unwrap()).await;
    }
    let there: Vec<(State, u64)> = expected.into_iter().filter(|(_, workflows)| *workflows > 0).collect();
    assert_eq!(counted(&index, &tenant).await, there);
}

/// It leaves the count of its former state, whether it advances or is repaired.
pub async fn a_workflow_is_counted_once_in_its_present_state<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    for version in 1..=2 {
        index.advance(&an_entry(&tenant, "w-1", version)).await.unwrap();
    }
    assert_eq!(counted(&index, &tenant).await, [(State::Active, 1)]);
    let seen = an_entry(&tenant, "w-1", 2);
    let failed = IndexEntry { published_version: version(3), current_state: State::Failed, ..seen.clone() };
    index.repair(&failed, Some(&seen)).await.unwrap();
    assert_eq!(counted(&index, &tenant).await, [(State::Failed, 1)]);
}

/// Not even by a common beginning of their names.
pub async fn tenants_counts_are_kept_apart<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let longer: TenantId = format!("{tenant}-").parse().unwrap();
    filled(&index, &tenant, State::Active, 2).await;
    filled(&index, &longer, State::Active, 3).await;
    assert_eq!(counted(&index, &tenant).await, [(State::Active, 2)]);
    assert_eq!(counted(&index, &longer).await, [(State::Active, 3)]);
}

/// It never says more than there is, says all when it says that it is complete, and comes to the end with more reads.
pub async fn a_count_that_stops_early_is_a_lower_bound_and_says_so<I: WorkflowIndex>(index: I) {
    const THERE: u64 = 11;
    let tenant = a_fresh_tenant();
    filled(&index, &tenant, State::Paused, 11).await;
    let mut fewer = 0;
    for reads_max in 1..=READS_MAX {
        let IndexCount { workflows, complete } = index.count(&tenant, State::Paused, reads_max).await.unwrap();
        assert!((fewer..=THERE).contains(&workflows), "{workflows} by {reads_max} reads, {fewer} by one less");
        assert!(workflows > 0, "a read of something counts nothing");
        if complete {
            assert_eq!(workflows, THERE, "complete after {reads_max} reads");
            return;
        }
        fewer = workflows;
    }
    panic!("{READS_MAX} reads do not reach the end");
}
