//! Ports that fail where a test says so: before the effect, or after it, when the answer is lost.
//!
//! To fail an operation at each of its steps: run it once with an empty [`Script`], count [`Script::calls`], then run
//! it afresh for every number below that count and both kinds of [`CallFault`].

use alims_domain::audit_entry::{KeptAuditEntry, StoredAuditEntry};
use alims_domain::bus_event::BusEvent;
use alims_domain::idempotency::RepeatableRequest;
use alims_domain::identifiers::{EventId, RecoveryId, TenantId, Version, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::overdue::{Deadline, KeptOverdue, Overdue};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::recovery::records::{KeptRecovery, Recoveries, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    ActivityLog, ActivityPage, ActivityQuery, Advanced, AppendError, AuditEntries, AuditPlace, AuditRecorded, BusError,
    Claimed, DeadLetter, DeadLetters, DeadlinePosition, DuePart, DueWorkflows, EntryRefused, EventBus, ExecutionStatus,
    ExportDocument, ExportLink, ExportPlace, ExportStarter, ExportStore, IndexCount, IndexEntries, IndexPage,
    IndexQuery, LogError, LogWalk, Noted, OpenPart, OpenWorkflows, OverdueLog, QuarantineLog, RecoveryLog,
    RecoveryStarter, RulesUnavailable, Start, StarterError, StoreError, SweepPosition, SweepPositions, TransitionRules,
    VersionsAt, WalkPart, WalkPosition, WorkflowIndex, WorkflowLog,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFault {
    /// Nothing was done.
    BeforeEffect,
    /// All was done, and the answer is lost.
    AfterEffect,
}

impl CallFault {
    /// Both.
    pub const ALL: [Self; 2] = [Self::BeforeEffect, Self::AfterEffect];
}

/// Which calls fail. One script can be shared by several ports: calls are counted over all of them, from 0.
#[derive(Clone, Debug, Default)]
pub struct Script(Arc<Mutex<Play>>);

#[derive(Debug, Default)]
struct Play {
    calls: Vec<&'static str>,
    faults: BTreeMap<usize, CallFault>,
    hangs: BTreeMap<usize, CallFault>,
    takes: Option<fn(&str) -> Duration>,
    happenings: BTreeMap<usize, Happening>,
}

/// An action of another writer.
struct Happening(Box<dyn FnOnce() + Send>);

impl fmt::Debug for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Happening")
    }
}

impl Script {
    /// Lets the call with this number fail, counted from 0 over the script's whole life.
    pub fn fail(&self, call: usize, fault: CallFault) {
        self.0.lock().unwrap().faults.insert(call, fault);
    }

    /// Lets the call with this number never answer, before its effect or after it.
    pub fn hang(&self, call: usize, when: CallFault) {
        self.0.lock().unwrap().hangs.insert(call, when);
    }

    /// Lets every call take so long, by its name.
    pub fn take(&self, how_long: fn(&str) -> Duration) {
        self.0.lock().unwrap().takes = Some(how_long);
    }

    /// Runs an action just before the call with this number, such as another writer's write.
    pub fn meanwhile(&self, call: usize, happens: impl FnOnce() + Send + 'static) {
        self.0.lock().unwrap().happenings.insert(call, Happening(Box::new(happens)));
    }

    /// A script in which just this call fails.
    #[must_use]
    pub fn failing(call: usize, fault: CallFault) -> Self {
        let script = Self::default();
        script.fail(call, fault);
        script
    }

    /// The calls so far, such as `log.append`.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().calls.clone()
    }

    async fn play<R, E>(
        &self,
        call: &'static str,
        failed: fn(&'static str) -> E,
        work: impl Future<Output = Result<R, E>> + Send,
    ) -> Result<R, E> {
        let (fault, happening, hang, takes) = {
            let mut play = self.0.lock().unwrap();
            let number = play.calls.len();
            play.calls.push(call);
            let happening = play.happenings.remove(&number);
            (play.faults.get(&number).copied(), happening, play.hangs.get(&number).copied(), play.takes)
        };
        if let Some(Happening(happens)) = happening {
            happens();
        }
        if let Some(how_long) = takes {
            // The call takes this long: the clock of such a test is paused, so no real time passes.
            tokio::time::sleep(how_long(call)).await;
        }
        if let Some(hang) = hang {
            if hang == CallFault::AfterEffect {
                drop(work.await);
            }
            return std::future::pending().await;
        }
        match fault {
            None => work.await,
            Some(CallFault::BeforeEffect) => Err(failed("failed on purpose, before the effect")),
            Some(CallFault::AfterEffect) => {
                drop(work.await);
                Err(failed("failed on purpose, after the effect"))
            }
        }
    }
}

/// A port that fails by a script.
#[derive(Clone, Debug)]
pub struct Faulty<T> {
    inner: T,
    script: Script,
}

