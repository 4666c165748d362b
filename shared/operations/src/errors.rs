//! Errors that several operations share.

use std::error::Error;

use alims_domain::hashing::NotCanonical;
use alims_domain::identifiers::Version;
use alims_domain::proposal::NotCommitted;

pub use alims_domain::rejection::{
    Forbidden, InvalidTransition, NotReplaceable, NotSigned, Quarantined, RuleViolation, VersionConflict,
    WhyNotReplaceable, WorkflowClosed,
};

/// An error and its causes, joined by `: `. For logs and messages only: no key and no hash may hold an error's text.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (**cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A condition that only a bug causes.
#[derive(Debug, thiserror::Error)]
pub enum Bug {
    /// An event has no canonical JSON.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// A workflow has used all ten-digit version numbers.
    #[error("no version follows {0}")]
    VersionsExhausted(Version),
    /// A port broke its contract.
    #[error("a port broke its contract: {0}")]
    Contract(&'static str),
    /// The decision returned an impossible result.
    #[error("a decision that cannot be: {0}")]
    Decision(&'static str),
}

impl From<NotCommitted> for Bug {
    fn from(error: NotCommitted) -> Self {
        match error {
            NotCommitted::NotCanonical(error) => Self::NotCanonical(error),
            NotCommitted::VersionsExhausted(last) => Self::VersionsExhausted(last),
        }
    }
}
