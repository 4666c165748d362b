//! A walk over the whole log, for operators' commands: no operation of the service looks beyond one workflow.

use alims_domain::identifiers::WorkflowKey;
use std::collections::BTreeSet;
use std::future::Future;

use crate::ports::failure::StoreError;

/// A place in a walk. Only the adapter that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkPosition(pub String);

/// A part of a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkPart {
    /// The workflows that have entries in this part.
    pub workflows: BTreeSet<WorkflowKey>,
    /// Entries that belong to no workflow or are neither version nor refusal: their keys, as far as they are known.
    pub strays: Vec<String>,
    /// Where the next part begins; none when there is none. A part may be empty and still have a next one.
    pub next: Option<WalkPosition>,
}

/// Meets every workflow of every tenant, a bounded part of the log at a time and in no particular order.
pub trait LogWalk: Send + Sync {
    /// The part that begins at a position, or the first one.
    ///
    /// An adapter MUST name every workflow whose entries were there for some seconds when the walk began, in each
    /// part in which entries of it lie, and MUST NOT let entries of another workflow come between them. Reads may be
    /// eventually consistent: what is newer has its own notification. For a position that it did not make it MUST
    /// answer [`StoreError::Refused`].
    fn part(&self, from: Option<&WalkPosition>) -> impl Future<Output = Result<WalkPart, StoreError>> + Send;
}
