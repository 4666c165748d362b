//! Test support: an HTTP client under the AWS SDK that loses, delays, truncates and refuses, by a script or by a seed.
//!
//! The service behind the client runs in the same process. On a paused clock and one thread a run is therefore a
//! function of its seed: the SDK's waits take no time, and every failure can be reproduced.

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
pub use http::{FaultyHttp, Service, UNTIL_ALL_IS_QUIET};
pub use plan::{Attempts, Plan};
