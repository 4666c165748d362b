//! The handlers on the real SDK and the embedded `DynamoDB`, with everything going wrong that may.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets what it does not expect must fail, and an answer of no concern passes"
)]

mod faults;
mod hints;
mod histories;
mod matrix;
mod model;
mod traces;
