//! Values for tests: valid, with defaults for everything that a test does not set.

mod chain;
mod entries;

pub use crate::some_rulesets::some_rulesets;
pub use chain::a_chain;
pub use entries::*;
