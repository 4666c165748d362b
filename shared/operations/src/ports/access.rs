//! Who may do what: decided from verified claims by the policies, action by action.

use alims_domain::access::{AccessDecision, AccessQuestion};

/// Decides who may. In process and without I/O, hence not a future.
///
/// An adapter MUST forbid whatever it cannot decide: when a policy fails to evaluate, nothing is permitted, whatever
/// other policies say. A policy that forbids MUST outweigh every policy that permits. What no policy permits MUST be
/// forbidden, and then no policy is named; otherwise the decision MUST name the policies that made it. The same question
/// MUST get the same decision.
pub trait AccessPolicy: Send + Sync {
    /// Decides one question.
    fn decide(&self, question: &AccessQuestion<'_>) -> AccessDecision;
}
