//! The turns that bring a failed workflow back: the rules are asked, then one version is appended.

use super::{OPERATION, RecoveryStepError, Turn};
use crate::decision::{Appended, Attempt, Refuser, append, applied_or_violation};
use crate::head::{Head, free_head};
use crate::ports::{
    EventBus, LogError, QuarantineLog, RecoveryLog, StoreError, TransitionRules, WorkflowIndex, WorkflowLog,
};
use crate::recover_workflow::move_of;
use crate::{Bug, ReadWorkflowError, RuleViolation};
use alims_domain::call::Call;
use alims_domain::event::{EventType, Workflow};
use alims_domain::identifiers::{EventId, Version};
use alims_domain::recovery::document::{KeptVerdict, Next, RecoveryDocument};
use alims_domain::recovery::is_to_be_reactivated;
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, StepKind};
use alims_domain::ruling::Move;
use alims_domain::stored_name::Part;

impl<L, I, B, R> Turn<'_, L, I, B, R>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    /// Asks the rules. Their no is kept in the log before it is told, their yes until the version is appended.
    pub(crate) async fn ask_rules(
        &self,
        mut document: RecoveryDocument,
    ) -> Result<RecoveryDocument, RecoveryStepError> {
        let Some(head) = self.failed_head(&document).await? else {
            document.look_again(self.now);
            return Ok(document);
        };
        let (call, transition) = (call_of(&document), move_of(Some(head.event()), document.reason.as_ref()));
        let attempt = self.attempt(&call, &head, &transition);
        let version = head.end;
        match applied_or_violation(attempt.judge(&self.ports.rules, &Workflow::from(head.event())).await?) {
            Ok(rules) => {
                document.did(StepKind::RulesAllowed, self.now, Some(version), None);
                document.verdict = Some(KeptVerdict { version, rules });
                document.next = Next::Apply;
            }
            Err(violation) => {
                let id = document.derived_id(&[Part::literal("refusal"), Part::of(&version)]);
                attempt.record_as(id, self.log(), Refuser::Rules(&violation)).await?;
                document.did(StepKind::RulesRefused, self.now, Some(version), None);
                let left = document.plan.is_some_and(|plan| plan.publish || plan.rebuild_index);
                document.outcome = Some(refused(violation));
                document.next = if left { Next::Publish } else { Next::Record };
            }
        }
        Ok(document)
    }

    /// Appends FAILED to ACTIVE, once: the id of the version follows from the recovery and the version.
    pub(crate) async fn apply(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        let Some(verdict) = document.verdict.clone() else {
            document.look_again(self.now);
            return Ok(document);
        };
        let Some(next) = verdict.version.next() else {
            return Err(Bug::VersionsExhausted(verdict.version).into());
        };
        let id = document.derived_id(&[Part::literal("version"), Part::of(&next)]);
        if self.is_ours(next, id).await? {
            document.reactivated(self.now, next);
            return Ok(document);
        }
        let Some(head) = self.failed_head(&document).await?.filter(|head| head.end == verdict.version) else {
            document.look_again(self.now);
            return Ok(document);
        };
        let (call, transition) = (call_of(&document), move_of(Some(head.event()), document.reason.as_ref()));
        let attempt = self.attempt(&call, &head, &transition);
        let workflow = Workflow::from(head.event());
        let version = attempt.next_version_as(id, &workflow, EventType::WorkflowRecovered, verdict.rules, None)?;
        match append(self.log(), version, None).await? {
            Appended::Yes(_) => document.reactivated(self.now, next),
            Appended::Lost(_) | Appended::KeyReused => document.look_again(self.now),
        }
        Ok(document)
    }

    /// The move of this recovery, at an instant that is not before the version it moves from.
    fn attempt<'a>(&'a self, call: &'a Call, head: &'a Head, transition: &'a Move) -> Attempt<'a> {
        let (operation, key, now) = (OPERATION, &self.key, self.now.max(head.event().timestamp));
        Attempt { operation, call, key, head: Some(head), transition, context: None, now }
    }

    /// The newest version, if it is the one that this recovery was claimed for, and assessed, and nothing forbids to bring
    /// it back: as on every move the record of quarantines is read beside it, and its content must fit its hash.
    async fn failed_head(&self, document: &RecoveryDocument) -> Result<Option<Head>, StoreError> {
        match free_head(self.log(), &self.key).await {
            Ok((head, Ok(()))) => Ok(Some(head)
                .filter(|head| head.end == document.version && is_to_be_reactivated(head.event(), document.trigger))),
            // The next assessment says where and how.
            Ok((_, Err(_)))
            | Err(ReadWorkflowError::NotFound | ReadWorkflowError::Forbidden(_) | ReadWorkflowError::Quarantined(_)) => {
                Ok(None)
            }
            Err(ReadWorkflowError::Store(error)) => Err(error),
        }
    }

    /// Whether a version is there that an earlier try of this turn appended.
    async fn is_ours(&self, version: Version, id: EventId) -> Result<bool, StoreError> {
        match self.log().versions(&self.key, version, 1).await {
            Ok(found) => Ok(found.first().is_some_and(|stored| stored.event.event_id == id)),
            Err(LogError::Unreadable { .. }) => Ok(false),
            Err(LogError::Store(error)) => Err(error),
        }
    }
}

/// The recovery as a call: whoever asked for it acts, and its name stands for the request's.
fn call_of(document: &RecoveryDocument) -> Call {
    Call {
        principal: document.principal(),
        request_id: document.recovery_id.to_string(),
        correlation_id: document.correlation_id.clone(),
        idempotency_key: None,
    }
}

fn refused(violation: RuleViolation) -> Outcome {
    Outcome {
        reasons: violation.reasons,
        ruleset: Some(violation.ruleset),
        ruleset_version: Some(violation.ruleset_version),
        ..Outcome::of(OutcomeStatus::Refused)
    }
}
