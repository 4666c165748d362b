//! What may go wrong with one HTTP request to AWS.

use std::fmt;

/// A fault of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The request is lost on its way: nothing was done.
    RequestLost,
    /// All was done, and the answer is lost.
    AnswerLost,
    /// All was done, and half of the answer arrives.
    AnswerTorn,
    /// It takes longer than usual, but the caller still waits.
    Slow,
    /// It arrives when nobody waits for it any more.
    Late,
    /// The service breaks down before it did anything: 500.
    Broken,
    /// All was done, and the service breaks down: 500.
    BrokenAfterwards,
    /// `ProvisionedThroughputExceededException`, or the bus's `ThrottlingException`.
    Throttled,
    /// `TransactionConflictException`; for writes to a table.
    Conflict,
    /// All was done; a failed condition comes without the item that made it fail; for writes to a table.
    ItemWithheld,
    /// `PutEvents` takes the call and refuses some of its entries, at least one.
    EntriesRefused,
    /// `BatchGetItem` leaves some of its keys unprocessed, at least one.
    KeysUnprocessed,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 12] = [
        Self::RequestLost,
        Self::AnswerLost,
        Self::AnswerTorn,
        Self::Slow,
        Self::Late,
        Self::Broken,
        Self::BrokenAfterwards,
        Self::Throttled,
        Self::Conflict,
        Self::ItemWithheld,
        Self::EntriesRefused,
        Self::KeysUnprocessed,
    ];

    /// Whether a request of this operation, such as `PutItem`, can meet it.
    #[must_use]
    pub fn can_meet(self, operation: &str) -> bool {
        match self {
            Self::RequestLost
            | Self::AnswerLost
            | Self::AnswerTorn
            | Self::Slow
            | Self::Late
            | Self::Broken
            | Self::BrokenAfterwards
            | Self::Throttled => true,
            Self::Conflict | Self::ItemWithheld => operation == "PutItem",
            Self::EntriesRefused => operation == "PutEvents",
            Self::KeysUnprocessed => operation == "BatchGetItem",
        }
    }

    /// Whether what was asked for is done in spite of it, at once or late. Of entries and keys: of some.
    #[must_use]
    pub fn leaves_its_effect(self) -> bool {
        match self {
            Self::AnswerLost
            | Self::AnswerTorn
            | Self::Slow
            | Self::Late
            | Self::BrokenAfterwards
            | Self::ItemWithheld
            | Self::EntriesRefused
            | Self::KeysUnprocessed => true,
            Self::RequestLost | Self::Broken | Self::Throttled | Self::Conflict => false,
        }
    }

    /// Whether the SDK tries again by itself. A conflict it leaves to its caller, and an answer that cannot be read.
    #[must_use]
    pub fn is_tried_again(self) -> bool {
        !matches!(self, Self::AnswerTorn | Self::Conflict | Self::EntriesRefused)
    }

    /// Whether the caller gets an answer that it can use, though a late or a partial one.
    #[must_use]
    pub fn leaves_an_answer(self) -> bool {
        matches!(self, Self::Slow | Self::ItemWithheld | Self::EntriesRefused | Self::KeysUnprocessed)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
