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
pub use index::{Advanced, IndexEntry, IndexPage, IndexPosition, IndexQuery, WorkflowIndex};
pub use log::{AppendError, LogError, StoredVersion, WorkflowLog};
pub use quarantine::QuarantineLog;
pub use recovery::{
    Claimed, EndedHow, ExecutionStatus, RecoveryLog, RecoveryStarter, Start, StarterError, SweepPositions,
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
}
