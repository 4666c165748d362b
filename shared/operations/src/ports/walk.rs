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
}
