//! Why a store did not do what it was asked.

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
    /// An item that has to be read was written by a newer release. It is sound and stays as it is; a release that knows
    /// its format can go on.
    #[error(transparent)]
    NewerFormat(#[from] NewerFormat),
}

/// An item of a format that this release does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{item} is of format {format}, which a newer release wrote")]
pub struct NewerFormat {
    /// The item's key, for people.
    pub item: String,
    /// Its format; it is higher than any that this release reads.
    pub format: u64,
}
