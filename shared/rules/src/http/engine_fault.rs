//! Why a remote engine gave no verdict.

use std::time::Duration;

use alims_operations::ports::Cause;

use super::kept_token::NoToken;

/// The cause. It contains nothing of the question or the answer: these are the laboratory's data, and this is logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineFault {
    /// The breaker is open.
    #[error("the circuit breaker is open")]
    Spared,
    /// Not within the deadline.
    #[error("no verdict within {} ms", .0.as_millis())]
    Late(Duration),
    /// No connection, or one that broke.
    #[error("the connection failed")]
    Unreachable(#[source] Cause),
    /// The service could not identify itself.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// The request could not be made.
    #[error("the request could not be built")]
    Unasked(#[source] Cause),
    /// Another status than the contract has.
    #[error("it answered with status {0}")]
    Status(u16),
    /// More bytes than an answer may have.
    #[error("its answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer does not follow the contract.
    #[error("its answer violates the contract: {0}")]
    NotTheContract(String),
    /// It has no rule of this name.
    #[error("it has no rule {0}: give it its rules again, or correct the file of applicable rules")]
    NoSuchRule(String),
    /// It evaluated without the fact.
    #[error("it lost the fact that it evaluated: it was restarted, or more than one process answers")]
    FactLost,
    /// It does not take a fact.
    #[error("it did not take the fact (status {0}): its working memory may be full")]
    FactNotTaken(u16),
}

impl EngineFault {
    /// Whether asking once more may help within the same judgement.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status(status) => *status >= 500,
            Self::Spared
            | Self::Late(_)
            | Self::NoToken(_)
            | Self::Unasked(_)
            | Self::TooLarge(_)
            | Self::NotTheContract(_)
            | Self::NoSuchRule(_)
            | Self::FactLost
            | Self::FactNotTaken(_) => false,
        }
    }

    /// Whether the engine did not take how the service identified itself.
    pub(crate) fn refuses_the_token(&self) -> bool {
        matches!(self, Self::Status(401 | 403) | Self::FactNotTaken(401 | 403))
    }

    /// Whether the fault is a sign that the engine is down, and not only about this question.
    ///
    /// An engine that refuses a request, or answers it at length, works. A caller who has found such a request must not be able to open the
    /// circuit breaker and block all other transitions.
    pub(crate) fn speaks_against_the_engine(&self) -> bool {
        match self {
            // An answer may grow with what the caller sent. One wrong name in a file must not stop the workflow types
            // that have none.
            Self::Spared | Self::NoToken(_) | Self::Unasked(_) | Self::TooLarge(_) | Self::NoSuchRule(_) => false,
            Self::Status(status) | Self::FactNotTaken(status) => {
                !(400..500).contains(status) || matches!(status, 401 | 403 | 408 | 429)
            }
            Self::Late(_) | Self::Unreachable(_) | Self::NotTheContract(_) | Self::FactLost => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_the_engine_refuses_says_nothing_of_the_engine() {
        let told = |status| EngineFault::Status(status).speaks_against_the_engine();
        assert!([400, 404, 409, 413, 422].into_iter().all(|status| !told(status)));
        assert!([204, 301, 401, 403, 408, 429, 500, 503].into_iter().all(told));
    }
}
