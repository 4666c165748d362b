//! An attempt at an operation, with the facts that a refusal records.

use crate::authentication::WhyInsufficient;
use crate::call::Call;
use crate::event::WorkflowEvent;
use crate::identifiers::{EventId, Reason, WorkflowId, WorkflowKey};
use crate::lifecycle::State;
use crate::refusal::{Refusal, RefusalCode, RefusalEventType, RefusedSignature};
use crate::rejection::{Forbidden, RuleViolation};
use crate::signature::Meaning;
use crate::timestamp::Timestamp;

/// The caller and the requested operation.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The operation's name.
    pub operation: &'static str,
    /// The call and its caller.
    pub call: &'a Call,
    /// The workflow.
    pub key: &'a WorkflowKey,
    /// The newest readable version; none when there is none.
    pub head: Option<&'a WorkflowEvent>,
    /// The requested state; none when the operation makes no transition.
    pub target_state: Option<State>,
    /// The requester's reason; of a signature its comment.
    pub reason: Option<&'a Reason>,
    /// What the signature was to mean, when one was requested.
    pub meaning: Option<Meaning>,
    /// The instant of the attempt; never earlier than the head.
    pub now: Timestamp,
}

/// Who refused an attempt, and why. The log keeps no other rejection: those only say that the caller was mistaken or
/// too late.
#[derive(Clone, Copy, Debug)]
pub enum RefusedBy<'a> {
    /// The policies.
    Policies(&'a Forbidden),
    /// The lifecycle.
    Lifecycle,
    /// The rules.
    Rules(&'a RuleViolation),
    /// The workflow has ended, and its data does not change.
    Closed,
    /// The signer's authentication.
    Authentication(WhyInsufficient),
    /// The lifecycle of this workflow, which the creation names as replaced: its work goes on.
    Replaced(&'a WorkflowId),
}

impl Attempt<'_> {
    /// The refusal that the log keeps of this attempt.
    #[must_use]
    pub fn refused(&self, event_id: EventId, by: RefusedBy<'_>) -> Refusal {
        let (code, violation, policies) = match by {
            RefusedBy::Policies(forbidden) => (RefusalCode::Forbidden, None, forbidden.policies.clone()),
            RefusedBy::Lifecycle => (RefusalCode::InvalidTransition, None, Vec::new()),
            RefusedBy::Closed => (RefusalCode::WorkflowClosed, None, Vec::new()),
            RefusedBy::Authentication(_) => (RefusalCode::InsufficientUserAuthentication, None, Vec::new()),
            RefusedBy::Rules(violation) => (RefusalCode::RuleViolation, Some(violation), Vec::new()),
            RefusedBy::Replaced(_) => (RefusalCode::ReplacedWorkflowNotClosed, None, Vec::new()),
        };
        let replaces = if let RefusedBy::Replaced(workflow_id) = by { Some(workflow_id.clone()) } else { None };
        let insufficient = if let RefusedBy::Authentication(why) = by { Some(why) } else { None };
        Refusal {
            event_id,
            tenant_id: self.key.tenant_id.clone(),
            workflow_id: self.key.workflow_id.clone(),
            event_type: RefusalEventType::default(),
            operation: self.operation.to_owned(),
            version: self.head.map(|head| head.version),
            head_hash: self.head.map(|head| head.hash.clone()),
            current_state: self.head.map(|head| head.to_state),
            target_state: self.target_state,
            replaces,
            timestamp: self.now,
            requested_by: self.call.principal.id.clone(),
            reason: self.reason.cloned(),
            code,
            signature: self.meaning.map(|meaning| RefusedSignature { meaning, insufficient }),
            reasons: violation.map(|violation| violation.reasons.clone()).unwrap_or_default(),
            ruleset: violation.map(|violation| violation.ruleset.clone()),
            ruleset_version: violation.map(|violation| violation.ruleset_version.clone()),
            policies,
            correlation_id: self.call.correlation_id.clone(),
            further_not_kept: None,
        }
    }
}
