//! The laboratory's rules: an engine that judges moves by CEL expressions read from a folder.

mod case;
mod embedded;

pub use case::{Asker, Case, CaseInvalid};
pub use embedded::{EmbeddedRules, ExplainedInput, ExplainedRule, Explanation, Outcome, RulesInvalid, RulesetSummary};
