//! The append-only log: the truth. The newest version is the state; all versions in order are the history.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::stored_version::StoredVersion;
use std::future::Future;

use crate::ports::failure::StoreError;

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store beneath it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored version is not a version any more. It is never skipped and never guessed at.
    #[error("version {version} of {key} cannot be read: {why}")]
    Unreadable {
        /// Whose version.
        key: WorkflowKey,
        /// Which one.
        version: Version,
        /// The hash of what is stored there, which tells it from anything else that might be.
        content: ChainHash,
        /// What is wrong with it, for people. The same item may be described in other words by another release.
        why: String,
    },
}

/// Why a version was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else has this version; the log is as it was.
    #[error("version {} is taken", .0.event.version)]
    VersionTaken(Box<StoredVersion>),
    /// The store beneath; after [`StoreError::Unavailable`] the version may or may not have been written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Immutable versions and refusals of workflows. There is no way to change or remove one.
///
/// Every read sees every write that was answered before it (strong consistency).
pub trait WorkflowLog: Send + Sync {
    /// The newest version; none when the workflow does not exist.
    ///
    /// An adapter MUST return [`LogError::Unreadable`] for an item it cannot read, and never an older one instead.
    fn head(&self, key: &WorkflowKey) -> impl Future<Output = Result<Option<StoredVersion>, LogError>> + Send;

    /// The versions from `from` on, oldest first, at most `limit` of them. Fewer means that there are no more.
    ///
    /// An adapter MUST page through its store until it has them. It MUST return [`LogError::Unreadable`] when the
    /// first item it would give cannot be read; when a later one cannot, it MUST stop before that one, so that a
    /// caller who asks on from there meets the error. Each version that it gives or names MUST be at least `from`, also
    /// where an entry lies that no version of this service is: whoever asks on behind it MUST NOT meet it again.
    fn versions(
        &self,
        key: &WorkflowKey,
        from: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StoredVersion>, LogError>> + Send;

    /// The newest version below `below`; none when there is none. It says of an item that cannot be read what
    /// [`WorkflowLog::head`] says.
    fn newest_below(
        &self,
        key: &WorkflowKey,
        below: Version,
    ) -> impl Future<Output = Result<Option<StoredVersion>, LogError>> + Send;

    /// The refusals after `after`, oldest first, at most `limit` of them. Fewer means that there are no more. One that
    /// cannot be read MUST be given as such in its place; an entry whose key names no refusal is none.
    fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<KeptRefusal>, StoreError>> + Send;

    /// Appends a version, if it is not there yet. Exactly one of several writers of one version succeeds.
    ///
    /// An adapter MUST answer `Ok` when the version that is there carries our own `event_id`: an earlier try of ours
    /// had won and its answer was lost. Otherwise it MUST return the winner. Where it cannot read what is there it cannot
    /// tell whether that is ours, and MUST answer [`StoreError::Unavailable`].
    fn append(&self, version: &StoredVersion) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// Keeps a refused attempt. Repeating it changes nothing.
    fn record_refusal(&self, refusal: &Refusal) -> impl Future<Output = Result<(), StoreError>> + Send;
}
