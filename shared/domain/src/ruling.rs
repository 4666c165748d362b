//! The question about a version to be made, for the rules, and their answer.

use crate::call::Principal;
use crate::event::{AppliedRules, Failure, Workflow};
use crate::identifiers::Reason;
use crate::json::ValidationContext;
use crate::lifecycle::State;
use crate::refusal::RuleReason;
use crate::rejection::RuleViolation;
use crate::signature::{Signature, Signatures};
use crate::timestamp::Timestamp;
use crate::workflow_data::WorkflowData;
use serde::{Deserialize, Serialize};

/// The kinds of what the rules judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum TransitionKind {
    /// It makes version 1.
    Creation,
    /// It changes the state.
    Move,
    /// It keeps the state: a change of the workflow's data, or a remark.
    Amendment,
    /// It keeps the state and the data, and adds an electronic signature.
    Signature,
}

impl TransitionKind {
    /// The name in rules and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Move => "move",
            Self::Amendment => "amendment",
            Self::Signature => "signature",
        }
    }
}

/// What the rules judge: a creation, one of the nine transitions, or what keeps the state: an amendment or a signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The current state; none for a creation.
    pub from: Option<State>,
    /// The state after it.
    pub to: State,
    /// The requester's reason.
    pub reason: Option<Reason>,
    /// The data that the workflow will have after it.
    pub data: WorkflowData,
    /// The failure, on a transition to FAILED.
    pub failure: Option<Failure>,
    /// The signature that it adds, when it is one.
    pub signature: Option<Signature>,
    /// The signatures that the workflow will have after it.
    pub signatures: Signatures,
}

impl Transition {
    /// Whether it keeps the state. No transition of the lifecycle does.
    #[must_use]
    pub fn keeps_the_state(&self) -> bool {
        self.from == Some(self.to)
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> TransitionKind {
        match self.from {
            None => TransitionKind::Creation,
            Some(_) if self.signature.is_some() => TransitionKind::Signature,
            Some(_) if self.keeps_the_state() => TransitionKind::Amendment,
            Some(_) => TransitionKind::Move,
        }
    }
}

/// The question for the rules.
#[derive(Clone, Debug)]
pub struct RulesQuestion<'a> {
    /// The id of the call, which links the logs of both sides.
    pub request_id: &'a str,
    /// The current workflow; for a creation, the workflow that it would make.
    pub workflow: &'a Workflow,
    /// The transition.
    pub transition: &'a Transition,
    /// The requester; its tenant is the workflow's.
    pub actor: &'a Principal,
    /// The caller's input for the rules.
    pub context: Option<&'a ValidationContext>,
    /// The instant of the decision.
    pub now: Timestamp,
}

/// The verdict of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The transition is allowed by these rules.
    Allow(AppliedRules),
    /// The transition is refused for all of these reasons.
    Deny {
        /// The applied rules.
        rules: AppliedRules,
        /// Each rule that was not met; never empty.
        reasons: Vec<RuleReason>,
    },
}

impl Verdict {
    /// The applied rules.
    ///
    /// # Errors
    /// The rules that are not met, when the transition is refused.
    pub fn applied(self) -> Result<AppliedRules, RuleViolation> {
        match self {
            Self::Allow(rules) => Ok(rules),
            Self::Deny { rules, reasons } => {
                Err(RuleViolation { reasons, ruleset: rules.ruleset, ruleset_version: rules.ruleset_version })
            }
        }
    }
}
