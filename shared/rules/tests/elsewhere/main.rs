//! Engines elsewhere: their answers, their faults, and that they give the verdict or none.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and clippy's leave for tests does not reach what they share"
)]

mod alims;
mod alims_engine;
mod alims_troubles;
mod asking;
mod contract;
mod document;
mod kept_token;
mod member_names;
mod remote;
