//! The machine as it is deployed, run with functions that behave in every way, and its definition; time is simulated.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets what it does not expect must fail"
)]

mod agreement;
mod definition;
mod paths;
mod properties;
mod reference;
mod stage;
