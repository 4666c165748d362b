//! The turns that return a failed workflow to ACTIVE: they ask the rules, then append one version.

use alims_domain::attempt::{Attempt, RefusedBy};
use alims_domain::authentication::Authentication;
use alims_domain::call::Call;
use alims_domain::decide::{Decision, TransitionCommand, decide_transition};
use alims_domain::event::{EventType, Workflow};
use alims_domain::head::Head;
use alims_domain::identifiers::{EventId, Version};
use alims_domain::lifecycle::State;
use alims_domain::proposal::Proposal;
use alims_domain::recovery::document::{KeptVerdict, Next, RecoveryDocument};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, StepKind};
use alims_domain::recovery::{is_the_same_failure, is_to_be_reactivated};
use alims_domain::ruling::Transition;
use alims_domain::stored_name::Part;
use alims_domain::timestamp::Timestamp;

use crate::append::{Appended, append};
use crate::errors::{Bug, RuleViolation};
use crate::head::{ReadWorkflowError, head};
use crate::ports::{
    EventBus, LogError, QuarantineLog, RecoveryLog, StoreError, TransitionRules, WorkflowIndex, WorkflowLog,
};
use crate::recovery::turn::{OPERATION, RecoveryStepError, Turn};

impl<L, I, B, R> Turn<'_, L, I, B, R>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    /// Asks the rules. The log keeps a denial; the document keeps an approval until the version is appended.
    pub(crate) async fn ask_rules(
        &self,
        mut document: RecoveryDocument,
    ) -> Result<RecoveryDocument, RecoveryStepError> {
        let Some(reactivation) = self.reactivation(&document).await? else {
            document.look_again(self.now);
            return Ok(document);
        };
        let (call, version) = (call_of(&document), reactivation.head.end);
        let proposal = reactivation.proposal(&call);
        match self.ports.rules.judge(&proposal.question()).await?.applied() {
            Ok(rules) => {
                document.did(StepKind::RulesAllowed, self.now, Some(version), None);
                document.verdict = Some(KeptVerdict { version, rules });
                document.next = Next::Apply;
            }
            Err(violation) => {
                // A repetition has the same id, so the log holds the refusal once. Another bound limits the number of
                // recoveries.
                let id = document.derived_id(&[Part::literal("refusal"), Part::of(&version)]);
                let attempt = Attempt {
                    operation: OPERATION,
                    call: &call,
                    key: &self.key,
                    head: Some(reactivation.head.event()),
                    target_state: Some(reactivation.transition.to),
                    reason: reactivation.transition.reason.as_ref(),
                    meaning: None,
                    now: reactivation.now,
                };
                self.log().record_refusal(&attempt.refused(id, RefusedBy::Rules(&violation))).await?;
                document.did(StepKind::RulesRefused, self.now, Some(version), None);
                let left = document.plan.is_some_and(|plan| plan.publish || plan.rebuild_index);
                document.outcome = Some(refused(violation));
                document.next = if left { Next::Publish } else { Next::Record };
            }
        }
        Ok(document)
    }

    /// Appends the transition from FAILED to ACTIVE, once: the id of the version follows from the recovery and the
    /// version.
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
        let found = self.reactivation(&document).await?;
        let Some(reactivation) = found.filter(|found| found.head.end == verdict.version) else {
            document.look_again(self.now);
            return Ok(document);
        };
        let call = call_of(&document);
        let proposal = reactivation.proposal(&call);
        let version = proposal.commit(id, EventType::WorkflowRecovered, verdict.rules, None).map_err(Bug::from)?;
        match append(self.log(), version, None).await? {
            Appended::Yes(_) => document.reactivated(self.now, next),
            Appended::Lost(_) | Appended::KeyReused => document.look_again(self.now),
        }
        Ok(document)
    }

    /// The transition back to ACTIVE, decided like every other; none when the workflow no longer stands in the failure
    /// that this recovery claimed. The policies decided on it when the recovery was requested.
    async fn reactivation(&self, document: &RecoveryDocument) -> Result<Option<Reactivation>, StoreError> {
        let (head, quarantine) = match head(self.log(), &self.key).await {
            Ok(read) => read,
            // The next assessment reports the break.
            Err(ReadWorkflowError::NotFound | ReadWorkflowError::Forbidden(_) | ReadWorkflowError::Quarantined(_)) => {
                return Ok(None);
            }
            Err(ReadWorkflowError::Store(error)) => return Err(error),
        };
        let is_claimed = is_the_same_failure(head.event(), head.end, document.version);
        if !is_claimed || !is_to_be_reactivated(head.event(), document.trigger) {
            return Ok(None);
        }
        let command = TransitionCommand {
            target_state: State::Active,
            reason: document.reason.as_ref(),
            expected_versions: None,
            metadata: None,
            failure: None,
            repeatable: None,
        };
        Ok(match decide_transition(&head, &quarantine, Ok(()), &command) {
            Decision::AskRules(transition) => {
                let (workflow, now) = (Workflow::from(head.event()), self.now.max(head.event().timestamp));
                Some(Reactivation { head, workflow, transition, now })
            }
            Decision::Repeated(_) | Decision::Rejected(_) => None,
        })
    }

    /// Whether an earlier try of this turn appended the stored version.
    async fn is_ours(&self, version: Version, id: EventId) -> Result<bool, StoreError> {
        match self.log().versions(&self.key, version, 1).await {
            Ok(found) => Ok(found.first().is_some_and(|stored| stored.event.event_id == id)),
            Err(LogError::Unreadable { .. }) => Ok(false),
            Err(LogError::Store(error)) => Err(error),
        }
    }
}

/// A transition from FAILED to ACTIVE that everything but the rules allows.
struct Reactivation {
    head: Head,
    workflow: Workflow,
    transition: Transition,
    /// Never earlier than the version it continues from.
    now: Timestamp,
}

impl Reactivation {
    fn proposal<'a>(&'a self, call: &'a Call) -> Proposal<'a> {
        let (head, workflow, transition) = (Some(&self.head), &self.workflow, &self.transition);
        Proposal { call, head, workflow, transition, context: None, now: self.now }
    }
}

/// The recovery as a call: its requester acts, and the recovery id is the request id.
fn call_of(document: &RecoveryDocument) -> Call {
    Call {
        principal: document.principal(),
        authentication: Authentication::default(),
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
