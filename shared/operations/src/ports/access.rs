//! The policies: they decide from verified claims which actions a caller may take.

use alims_domain::access::{AccessDecision, AccessQuestion};

/// Decides whether a caller may act. It runs in process and without I/O, hence it is not a future.
///
/// An adapter MUST forbid every action that it cannot decide: when a policy fails to evaluate, it permits nothing,
/// regardless of other policies. A policy that forbids MUST outweigh every policy that permits. An action that no
/// policy permits MUST be forbidden, and then the decision names no policy; otherwise it MUST name the policies that
/// made it. The same question MUST get the same decision.
pub trait AccessPolicy: Send + Sync {
    /// Decides one question.
    fn decide(&self, question: &AccessQuestion<'_>) -> AccessDecision;

    /// Decides the same, for one of the many things that a page or a stream shows. An adapter that logs its decisions
    /// MUST NOT log this one.
    fn decide_one_of_many(&self, question: &AccessQuestion<'_>) -> AccessDecision {
        self.decide(question)
    }
}
