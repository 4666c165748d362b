//! Test support: an HTTP client under the AWS SDK that loses, delays, tears and refuses, by a script or by a seed.
//!
//! The service it talks to runs in the same process, so that on a paused clock and one thread a run is a function of
//! its seed: what the SDK waits for passes at once, and what was found once is found again.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test support: a broken expectation must fail the test"
)]

mod fault;
mod http;
mod plan;
mod tampering;

pub use fault::Fault;
pub use http::{FaultyHttp, Service};
pub use plan::{Attempts, Plan};
