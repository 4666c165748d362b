//! The local server from outside: over HTTP, on the command line, and after a kill.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of it is test code, and a panic is how a test fails"
)]

mod cli;
mod console;
mod containers;
mod edge;
mod elsewhere;
mod events;
mod faults;
mod faulty_eventbridge;
mod foreign;
mod keeping;
mod login;
mod mapping;
mod moved;
mod ports;
mod private;
mod raw;
mod reference_engine;
mod seed;
mod site;
mod slow;
mod tokens;
