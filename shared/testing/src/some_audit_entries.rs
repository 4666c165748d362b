//! Audit entries for tests.

use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::{AuditAct, AuditEntry, AuditTrailReviewed, RecordsExported, SealedAuditEntry};
use alims_domain::hashing::ChainHash;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, TenantId};
use alims_operations::ports::Ids;

use crate::builders::{IDS, at};

/// An export, with every member that it can have, or the fewest.
#[must_use]
pub fn an_export(tenant: &TenantId, whole: bool) -> SealedAuditEntry {
    an_audit_entry(
        tenant,
        whole,
        AuditAct::RecordsExported(RecordsExported {
            job_id: whole.then(|| "job-1".to_owned()),
            from: whole.then(|| at(0)),
            to: whole.then(|| at(1000)),
            workflow_ids: if whole { vec!["w".parse().unwrap(), "w:2".parse().unwrap()] } else { Vec::new() },
            query: whole.then(|| "state=ACTIVE&label=sample:S-1".to_owned()),
            workflows: 2,
            entries: 17,
            manifest_sha256: ChainHash::of(b"a manifest"),
        }),
    )
}

/// A review, with every member that it can have, or the fewest.
#[must_use]
pub fn a_review(tenant: &TenantId, whole: bool) -> SealedAuditEntry {
    an_audit_entry(
        tenant,
        whole,
        AuditAct::AuditTrailReviewed(AuditTrailReviewed {
            from: at(0),
            to: at(1000),
            principal: whole.then(|| "alice".parse().unwrap()),
            kind: whole.then_some(ActivityKind::WorkflowReleased),
        }),
    )
}

fn an_audit_entry(tenant: &TenantId, whole: bool, act: AuditAct) -> SealedAuditEntry {
    SealedAuditEntry::new(AuditEntry {
        event_id: EventId(IDS.fresh()),
        tenant_id: tenant.clone(),
        timestamp: at(2000),
        requested_by: "audrey".parse().unwrap(),
        reason: whole.then(|| "Monthly review: ä 🧪.".parse().unwrap()),
        correlation_id: whole.then(|| "cause:1".parse().unwrap()),
        act,
    })
    .unwrap()
}

/// A request of a principal with this key; of another `what` it is another request.
#[must_use]
pub fn some_request(key: &str, what: u64) -> RepeatableRequest {
    RepeatableRequest::new(&"audrey".parse().unwrap(), &key.parse().unwrap(), &what).unwrap()
}
