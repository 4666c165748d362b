//! The audit entries that the golden items hold.

use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::{AuditAct, AuditEntry, AuditTrailReviewed, RecordsExported, StoredAuditEntry};
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::sealed::Sealed;

use super::values::{ALTERED, at, hash, id, key};

/// An export, with everything in it, asked for without an idempotency key.
pub(crate) fn exported() -> StoredAuditEntry {
    let entry = AuditEntry {
        event_id: id("20"),
        tenant_id: key().tenant_id,
        timestamp: at(90),
        requested_by: "audrey".parse().unwrap(),
        reason: Some("For the inspection: ä 🧪.".parse().unwrap()),
        correlation_id: Some("cause:1".parse().unwrap()),
        act: AuditAct::RecordsExported(RecordsExported {
            job_id: Some("019ab000-0000-7000-8000-000000000021".to_owned()),
            from: Some(at(0)),
            to: Some(at(60)),
            workflow_ids: vec!["w:1".parse().unwrap(), "w:2".parse().unwrap()],
            query: Some("state=ACTIVE".to_owned()),
            workflows: 2,
            entries: 17,
            manifest_sha256: hash(ALTERED),
        }),
    };
    StoredAuditEntry { entry: Sealed::new(entry).unwrap(), request: None }
}

/// A review, with everything in it, asked for with an idempotency key.
pub(crate) fn reviewed() -> StoredAuditEntry {
    let entry = AuditEntry {
        event_id: id("22"),
        tenant_id: key().tenant_id,
        timestamp: at(100),
        requested_by: "audrey".parse().unwrap(),
        reason: Some("Monthly review.".parse().unwrap()),
        correlation_id: None,
        act: AuditAct::AuditTrailReviewed(AuditTrailReviewed {
            from: at(0),
            to: at(60),
            principal: Some("alice".parse().unwrap()),
            kind: Some(ActivityKind::WorkflowReleased),
        }),
    };
    let request = RepeatableRequest::new(&"audrey".parse().unwrap(), &"k-1".parse().unwrap(), &"what").unwrap();
    StoredAuditEntry { entry: Sealed::new(entry).unwrap(), request: Some(request) }
}
