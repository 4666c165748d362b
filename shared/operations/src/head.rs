//! Reading the head: the newest version of a workflow, and what lies below it where that cannot be read.

use alims_domain::event::{Resumes, WorkflowEvent};
use alims_domain::hash_chain::{Break, Fault};
use alims_domain::hashing::ChainHash;
use alims_domain::head::Head;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::UNREADABLE_PASSED_OVER_MAX;
use alims_domain::quarantine::{BreakFound, QuarantineRecord};
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
    /// What is stored cannot be read.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LogError> for ReadWorkflowError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Store(error) => Self::Store(error),
            LogError::Unreadable { version, .. } => {
                Self::Quarantined(Quarantined(Break { at: version, fault: Fault::Unreadable }))
            }
        }
    }
}

/// The head of a workflow that exists, and its record of quarantines. Both are read at once, so that this costs no time.
///
/// # Errors
/// [`ReadWorkflowError::Quarantined`] when the newest version cannot be read and the workflow may not be read as it was
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
    let broken = |at| Quarantined(Break { at, fault: Fault::Unreadable });
    match below_unreadable(log, key, version, &content, |found| quarantine.is_released(found)).await? {
        Below::Readable(stored) => {
            let resumes = Some(Resumes { from_version: stored.event.version, passed_over: content });
            Ok((Head { stored: *stored, resumes, end: version }, quarantine))
        }
        Below::Nothing => Err(broken(version).into()),
        Below::Unreleased(at) => Err(broken(at).into()),
    }
}

/// What lies below versions that cannot be read.
pub(crate) enum Below {
    /// The newest version that can be read.
    Readable(Box<StoredVersion>),
    /// Nothing, or nothing within [`UNREADABLE_PASSED_OVER_MAX`] versions.
    Nothing,
    /// A version that cannot be read and may not be passed over.
    Unreleased(Version),
}

/// Looks for the newest readable version below an unreadable end of the log, past every version that `may_pass`.
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
            // A version between the two is missing. That is a break of its own, which the walk of a recovery finds.
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

/// Whether no version is missing between these two, or a person released that.
fn adjoins(lower: Version, upper: Version, may_pass: impl Fn(&BreakFound) -> bool) -> bool {
    lower.next().is_some_and(|next| next == upper || may_pass(&BreakFound::nothing_is_left(next)))
}

/// The newest version that is there, as one read shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Newest {
    /// It can be read.
    Readable(Box<StoredVersion>),
    /// It cannot; the hash of what is stored.
    Unreadable(Version, ChainHash),
}

impl Newest {
    /// Which version it is.
    pub(crate) fn version(&self) -> Version {
        match self {
            Self::Readable(stored) => stored.event.version,
            Self::Unreadable(version, _) => *version,
        }
    }

    /// Its event, if it can be read.
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