impl<T> Faulty<T> {
    /// Lets calls of `inner` fail as `script` says.
    pub fn new(inner: T, script: &Script) -> Self {
        Self { inner, script: script.clone() }
    }

    /// The port without faults.
    pub fn inner(&self) -> &T {
        &self.inner
    }
}

fn store(why: &'static str) -> StoreError {
    StoreError::Unavailable(why.into())
}

fn log(why: &'static str) -> LogError {
    LogError::Store(store(why))
}

fn starter(why: &'static str) -> StarterError {
    StarterError::Unavailable(why.into())
}

fn bus(why: &'static str) -> BusError {
    BusError(why.into())
}

impl<T: WorkflowLog> WorkflowLog for Faulty<T> {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        self.script.play("log.head", log, self.inner.head(key)).await
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        self.script.play("log.versions", log, self.inner.versions(key, from, limit)).await
    }

    async fn versions_at(&self, keys: &[(WorkflowKey, Version)]) -> Result<VersionsAt, StoreError> {
        self.script.play("log.versions_at", store, self.inner.versions_at(keys)).await
    }

    async fn newest_below(&self, key: &WorkflowKey, below: Version) -> Result<Option<StoredVersion>, LogError> {
        self.script.play("log.newest_below", log, self.inner.newest_below(key, below)).await
    }

    async fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<KeptRefusal>, StoreError> {
        self.script.play("log.refusals", store, self.inner.refusals(key, after, limit)).await
    }

    async fn append(&self, version: &StoredVersion) -> Result<(), AppendError> {
        self.script.play("log.append", |why| AppendError::Store(store(why)), self.inner.append(version)).await
    }

    async fn record_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        self.script.play("log.record_refusal", store, self.inner.record_refusal(refusal)).await
    }
}

impl<T: ActivityLog> ActivityLog for Faulty<T> {
    async fn activity(&self, query: &ActivityQuery) -> Result<ActivityPage, StoreError> {
        self.script.play("log.activity", store, self.inner.activity(query)).await
    }
}

impl<T: AuditEntries> AuditEntries for Faulty<T> {
    async fn record_audit(&self, stored: &StoredAuditEntry) -> Result<AuditRecorded, StoreError> {
        self.script.play("log.record_audit", store, self.inner.record_audit(stored)).await
    }

    async fn audit_recorded(
        &self,
        tenant: &TenantId,
        request: &RepeatableRequest,
    ) -> Result<Option<AuditRecorded>, StoreError> {
        self.script.play("log.audit_recorded", store, self.inner.audit_recorded(tenant, request)).await
    }

    async fn audit_entries(
        &self,
        tenant: &TenantId,
        after: Option<&AuditPlace>,
        limit: usize,
    ) -> Result<Vec<(AuditPlace, KeptAuditEntry)>, StoreError> {
        self.script.play("log.audit_entries", store, self.inner.audit_entries(tenant, after, limit)).await
    }
}

impl<T: ExportStore> ExportStore for Faulty<T> {
    type Upload = T::Upload;

    async fn keep(&self, place: &ExportPlace, document: ExportDocument, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.script.play("exports.keep", store, self.inner.keep(place, document, bytes)).await
    }

    async fn kept(&self, place: &ExportPlace, document: ExportDocument) -> Result<Option<Vec<u8>>, StoreError> {
        self.script.play("exports.kept", store, self.inner.kept(place, document)).await
    }

    async fn archive(&self, place: &ExportPlace) -> Result<T::Upload, StoreError> {
        self.script.play("exports.archive", store, self.inner.archive(place)).await
    }

    /// An address is made without a call.
    async fn link(&self, place: &ExportPlace, now: Timestamp, seconds: u32) -> Result<ExportLink, StoreError> {
        self.inner.link(place, now, seconds).await
    }
}

impl<T: ExportStarter> ExportStarter for Faulty<T> {
    async fn start(&self, place: &ExportPlace) -> Result<(), StoreError> {
        self.script.play("starter.start_export", store, self.inner.start(place)).await
    }
}

impl<T: RecoveryLog> RecoveryLog for Faulty<T> {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Recoveries, StoreError> {
        self.script.play("log.recoveries", store, self.inner.recoveries(key, limit)).await
    }

    async fn recoveries_after(
        &self,
        key: &WorkflowKey,
        after: Option<(Version, u32)>,
        limit: usize,
    ) -> Result<Vec<KeptRecovery>, StoreError> {
        self.script.play("log.recoveries_after", store, self.inner.recoveries_after(key, after, limit)).await
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        self.script.play("log.claim_recovery", store, self.inner.claim_recovery(claim)).await
    }

