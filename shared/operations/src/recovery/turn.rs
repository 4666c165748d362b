//! The shared context of every turn of a recovery, and its reaction to a broken history.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::quarantine::{BreakFound, FoundBy, Met, Quarantine};
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, StepKind};
use alims_domain::recovery::{Findings, RecoveryPlan, is_the_same_failure, plan};
use alims_domain::stored_name::Part;
use alims_domain::timestamp::Timestamp;
use std::sync::Arc;

use crate::errors::Bug;
use crate::ports::{
    Clock, EventBus, NewerFormat, PublishPorts, QuarantineLog, RecoveryLog, RulesUnavailable, StoreError,
    TransitionRules, WorkflowIndex, WorkflowLog,
};
use crate::quarantining::quarantine;
use crate::recovery::assess::{AssessError, Assessed, assess_part};

/// The ports of a recovery.
#[derive(Clone)]
pub struct Ports<L, I, B, R> {
    /// Log, index and bus.
    pub publishing: PublishPorts<L, I, B>,
    /// The laboratory's rules.
    pub rules: R,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
}

/// Why a turn failed. It may be repeated: a repetition recognises completed work.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryStepError {
    /// Log or index do not answer. Temporary.
    #[error("the store is unavailable")]
    StorageUnavailable(#[source] StoreError),
    /// The rules give no verdict. Temporary.
    #[error(transparent)]
    RulesUnavailable(#[from] RulesUnavailable),
    /// Events could not be put on the bus, or the index could not be advanced after them. Temporary.
    #[error("events could not be published: {0}")]
    BusUnavailable(String),
    /// A newer release wrote an item that must be read. This ends the recovery; a newer release makes the next one.
    #[error(transparent)]
    WrittenByNewerRelease(NewerFormat),
    /// The store will never accept this request.
    #[error("the store refused the request")]
    StorageRefused(#[source] StoreError),
    /// A bug.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl RecoveryStepError {
    /// The name by which the state machine recognises the temporary errors.
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

/// The operation's name in logs, policies and records.
pub(crate) const OPERATION: &str = "recovery-step";

/// The context of every turn.
pub(crate) struct Turn<'a, L, I, B, R> {
    pub ports: &'a Ports<L, I, B, R>,
    pub key: WorkflowKey,
    pub now: Timestamp,
}

/// The result of a turn's look at the workflow, before its own work.
pub(crate) enum Found {
    /// The stored history is broken, and the newest stored version.
    Broken(BreakFound, Option<Met>),
    /// The workflow as far as it is valid, and the plan.
    Sound { head: Box<WorkflowEvent>, findings: Box<Findings>, plan: RecoveryPlan },
    /// The history is longer than one turn checks. The same turn continues from here.
    Unfinished(Box<RecoveryDocument>),
}

impl<L, I, B, R> Turn<'_, L, I, B, R>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    /// Records a break beside the newest stored version, and leaves all else unchanged.
    pub(crate) async fn quarantine(
        &self,
        mut document: RecoveryDocument,
        (found, newest): (BreakFound, Option<Met>),
    ) -> Result<RecoveryDocument, RecoveryStepError> {
        let break_id = found.id();
        let id = document.derived_id(&[Part::literal("quarantine"), Part::of(&break_id)]);
        let by = FoundBy {
            operation: OPERATION,
            principal: document.requested_by.clone(),
            recovery_id: Some(&document.recovery_id),
            timestamp: self.now,
            newest,
        };
        let entry = Quarantine::new(id, &self.key, &found, by);
        quarantine(self.log(), entry).await?;
        document.did(StepKind::Quarantined, self.now, Some(found.at), None);
        document.outcome = Some(Outcome {
            broken_at_version: Some(found.at),
            fault: Some(found.fault),
            ..Outcome::of(OutcomeStatus::Quarantined)
        });
        document.next = Next::Record;
        Ok(document)
    }

    /// Reads log, index and quarantine record. A workflow that has left FAILED and failed again stands in another failure
    /// than the claimed one, and this recovery has no request to reactivate it from there.
    ///
    /// Each turn checks the whole history anew; a long one in several calls, of which the document says how far the
    /// last one came.
    pub(crate) async fn look(&self, document: &mut RecoveryDocument) -> Result<Found, RecoveryStepError> {
        let checked = document.checked.take();
        let findings = match assess_part(self.log(), &self.ports.publishing.index, &self.key, checked).await {
            Ok(Assessed::Whole(findings)) => findings,
            Ok(Assessed::Interrupted(reached)) => return Ok(Found::Unfinished(document.unfinished(reached))),
            // A version existed when the recovery was claimed.
            Err(AssessError::NotFound) => return Ok(Found::Broken(BreakFound::nothing_is_left(Version::FIRST), None)),
            Err(AssessError::Store(error)) => return Err(error.into()),
        };
        let mut plan = plan(&findings, document.trigger);
        if let Ok(head) = &findings.log
            && !is_the_same_failure(head, findings.end, document.version)
        {
            plan = plan.without_reactivation();
        }
        Ok(match findings.log.clone() {
            Err(found) => Found::Broken(found, Some(findings.met())),
            Ok(head) => Found::Sound { head: Box::new(head), findings, plan },
        })
    }

    pub(crate) fn log(&self) -> &L {
        &self.ports.publishing.log
    }
}
