//! The append-only log: the source of truth. The newest version is the state; all versions in order are the history.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::stored_version::StoredVersion;
use std::collections::BTreeMap;
use std::future::Future;

use crate::ports::failure::StoreError;

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored version is unreadable. The log neither skips it nor guesses its content.
    #[error("version {version} of {key} cannot be read: {why}")]
    Unreadable {
        /// The workflow.
        key: WorkflowKey,
        /// The version.
        version: Version,
        /// The hash of the stored bytes, which identifies the content.
        content: ChainHash,
        /// The error, for people. Another release may describe the same item in other words.
        why: String,
    },
}

/// Why a version was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another writer made this version; the log is unchanged.
    #[error("version {} is taken", .0.event.version)]
    VersionTaken(Box<StoredVersion>),
    /// The store failed; after [`StoreError::Unavailable`] the version may or may not have been written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Versions by workflow and number.
pub type VersionsAt = BTreeMap<(WorkflowKey, Version), StoredVersion>;

/// Immutable versions and refusals of workflows. The port cannot change or remove one.
///
/// Every read sees every write that was acknowledged before it (strong consistency).
pub trait WorkflowLog: Send + Sync {
    /// The newest version; none when the workflow does not exist.
    ///
    /// An adapter MUST return [`LogError::Unreadable`] for an unreadable item, and never an older version instead.
    fn head(&self, key: &WorkflowKey) -> impl Future<Output = Result<Option<StoredVersion>, LogError>> + Send;

    /// The versions from `from` on, oldest first, at most `limit`. Fewer means that there are no more.
    ///
    /// An adapter MUST page through its store until it has them. When the first item is unreadable it MUST return
    /// [`LogError::Unreadable`]. When a later one is unreadable it MUST stop before it, so a caller who continues from
    /// there meets the error. Every version that it returns or names MUST be at least `from`, even where the store
    /// holds an entry that is no version of this service: a caller who continues behind it MUST NOT meet it again.
    fn versions(
        &self,
        key: &WorkflowKey,
        from: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<StoredVersion>, LogError>> + Send;

    /// The versions with these numbers, of any workflows. One that is missing or unreadable is left out. An adapter MUST
    /// return an error for one of a newer format.
    fn versions_at(
        &self,
        keys: &[(WorkflowKey, Version)],
    ) -> impl Future<Output = Result<VersionsAt, StoreError>> + Send {
        async move {
            let mut found = VersionsAt::new();
            for (key, version) in keys {
                match self.versions(key, *version, 1).await {
                    Ok(versions) => found.extend(
                        versions
                            .into_iter()
                            .filter(|stored| stored.event.version == *version)
                            .map(|stored| ((key.clone(), *version), stored)),
                    ),
                    Err(LogError::Unreadable { .. }) => {}
                    Err(LogError::Store(error)) => return Err(error),
                }
            }
            Ok(found)
        }
    }

    /// The newest version below `below`; none when there is none. For an unreadable item it returns the same error as
    /// [`WorkflowLog::head`].
    fn newest_below(
        &self,
        key: &WorkflowKey,
        below: Version,
    ) -> impl Future<Output = Result<Option<StoredVersion>, LogError>> + Send;

    /// The refusals after `after`, oldest first, at most `limit`. Fewer means that there are no more. An adapter MUST
    /// return an unreadable one as such in its place; an entry whose key names no refusal is not one.
    fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<KeptRefusal>, StoreError>> + Send;

    /// Appends a version, if the log does not have it. Exactly one of several writers of one version succeeds.
    ///
    /// An adapter MUST return `Ok` when the stored version carries our own `event_id`: then an earlier try of ours won
    /// and its answer was lost. Otherwise it MUST return the winner. When it cannot read the stored version it cannot
    /// identify the winner, and MUST return [`StoreError::Unavailable`].
    fn append(&self, version: &StoredVersion) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// Keeps a refused attempt. A repetition changes nothing.
    fn record_refusal(&self, refusal: &Refusal) -> impl Future<Output = Result<(), StoreError>> + Send;
}
