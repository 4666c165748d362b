//! Why a store request failed.

/// A cause from below a port. The log shows it; callers never see it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a store request failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A retry may succeed: the store throttled, timed out, was unreachable or failed internally. A write may or may
    /// not have happened.
    #[error("the store is unavailable")]
    Unavailable(#[source] Cause),
    /// A retry will not succeed: a missing table, a missing permission, or a request that the store calls invalid. A
    /// bug.
    #[error("the store refused the request")]
    Refused(#[source] Cause),
    /// A newer release wrote an item that must be read. The item is valid and stays unchanged; a release that knows its
    /// format can continue.
    #[error(transparent)]
    NewerFormat(#[from] NewerFormat),
}

/// An item in a format that this release does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{item} is of format {format}, which a newer release wrote")]
pub struct NewerFormat {
    /// The item's key, for people.
    pub item: String,
    /// Its format number; higher than any that this release reads.
    pub format: u64,
}
