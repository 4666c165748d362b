//! Reads the head: the newest version of a workflow, or the newest readable one below it.

use alims_domain::event::{Resumes, WorkflowEvent};
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::hashing::ChainHash;
use alims_domain::head::Head;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::UNREADABLE_PASSED_OVER_MAX;
use alims_domain::quarantine::{BreakFound, Met, QuarantineRecord};
use alims_domain::stored_version::StoredVersion;
use futures_util::future::join;

use crate::errors::{Forbidden, Quarantined};
use crate::ports::{LogError, QuarantineLog, StoreError, WorkflowLog};

/// Why a workflow could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadWorkflowError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The caller may not read it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The stored data is unreadable.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LogError> for ReadWorkflowError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Store(error) => Self::Store(error),
            LogError::Unreadable { version, .. } => {
                Self::Quarantined(Quarantined(Break { at: version, fault: BreakKind::Unreadable }))
            }
        }
    }
}

/// Reads the head of an existing workflow and its quarantine record, in parallel to save time.
///
/// # Errors
/// [`ReadWorkflowError::Quarantined`] when the newest version is unreadable and no release allows a read of the one
/// before.
pub(crate) async fn head<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
) -> Result<(Head, QuarantineRecord), ReadWorkflowError> {
    let (newest, quarantine) = join(log.head(key), log.quarantine(key)).await;
    let (version, content) = match newest {
        Ok(Some(stored)) => return Ok((Head::of(stored), quarantine?)),
        Ok(None) => return Err(ReadWorkflowError::NotFound),
        Err(LogError::Unreadable { version, content, .. }) => (version, content),
        Err(LogError::Store(error)) => return Err(error.into()),
    };
    let quarantine = quarantine?;
    let broken = |at| Quarantined(Break { at, fault: BreakKind::Unreadable });
    match below_unreadable(log, key, version, &content, |found| quarantine.is_released(found)).await? {
        Below::Readable(stored) => {
            let resumes = Some(Resumes { from_version: stored.event.version, passed_over: content });
            Ok((Head { stored: *stored, resumes, end: version }, quarantine))
        }
        Below::Nothing => Err(broken(version).into()),
        Below::Unreleased(at) => Err(broken(at).into()),
    }
}

/// The result of a search below unreadable versions.
pub(crate) enum Below {
    /// The newest readable version.
    Readable(Box<StoredVersion>),
    /// There is none, or none within [`UNREADABLE_PASSED_OVER_MAX`] versions.
    Nothing,
    /// An unreadable version that may not be passed over.
    Unreleased(Version),
}

/// Searches for the newest readable version below an unreadable end of the log, past every version that `may_pass`.
pub(crate) async fn below_unreadable<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    end: Version,
    content: &ChainHash,
    may_pass: impl Fn(&BreakFound) -> bool,
) -> Result<Below, StoreError> {
    let mut unreadable = BreakFound::unreadable(end, content.clone());
    for _ in 0..UNREADABLE_PASSED_OVER_MAX {
        if !may_pass(&unreadable) {
            return Ok(Below::Unreleased(unreadable.at));
        }
        let above = unreadable.at;
        unreadable = match log.newest_below(key, above).await {
            // A version between the two is missing. That is a separate break, which the walk of a recovery finds.
            Ok(Some(stored)) if !adjoins(stored.event.version, above, &may_pass) => {
                return Ok(Below::Unreleased(above));
            }
            Err(LogError::Unreadable { version, .. }) if !adjoins(version, above, &may_pass) => {
                return Ok(Below::Unreleased(above));
            }
            Ok(Some(stored)) => return Ok(Below::Readable(Box::new(stored))),
            Ok(None) => return Ok(Below::Nothing),
            Err(LogError::Unreadable { version, content, .. }) => BreakFound::unreadable(version, content),
            Err(LogError::Store(error)) => return Err(error),
        };
    }
    Ok(Below::Nothing)
}

/// Whether no version is missing between these two, or a person released the gap.
fn adjoins(lower: Version, upper: Version, may_pass: impl Fn(&BreakFound) -> bool) -> bool {
    lower.next().is_some_and(|next| next == upper || may_pass(&BreakFound::nothing_is_left(next)))
}

/// The newest stored version, as one read shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Newest {
    /// It is readable.
    Readable(Box<StoredVersion>),
    /// It is unreadable; the hash of the stored bytes.
    Unreadable(Version, ChainHash),
}

impl Newest {
    /// The version.
    pub(crate) fn version(&self) -> Version {
        match self {
            Self::Readable(stored) => stored.event.version,
            Self::Unreadable(version, _) => *version,
        }
    }

    /// As what is recorded now meets it.
    pub(crate) fn met(&self) -> Met {
        Met { version: self.version(), head_hash: self.event().map(|event| event.hash.clone()) }
    }

    /// Its event, if it is readable.
    pub(crate) fn event(&self) -> Option<&WorkflowEvent> {
        match self {
            Self::Readable(stored) => Some(&stored.event),
            Self::Unreadable(..) => None,
        }
    }
}

/// The newest version; none when the workflow does not exist.
pub(crate) async fn newest<L: WorkflowLog>(log: &L, key: &WorkflowKey) -> Result<Option<Newest>, StoreError> {
    match log.head(key).await {
        Ok(newest) => Ok(newest.map(Box::new).map(Newest::Readable)),
        Err(LogError::Unreadable { version, content, .. }) => Ok(Some(Newest::Unreadable(version, content))),
        Err(LogError::Store(error)) => Err(error),
    }
}
