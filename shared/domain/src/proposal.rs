//! A transition that everything but the rules allows: the question for the rules, and the version it becomes if they
//! allow it.

use crate::call::Call;
use crate::event::{AppliedRules, EventType, Workflow, WorkflowEvent};
use crate::hash_chain::seal;
use crate::hashing::{ChainHash, NotCanonical};
use crate::head::Head;
use crate::idempotency::{RepeatableRequest, remember};
use crate::identifiers::{EventId, Version};
use crate::json::ValidationContext;
use crate::ruling::{RulesQuestion, Transition};
use crate::stored_version::StoredVersion;
use crate::timestamp::Timestamp;

/// A transition that the rules must decide.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// The call that requests it.
    pub call: &'a Call,
    /// The current head; none for a creation.
    pub head: Option<&'a Head>,
    /// The workflow as it is, or as the creation would make it.
    pub workflow: &'a Workflow,
    /// The transition.
    pub transition: &'a Transition,
    /// The caller's input for the rules.
    pub context: Option<&'a ValidationContext>,
    /// The instant of the decision; never earlier than the head.
    pub now: Timestamp,
}

/// Why there is no next version. Only a bug causes it.
#[derive(Debug, thiserror::Error)]
pub enum NotCommitted {
    /// The event has no canonical JSON.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// The workflow has used all ten-digit version numbers.
    #[error("no version follows {0}")]
    VersionsExhausted(Version),
}

impl Proposal<'_> {
    /// The question for the rules.
    #[must_use]
    pub fn question(&self) -> RulesQuestion<'_> {
        RulesQuestion {
            request_id: &self.call.request_id,
            workflow: self.workflow,
            transition: self.transition,
            actor: &self.call.principal,
            context: self.context,
            now: self.now,
        }
    }

    /// Makes the next version, sealed, with its remembered requests. `rules` are the rules that allowed it.
    ///
    /// # Errors
    /// When no version can follow.
    pub fn commit(
        &self,
        event_id: EventId,
        event_type: EventType,
        rules: AppliedRules,
        repeatable: Option<&RepeatableRequest>,
    ) -> Result<StoredVersion, NotCommitted> {
        let before = self.head.map(Head::event);
        let version = match self.head {
            None => Version::FIRST,
            Some(head) => head.end.next().ok_or(NotCommitted::VersionsExhausted(head.end))?,
        };
        let data = self.transition.data.clone();
        let event = seal(WorkflowEvent {
            event_id,
            tenant_id: self.workflow.key.tenant_id.clone(),
            workflow_id: self.workflow.key.workflow_id.clone(),
            workflow_type: self.workflow.workflow_type.clone(),
            event_type,
            version,
            from_state: self.transition.from,
            to_state: self.transition.to,
            previous_state: self.workflow.previous_state.filter(|_| event_type.keeps_the_state()),
            state_since: before.filter(|_| event_type.keeps_the_state()).map(WorkflowEvent::state_since),
            timestamp: self.now,
            created_at: self.workflow.created_at,
            created_by: self.workflow.created_by.clone(),
            requested_by: self.call.principal.id.clone(),
            reason: self.transition.reason.clone(),
            metadata: data.metadata,
            labels: data.labels,
            due_at: data.due_at,
            assignee: data.assignee,
            replaces: self.workflow.replaces.clone(),
            signature: self.transition.signature.clone(),
            signatures: self.transition.signatures.clone(),
            validation_context: self.context.cloned(),
            failure: if event_type.keeps_the_state() {
                before.and_then(|before| before.failure.clone())
            } else {
                self.transition.failure.clone()
            },
            rules,
            correlation_id: self.call.correlation_id.clone(),
            resumes: self.head.and_then(|head| head.resumes.clone()),
            previous_hash: before.map_or_else(ChainHash::genesis, |before| before.hash.clone()),
            hash: ChainHash::genesis(),
        })?;
        let accepted = self.head.map(|head| head.stored.accepted.as_slice()).unwrap_or_default();
        Ok(StoredVersion { event, accepted: remember(accepted, repeatable, version) })
    }
}
