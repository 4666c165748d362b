//! The activity of the log in memory.

use alims_domain::audit_entry::StoredAuditEntry;
use alims_domain::identifiers::{PrincipalId, Version, WorkflowKey};
use alims_domain::overdue::KeptOverdue;
use alims_domain::recovery::records::KeptRecovery;
use alims_operations::ports::{
    ActivityEntry, ActivityLog, ActivityPage, ActivityPosition, ActivityQuery, KeptEntry, LogError, StoreError,
};

use crate::memory_log::{Entries, MemoryLog};
use crate::records::{Kept, NotedPlace};

impl ActivityLog for MemoryLog {
    async fn activity(&self, query: &ActivityQuery) -> Result<ActivityPage, StoreError> {
        let (log, audits) = (self.workflows.lock().unwrap(), self.audits.lock().unwrap());
        let is_wanted = |position: &ActivityPosition, kind, by: Option<&PrincipalId>| {
            let is_behind = query.after.as_ref().is_none_or(|after| position < after);
            let is_within = (query.from..query.to).contains(&position.at);
            is_behind && is_within && query.matches(Some(kind), by.map(PrincipalId::as_str))
        };
        let mut noted = Vec::new();
        for (key, entries) in log.iter().filter(|(key, _)| key.tenant_id == query.tenant_id) {
            for ((at, name), it) in &entries.records.activity {
                let position = ActivityPosition { at: *at, entry: Some(format!("{}#{name}", key.workflow_id)) };
                if is_wanted(&position, it.kind, it.by.as_ref()) {
                    noted.push((position, it.kind, Source::Workflow(key, entries, &it.place)));
                }
            }
        }
        for ((_, place), audit) in audits.iter().filter(|((tenant, _), _)| *tenant == query.tenant_id) {
            let position = ActivityPosition { at: audit.at, entry: Some(format!("#{}", place.0)) };
            if is_wanted(&position, audit.kind, Some(&audit.by)) {
                noted.push((position, audit.kind, Source::Audit(&audit.kept)));
            }
        }
        noted.sort_by(|(a, ..), (b, ..)| b.cmp(a));
        let page = noted.get(..query.limit.min(noted.len())).unwrap_or_default();
        let next = page.last().filter(|_| noted.len() > query.limit).map(|(position, ..)| position.clone());
        let mut items = Vec::new();
        for (position, kind, source) in page {
            let (workflow_id, entry) = match source {
                Source::Workflow(key, entries, place) => (Some(key.workflow_id.clone()), kept(key, entries, place)?),
                Source::Audit(Ok(stored)) => (None, Some(KeptEntry::Audit(Box::new(stored.entry.clone())))),
                Source::Audit(Err(content)) => (None, Some(KeptEntry::UnreadableAudit(content.clone()))),
            };
            if let Some(entry) = entry {
                let (at, position) = (position.at, position.clone());
                items.push(ActivityEntry { at, workflow_id, kind: Some(*kind), entry, position });
            }
        }
        Ok(ActivityPage { items, next })
    }
}

/// Where an entry comes from.
enum Source<'a> {
    Workflow(&'a WorkflowKey, &'a Entries, &'a NotedPlace),
    Audit(&'a Kept<StoredAuditEntry>),
}

/// The entry as it is now; none when it is gone.
fn kept(key: &WorkflowKey, entries: &Entries, place: &NotedPlace) -> Result<Option<KeptEntry>, StoreError> {
    Ok(match place {
        NotedPlace::Version(version) => match entries.version(key, *version) {
            None => None,
            Some(Ok(stored)) => Some(KeptEntry::Version(Box::new(stored.event))),
            Some(Err(LogError::Unreadable { version, content, .. })) => {
                Some(KeptEntry::UnreadableVersion(version, content))
            }
            Some(Err(LogError::Store(error))) => return Err(error),
        },
        NotedPlace::Refusal(event_id) => entries.refusals.get(event_id).map(|kept| match kept {
            Ok(refusal) => KeptEntry::Refusal(Box::new(refusal.clone())),
            Err(content) => KeptEntry::UnreadableRefusal(*event_id, content.clone()),
        }),
        NotedPlace::Recovery(place) => {
            let (claim, outcome) = (entries.records.claims.get(place), entries.records.outcomes.get(place));
            let kept = KeptRecovery { claim: claim.cloned(), outcome: outcome.cloned(), ..KeptRecovery::named(*place) };
            (claim.is_some() || outcome.is_some()).then(|| KeptEntry::Recovery(Box::new(kept)))
        }
        NotedPlace::Overdue(due_at) => entries.records.overdue.get(due_at).map(|kept| {
            KeptEntry::Overdue(Box::new(match kept {
                Ok(overdue) => KeptOverdue::Overdue(Box::new(overdue.clone())),
                Err(content) => KeptOverdue::Unreadable { due_at: *due_at, content: content.clone() },
            }))
        }),
        NotedPlace::Quarantine(place) => entries.records.quarantine.get(place).map(|kept| match kept {
            Ok(entry) => KeptEntry::Quarantine(Box::new(entry.clone())),
            Err(content) => {
                let version = place.0.as_str().get(..10).and_then(|digits| digits.parse::<u64>().ok());
                KeptEntry::UnreadableQuarantine(version.and_then(|it| Version::try_from(it).ok()), content.clone())
            }
        }),
    })
}
