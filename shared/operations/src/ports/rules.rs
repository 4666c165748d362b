//! The laboratory's rules: whether a move is allowed now. Asked on every creation and every move, recoveries included.

use std::future::Future;

use crate::ports::failure::Cause;
use alims_domain::ruling::{RulesQuestion, Verdict};

/// The rules engine gave no answer that can be relied on. This is neither "allow" nor "deny".
#[derive(Debug, thiserror::Error)]
#[error("the rules engine is unavailable")]
pub struct RulesUnavailable(#[source] pub Cause);

/// Judges moves.
///
/// An adapter MUST return [`RulesUnavailable`] whenever it has no clear verdict, and MUST name every rule that was
/// not met. For a workflow type that no ruleset names it MUST allow with [`AppliedRules::lifecycle_only`].
pub trait TransitionRules: Send + Sync {
    /// Judges one move.
    fn judge(&self, question: &RulesQuestion<'_>) -> impl Future<Output = Result<Verdict, RulesUnavailable>> + Send;
}
