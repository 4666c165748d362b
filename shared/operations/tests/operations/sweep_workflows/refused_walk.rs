//! What a sweep does when the log refuses to be walked: it begins anew once, and only for a position it was given.

use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::quarantine::{QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::records::{KeptRecovery, Recoveries, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::stored_version::StoredVersion;
use alims_operations::StartPorts;
use alims_operations::ports::{
    AppendError, Claimed, LogError, LogWalk, QuarantineLog, RecoveryLog, StoreError, SweepPosition, SweepPositions,
    WalkPart, WalkPosition, WorkflowLog,
};
use alims_operations::sweep_workflows::{self, Swept, sweep_workflows};
use alims_testing::builders::{a_created, at};
use alims_testing::{FixedClock, MemoryIndex, MemoryLog, MemoryPositions, MemoryStarter, SequentialIds};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A log that refuses one call for a part of it, counted from 0, and no other.
#[derive(Clone)]
struct Refusing {
    log: MemoryLog,
    call: usize,
    calls: Arc<AtomicUsize>,
}

impl LogWalk for Refusing {
    async fn part(&self, from: Option<&WalkPosition>) -> Result<WalkPart, StoreError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.call {
            return Err(StoreError::Refused("refused on purpose".into()));
        }
        self.log.part(from).await
    }
}

impl WorkflowLog for Refusing {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        self.log.head(key).await
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        self.log.versions(key, from, limit).await
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

impl RecoveryLog for Refusing {
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

impl QuarantineLog for Refusing {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        self.log.quarantine(key).await
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        self.log.record_quarantine(entry).await
    }
}

/// What a sweep of three workflows, one a part, does when one of its calls for a part is refused.
async fn swept(position: Option<&str>, refused: usize) -> Result<Swept, StoreError> {
    let log = MemoryLog::default().walking_at_most(1);
    ["a", "b", "c"].into_iter().for_each(|id| log.overwrite(a_created(id)));
    let positions = MemoryPositions::default();
    let round = position.map(|position| WalkPosition(position.to_owned()));
    positions.keep_sweep_position(&SweepPosition { round, ..SweepPosition::default() }).await.unwrap();
    let log = Refusing { log, call: refused, calls: Arc::default() };
    let clock = Arc::new(FixedClock::new(at(3_600_000)));
    let starting = StartPorts { log, starter: MemoryStarter::default(), clock };
    let ids = Arc::new(SequentialIds::default());
    sweep_workflows(&sweep_workflows::Ports { starting, index: MemoryIndex::default(), positions, ids }).await
}

#[tokio::test]
async fn a_walk_begins_anew_when_the_position_it_was_given_is_refused() {
    // The position says that "a" was looked at already; the walk that begins anew looks at it too.
    let given = Some("default/a/v0000000001");
    assert_eq!(swept(given, usize::MAX).await.unwrap().workflows, 2);
    assert_eq!(swept(given, 0).await.unwrap().workflows, 3);
}

#[tokio::test]
async fn a_log_that_refuses_a_walk_from_its_beginning_or_on_its_way_is_not_asked_again_and_again() {
    for (position, refused) in [(None, 0), (None, 1), (Some("default/a/v0000000001"), 1)] {
        let answer = swept(position, refused).await;
        assert!(matches!(answer, Err(StoreError::Refused(_))), "{position:?}, call {refused}: {answer:?}");
    }
}
