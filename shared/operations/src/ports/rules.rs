//! The laboratory's rules: they decide every creation and every transition, including those of recoveries.

use alims_domain::ruling::{RulesQuestion, Verdict};
use std::future::Future;

use crate::ports::failure::Cause;

/// The rules engine gave no reliable answer. This is neither "allow" nor "deny".
#[derive(Debug, thiserror::Error)]
#[error("the rules engine is unavailable")]
pub struct RulesUnavailable(#[source] pub Cause);

/// Judges transitions.
///
/// An adapter MUST return [`RulesUnavailable`] whenever it has no clear verdict, and MUST name every rule that was not
/// met, in the order of evaluation, and no other. It MUST apply the rules of the transition and no others, name its
/// ruleset with the version, and list every rule it applied. The same question MUST get the same verdict while the
/// rules stay the same, and concurrent questions MUST NOT change each other's verdicts. For a workflow type that no
/// ruleset names it MUST allow with [`AppliedRules::lifecycle_only`]; only the creation of a type that is configured not
/// to exist it MUST deny, naming the types that do.
///
/// [`AppliedRules::lifecycle_only`]: alims_domain::event::AppliedRules::lifecycle_only
pub trait TransitionRules: Send + Sync {
    /// Judges one transition.
    fn judge(&self, question: &RulesQuestion<'_>) -> impl Future<Output = Result<Verdict, RulesUnavailable>> + Send;
}
