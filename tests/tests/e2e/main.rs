//! The deployed service: the template, its binaries, its roles and its wiring, on an emulator of AWS.
//!
//! `cargo xtask e2e` sets everything up and runs these; by themselves they have nothing to talk to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod access;
mod alone;
mod anchored;
mod crowd;
mod ending;
mod events;
mod exported;
mod operations;
mod people;
mod permitted;
mod protection;
mod recorder;
mod recovery;
mod restored;
mod seen;
mod world;
