//! What the operations need from the world. Each port says which errors an adapter MUST return.

mod access;
mod bus;
mod clock;
mod index;
mod log;
mod quarantine;
mod recovery;
mod rules;
mod walk;

pub use access::{AccessDecision, AccessPolicy, AccessQuestion, Action, Resource};
pub use bus::{BusError, BusEvent, DeadLetter, DeadLetters, EntryRefused, EventBus};
pub use clock::{Clock, Ids};
pub use index::{Advanced, IndexEntries, IndexEntry, IndexPage, IndexPosition, IndexQuery, WorkflowIndex, entry_of};
pub use log::{AppendError, KeptRefusal, LogError, StoredVersion, WorkflowLog};
pub use quarantine::QuarantineLog;
pub use recovery::{
    Claimed, EndedHow, ExecutionStatus, Recoveries, RecoveryLog, RecoveryStarter, Start, StarterError, SweepPositions,
};
pub use rules::{Move, RulesQuestion, RulesUnavailable, TransitionRules, Verdict};
pub use walk::{LogWalk, WalkPart, WalkPosition};

/// A cause from beneath a port, kept for the log and shown to no caller.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It may work later: throttled, timed out, unreachable, failing inside. A write may or may not have happened.
    #[error("the store is unavailable")]
    Unavailable(#[source] Cause),
    /// It will never work like this: missing table, no permission, a request the store calls invalid. A bug.
    #[error("the store refused the request")]
    Refused(#[source] Cause),
    /// An item that has to be read was written by a newer release. It is sound and stays as it is; a release that knows
    /// its format can go on.
    #[error(transparent)]
    NewerFormat(#[from] NewerFormat),
}

/// An item of a format that this release does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{item} is of format {format}, which a newer release wrote")]
pub struct NewerFormat {
    /// The item's key, for people.
    pub item: String,
    /// Its format; it is higher than any that this release reads.
    pub format: u64,
}
