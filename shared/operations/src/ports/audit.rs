//! Audit entries: what the log keeps of a tenant beside its workflows.

use alims_domain::audit_entry::{AuditEntry, KeptAuditEntry, StoredAuditEntry};
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::TenantId;
use alims_domain::sealed::Sealed;
use std::future::Future;

use crate::ports::failure::StoreError;

/// The place of an audit entry among those of its tenant, in the adapter's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditPlace(pub String);

/// What the log has of a request after it was written, or looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditRecorded {
    /// This entry, of this request. Of a repeated request it is the first one's.
    Entry(Box<Sealed<AuditEntry>>),
    /// An entry of another request with the same key of the same principal.
    KeyReused,
}

/// The audit entries of tenants. The port cannot change or remove one.
pub trait AuditEntries: Send + Sync {
    /// Keeps an entry. The entry of a request with an idempotency key is kept once for ever: the first one stays, and a
    /// repetition gets it. Exactly one of several writers succeeds. An adapter MUST answer [`StoreError::Refused`] when
    /// the entry that is there cannot be read.
    fn record_audit(&self, stored: &StoredAuditEntry)
    -> impl Future<Output = Result<AuditRecorded, StoreError>> + Send;

    /// The entry of a request, if the log has one. The read MUST be consistent. An adapter MUST answer
    /// [`StoreError::Refused`] when the entry cannot be read.
    fn audit_recorded(
        &self,
        tenant: &TenantId,
        request: &RepeatableRequest,
    ) -> impl Future<Output = Result<Option<AuditRecorded>, StoreError>> + Send;

    /// The entries of a tenant behind a place, in the order of their places, at most `limit`. Fewer means that there are
    /// no more. The order is none of time; it never changes. An adapter MUST return an unreadable one as such in its
    /// place.
    fn audit_entries(
        &self,
        tenant: &TenantId,
        after: Option<&AuditPlace>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(AuditPlace, KeptAuditEntry)>, StoreError>> + Send;
}
