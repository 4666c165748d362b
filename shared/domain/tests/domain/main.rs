//! The domain alone: its bounds, names, hashes, plans and schemas, without any port.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod access;
mod bounds;
mod golden;
mod hash_chain;
mod lifecycle;
mod member_names;
mod recovery_plan;
mod schemas;

use proptest::prelude::ProptestConfig;

/// So many cases at most, and fewer where `PROPTEST_CASES` says so: `with_cases` alone would not look at it.
fn cases(at_most: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.min(at_most), ..config }
}
