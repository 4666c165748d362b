//! The activity of a tenant: the entries of all its workflows by their own time. A projection of the log that the store
//! keeps with each entry.

use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::AuditEntry;
use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, PrincipalId, TenantId, Version, WorkflowId};
use alims_domain::overdue::KeptOverdue;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::recovery::records::KeptRecovery;
use alims_domain::refusal::Refusal;
use alims_domain::sealed::Sealed;
use alims_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::future::Future;

use crate::ports::failure::StoreError;

/// The position where a list of activity continues: at what is older, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityPosition {
    /// Continue before this instant.
    pub at: Timestamp,
    /// The last entry of that instant that was passed, in the adapter's words; none when all of that instant is newer
    /// than what follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

/// Which entries of a tenant. A filter that is none matches every entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityQuery {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Only entries of this instant or later.
    pub from: Timestamp,
    /// Only entries before this instant.
    pub to: Timestamp,
    /// Only what this principal did or asked for.
    pub principal: Option<PrincipalId>,
    /// Only entries of this kind.
    pub kind: Option<ActivityKind>,
    /// Continue at this position.
    pub after: Option<ActivityPosition>,
    /// The maximum number of entries.
    pub limit: usize,
}

impl ActivityQuery {
    /// Whether the filters let an entry of this kind and this principal through.
    #[must_use]
    pub fn matches(&self, kind: Option<ActivityKind>, by: Option<&str>) -> bool {
        let is_of_the_kind = self.kind.is_none_or(|wanted| kind == Some(wanted));
        is_of_the_kind && self.principal.as_ref().is_none_or(|wanted| by == Some(wanted.as_str()))
    }
}

/// One entry of the activity.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityEntry {
    /// The entry's own time.
    pub at: Timestamp,
    /// The workflow; none of an audit entry.
    pub workflow_id: Option<WorkflowId>,
    /// The kind; none when an unreadable entry does not say it.
    pub kind: Option<ActivityKind>,
    /// The entry.
    pub entry: KeptEntry,
    /// The position behind it.
    pub position: ActivityPosition,
}

/// An entry as stored in the log. What cannot be read is the hash of the stored bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum KeptEntry {
    /// A version.
    Version(Box<WorkflowEvent>),
    /// A refused attempt.
    Refusal(Box<Refusal>),
    /// A quarantine or a release.
    Quarantine(Box<QuarantineEntry>),
    /// A recovery, with all that the log has of it by now.
    Recovery(Box<KeptRecovery>),
    /// A due date that passed, readable or not.
    Overdue(Box<KeptOverdue>),
    /// An audit entry of the tenant.
    Audit(Box<Sealed<AuditEntry>>),
    /// An unreadable version.
    UnreadableVersion(Version, ChainHash),
    /// An unreadable refused attempt.
    UnreadableRefusal(EventId, ChainHash),
    /// An unreadable quarantine or release, and the version in its key if that names one.
    UnreadableQuarantine(Option<Version>, ChainHash),
    /// An unreadable audit entry.
    UnreadableAudit(ChainHash),
}

impl KeptEntry {
    /// The principal who did it, as far as the entry says.
    #[must_use]
    pub fn by(&self) -> Option<&PrincipalId> {
        match self {
            Self::Version(event) => Some(&event.requested_by),
            Self::Refusal(refusal) => Some(&refusal.requested_by),
            Self::Quarantine(entry) => Some(match &**entry {
                QuarantineEntry::Quarantined(entry) => &entry.requested_by,
                QuarantineEntry::Released(entry) => &entry.requested_by,
            }),
            Self::Recovery(kept) => match &kept.claim {
                Some(Ok(claim)) => Some(&claim.requested_by),
                Some(Err(_)) | None => None,
            },
            Self::Audit(entry) => Some(&entry.requested_by),
            Self::Overdue(_)
            | Self::UnreadableVersion(..)
            | Self::UnreadableRefusal(..)
            | Self::UnreadableQuarantine(..)
            | Self::UnreadableAudit(_) => None,
        }
    }
}

/// One page of activity.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityPage {
    /// Newest first; entries of one instant in an order that never changes.
    pub items: Vec<ActivityEntry>,
    /// Where the next page begins; none on the last page. A page may be short or even empty and still have a next one,
    /// because each page reads a bounded number of entries, and of large ones fewer.
    pub next: Option<ActivityPosition>,
}

/// The entries of all workflows of a tenant in the order of time.
///
/// The place of an entry follows from the entry and never changes. So a walk from page to page shows every entry that
/// was there for some seconds when it began exactly once, whatever is appended meanwhile.
pub trait ActivityLog: Send + Sync {
    /// One page. Reads may be eventually consistent: an entry may come some seconds after it was written. But an entry
    /// that is returned MUST be read as every other read of the log reads it, so that an altered one is shown as
    /// unreadable. An adapter MUST return a recovery's request and its end as an entry each. Of an unreadable entry it
    /// filters by what the store still says of it. An entry whose key is none of the log's is not one.
    ///
    /// An adapter MUST make a bounded number of reads of bounded size for a page. A span that is empty or backwards has
    /// no entries.
    fn activity(&self, query: &ActivityQuery) -> impl Future<Output = Result<ActivityPage, StoreError>> + Send;
}
