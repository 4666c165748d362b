//! Due workflows: where the index names them, and the log's records of those that were overdue.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::overdue::{Deadline, KeptOverdue, Overdue};
use alims_domain::timestamp::Timestamp;
use std::collections::BTreeSet;
use std::future::Future;

use crate::ports::failure::StoreError;
use crate::ports::walk::WalkPosition;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// The log has it now.
    Now,
    /// The log has another one of this workflow and due date; it is unchanged.
    Already,
}

/// The log's records of overdue workflows: at most one for each workflow and due date, for ever. The port cannot change
/// or remove one.
pub trait OverdueLog: Send + Sync {
    /// Those of these deadlines that have a record, readable or not. The number of deadlines is unlimited: the adapter
    /// MUST split calls and ask again for keys that the store left unprocessed.
    ///
    /// The read may be eventually consistent, so a new record may be missing; [`OverdueLog::record_overdue`] decides.
    fn overdue_noted(
        &self,
        deadlines: &[Deadline],
    ) -> impl Future<Output = Result<BTreeSet<Deadline>, StoreError>> + Send;

    /// Keeps a record, if the log has none of its workflow and due date. Exactly one of several writers succeeds, and the
    /// first record stays, readable or not. An adapter MUST return [`Noted::Now`] when the stored record is this one:
    /// then an earlier try of ours won and its answer was lost.
    fn record_overdue(&self, overdue: &Overdue) -> impl Future<Output = Result<Noted, StoreError>> + Send;

    /// The records of a workflow with a due date after `after`, earliest due date first, at most `limit`. Fewer means that
    /// there are no more. An adapter MUST return an unreadable one as such in its place; an entry whose key names no due
    /// date is not one.
    fn overdue(
        &self,
        key: &WorkflowKey,
        after: Option<Timestamp>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<KeptOverdue>, StoreError>> + Send;
}

/// A part of a walk over the due workflows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DuePart {
    /// The workflows with their due dates, each once.
    pub deadlines: Vec<Deadline>,
    /// Where the next part begins; none at the end. A part may be empty and still have a next one.
    pub next: Option<WalkPosition>,
}

/// How far the sweeps of due dates have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadlinePosition {
    /// Where the walk continues; none to begin one.
    pub next: Option<WalkPosition>,
    /// When this walk began; none before its first part.
    pub began: Option<Timestamp>,
    /// When the last complete walk ended; none before the first one did.
    pub ended: Option<Timestamp>,
}

/// Visits the workflows of every tenant that, by their index entries, are open and due, and keeps how far a walk came.
pub trait DueWorkflows: Send + Sync {
    /// The part at a position, or the first one: workflows with a due date of `until` or before. Reads may be eventually
    /// consistent.
    ///
    /// An adapter MUST name every workflow that was open and due for some seconds before the walk began, and stayed so;
    /// also one whose entry cannot be read in other places. It MUST look at a bounded number of entries. For a position
    /// that it did not make, and while its store has no such order, it MUST return [`StoreError::Refused`].
    fn due_part(
        &self,
        until: Timestamp,
        from: Option<&WalkPosition>,
    ) -> impl Future<Output = Result<DuePart, StoreError>> + Send;

    /// The position to continue from; the default to start at the beginning. A loss is harmless.
    fn deadline_position(&self) -> impl Future<Output = Result<DeadlinePosition, StoreError>> + Send;

    /// Stores the position to continue from.
    fn keep_deadline_position(
        &self,
        position: &DeadlinePosition,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
