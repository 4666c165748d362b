//! What the rules are asked about a transition, and what they answer.

use crate::call::Principal;
use crate::event::{AppliedRules, Failure, Workflow};
use crate::identifiers::Reason;
use crate::json::{Metadata, ValidationContext};
use crate::lifecycle::State;
use crate::refusal::RuleReason;
use crate::rejection::RuleViolation;
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

impl Verdict {
    /// What was applied.
    ///
    /// # Errors
    /// The rules that are not met, when the move is refused.
    pub fn applied(self) -> Result<AppliedRules, RuleViolation> {
        match self {
            Self::Allow(rules) => Ok(rules),
            Self::Deny { rules, reasons } => {
                Err(RuleViolation { reasons, ruleset: rules.ruleset, ruleset_version: rules.ruleset_version })
            }
        }
    }
}
