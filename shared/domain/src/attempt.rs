//! An attempt at an operation, as far as its refusal has to tell of it.

use crate::call::Call;
use crate::event::WorkflowEvent;
use crate::identifiers::{EventId, Reason, WorkflowKey};
use crate::lifecycle::State;
use crate::refusal::{Refusal, RefusalCode, RefusalEventType};
use crate::rejection::{Forbidden, RuleViolation};
use crate::timestamp::Timestamp;

/// Who asks for what.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The operation's name.
    pub operation: &'static str,
    /// Who asks.
    pub call: &'a Call,
    /// Of which workflow.
    pub key: &'a WorkflowKey,
    /// The newest version that can be read; none when there is none.
    pub head: Option<&'a WorkflowEvent>,
    /// Where the workflow is to go; none when what is asked for moves nothing.
    pub target_state: Option<State>,
    /// Why, in the requester's words.
    pub reason: Option<&'a Reason>,
    /// The instant of it; never earlier than the head.
    pub now: Timestamp,
}

/// Who refused an attempt, and why. No other rejection is kept: it says that the caller was mistaken or too late.
#[derive(Clone, Copy, Debug)]
pub enum RefusedBy<'a> {
    /// The policies.
    Policies(&'a Forbidden),
    /// The lifecycle.
    Lifecycle,
    /// The rules.
    Rules(&'a RuleViolation),
}

impl Attempt<'_> {
    /// The refusal that is kept of it.
    #[must_use]
    pub fn refused(&self, event_id: EventId, by: RefusedBy<'_>) -> Refusal {
        let (code, violation, policies) = match by {
            RefusedBy::Policies(forbidden) => (RefusalCode::Forbidden, None, forbidden.policies.clone()),
            RefusedBy::Lifecycle => (RefusalCode::InvalidTransition, None, Vec::new()),
            RefusedBy::Rules(violation) => (RefusalCode::RuleViolation, Some(violation), Vec::new()),
        };
        Refusal {
            event_id,
            tenant_id: self.key.tenant_id.clone(),
            workflow_id: self.key.workflow_id.clone(),
            event_type: RefusalEventType::default(),
            operation: self.operation.to_owned(),
            version: self.head.map(|head| head.version),
            current_state: self.head.map(|head| head.to_state),
            target_state: self.target_state,
            timestamp: self.now,
            requested_by: self.call.principal.id.clone(),
            reason: self.reason.cloned(),
            code,
            reasons: violation.map(|violation| violation.reasons.clone()).unwrap_or_default(),
            ruleset: violation.map(|violation| violation.ruleset.clone()),
            ruleset_version: violation.map(|violation| violation.ruleset_version.clone()),
            policies,
            correlation_id: self.call.correlation_id.clone(),
            further_not_kept: None,
        }
    }
}
