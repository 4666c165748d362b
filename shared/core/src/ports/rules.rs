//! The laboratory's rules: whether a move is allowed now. Asked on every creation and every move, recoveries included.

use std::future::Future;

use crate::call::Principal;
use crate::event::{AppliedRules, Failure, Workflow};
use crate::identifiers::Reason;
use crate::json::{Metadata, ValidationContext};
use crate::lifecycle::State;
use crate::ports::Cause;
use crate::refusal::RuleReason;
use crate::timestamp::Timestamp;

/// The move that is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// Where the workflow stands; none when it is to be created.
    pub from: Option<State>,
    /// Where it is to go.
    pub to: State,
    /// Why, in the requester's words.
    pub reason: Option<Reason>,
    /// The metadata the workflow will have if the move is allowed.
    pub metadata: Metadata,
    /// What broke, on a move to FAILED.
    pub failure: Option<Failure>,
}

/// What the rules are asked.
#[derive(Clone, Debug)]
pub struct RulesQuestion<'a> {
    /// The edge's name for the call, so that both sides' logs can be laid together.
    pub request_id: &'a str,
    /// The workflow as it is now. For a creation: as it would be, which is all there is to show.
    pub workflow: &'a Workflow,
    /// The move.
    pub transition: &'a Move,
    /// Who asks for it; its tenant is the workflow's.
    pub actor: &'a Principal,
    /// What the caller tells the rules.
    pub context: Option<&'a ValidationContext>,
    /// The instant the decision is made at.
    pub now: Timestamp,
}

/// What the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The move is allowed; this is what was applied.
    Allow(AppliedRules),
    /// The move is refused, for every one of these reasons.
    Deny {
        /// What was applied.
        rules: AppliedRules,
        /// Each rule that was not met; never empty.
        reasons: Vec<RuleReason>,
    },
}

/// The rules engine gave no answer that can be relied on. This is neither "allow" nor "deny".
#[derive(Debug, thiserror::Error)]
#[error("the rules engine is unavailable")]
pub struct RulesUnavailable(#[source] pub Cause);

/// Judges moves.
///
/// An adapter MUST return [`RulesUnavailable`] whenever it has no clear verdict, and MUST name every rule that was
/// not met, in the order of evaluation, and no other. It MUST apply the rules of the move and no others, name its
/// ruleset with the version, and list every rule it applied. The same question MUST get the same verdict, as long as
/// the rules are the same, and questions that are asked at the same time MUST NOT change each other's verdicts. For a
/// workflow type that no ruleset names it MUST allow with [`AppliedRules::lifecycle_only`].
pub trait TransitionRules: Send + Sync {
    /// Judges one move.
    fn judge(&self, question: &RulesQuestion<'_>) -> impl Future<Output = Result<Verdict, RulesUnavailable>> + Send;
}
