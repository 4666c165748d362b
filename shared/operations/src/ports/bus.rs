//! The event bus: takes events a few at a time, each entry on its own.

use alims_domain::bus_event::BusEvent;
use serde::Serialize;
use std::future::Future;

use crate::ports::failure::Cause;

/// The bus did not take one entry; others of the same call it may have taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus did not accept the entry: {0}")]
pub struct EntryRefused(pub String);

/// The call failed as a whole. Its entries may or may not have been accepted.
#[derive(Debug, thiserror::Error)]
#[error("the event bus is unavailable")]
pub struct BusError(#[source] pub Cause);

/// Takes events to whoever listens, at least once.
pub trait EventBus: Send + Sync {
    /// Puts the entries of one call: at most 10, together at most 256 KiB, at most one a workflow.
    ///
    /// An adapter MUST return one result an entry, in the order of the entries, and MUST NOT answer `Ok` for an
    /// entry that the bus did not confirm. An entry that the bus refuses MUST NOT keep it from taking the others. A
    /// call that failed, or whose answer was lost, MUST be an error: it says of no entry whether the bus took it. The
    /// bus MUST take the same entry again. For no entries an adapter MUST return no results, without a call.
    fn put(&self, entries: &[BusEvent])
    -> impl Future<Output = Result<Vec<Result<(), EntryRefused>>, BusError>> + Send;
}

/// A stream record that will never be published, with all that is known of it, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The record's place in the stream.
    pub sequence_number: String,
    /// The item's key, as far as it is known.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

/// Keeps what cannot be published, so that it blocks no other and is not lost.
pub trait DeadLetters: Send + Sync {
    /// Keeps one. An adapter MUST NOT answer `Ok` before it is kept for good, and MUST keep every member of it whole.
    /// Keeping one MUST NOT remove another.
    fn put(&self, letter: &DeadLetter) -> impl Future<Output = Result<(), BusError>> + Send;
}
