//! Recoveries: their records in the log, and the service that runs them.

use alims_domain::identifiers::{RecoveryId, Version, WorkflowKey};
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::records::{KeptRecovery, Recoveries, RecoveryClaim, RecoveryRecord};
use alims_domain::timestamp::Timestamp;
use std::future::Future;

use crate::ports::failure::{Cause, StoreError};
use crate::ports::walk::WalkPosition;

/// The result of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The claimant owns the attempt.
    Ours,
    /// Another claim or an unreadable entry has it.
    Taken,
}

/// Claims and outcomes of recoveries, stored next to the versions and never among them. The port cannot change or
/// remove one.
///
/// Every read sees every write that was acknowledged before it (strong consistency).
pub trait RecoveryLog: Send + Sync {
    /// The attempts of a workflow, newest first by version and then by number, at most `limit`. Fewer means that there
    /// are no more: an adapter MUST page through its store until it has them, past entries that are not attempts. It
    /// MUST return the unreadable entries that it meets as such, and list the number of every attempt that it meets
    /// under `named`. An attempt with an unreadable outcome has ended, as [`RecoveryClaim::ended_unreadably`] says.
    ///
    /// When there are more entries without an attempt than it can page through, an adapter MUST return
    /// [`StoreError::Refused`].
    fn recoveries(
        &self,
        key: &WorkflowKey,
        limit: usize,
    ) -> impl Future<Output = Result<Recoveries, StoreError>> + Send;

    /// The attempts after this one, oldest first by version and then by number, at most `limit`. Fewer means that there
    /// are no more. An adapter MUST return each with its claim and its outcome, an unreadable one as such, also when the
    /// log has only one of the two; an entry whose key names no attempt is not one.
    fn recoveries_after(
        &self,
        key: &WorkflowKey,
        after: Option<(Version, u32)>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<KeptRecovery>, StoreError>> + Send;

    /// Claims an attempt, if it is unclaimed. Exactly one of several claimants succeeds.
    ///
    /// An adapter MUST return [`Claimed::Ours`] when the stored claim equals the given one: then an earlier try of ours
    /// won and its answer was lost. Otherwise it MUST return [`Claimed::Taken`].
    fn claim_recovery(&self, claim: &RecoveryClaim) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Records the outcome of an attempt, unless one is recorded already. The first one stays.
    fn record_recovery(&self, record: &RecoveryRecord) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The result of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It is running now.
    Started,
    /// It was running already.
    AlreadyRunning,
    /// It has run and ended.
    Ended,
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedHow {
    /// Successfully.
    Succeeded,
    /// With an uncaught error.
    Failed,
    /// By its timeout.
    TimedOut,
    /// A person or a program aborted it.
    Aborted,
}

impl EndedHow {
    /// Its name in records.
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

/// The status of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// It is running, or waits to start.
    Running,
    /// It has ended.
    Ended(EndedHow),
    /// Unknown: it never started, or it ended so long ago that the service forgot it.
    Unknown,
}

/// Why a recovery was not started, or its status could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    /// A retry may succeed. The execution may or may not have started.
    #[error("the recovery starter is unavailable")]
    Unavailable(#[source] Cause),
    /// A retry will not succeed: no such state machine, no permission, or a request that it calls invalid. A bug.
    #[error("the recovery starter refused the request")]
    Refused(#[source] Cause),
}

/// Runs recoveries turn by turn, in a service that outlives the request.
pub trait RecoveryStarter: Send + Sync {
    /// Starts the recovery with the document's `recovery_id`, once.
    ///
    /// An adapter MUST NOT run an id a second time while the first run is active or remembered. For an active id it
    /// MUST return [`Start::AlreadyRunning`]; it MAY return [`Start::Started`] when the document is the same, because a
    /// service may answer a repetition like the first call. For an ended one it MUST return [`Start::Ended`], as long
    /// as it remembers it. A failed call and a lost answer MUST be an error which says that the start may have
    /// happened; the next call MUST find the run, if there is one.
    fn start(&self, document: &RecoveryDocument) -> impl Future<Output = Result<Start, StarterError>> + Send;

    /// The status of the recovery with this id. An answer may be stale by some seconds.
    ///
    /// An adapter MUST return [`ExecutionStatus::Unknown`] only when the service says that there is no such run. When
    /// the service does not answer, it MUST return an error.
    fn status(&self, recovery_id: &RecoveryId) -> impl Future<Output = Result<ExecutionStatus, StarterError>> + Send;
}

/// How far the sweeps have come. There are two walks: one over the open workflows of the index, and a *round* over the
/// whole log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepPosition {
    /// Where the round continues in the log; none to begin a round.
    pub round: Option<WalkPosition>,
    /// When this round began; none before its first part.
    pub round_began: Option<Timestamp>,
    /// When the last complete round ended; none before the first one did.
    pub round_ended: Option<Timestamp>,
    /// Where the walk over the open workflows continues in the index; none to begin it.
    pub open: Option<WalkPosition>,
    /// The number of open workflows that this walk has met so far.
    pub open_met: u64,
    /// The number that the last complete walk met.
    pub open_total: u64,
    /// When a sweep last kept its position; none where no sweep of this release did.
    pub swept_at: Option<Timestamp>,
    /// The share of the open workflows that this sweep had compared by then, in whole percent, rounded down; none when
    /// the index could not tell which are open.
    pub open_percent: Option<u8>,
}

/// Stores how far the sweeps have come. A loss is harmless: the next sweep starts both walks at the beginning.
pub trait SweepPositions: Send + Sync {
    /// The position to continue from; the default to start at the beginning.
    fn sweep_position(&self) -> impl Future<Output = Result<SweepPosition, StoreError>> + Send;

    /// Stores the position to continue from.
    fn keep_sweep_position(&self, position: &SweepPosition) -> impl Future<Output = Result<(), StoreError>> + Send;
}
