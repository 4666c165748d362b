//! The event bus: it accepts a few events per call, and accepts or refuses each entry separately.

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::{EventId, Version};
use serde::{Deserialize, Serialize};
use std::future::Future;

use crate::ports::failure::Cause;

/// The bus refused one entry; it may have accepted others of the same call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefused {
    /// It may accept the same entry later: it throttles or fails inside, or an operator has to correct its permissions or
    /// its policy. A refusal that the adapter does not know is one of these.
    #[error("the bus did not accept the entry: {0}")]
    ForNow(String),
    /// It never accepts this entry, because of what the entry says.
    #[error("the bus refuses the event for good: {0}")]
    ForGood(RefusedForGood),
}

/// Why the bus never accepts an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct RefusedForGood {
    /// The bus's own code.
    pub code: String,
    /// What the bus says of it.
    pub message: String,
}

/// The call failed as a whole. The bus may or may not have accepted its entries.
#[derive(Debug, thiserror::Error)]
#[error("the event bus is unavailable")]
pub struct BusError(#[source] pub Cause);

/// Delivers events to subscribers, at least once.
pub trait EventBus: Send + Sync {
    /// Puts the entries of one call: at most 10, together at most 256 KiB, at most one per workflow.
    ///
    /// An adapter MUST return one result per entry, in the order of the entries, and MUST NOT return `Ok` for an entry
    /// that the bus did not confirm. When the bus refuses an entry, it MUST still accept the others; where the bus
    /// refuses the whole call because of one entry, the adapter MUST put the others without it. It MUST NOT return
    /// [`EntryRefused::ForGood`] for what a retry, other permissions or another policy would change: the publisher puts
    /// such an event only when something else happens to its workflow. A call that
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
    /// The event that the bus refused for good, where that is the reason: enough to publish it when the cause is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedEvent>,
}

/// An event that the bus refused for good, without its content: the log has that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedEvent {
    /// Its id.
    pub event_id: EventId,
    /// Its version; none for an event without one.
    pub version: Option<Version>,
    /// The bus's own code.
    pub code: String,
}

/// Keeps records that cannot be published, so that they block no others and are not lost.
pub trait DeadLetters: Send + Sync {
    /// Keeps one letter. An adapter MUST NOT return `Ok` before the letter is stored durably, and MUST store every
    /// member in full. It MUST NOT remove another letter.
    fn put(&self, letter: &DeadLetter) -> impl Future<Output = Result<(), BusError>> + Send;
}
