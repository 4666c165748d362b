//! One turn of one recovery: a decision over what it reads, and one effect that may be repeated.
//!
//! A turn gets the document and gives back the next one. A turn that fails is made again with the document it was made
//! with: so whatever it writes has an id that follows from the document, and its own work is recognised.

mod applying;
mod publishing;

use std::sync::Arc;

use crate::ports::{
    Clock, EventBus, NewerFormat, QuarantineLog, RecoveryLog, RulesUnavailable, StoreError, TransitionRules,
    WorkflowIndex, WorkflowLog,
};
use crate::{AssessError, Bug, Publishing, assess};
use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::{
    RECOVERY_ATTEMPTS_READ_MAX, RECOVERY_CAUSE_CHARS_MAX, RECOVERY_DEADLINE_SECONDS, RECOVERY_TURNS_MAX,
};
use alims_domain::quarantine::{BreakFound, FoundBy, Quarantine, QuarantineEntry};
use alims_domain::recovery::document::{Next, Planned, RecoveryDocument};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, StepKind};
use alims_domain::recovery::{Findings, RecoveryPlan, plan};
use alims_domain::stored_name::Part;
use alims_domain::timestamp::Timestamp;

/// What recovering needs.
#[derive(Clone)]
pub struct Recovering<L, I, B, R> {
    /// Log, index and bus.
    pub publishing: Publishing<L, I, B>,
    /// The laboratory's rules.
    pub rules: R,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
}

/// Why a turn was not made. It may be made again: what it had done is recognised.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryStepError {
    /// Log or index do not answer. Passes.
    #[error("the store is unavailable")]
    StorageUnavailable(#[source] StoreError),
    /// The rules give no verdict. Passes.
    #[error(transparent)]
    RulesUnavailable(#[from] RulesUnavailable),
    /// Events could not be put on the bus, or the index not be moved after them. Passes.
    #[error("events could not be published: {0}")]
    BusUnavailable(String),
    /// A newer release wrote an item that has to be read. The recovery ends with that; a newer one makes the next.
    #[error(transparent)]
    WrittenByNewerRelease(NewerFormat),
    /// The store will never do this.
    #[error("the store refused the request")]
    StorageRefused(#[source] StoreError),
    /// A bug.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl RecoveryStepError {
    /// The name by which the state machine knows which errors pass.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::StorageUnavailable(_) => "StorageUnavailable",
            Self::RulesUnavailable(_) => "RulesUnavailable",
            Self::BusUnavailable(_) => "BusUnavailable",
            Self::WrittenByNewerRelease(_) => "WrittenByNewerRelease",
            Self::StorageRefused(_) => "StorageRefused",
            Self::Bug(_) => "Bug",
        }
    }
}

impl From<StoreError> for RecoveryStepError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::StorageUnavailable(error),
            StoreError::Refused(_) => Self::StorageRefused(error),
            StoreError::NewerFormat(newer) => Self::WrittenByNewerRelease(newer),
        }
    }
}

/// The operation's name, everywhere.
const OPERATION: &str = "recovery-step";

/// Makes the turn that the document names, and gives back the document of the next one.
///
/// # Errors
/// When one of the ports fails; then the same turn is to be made again, or given up.
pub async fn recovery_step<L, I, B, R>(
    ports: &Recovering<L, I, B, R>,
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
        // Making the turn again would not help as long as this release runs.
        Err(error @ RecoveryStepError::WrittenByNewerRelease(_)) if !ends => {
            document.give_up(error.name(), "the workflow has items that only a newer release can read");
            Ok(document)
        }
        made => made,
    }
}

/// What every turn has at hand.
struct Turn<'a, L, I, B, R> {
    ports: &'a Recovering<L, I, B, R>,
    key: WorkflowKey,
    now: Timestamp,
}

/// What a turn found that cannot go on with its own business.
enum Found {
    /// The stored history is broken.
    Broken(BreakFound),
    /// The workflow, as far as it is sound, and what is to be done.
    Sound { head: Box<WorkflowEvent>, findings: Box<Findings>, plan: RecoveryPlan },
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

