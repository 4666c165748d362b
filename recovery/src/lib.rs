//! The recovery's state machine: one definition, written for AWS Step Functions and run by a laptop.

mod definition;
mod machine;
mod run;

pub use machine::{Jitter, Machine, RECOVER_WORKFLOW, Retry};
pub use run::{Ended, StateError, Timer};
