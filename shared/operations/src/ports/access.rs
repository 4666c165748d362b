//! Who may do what: decided from verified claims by the policies, action by action.

use alims_domain::access::{AccessDecision, AccessQuestion};

/// Decides who may. In process and without I/O, hence not a future.
///
/// An adapter MUST forbid whatever it cannot decide: a policy that fails to evaluate permits nothing.
pub trait AccessPolicy: Send + Sync {
    /// Decides one question.
    fn decide(&self, question: &AccessQuestion<'_>) -> AccessDecision;
}
