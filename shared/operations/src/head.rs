//! What the operations share when they read: the head, and whether the caller may see it.

use futures_util::future::join;

use crate::ports::{AccessPolicy, LogError, QuarantineLog, StoreError, WorkflowLog};
use crate::{Forbidden, Quarantined};
use alims_domain::access::{AccessDecision, AccessQuestion, Action, Resource};
use alims_domain::call::Call;
use alims_domain::event::{Resumes, WorkflowEvent};
use alims_domain::hash_chain::{Break, Fault, content_of, is_intact};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::limits::UNREADABLE_PASSED_OVER_MAX;
use alims_domain::quarantine::{BreakFound, QuarantineRecord};
use alims_domain::stored_version::StoredVersion;

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

/// What the next version goes on from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    /// The newest version that can be read.
    pub stored: StoredVersion,
    /// Present when versions above it cannot be read: all of them were released.
    pub resumes: Option<Resumes>,
    /// The newest version that is there, readable or not.
    pub end: Version,
}

impl Head {
    /// A newest version that can be read.
    pub(crate) fn of(stored: StoredVersion) -> Self {
        Self { end: stored.event.version, stored, resumes: None }
    }

    /// Its event.
    pub(crate) fn event(&self) -> &WorkflowEvent {
        &self.stored.event
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

/// The head, for those who build on it, and whether they may: no quarantine is in force, and its content fits its hash or
/// was released as it is.
pub(crate) async fn free_head<L: WorkflowLog + QuarantineLog>(
    log: &L,
    key: &WorkflowKey,
) -> Result<(Head, Result<(), Quarantined>), ReadWorkflowError> {
    let (head, quarantine) = head(log, key).await?;
    let free = may_be_built_on(head.event(), &quarantine);
    Ok((head, free))
}

/// Whether a newest version may be built on, by the record that was read beside it.
pub(crate) fn may_be_built_on(head: &WorkflowEvent, quarantine: &QuarantineRecord) -> Result<(), Quarantined> {
    match quarantine.in_force().first() {
        Some(in_force) => Err(Quarantined(in_force.found.as_break())),
        None => intact(head, quarantine),
    }
}

/// Whether the newest version may be built on: its content fits its hash, or was released as it is.
pub(crate) fn intact(head: &WorkflowEvent, quarantine: &QuarantineRecord) -> Result<(), Quarantined> {
    let (at, fault) = (head.version, Fault::Altered);
    if is_intact(head) || quarantine.is_released(&BreakFound { at, fault, content: content_of(head) }) {
        Ok(())
    } else {
        Err(Quarantined(Break { at, fault }))
    }
}

/// Whether the caller may do this to an existing workflow.
pub(crate) fn authorise(
    policy: &dyn AccessPolicy,
    call: &Call,
    action: Action,
    workflow: &WorkflowEvent,
) -> Result<(), Forbidden> {
    let resource = Resource {
        tenant_id: &workflow.tenant_id,
        workflow_id: Some(&workflow.workflow_id),
        workflow_type: Some(&workflow.workflow_type),
        current_state: Some(workflow.to_state),
        created_by: Some(&workflow.created_by),
    };
    let (request_id, principal) = (call.request_id.as_str(), &call.principal);
    decide(policy, &AccessQuestion { request_id, principal, action, resource })
}

/// Whether the caller may do this to a workflow of which nothing but its name is known, or can be.
pub(crate) fn authorise_by_name(
    policy: &dyn AccessPolicy,
    call: &Call,
    action: Action,
    key: &WorkflowKey,
) -> Result<(), Forbidden> {
    let resource = Resource {
        tenant_id: &key.tenant_id,
        workflow_id: Some(&key.workflow_id),
        workflow_type: None,
        current_state: None,
        created_by: None,
    };
    let (request_id, principal) = (call.request_id.as_str(), &call.principal);
    decide(policy, &AccessQuestion { request_id, principal, action, resource })
}

/// Whether the policies permit what is asked.
pub(crate) fn decide(policy: &dyn AccessPolicy, question: &AccessQuestion<'_>) -> Result<(), Forbidden> {
    match policy.decide(question) {
        AccessDecision::Permitted { .. } => Ok(()),
        AccessDecision::Forbidden { policies } => Err(Forbidden { action: question.action.as_str(), policies }),
    }
}
