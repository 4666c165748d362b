//! What every turn of a recovery has at hand, and what each does that meets a broken history.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::quarantine::{BreakFound, FoundBy, Quarantine, QuarantineEntry};
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, StepKind};
use alims_domain::recovery::{Findings, RecoveryPlan, plan};
use alims_domain::stored_name::Part;
use alims_domain::timestamp::Timestamp;
use std::sync::Arc;

use crate::errors::Bug;
use crate::ports::{
    Clock, EventBus, NewerFormat, PublishPorts, QuarantineLog, RecoveryLog, RulesUnavailable, StoreError,
    TransitionRules, WorkflowIndex, WorkflowLog,
};
use crate::recovery::assess::{AssessError, assess};

/// What recovering needs.
#[derive(Clone)]
pub struct Ports<L, I, B, R> {
    /// Log, index and bus.
    pub publishing: PublishPorts<L, I, B>,
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
pub(crate) const OPERATION: &str = "recovery-step";

/// What every turn has at hand.
pub(crate) struct Turn<'a, L, I, B, R> {
    pub ports: &'a Ports<L, I, B, R>,
    pub key: WorkflowKey,
    pub now: Timestamp,
}

/// What a turn found that cannot go on with its own business.
pub(crate) enum Found {
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
    /// Records a break, and leaves all else as it is.
    pub(crate) async fn quarantine(
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

    /// Looks at log, index and record of quarantines. A workflow leaves FAILED by a new version only: at another version than the claimed one it has
    /// failed anew, and this recovery was not asked to move it from there.
    pub(crate) async fn look(&self, document: &RecoveryDocument) -> Result<Found, RecoveryStepError> {
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

    pub(crate) fn log(&self) -> &L {
        &self.ports.publishing.log
    }
}
