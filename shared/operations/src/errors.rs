//! What several operations can fail with.

use alims_domain::hashing::NotCanonical;
use alims_domain::identifiers::Version;
use alims_domain::proposal::NotCommitted;

pub use alims_domain::rejection::{Forbidden, InvalidTransition, Quarantined, RuleViolation, VersionConflict};

/// A state of affairs that only a bug brings about.
#[derive(Debug, thiserror::Error)]
pub enum Bug {
    /// An event has no canonical JSON.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// A workflow has used up its ten digits of versions.
    #[error("no version follows {0}")]
    VersionsExhausted(Version),
    /// A port broke its contract.
    #[error("a port broke its contract: {0}")]
    Contract(&'static str),
    /// A decision came out as it never can.
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
