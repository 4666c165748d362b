//! The audit entries of the log in memory.

use alims_domain::audit_entry::{KeptAuditEntry, StoredAuditEntry};
use alims_domain::hashing::ChainHash;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::TenantId;
use alims_domain::stored_name::StoredName;
use alims_operations::ports::{AuditEntries, AuditPlace, AuditRecorded, StoreError};

use crate::memory_log::MemoryLog;
use crate::records::{Kept, MemoryAudit};

impl MemoryLog {
    /// Every readable audit entry of a tenant.
    #[must_use]
    pub fn audits(&self, tenant: &TenantId) -> Vec<StoredAuditEntry> {
        let audits = self.audits.lock().unwrap();
        let own = audits.iter().filter(|((of, _), _)| of == tenant);
        own.filter_map(|(_, audit)| audit.kept.clone().ok()).collect()
    }

    /// Makes an audit entry unreadable.
    pub fn damage_audit(&self, tenant: &TenantId, place: &AuditPlace, content: ChainHash) {
        let mut audits = self.audits.lock().unwrap();
        audits.get_mut(&(tenant.clone(), place.clone())).expect("an audit entry").kept = Err(content);
    }
}

fn place_of(stored: &StoredAuditEntry) -> AuditPlace {
    match &stored.request {
        Some(request) => of_request(request),
        None => AuditPlace(stored.entry.event_id.stored_name().into_owned()),
    }
}

fn of_request(request: &RepeatableRequest) -> AuditPlace {
    AuditPlace(format!("k{}", request.stored_name()))
}

fn recorded(kept: &Kept<StoredAuditEntry>, request: Option<&RepeatableRequest>) -> Result<AuditRecorded, StoreError> {
    let there = kept.as_ref().map_err(|_| StoreError::Refused("the audit entry cannot be read".into()))?;
    Ok(match (&there.request, request) {
        (Some(first), Some(second)) if first.reuses_the_key_of(second) => AuditRecorded::KeyReused,
        (_, _) => AuditRecorded::Entry(Box::new(there.entry.clone())),
    })
}

impl AuditEntries for MemoryLog {
    async fn record_audit(&self, stored: &StoredAuditEntry) -> Result<AuditRecorded, StoreError> {
        let entry = &stored.entry;
        let key = (entry.tenant_id.clone(), place_of(stored));
        let mut audits = self.audits.lock().unwrap();
        let there = audits.entry(key).or_insert_with(|| MemoryAudit {
            at: entry.timestamp,
            kind: entry.act.kind(),
            by: entry.requested_by.clone(),
            kept: Ok(stored.clone()),
        });
        recorded(&there.kept, stored.request.as_ref())
    }

    async fn audit_recorded(
        &self,
        tenant: &TenantId,
        request: &RepeatableRequest,
    ) -> Result<Option<AuditRecorded>, StoreError> {
        let audits = self.audits.lock().unwrap();
        let there = audits.get(&(tenant.clone(), of_request(request)));
        there.map(|there| recorded(&there.kept, Some(request))).transpose()
    }

    async fn audit_entries(
        &self,
        tenant: &TenantId,
        after: Option<&AuditPlace>,
        limit: usize,
    ) -> Result<Vec<(AuditPlace, KeptAuditEntry)>, StoreError> {
        let audits = self.audits.lock().unwrap();
        let own = audits.iter().filter(|((of, place), _)| of == tenant && after.is_none_or(|after| place > after));
        let kept = own.map(|((_, place), audit)| {
            let kept = match &audit.kept {
                Ok(stored) => KeptAuditEntry::Entry(Box::new(stored.entry.clone())),
                Err(content) => KeptAuditEntry::Unreadable { content: content.clone() },
            };
            (place.clone(), kept)
        });
        Ok(kept.take(limit).collect())
    }
}
