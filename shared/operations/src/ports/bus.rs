//! The event bus: it accepts a few events per call, and accepts or refuses each entry separately.

use alims_domain::bus_event::BusEvent;
use serde::Serialize;
use std::future::Future;

use crate::ports::failure::Cause;

/// The bus refused one entry; it may have accepted others of the same call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus did not accept the entry: {0}")]
pub struct EntryRefused(pub String);

/// The call failed as a whole. The bus may or may not have accepted its entries.
#[derive(Debug, thiserror::Error)]
#[error("the event bus is unavailable")]
pub struct BusError(#[source] pub Cause);

/// Delivers events to subscribers, at least once.
pub trait EventBus: Send + Sync {
    /// Puts the entries of one call: at most 10, together at most 256 KiB, at most one per workflow.
    ///
    /// An adapter MUST return one result per entry, in the order of the entries, and MUST NOT return `Ok` for an entry
    /// that the bus did not confirm. When the bus refuses an entry, it MUST still accept the others. A call that
    /// failed, or whose answer was lost, MUST be an error: it does not say which entries the bus accepted. The bus MUST
    /// accept the same entry again. For no entries an adapter MUST return no results, without a call.
    fn put(&self, entries: &[BusEvent])
    -> impl Future<Output = Result<Vec<Result<(), EntryRefused>>, BusError>> + Send;
}

/// A stream record that will never be published, with all that is known about it, for a person to review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The record's place in the stream.
    pub sequence_number: String,
    /// The item's key, if it is known.
    pub key: String,
    /// The error.
    pub why: String,
}

/// Keeps records that cannot be published, so that they block no others and are not lost.
pub trait DeadLetters: Send + Sync {
    /// Keeps one letter. An adapter MUST NOT return `Ok` before the letter is stored durably, and MUST store every
    /// member in full. It MUST NOT remove another letter.
    fn put(&self, letter: &DeadLetter) -> impl Future<Output = Result<(), BusError>> + Send;
}
