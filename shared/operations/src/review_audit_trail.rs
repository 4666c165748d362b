//! Records that an auditor reviewed the audit trail of a period. The record is an audit entry of the tenant, and stands in
//! its activity with everything else.

use alims_domain::access::{Action, Resource};
use alims_domain::audit_entry::{AuditAct, AuditEntry, AuditTrailReviewed, SealedAuditEntry, StoredAuditEntry};
use alims_domain::call::Call;
use alims_domain::hashing::NotCanonical;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, Reason};
use alims_domain::limits::ACTIVITY_SETTLED_SECONDS;
use alims_domain::sealed::Sealed;
use alims_domain::timestamp::Timestamp;
use serde::Serialize;
use std::sync::Arc;

use crate::errors::Forbidden;
use crate::permission::permitted;
use crate::ports::{AccessPolicy, AuditEntries, AuditRecorded, Clock, Ids, StoreError};

/// The ports of review-audit-trail.
#[derive(Clone)]
pub struct Ports<L> {
    /// The log.
    pub log: L,
    /// The policies.
    pub policy: Arc<dyn AccessPolicy>,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

/// What was reviewed, and what the auditor says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewReview {
    /// The part of the audit trail.
    pub reviewed: AuditTrailReviewed,
    /// The auditor's finding.
    pub reason: Reason,
}

/// The record of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The entry.
    pub entry: Box<SealedAuditEntry>,
    /// Whether an earlier request with the same key had recorded it.
    pub repeated: bool,
}

/// The period is not over, or its last entries may not be listed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the period has an end after {ends_by}")]
pub struct NotOver {
    /// The latest instant at which a period that is reviewed now may end.
    pub ends_by: Timestamp,
}

/// Why no review was recorded.
#[derive(Debug, thiserror::Error)]
pub enum ReviewAuditTrailError {
    /// The caller may not review.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The period can still get entries.
    #[error(transparent)]
    NotOver(#[from] NotOver),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request has no canonical JSON, which is a bug.
    #[error(transparent)]
    Bug(#[from] NotCanonical),
}

/// Records a review. The same request with the same idempotency key gets the first one's record.
///
/// # Errors
/// When the caller may not review, the period is not over, the key is another request's, or the log fails.
pub async fn review_audit_trail<L: AuditEntries>(
    ports: &Ports<L>,
    call: &Call,
    new: &NewReview,
) -> Result<Reviewed, ReviewAuditTrailError> {
    let principal = &call.principal;
    let tenant_id = &principal.tenant_id;
    let resource = Resource::of_tenant(tenant_id);
    permitted(ports.policy.as_ref(), call, Action::ReviewAuditTrail, resource)?;
    let now = ports.clock.now();
    // An entry gets its time before it is stored, so one of the last moments can still come.
    let ends_by = now.earlier_by_seconds(ACTIVITY_SETTLED_SECONDS);
    if new.reviewed.to > ends_by {
        return Err(NotOver { ends_by }.into());
    }
    let key = call.idempotency_key.as_ref();
    let request = key.map(|key| RepeatableRequest::new(&principal.id, key, new)).transpose()?;
    let event_id = EventId(ports.ids.fresh());
    let entry = AuditEntry {
        event_id,
        tenant_id: tenant_id.clone(),
        timestamp: now,
        requested_by: principal.id.clone(),
        reason: Some(new.reason.clone()),
        correlation_id: call.correlation_id.clone(),
        act: AuditAct::AuditTrailReviewed(new.reviewed.clone()),
    };
    match ports.log.record_audit(&StoredAuditEntry { entry: Sealed::new(entry)?, request }).await? {
        AuditRecorded::Entry(entry) => Ok(Reviewed { repeated: entry.event_id != event_id, entry }),
        AuditRecorded::KeyReused => Err(ReviewAuditTrailError::KeyReused),
    }
}
