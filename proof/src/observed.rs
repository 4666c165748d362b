//! Ports that note for a recorder what is asked of them and what they answer.
//!
//! The ports are the place for it: whatever an operation learns of its environment and does to it passes there, so the
//! operations need no hooks, and in production there is nothing.

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::{EventId, TenantId, Version, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{BreakFound, QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::records::{KeptRecovery, Recoveries, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    Advanced, AppendError, BusError, Claimed, EntryRefused, EventBus, IndexCount, IndexEntries, IndexPage, IndexQuery,
    LogError, QuarantineLog, RecoveryLog, RulesUnavailable, StoreError, TransitionRules, WorkflowIndex, WorkflowLog,
};

use crate::recording::{Broken, Recorder, Told, What};

/// A port whose calls are taken down as the doing of one actor.
#[derive(Clone, Debug)]
pub struct Observed<T> {
    inner: T,
    recorder: Recorder,
    actor: String,
}

impl<T> Observed<T> {
    /// Has calls of `inner` taken down.
    pub fn new(inner: T, recorder: &Recorder, actor: &str) -> Self {
        Self { inner, recorder: recorder.clone(), actor: actor.to_owned() }
    }

    fn note(&self, key: &WorkflowKey, what: What) {
        self.recorder.note_of(key, &self.actor, what);
    }
}

impl<T: WorkflowLog> WorkflowLog for Observed<T> {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        self.note(key, What::ReadBegun);
        let head = self.inner.head(key).await;
        if let Ok(head) = &head {
            let (version, event_id) = match head {
                Some(head) => (head.event.version.get(), Some(head.event.event_id.to_string())),
                None => (0, None),
            };
            self.note(key, What::Read { version, event_id });
        }
        head
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        let versions = self.inner.versions(key, from, limit).await;
        if let Ok(versions) = &versions {
            let events = versions.iter().map(|version| version.event.event_id.to_string()).collect();
            self.note(key, What::VersionsRead { from: from.get(), events });
        }
        versions
    }

    async fn newest_below(&self, key: &WorkflowKey, below: Version) -> Result<Option<StoredVersion>, LogError> {
        self.inner.newest_below(key, below).await
    }

    async fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<KeptRefusal>, StoreError> {
        self.inner.refusals(key, after, limit).await
    }

    async fn append(&self, version: &StoredVersion) -> Result<(), AppendError> {
        let (event, key) = (&version.event, version.event.key());
        self.note(
            &key,
            What::AppendBegun {
                version: event.version.get(),
                event_id: event.event_id.to_string(),
                event_type: event.event_type,
                from: event.from_state,
                to: event.to_state,
                previous: event.previous_state,
                since: event.state_since.map(Version::get),
                data: event.metadata.as_object().keys().cloned().collect(),
                signatures: event.signatures.iter().map(Told::from).collect(),
                previous_hash: event.previous_hash.to_string(),
                hash: event.hash.to_string(),
            },
        );
        let appended = self.inner.append(version).await;
        let what = match &appended {
            Ok(()) => What::Appended,
            Err(AppendError::VersionTaken(winner)) => What::AppendTaken { event_id: winner.event.event_id.to_string() },
            Err(AppendError::Store(_)) => What::AppendUnknown,
        };
        self.note(&key, what);
        appended
    }

    async fn record_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        let key = refusal.key();
        self.note(&key, What::RefusalBegun { event_id: refusal.event_id.to_string() });
        let kept = self.inner.record_refusal(refusal).await;
        self.note(&key, if kept.is_ok() { What::RefusalKept } else { What::RefusalUnknown });
        kept
    }
}

impl From<&BreakFound> for Broken {
    fn from(found: &BreakFound) -> Self {
        Self { version: found.at.get(), content: found.content.to_string() }
    }
}

impl From<&QuarantineRecord> for What {
    fn from(record: &QuarantineRecord) -> Self {
        let released = record.releases().len();
        Self::RecordRead { found: record.entries.len() - released, released }
    }
}