    async fn record_recovery(&self, record: &RecoveryRecord) -> Result<(), StoreError> {
        self.script.play("log.record_recovery", store, self.inner.record_recovery(record)).await
    }
}

impl<T: QuarantineLog> QuarantineLog for Faulty<T> {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        self.script.play("log.quarantine", store, self.inner.quarantine(key)).await
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        self.script.play("log.record_quarantine", store, self.inner.record_quarantine(entry)).await
    }
}

impl<T: OverdueLog> OverdueLog for Faulty<T> {
    async fn overdue_noted(&self, deadlines: &[Deadline]) -> Result<BTreeSet<Deadline>, StoreError> {
        self.script.play("log.overdue_noted", store, self.inner.overdue_noted(deadlines)).await
    }

    async fn record_overdue(&self, overdue: &Overdue) -> Result<Noted, StoreError> {
        self.script.play("log.record_overdue", store, self.inner.record_overdue(overdue)).await
    }

    async fn overdue(
        &self,
        key: &WorkflowKey,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<KeptOverdue>, StoreError> {
        self.script.play("log.overdue", store, self.inner.overdue(key, after, limit)).await
    }
}

impl<T: DueWorkflows> DueWorkflows for Faulty<T> {
    async fn due_part(&self, until: Timestamp, from: Option<&WalkPosition>) -> Result<DuePart, StoreError> {
        self.script.play("index.due_part", store, self.inner.due_part(until, from)).await
    }

    async fn deadline_position(&self) -> Result<DeadlinePosition, StoreError> {
        self.script.play("index.deadline_position", store, self.inner.deadline_position()).await
    }

    async fn keep_deadline_position(&self, position: &DeadlinePosition) -> Result<(), StoreError> {
        self.script.play("index.keep_deadline_position", store, self.inner.keep_deadline_position(position)).await
    }
}

impl<T: SweepPositions> SweepPositions for Faulty<T> {
    async fn sweep_position(&self) -> Result<SweepPosition, StoreError> {
        self.script.play("index.sweep_position", store, self.inner.sweep_position()).await
    }

    async fn keep_sweep_position(&self, position: &SweepPosition) -> Result<(), StoreError> {
        self.script.play("index.keep_sweep_position", store, self.inner.keep_sweep_position(position)).await
    }
}

impl<T: RecoveryStarter> RecoveryStarter for Faulty<T> {
    async fn start(&self, document: &RecoveryDocument) -> Result<Start, StarterError> {
        self.script.play("starter.start", starter, self.inner.start(document)).await
    }

    async fn status(&self, recovery_id: &RecoveryId) -> Result<ExecutionStatus, StarterError> {
        self.script.play("starter.status", starter, self.inner.status(recovery_id)).await
    }
}

impl<T: LogWalk> LogWalk for Faulty<T> {
    async fn part(&self, from: Option<&WalkPosition>) -> Result<WalkPart, StoreError> {
        self.script.play("log.part", store, self.inner.part(from)).await
    }

    /// Says where to begin without a call.
    fn segments(&self, number: u16) -> Vec<Option<WalkPosition>> {
        self.inner.segments(number)
    }
}

impl<T: OpenWorkflows> OpenWorkflows for Faulty<T> {
    async fn open_part(&self, from: Option<&WalkPosition>) -> Result<OpenPart, StoreError> {
        self.script.play("index.open_part", store, self.inner.open_part(from)).await
    }
}

impl<T: WorkflowIndex> WorkflowIndex for Faulty<T> {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        self.script.play("index.entries", store, self.inner.entries(keys)).await
    }

    async fn advance_keeping(&self, entry: &IndexEntry, kept: &Labels) -> Result<Advanced, StoreError> {
        self.script.play("index.advance", store, self.inner.advance_keeping(entry, kept)).await
    }

    async fn mark_quarantined(&self, key: &WorkflowKey, created_at: Timestamp) -> Result<(), StoreError> {
        self.script.play("index.mark_quarantined", store, self.inner.mark_quarantined(key, created_at)).await
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        self.script.play("index.repair", store, self.inner.repair(entry, seen)).await
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        self.script.play("index.list", store, self.inner.list(query)).await
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        self.script.play("index.count", store, self.inner.count(tenant_id, state, reads_max)).await
    }
}

impl<T: EventBus> EventBus for Faulty<T> {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        self.script.play("bus.put", bus, self.inner.put(entries)).await
    }
}

impl<T: DeadLetters> DeadLetters for Faulty<T> {
    async fn put(&self, letter: &DeadLetter) -> Result<(), BusError> {
        self.script.play("dead_letters.put", bus, self.inner.put(letter)).await
    }
}

impl<T: TransitionRules> TransitionRules for Faulty<T> {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        self.script.play("rules.judge", |why| RulesUnavailable(why.into()), self.inner.judge(question)).await
    }
}