    /// Whether somebody closed this recovery while it waited for its first turn. Then there is nothing to do, and the
    /// outcome that is recorded stays.
    async fn is_superseded(&self, document: &mut RecoveryDocument) -> Result<bool, RecoveryStepError> {
        let attempts = self.log().recoveries(&self.key, RECOVERY_ATTEMPTS_READ_MAX).await?.attempts;
        let own = attempts.into_iter().find(|attempt| attempt.claim.recovery_id == document.recovery_id);
        let Some(ended) = own.and_then(|own| own.ended) else { return Ok(false) };
        (document.outcome, document.next) = (Some(ended.outcome), Next::Record);
        Ok(true)
    }

    /// Looks at everything, and plans.
    async fn assess(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        let (head, plan) = match self.look(&document).await? {
            Found::Broken(found) => return self.quarantine(document, found).await,
            Found::Sound { head, plan, .. } => (head, plan),
        };
        document.did(StepKind::Assessed, self.now, Some(head.version), None);
        (document.plan, document.verdict, document.outcome) = (None, None, None);
        match plan {
            RecoveryPlan::Quarantine(found) => return self.quarantine(document, found).await,
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

    /// Sees whether all is in order now.
    async fn confirm(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        let (head, plan) = match self.look(&document).await? {
            Found::Broken(found) => return self.quarantine(document, found).await,
            Found::Sound { head, plan, .. } => (head, plan),
        };
        let settled = match plan {
            RecoveryPlan::Quarantine(found) => return self.quarantine(document, found).await,
            RecoveryPlan::AlreadyConsistent => true,
            // A workflow that the rules keep where it is has nothing else to be done.
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

    /// Records the outcome. The first one that is recorded of an attempt stays.
    async fn record(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        let nothing = || Outcome::gave_up("NoOutcome", "the recovery came to its end without an outcome");
        let mut outcome = document.outcome.clone().unwrap_or_else(nothing);
        outcome.cause = outcome.cause.map(|cause| cause.chars().take(RECOVERY_CAUSE_CHARS_MAX).collect());
        self.log().record_recovery(&document.record(outcome.clone(), self.now)).await?;
        (document.outcome, document.next) = (Some(outcome), Next::End);
        Ok(document)
    }

    /// Records a break, and leaves all else as it is.
    async fn quarantine(
        &self,
        mut document: RecoveryDocument,
        found: BreakFound,
    ) -> Result<RecoveryDocument, RecoveryStepError> {
        let break_id = found.id();
        let id = document.derived_id(&[Part::literal("quarantine"), Part::of(&break_id)]);
        let by = FoundBy {
            operation: OPERATION,
            principal: document.requested_by.clone(),
            recovery_id: Some(&document.recovery_id),
            timestamp: self.now,
        };
        let entry = Quarantine::new(id, &self.key, &found, by);
        self.log().record_quarantine(&QuarantineEntry::Quarantined(entry)).await?;
        document.did(StepKind::Quarantined, self.now, Some(found.at), None);
        document.outcome = Some(Outcome {
            broken_at_version: Some(found.at),
            fault: Some(found.fault),
            ..Outcome::of(OutcomeStatus::Quarantined)
        });
        document.next = Next::Record;
        Ok(document)
    }

    /// Looks at everything. A workflow leaves FAILED by a new version only: at another version than the claimed one it has
    /// failed anew, and nobody has asked this recovery to move it from there.
    async fn look(&self, document: &RecoveryDocument) -> Result<Found, RecoveryStepError> {
        let findings = match assess(self.log(), &self.ports.publishing.index, &self.key).await {
            Ok(findings) => findings,
            // There was a version when the recovery was claimed.
            Err(AssessError::NotFound) => return Ok(Found::Broken(BreakFound::nothing_is_left(Version::FIRST))),
            Err(AssessError::Store(error)) => return Err(error.into()),
        };
        let mut plan = plan(&findings, document.trigger);
        if findings.end != document.version {
            plan = plan.without_reactivation();
        }
        Ok(match findings.log.clone() {
            Err(found) => Found::Broken(found),
            Ok(head) => Found::Sound { head: Box::new(head), findings: Box::new(findings), plan },
        })
    }

    fn log(&self) -> &L {
        &self.ports.publishing.log
    }
}
