//! What creating, moving and recovering have in common: ask the rules, keep a refusal, append a version.

use crate::head::Head;
use crate::ports::{AppendError, Clock, RulesUnavailable, StoreError, TransitionRules, WorkflowLog};
use crate::refusals::{NotKept, keep};
use crate::{Bug, Deciding, Forbidden, RuleViolation};
use alims_domain::call::Call;
use alims_domain::event::{AppliedRules, EventType, Workflow, WorkflowEvent};
use alims_domain::hash_chain::seal;
use alims_domain::hashing::ChainHash;
use alims_domain::idempotency::{Known, RepeatableRequest, remember};
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::json::ValidationContext;
use alims_domain::refusal::{Refusal, RefusalCode, RefusalEventType};
use alims_domain::ruling::{Move, RulesQuestion, Verdict};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;

/// An accepted version, made now or by an earlier request with the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The version's event; the workflow's state follows from it.
    pub event: WorkflowEvent,
    /// Whether an earlier request had made it.
    pub repeated: bool,
}

/// One attempt at a move: what is known before anything is decided.
pub(crate) struct Attempt<'a> {
    pub operation: &'static str,
    pub call: &'a Call,
    pub key: &'a WorkflowKey,
    /// What the workflow stands at; none when it is to be created.
    pub head: Option<&'a Head>,
    pub transition: &'a Move,
    pub context: Option<&'a ValidationContext>,
    pub now: Timestamp,
}

