//! What holds of every run, shown on runs made at random.

mod get_workflow_history;
mod lifecycle_model;
mod list_workflows;
mod publish_events;
mod rebuild_index;
mod replay_events;
mod sweep_deadlines;

use proptest::prelude::ProptestConfig;

/// So many cases at most, and fewer where `PROPTEST_CASES` says so: `with_cases` alone would not look at it.
fn cases(at_most: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.min(at_most), ..config }
}
