//! The entries of a period of the log, as anchors name them.

use alims_domain::activity::ActivityKind;
use alims_domain::anchor::{Leaf, Seen};
use alims_domain::hash_chain;
use alims_domain::hashing::{ChainHash, NotCanonical};
use alims_domain::identifiers::{TenantId, Version};
use alims_domain::overdue::KeptOverdue;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::sealed::hash_of;
use alims_domain::timestamp::Timestamp;

use crate::errors::Bug;
use crate::ports::{ActivityEntry, ActivityLog, ActivityPosition, ActivityQuery, KeptEntry, StoreError};

/// Entries of one page of activity.
const PAGE_ENTRIES: usize = 200;

/// Why a period cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadPeriodError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry has no hash, which is a bug.
    #[error(transparent)]
    Bug(#[from] Bug),
}

impl From<NotCanonical> for ReadPeriodError {
    fn from(error: NotCanonical) -> Self {
        Self::Bug(error.into())
    }
}

/// A walk over the entries of a tenant in a period, newest first, a page at a time.
pub(crate) struct Period<'a, L> {
    log: &'a L,
    query: ActivityQuery,
    ended: bool,
}

impl<'a, L: ActivityLog> Period<'a, L> {
    pub(crate) fn new(log: &'a L, tenant_id: &TenantId, from: Timestamp, until: Timestamp) -> Self {
        let query = ActivityQuery {
            tenant_id: tenant_id.clone(),
            from,
            to: until,
            principal: None,
            kind: None,
            after: None,
            limit: PAGE_ENTRIES,
        };
        Self { log, query, ended: from >= until }
    }

    /// The next entries; none at the end. A page may be empty and still be followed by others.
    pub(crate) async fn page(&mut self) -> Result<Option<Vec<Seen>>, ReadPeriodError> {
        if self.ended {
            return Ok(None);
        }
        let page = self.log.activity(&self.query).await?;
        self.ended = page.next.is_none();
        self.query.after = page.next;
        let mut seen = Vec::with_capacity(page.items.len());
        for item in page.items {
            seen.extend(named(item)?);
        }
        Ok(Some(seen))
    }
}

/// The entry as an anchor names it; none of a recovery of which the part that the activity names is gone.
fn named(item: ActivityEntry) -> Result<Option<Seen>, NotCanonical> {
    let ActivityEntry { at, workflow_id, kind, entry, position: ActivityPosition { entry: name, .. } } = item;
    let Some(Content { version, hash, sound }) = content(entry, kind)? else { return Ok(None) };
    let leaf = Leaf { entry: name.unwrap_or_default(), at, workflow_id, version, hash };
    Ok(Some(Seen { leaf, sound }))
}

/// What the log holds of an entry.
struct Content {
    version: Option<Version>,
    hash: ChainHash,
    sound: bool,
}

impl Content {
    /// Only an entry whose content fits its hash is read.
    fn sealed(hash: ChainHash) -> Self {
        Self { version: None, hash, sound: true }
    }

    fn unreadable(content: ChainHash) -> Self {
        Self { version: None, hash: content, sound: false }
    }
}

fn content(entry: KeptEntry, kind: Option<ActivityKind>) -> Result<Option<Content>, NotCanonical> {
    Ok(Some(match entry {
        KeptEntry::Version(event) => {
            let hash = hash_chain::hash_of(&event)?;
            Content { version: Some(event.version), sound: hash == event.hash, hash }
        }
        KeptEntry::Refusal(refusal) => Content::sealed(hash_of(&*refusal)?),
        KeptEntry::Quarantine(entry) => Content::sealed(match &*entry {
            QuarantineEntry::Quarantined(entry) => hash_of(entry)?,
            QuarantineEntry::Released(entry) => hash_of(entry)?,
        }),
        KeptEntry::Recovery(kept) if kind == Some(ActivityKind::RecoveryEnded) => match kept.outcome {
            Some(Ok(outcome)) => Content::sealed(hash_of(&outcome)?),
            Some(Err(content)) => Content::unreadable(content),
            None => return Ok(None),
        },
        KeptEntry::Recovery(kept) => match kept.claim {
            Some(Ok(claim)) => Content::sealed(hash_of(&claim)?),
            Some(Err(content)) => Content::unreadable(content),
            None => return Ok(None),
        },
        KeptEntry::Overdue(kept) => match *kept {
            KeptOverdue::Overdue(overdue) => Content::sealed(hash_of(&*overdue)?),
            KeptOverdue::Unreadable { content, .. } => Content::unreadable(content),
        },
        KeptEntry::Audit(entry) => Content::sealed(entry.hash().clone()),
        KeptEntry::UnreadableVersion(version, content) => {
            Content { version: Some(version), ..Content::unreadable(content) }
        }
        KeptEntry::UnreadableRefusal(_, content)
        | KeptEntry::UnreadableQuarantine(_, content)
        | KeptEntry::UnreadableAudit(content) => Content::unreadable(content),
    }))
}
