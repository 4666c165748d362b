//! Recoveries: what the log keeps of them, and who carries them out.

use alims_domain::identifiers::{RecoveryId, WorkflowKey};
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::records::{Recoveries, RecoveryClaim, RecoveryRecord};
use std::future::Future;

use crate::ports::failure::{Cause, StoreError};
use crate::ports::walk::WalkPosition;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The attempt is the claimant's.
    Ours,
    /// Another claim has it already, or an entry that cannot be read.
    Taken,
}

/// Claims and outcomes of recoveries, kept beside the versions and never among them. None is changed or removed.
///
/// Every read sees every write that was answered before it (strong consistency).
pub trait RecoveryLog: Send + Sync {
    /// The attempts of a workflow, newest first by version and then by number, at most `limit` of them. Fewer means that
    /// there are no more: an adapter MUST page through its store until it has them, past entries that are no attempts. What
    /// it meets on the way that cannot be read MUST be given as such, and each number that it meets as named. An attempt
    /// whose outcome cannot be read has ended, as [`RecoveryClaim::ended_unreadably`] says.
    ///
    /// For more entries without an attempt than it can page through an adapter MUST answer [`StoreError::Refused`].
    fn recoveries(
        &self,
        key: &WorkflowKey,
        limit: usize,
    ) -> impl Future<Output = Result<Recoveries, StoreError>> + Send;

    /// Claims an attempt, if it is not claimed yet. Exactly one of several claimants succeeds.
    ///
    /// An adapter MUST answer [`Claimed::Ours`] when the claim that is there is equal to the given one: an earlier try
    /// of ours had won and its answer was lost. Otherwise it MUST answer [`Claimed::Taken`].
    fn claim_recovery(&self, claim: &RecoveryClaim) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Records how an attempt ended, unless that is recorded already. The first one stays.
    fn record_recovery(&self, record: &RecoveryRecord) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What became of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It is under way now.
    Started,
    /// It was under way already.
    AlreadyRunning,
    /// It was, and has ended.
    Ended,
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedHow {
    /// To its end.
    Succeeded,
    /// By an error that nothing in it caught.
    Failed,
    /// By its time being up.
    TimedOut,
    /// By somebody's hand.
    Aborted,
}

impl EndedHow {
    /// The name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "ExecutionSucceeded",
            Self::Failed => "ExecutionFailed",
            Self::TimedOut => "ExecutionTimedOut",
            Self::Aborted => "ExecutionAborted",
        }
    }
}

/// How an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// Under way, or waiting to be.
    Running,
    /// Over.
    Ended(EndedHow),
    /// Not known: it was never started, or it ended so long ago that it is forgotten.
    Unknown,
}

/// Why a recovery was not started, or its state could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    /// It may work later. The execution may or may not have been started.
    #[error("the recovery starter is unavailable")]
    Unavailable(#[source] Cause),
    /// It will never work like this: no such machine, no permission, a request it calls invalid. A bug.
    #[error("the recovery starter refused the request")]
    Refused(#[source] Cause),
}

/// Has recoveries carried out, turn by turn, by something that outlives the request.
pub trait RecoveryStarter: Send + Sync {
    /// Starts the recovery that bears the document's `recovery_id`, once.
    ///
    /// An adapter MUST NOT run a name a second time while the first run is under way or remembered. For a name that is
    /// under way it MUST answer [`Start::AlreadyRunning`]; it MAY answer [`Start::Started`] when the document is the
    /// same, because a service may answer the repetition as it answered the first call. For one that has ended it MUST
    /// answer [`Start::Ended`], as long as it remembers it. A failed call and a lost answer MUST be an error that says
    /// that the start may have happened; the next call MUST find the run, if there is one.
    fn start(&self, document: &RecoveryDocument) -> impl Future<Output = Result<Start, StarterError>> + Send;

    /// How the recovery of that name is. An answer may be stale by some seconds.
    ///
    /// An adapter MUST answer [`ExecutionStatus::Unknown`] only when the service says that there is no such run. When the
    /// service does not answer, it MUST be an error.
    fn status(&self, recovery_id: &RecoveryId) -> impl Future<Output = Result<ExecutionStatus, StarterError>> + Send;
}

/// Keeps where the sweep stopped. Losing it is harmless: the next sweep begins anew.
pub trait SweepPositions: Send + Sync {
    /// Where to go on; none to begin anew.
    fn sweep_position(&self) -> impl Future<Output = Result<Option<WalkPosition>, StoreError>> + Send;

    /// Keeps where to go on.
    fn keep_sweep_position(
        &self,
        position: Option<&WalkPosition>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
