//! A log that breaks its contract and gives the same version again and again: every reader still ends.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::overdue::{Deadline, KeptOverdue, Overdue};
use alims_domain::quarantine::{BreakFound, QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::records::{KeptRecovery, Recoveries, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::get_workflow_history::{HistoryPosition, HistoryQuery, Include, get_workflow_history};
use alims_operations::ports::{
    AppendError, Claimed, LogError, LogWalk, Noted, OverdueLog, QuarantineLog, RecoveryLog, StoreError, WalkPart,
    WalkPosition, WorkflowLog,
};
use alims_operations::verify_workflow_history::{self, verify_workflow_history};
use alims_operations::{PublishPorts, ReadPorts, RebuildOptions, rebuild_index};
use alims_testing::builders::{a_chain, a_key, a_quarantine, a_release, version};
use alims_testing::{EverybodyMay, MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog, no_anchors};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::alice;
use crate::support::stream::{publish_events, ring};

/// More reads than any of these operations needs.
const READS_MAX: usize = 200;

/// Beyond its versions this log gives version 2 again, or says of that version that it cannot be read.
#[derive(Clone)]
struct Circling {
    log: MemoryLog,
    readable: bool,
    reads: Arc<AtomicUsize>,
}

impl Circling {
    async fn new(versions: usize, readable: bool) -> Self {
        let log = MemoryLog::default();
        for version in a_chain(&a_key("w"), versions, 1) {
            log.append(&version).await.unwrap();
        }
        Self { log, readable, reads: Arc::default() }
    }

    fn unreadable(key: &WorkflowKey) -> LogError {
        let why = "the same again".to_owned();
        LogError::Unreadable { key: key.clone(), version: version(2), content: ChainHash::of(b"same"), why }
    }
}

impl WorkflowLog for Circling {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        Err(Self::unreadable(key))
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        assert!(self.reads.fetch_add(1, Ordering::SeqCst) < READS_MAX, "it is read for ever");
        let page = self.log.versions(key, from, limit).await?;
        match page.is_empty() {
            false => Ok(page),
            true if self.readable => self.log.versions(key, version(2), 1).await,
            true => Err(Self::unreadable(key)),
        }
    }

    async fn newest_below(&self, key: &WorkflowKey, below: Version) -> Result<Option<StoredVersion>, LogError> {
        self.log.newest_below(key, below).await
    }

    async fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<KeptRefusal>, StoreError> {
        self.log.refusals(key, after, limit).await
    }

    async fn append(&self, version: &StoredVersion) -> Result<(), AppendError> {
        self.log.append(version).await
    }

    async fn record_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        self.log.record_refusal(refusal).await
    }
}

/// Every break is released.
impl RecoveryLog for Circling {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Recoveries, StoreError> {
        self.log.recoveries(key, limit).await
    }

    async fn recoveries_after(
        &self,
        key: &WorkflowKey,
        after: Option<(Version, u32)>,
        limit: usize,
    ) -> Result<Vec<KeptRecovery>, StoreError> {
        self.log.recoveries_after(key, after, limit).await
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        self.log.claim_recovery(claim).await
    }

    async fn record_recovery(&self, record: &RecoveryRecord) -> Result<(), StoreError> {
        self.log.record_recovery(record).await
    }
}

impl QuarantineLog for Circling {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        let numbers = (1..=9).map(version);
        let contents = [ChainHash::of(b"same"), ChainHash::genesis()];
        let found = numbers.flat_map(|at| {
            contents.clone().into_iter().flat_map(move |content| {
                let missing = BreakFound::nothing_is_left(at);
                [BreakFound::unreadable(at, content.clone()), BreakFound { content, ..missing }]
            })
        });
        let entries = found.flat_map(|found| [a_quarantine(key, &found), a_release(key, &found)]).collect();
        Ok(QuarantineRecord { entries, unreadable: Vec::new() })
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        self.log.record_quarantine(entry).await
    }
}

impl OverdueLog for Circling {
    async fn overdue_noted(&self, deadlines: &[Deadline]) -> Result<BTreeSet<Deadline>, StoreError> {
        self.log.overdue_noted(deadlines).await
    }

    async fn record_overdue(&self, overdue: &Overdue) -> Result<Noted, StoreError> {
        self.log.record_overdue(overdue).await
    }

    async fn overdue(
        &self,
        key: &WorkflowKey,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<KeptOverdue>, StoreError> {
        self.log.overdue(key, after, limit).await
    }
}

impl LogWalk for Circling {
    async fn part(&self, from: Option<&WalkPosition>) -> Result<WalkPart, StoreError> {
        self.log.part(from).await
    }
}

fn publishing(log: Circling) -> PublishPorts<Circling, MemoryIndex, MemoryBus> {
    PublishPorts { log, index: MemoryIndex::default(), bus: MemoryBus::default() }
}

#[tokio::test]
async fn a_history_of_a_log_that_circles_comes_to_an_end() {
    for readable in [true, false] {
        for limit in [1, 2, 3, 50] {
            let store = Circling::new(3, readable).await;
            let ports = ReadPorts { store, policy: Arc::new(EverybodyMay) };
            let (mut items, mut after) = (0, Some(HistoryPosition::default()));
            while let Some(position) = after {
                let query = HistoryQuery { include: Include::default(), after: position, limit };
                let page = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await.unwrap();
                items += page.items.len();
                after = page.next;
            }
            assert_eq!(items, 3, "at most {limit}");
        }
    }
}

#[tokio::test]
async fn a_verification_of_a_log_that_circles_comes_to_an_end() {
    for readable in [true, false] {
        let reading = ReadPorts { store: Circling::new(3, readable).await, policy: Arc::new(EverybodyMay) };
        let ports = verify_workflow_history::Ports { reading, index: MemoryIndex::default(), anchors: no_anchors() };
        let verified = verify_workflow_history(&ports, &alice(), &"w".parse().unwrap(), None).await.unwrap();
        // A version that can be read is broken by its own number.
        let broken_at = version(if readable { 2 } else { 4 });
        assert_eq!((verified.versions_checked, verified.broken.unwrap().at), (3, broken_at));
    }
}

#[tokio::test]
async fn a_rebuild_of_a_log_that_circles_comes_to_an_end() {
    for readable in [true, false] {
        let ports = publishing(Circling::new(3, readable).await);
        let options = RebuildOptions { published_before: None, workflows_at_once: 1, segments: 1, dry_run: false };
        rebuild_index(&ports, &options, |_| ControlFlow::Continue(())).await.unwrap();
    }
}

#[tokio::test]
async fn a_publication_of_a_log_that_circles_comes_to_an_end() {
    for readable in [true, false] {
        let ports = publishing(Circling::new(3, readable).await);
        let rung = a_chain(&a_key("w"), 6, 1).pop().unwrap();
        publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(&rung, 0)]).await;
        assert_eq!(ports.bus.accepted().len(), 3, "readable: {readable}");
    }
}
