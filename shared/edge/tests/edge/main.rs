//! The edge: how an exchange is logged, and who a token's bearer is.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken expectation must fail the test, in a function beside the tests as well"
)]

mod logging;
mod tokens;
