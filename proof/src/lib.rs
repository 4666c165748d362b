//! The code held against the specification: AWS with faults in one process, the handlers on it, and what they did as a
//! recording that TLC can judge.

// A recorded caller is a future of a handler over a recording, faulty, real client: deeper than the default allows.
#![recursion_limit = "256"]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "test support: a broken expectation must fail the test, and a line of no concern passes"
)]

pub mod asking;
pub mod check;
pub mod environment;
pub mod harness;
pub mod inside;
pub mod mutations;
pub mod observed;
pub mod outside;
pub mod recording;
pub mod run;
pub mod seeds;
pub mod tla;
pub mod tlc;
pub mod trace;
