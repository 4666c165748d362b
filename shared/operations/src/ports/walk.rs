//! A walk over the whole log, for operators' commands and the sweep: every other operation reads one workflow.

use alims_domain::identifiers::WorkflowKey;
use std::collections::BTreeSet;
use std::future::Future;

use crate::ports::failure::StoreError;

/// A position in a walk. Only the adapter that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkPosition(pub String);

/// A part of a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkPart {
    /// The workflows that have entries in this part.
    pub workflows: BTreeSet<WorkflowKey>,
    /// Keys of entries that belong to no workflow or are neither version nor refusal, as far as the keys are known.
    pub strays: Vec<String>,
    /// Where the next part begins; none at the end. A part may be empty and still have a next one.
    pub next: Option<WalkPosition>,
}

/// Visits every workflow of every tenant, in bounded parts of the log and in no particular order.
pub trait LogWalk: Send + Sync {
    /// The part at a position, or the first one.
    ///
    /// An adapter MUST name every workflow whose entries existed for some seconds when the walk began, in each part
    /// that holds entries of it, and MUST NOT interleave entries of different workflows. Reads may be eventually
    /// consistent: a newer entry has its own notification. For a position that it did not make it MUST return
    /// [`StoreError::Refused`].
    fn part(&self, from: Option<&WalkPosition>) -> impl Future<Output = Result<WalkPart, StoreError>> + Send;

    /// Where that many walks begin which together visit the whole log, so that they may run at the same time: none is the
    /// beginning of the log. An adapter MUST name every workflow in exactly one of them, and MAY give fewer.
    fn segments(&self, _number: u16) -> Vec<Option<WalkPosition>> {
        vec![None]
    }
}

/// A part of a walk over the open workflows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenPart {
    /// The workflows, each once.
    pub workflows: Vec<WorkflowKey>,
    /// Where the next part begins; none at the end. A part may be empty and still have a next one.
    pub next: Option<WalkPosition>,
}

/// Visits the workflows of every tenant whose index entry has a state that it can leave, in no particular order. Only
/// these can have versions that are not published, but for workflows without any index entry: these are found by a walk
/// over the log.
pub trait OpenWorkflows: Send + Sync {
    /// The part at a position, or the first one. Reads may be eventually consistent.
    ///
    /// An adapter MUST name every workflow that was open for some seconds before the walk began and stayed so; also one
    /// whose entry cannot be read. For a position that it did not make, and while its store has no such order, it MUST
    /// return [`StoreError::Refused`].
    fn open_part(&self, from: Option<&WalkPosition>) -> impl Future<Output = Result<OpenPart, StoreError>> + Send;
}
