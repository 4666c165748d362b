//! One turn of one recovery: a decision based on what it reads, and one repeatable effect.
//!
//! A turn gets the document and returns the next one. The state machine repeats a failed turn with the same document.
//! So every id that a turn writes follows from the document, and the turn recognises its own earlier work.

mod publish;
mod reactivate;

use alims_domain::limits::{
    RECOVERY_ATTEMPTS_READ_MAX, RECOVERY_CAUSE_CHARS_MAX, RECOVERY_DEADLINE_SECONDS, RECOVERY_TURNS_MAX,
};
use alims_domain::recovery::RecoveryPlan;
use alims_domain::recovery::document::{Next, Planned, RecoveryDocument};
use alims_domain::recovery::outcome::{Outcome, StepKind};

use crate::metrics;
use crate::ports::{EventBus, QuarantineLog, RecoveryLog, TransitionRules, WorkflowIndex, WorkflowLog};
use crate::recovery::turn::{Found, Turn};

pub use crate::recovery::turn::{Ports, RecoveryStepError};

/// Makes the turn that the document names, and returns the document of the next one.
///
/// # Errors
/// When a port fails; then the same turn must be repeated or given up.
pub async fn recovery_step<L, I, B, R>(
    ports: &Ports<L, I, B, R>,
    mut document: RecoveryDocument,
) -> Result<RecoveryDocument, RecoveryStepError>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    let now = ports.clock.now();
    let started = *document.started_at.get_or_insert(now);
    let deadline = *document.deadline.get_or_insert(started.later_by_seconds(RECOVERY_DEADLINE_SECONDS));
    document.turns = document.turns.saturating_add(1);
    let ends = matches!(document.next, Next::Record | Next::End);
    if !ends && now > deadline {
        document.give_up("DeadlinePassed", "it could not be brought to an end within its time");
        return Ok(document);
    }
    if !ends && document.turns > RECOVERY_TURNS_MAX {
        document.give_up("TooManyTurns", "others kept changing the workflow");
        return Ok(document);
    }
    let turn = Turn { ports, key: document.key(), now };
    match turn.make(document.clone()).await {
        // A repetition of the turn does not help while this release runs.
        Err(error @ RecoveryStepError::WrittenByNewerRelease(_)) if !ends => {
            document.give_up(error.name(), "the workflow has items that only a newer release can read");
            Ok(document)
        }
        made => made,
    }
}

impl<L, I, B, R> Turn<'_, L, I, B, R>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    /// Makes the turn that the document names.
    async fn make(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        if document.delay_seconds > 0 && document.turns == 1 && self.is_superseded(&mut document).await? {
            return Ok(document);
        }
        match document.next {
            Next::Assess => self.assess(document).await,
            Next::AskRules => self.ask_rules(document).await,
            Next::Apply => self.apply(document).await,
            Next::Publish => self.publish(document).await,
            Next::Confirm => self.confirm(document).await,
            Next::Record => self.record(document).await,
            Next::End => Ok(document),
        }
    }

    /// Whether another caller closed this recovery while it waited for its first turn. Then there is nothing to do, and
    /// the recorded outcome stays.
    async fn is_superseded(&self, document: &mut RecoveryDocument) -> Result<bool, RecoveryStepError> {
        let attempts = self.log().recoveries(&self.key, RECOVERY_ATTEMPTS_READ_MAX).await?.attempts;
        let own = attempts.into_iter().find(|attempt| attempt.claim.recovery_id == document.recovery_id);
        let Some(ended) = own.and_then(|own| own.ended) else { return Ok(false) };
        (document.outcome, document.next) = (Some(ended.outcome), Next::Record);
        Ok(true)
    }

    /// Assesses the workflow and plans.
    async fn assess(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        let (head, findings, plan) = match self.look(&mut document).await? {
            Found::Unfinished(document) => return Ok(*document),
            Found::Broken(found, newest) => return self.quarantine(document, (found, newest)).await,
            Found::Sound { head, findings, plan } => (head, findings, plan),
        };
        document.did(StepKind::Assessed, self.now, Some(head.version), None);
        (document.plan, document.verdict, document.outcome) = (None, None, None);
        match plan {
            RecoveryPlan::Quarantine(found) => return self.quarantine(document, (found, Some(findings.met()))).await,
            RecoveryPlan::AlreadyConsistent => document.finish(),
            RecoveryPlan::Repair(repairs) => {
                document.plan = Some(Planned {
                    reactivate: repairs.reactivate,
                    publish: repairs.publish.is_some(),
                    rebuild_index: repairs.rebuild_index,
                });
                document.next = if repairs.reactivate { Next::AskRules } else { Next::Publish };
            }
        }
        Ok(document)
    }

    /// Checks that everything is in order now.
    async fn confirm(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        let (head, findings, plan) = match self.look(&mut document).await? {
            Found::Unfinished(document) => return Ok(*document),
            Found::Broken(found, newest) => return self.quarantine(document, (found, newest)).await,
            Found::Sound { head, findings, plan } => (head, findings, plan),
        };
        let settled = match plan {
            RecoveryPlan::Quarantine(found) => return self.quarantine(document, (found, Some(findings.met()))).await,
            RecoveryPlan::AlreadyConsistent => true,
            // When the rules keep the workflow in its state, nothing else is left to do.
            RecoveryPlan::Repair(repairs) => {
                repairs.publish.is_none() && !repairs.rebuild_index && document.outcome.is_some()
            }
        };
        if settled {
            document.did(StepKind::Confirmed, self.now, Some(head.version), None);
            document.finish();
        } else {
            document.look_again(self.now);
        }
        Ok(document)
    }

    /// Records the outcome. The first recorded outcome of an attempt stays.
    async fn record(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        let nothing = || Outcome::gave_up("NoOutcome", "the recovery came to its end without an outcome");
        let mut outcome = document.outcome.clone().unwrap_or_else(nothing);
        outcome.cause = outcome.cause.map(|cause| cause.chars().take(RECOVERY_CAUSE_CHARS_MAX).collect());
        self.log().record_recovery(&document.record(outcome.clone(), self.now)).await?;
        metrics::recovered(outcome.status);
        (document.outcome, document.next) = (Some(outcome), Next::End);
        Ok(document)
    }
}
