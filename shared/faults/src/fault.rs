//! The faults that one HTTP request to AWS can have.

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
    /// It takes longer than usual, but within the caller's timeout.
    Slow,
    /// It arrives after the caller's timeout.
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
    /// `PutEvents` accepts the call and refuses some of its entries, at least one.
    EntriesRefused,
    /// The same, and it says that it never accepts them. It is not among [`Fault::ALL`], which pass.
    EntriesUnwanted,
    /// `BatchGetItem` leaves some of its keys unprocessed, at least one.
    KeysUnprocessed,
}

impl Fault {
    /// Every fault that passes.
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
            Self::EntriesRefused | Self::EntriesUnwanted => operation == "PutEvents",
            Self::KeysUnprocessed => operation == "BatchGetItem",
        }
    }

    /// Whether the request takes effect in spite of the fault, at once or late. For entries and keys: some of them do.
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
            | Self::EntriesUnwanted
            | Self::KeysUnprocessed => true,
            Self::RequestLost | Self::Broken | Self::Throttled | Self::Conflict => false,
        }
    }

    /// Whether the SDK retries the request automatically. It leaves a conflict and an unreadable answer to its caller.
    #[must_use]
    pub fn is_tried_again(self) -> bool {
        !matches!(self, Self::AnswerTorn | Self::Conflict | Self::EntriesRefused | Self::EntriesUnwanted)
    }

    /// Whether the caller gets an answer that it can use, though a late or a partial one.
    #[must_use]
    pub fn leaves_an_answer(self) -> bool {
        matches!(
            self,
            Self::Slow | Self::ItemWithheld | Self::EntriesRefused | Self::EntriesUnwanted | Self::KeysUnprocessed
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