impl<T: QuarantineLog> QuarantineLog for Observed<T> {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        let record = self.inner.quarantine(key).await;
        if let Ok(record) = &record {
            self.note(key, What::from(record));
        }
        record
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        let (key, about) = (entry.key(), Broken::from(&entry.about()));
        let (begun, kept, unknown) = match entry {
            QuarantineEntry::Quarantined(_) => {
                (What::QuarantineBegun(about), What::Quarantined, What::QuarantineUnknown)
            }
            QuarantineEntry::Released(_) => (What::ReleaseBegun(about), What::Released, What::ReleaseUnknown),
        };
        self.note(&key, begun);
        let recorded = self.inner.record_quarantine(entry).await;
        self.note(&key, if recorded.is_ok() { kept } else { unknown });
        recorded
    }
}

/// Claims and outcomes of recoveries change nothing for the workflow: they pass without a word.
impl<T: RecoveryLog> RecoveryLog for Observed<T> {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Recoveries, StoreError> {
        self.inner.recoveries(key, limit).await
    }

    async fn recoveries_after(
        &self,
        key: &WorkflowKey,
        after: Option<(Version, u32)>,
        limit: usize,
    ) -> Result<Vec<KeptRecovery>, StoreError> {
        self.inner.recoveries_after(key, after, limit).await
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        self.inner.claim_recovery(claim).await
    }

    async fn record_recovery(&self, record: &RecoveryRecord) -> Result<(), StoreError> {
        self.inner.record_recovery(record).await
    }
}

impl<T: TransitionRules> TransitionRules for Observed<T> {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let verdict = self.inner.judge(question).await;
        if let Ok(verdict) = &verdict {
            let what = if matches!(verdict, Verdict::Allow(_)) { What::RulesAllow } else { What::RulesDeny };
            self.note(&question.workflow.key, what);
        }
        verdict
    }
}

impl<T: WorkflowIndex> WorkflowIndex for Observed<T> {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        let entries = self.inner.entries(keys).await;
        if let Ok(entries) = &entries {
            for key in keys {
                let version = match entries.get(key) {
                    Some(Ok(entry)) => entry.published_version.get(),
                    Some(Err(_)) | None => 0,
                };
                self.note(key, What::IndexRead { version });
            }
        }
        entries
    }

    async fn advance_keeping(&self, entry: &IndexEntry, kept: &Labels) -> Result<Advanced, StoreError> {
        self.note(&entry.key, What::AdvanceBegun { version: entry.published_version.get() });
        let advanced = self.inner.advance_keeping(entry, kept).await;
        self.note(&entry.key, if advanced.is_ok() { What::Advanced } else { What::AdvanceUnknown });
        advanced
    }

    async fn mark_quarantined(&self, key: &WorkflowKey, created_at: Timestamp) -> Result<(), StoreError> {
        self.inner.mark_quarantined(key, created_at).await
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        let repaired = self.inner.repair(entry, seen).await;
        if repaired.is_ok() {
            self.note(&entry.key, What::Repaired { version: entry.published_version.get() });
        }
        repaired
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        self.inner.list(query).await
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        self.inner.count(tenant_id, state, reads_max).await
    }
}

impl<T: EventBus> EventBus for Observed<T> {
    /// Refusals' events have no version and no place in any order: they pass without a word.
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        for entry in entries {
            if let Some(version) = entry.version {
                let event_id = entry.event_id.to_string();
                self.note(&entry.key, What::PutBegun { version: version.get(), event_id });
            }
        }
        let put = self.inner.put(entries).await;
        for (place, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.version.is_some()) {
            let result = put.as_ref().ok().and_then(|results| results.get(place));
            let what = match result {
                Some(Ok(())) => What::PutTaken,
                Some(Err(EntryRefused::ForGood(_))) => What::PutUnwanted,
                Some(Err(EntryRefused::ForNow(_))) | None => What::PutUnknown,
            };
            self.note(&entry.key, what);
        }
        put
    }
}