impl Attempt<'_> {
    /// Asks the rules about `workflow`, the workflow as it is, or as it would be created.
    pub(crate) async fn judge<R: TransitionRules>(
        &self,
        rules: &R,
        workflow: &Workflow,
    ) -> Result<Verdict, RulesUnavailable> {
        let question = RulesQuestion {
            request_id: &self.call.request_id,
            workflow,
            transition: self.transition,
            actor: &self.call.principal,
            context: self.context,
            now: self.now,
        };
        rules.judge(&question).await
    }

    /// Keeps a refused attempt. It is audit: an answer is given only once it is kept.
    pub(crate) async fn record<L: WorkflowLog, R>(
        &self,
        ports: &Deciding<L, R>,
        refuser: Refuser<'_>,
    ) -> Result<(), NotKept> {
        self.record_bounded(EventId(ports.ids.fresh()), &ports.log, refuser).await
    }

    /// The same for those who have other ports. The id is fresh.
    pub(crate) async fn record_bounded<L: WorkflowLog>(
        &self,
        event_id: EventId,
        log: &L,
        refuser: Refuser<'_>,
    ) -> Result<(), NotKept> {
        keep(log, self.refusal(event_id, refuser)).await
    }

    /// The same under an id that a repetition has, too: what is recorded twice is there once. It is for recoveries, whose
    /// number is bounded elsewhere.
    pub(crate) async fn record_as<L: WorkflowLog>(
        &self,
        event_id: EventId,
        log: &L,
        refuser: Refuser<'_>,
    ) -> Result<(), StoreError> {
        log.record_refusal(&self.refusal(event_id, refuser)).await
    }

    fn refusal(&self, event_id: EventId, refuser: Refuser<'_>) -> Refusal {
        let (code, violation, policies) = match refuser {
            Refuser::Policy(forbidden) => (RefusalCode::Forbidden, None, forbidden.policies.clone()),
            Refuser::Lifecycle => (RefusalCode::InvalidTransition, None, Vec::new()),
            Refuser::Rules(violation) => (RefusalCode::RuleViolation, Some(violation), Vec::new()),
        };
        Refusal {
            event_id,
            tenant_id: self.key.tenant_id.clone(),
            workflow_id: self.key.workflow_id.clone(),
            event_type: RefusalEventType::default(),
            operation: self.operation.to_owned(),
            version: self.head.map(|head| head.event().version),
            current_state: self.head.map(|head| head.event().to_state),
            target_state: Some(self.transition.to),
            timestamp: self.now,
            requested_by: self.call.principal.id.clone(),
            reason: self.transition.reason.clone(),
            code,
            reasons: violation.map(|violation| violation.reasons.clone()).unwrap_or_default(),
            ruleset: violation.map(|violation| violation.ruleset.clone()),
            ruleset_version: violation.map(|violation| violation.ruleset_version.clone()),
            policies,
            correlation_id: self.call.correlation_id.clone(),
            further_not_kept: None,
        }
    }

    /// The next version, sealed, with what it remembers.
    pub(crate) fn next_version<L, R>(
        &self,
        ports: &Deciding<L, R>,
        first: &Workflow,
        event_type: EventType,
        rules: AppliedRules,
        repeatable: Option<&RepeatableRequest>,
    ) -> Result<StoredVersion, Bug> {
        self.next_version_as(EventId(ports.ids.fresh()), first, event_type, rules, repeatable)
    }

    /// The same under an id that a repetition has, too: whoever appends it again meets it as its own.
    pub(crate) fn next_version_as(
        &self,
        event_id: EventId,
        first: &Workflow,
        event_type: EventType,
        rules: AppliedRules,
        repeatable: Option<&RepeatableRequest>,
    ) -> Result<StoredVersion, Bug> {
        let before = self.head.map(Head::event);
        let version = match self.head {
            None => Version::FIRST,
            Some(head) => head.end.next().ok_or(Bug::VersionsExhausted(head.end))?,
        };
        let event = seal(WorkflowEvent {
            event_id,
            tenant_id: self.key.tenant_id.clone(),
            workflow_id: self.key.workflow_id.clone(),
            workflow_type: first.workflow_type.clone(),
            event_type,
            version,
            from_state: self.transition.from,
            to_state: self.transition.to,
            timestamp: self.now,
            created_at: first.created_at,
            created_by: first.created_by.clone(),
            requested_by: self.call.principal.id.clone(),
            reason: self.transition.reason.clone(),
            metadata: self.transition.metadata.clone(),
            validation_context: self.context.cloned(),
            failure: self.transition.failure.clone(),
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

/// Who refused an attempt.
pub(crate) enum Refuser<'a> {
    Policy(&'a Forbidden),
    Lifecycle,
    Rules(&'a RuleViolation),
}

/// What became of an append.
pub(crate) enum Appended {
    /// It is in the log: by this call, or by an earlier one with the same key.
    Yes(Box<Accepted>),
    /// Another request has the version; the winner.
    Lost(Box<StoredVersion>),
    /// The key was used by another request that was accepted meanwhile.
    KeyReused,
}

/// Appends a version. A lost race against the very same request is no loss.
pub(crate) async fn append<L: WorkflowLog>(
    log: &L,
    version: StoredVersion,
    repeatable: Option<&RepeatableRequest>,
) -> Result<Appended, StoreError> {
    match log.append(&version).await {
        Ok(()) => Ok(Appended::Yes(Box::new(Accepted { event: version.event, repeated: false }))),
        Err(AppendError::Store(error)) => Err(error),
        Err(AppendError::VersionTaken(winner)) => {
            let known = repeatable.map_or(Known::No, |repeatable| repeatable.known_in(&winner.accepted));
            Ok(match known {
                Known::Accepted(version) if version == winner.event.version => {
                    Appended::Yes(Box::new(Accepted { event: winner.event, repeated: true }))
                }
                Known::KeyReused => Appended::KeyReused,
                Known::Accepted(_) | Known::No => Appended::Lost(winner),
            })
        }
    }
}

/// The server's time, but never earlier than the version before.
pub(crate) fn now(clock: &dyn Clock, head: Option<&Head>) -> Timestamp {
    let now = clock.now();
    head.map_or(now, |head| now.max(head.event().timestamp))
}

/// Splits a verdict into what was applied, or why it was refused.
pub(crate) fn applied_or_violation(verdict: Verdict) -> Result<AppliedRules, RuleViolation> {
    match verdict {
        Verdict::Allow(rules) => Ok(rules),
        Verdict::Deny { rules, reasons } => {
            Err(RuleViolation { reasons, ruleset: rules.ruleset, ruleset_version: rules.ruleset_version })
        }
    }
}
