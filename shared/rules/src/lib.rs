//! The laboratory's rules: an engine that judges moves by CEL expressions read from a folder.

mod embedded;

pub use embedded::{EmbeddedRules, RulesInvalid};
