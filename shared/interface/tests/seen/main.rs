//! What is seen of the service from outside: its metrics and its logs, of real runs of every handler.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken expectation must fail the test, in a function beside the tests as well"
)]

mod lab;
mod metrics;
mod secrets;
