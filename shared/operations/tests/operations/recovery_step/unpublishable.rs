//! What the log keeps from the bus: a recovery that cannot publish says so, and why.

use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::quarantine::{QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::records::{KeptRecovery, Recoveries, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::stored_version::StoredVersion;
use alims_operations::PublishPorts;
use alims_operations::ports::{AppendError, Claimed, LogError, QuarantineLog, RecoveryLog, StoreError, WorkflowLog};
use alims_testing::builders::a_key;
use alims_testing::{MemoryLog, RulesThatAllow};

use crate::support::site::{Site, carried_out, claimed, recovering};

/// How many versions the recovery of `w` asks for to publish them; whoever looks at the history asks for more at once.
const TO_PUBLISH: usize = 3;

/// A log that shows its versions to those who look, and not to those who publish.
#[derive(Clone)]
struct Withholding(MemoryLog);

impl WorkflowLog for Withholding {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        self.0.head(key).await
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        if limit == TO_PUBLISH { Ok(Vec::new()) } else { self.0.versions(key, from, limit).await }
    }

    async fn newest_below(&self, key: &WorkflowKey, below: Version) -> Result<Option<StoredVersion>, LogError> {
        self.0.newest_below(key, below).await
    }

    async fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<KeptRefusal>, StoreError> {
        self.0.refusals(key, after, limit).await
    }

    async fn append(&self, version: &StoredVersion) -> Result<(), AppendError> {
        self.0.append(version).await
    }

    async fn record_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        self.0.record_refusal(refusal).await
    }
}

impl QuarantineLog for Withholding {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        self.0.quarantine(key).await
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        self.0.record_quarantine(entry).await
    }
}

impl RecoveryLog for Withholding {
    async fn recoveries(&self, key: &WorkflowKey, limit: usize) -> Result<Recoveries, StoreError> {
        self.0.recoveries(key, limit).await
    }

    async fn recoveries_after(
        &self,
        key: &WorkflowKey,
        after: Option<(Version, u32)>,
        limit: usize,
    ) -> Result<Vec<KeptRecovery>, StoreError> {
        self.0.recoveries_after(key, after, limit).await
    }

    async fn claim_recovery(&self, claim: &RecoveryClaim) -> Result<Claimed, StoreError> {
        self.0.claim_recovery(claim).await
    }

    async fn record_recovery(&self, record: &RecoveryRecord) -> Result<(), StoreError> {
        self.0.record_recovery(record).await
    }
}

#[tokio::test]
async fn a_version_that_can_never_be_published_ends_the_recovery_with_that_cause() {
    let site = Site::torn(&[State::Active, State::Paused]).await;
    let PublishPorts { log, index, bus } = site.with(RulesThatAllow).publishing;
    let ports = recovering(PublishPorts { log: Withholding(log), index, bus }, RulesThatAllow);
    let ended = carried_out(&ports, claimed(&site, 3, 1).await, 0).await.unwrap();
    let outcome = ended.outcome.unwrap();
    assert_eq!(outcome.error.as_deref(), Some("CannotPublish"));
    assert_eq!(outcome.cause.as_deref(), Some("version 1 is not in the log"));
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_for_good_ends_the_recovery_with_that_cause() {
    let site = Site::torn(&[State::Active, State::Paused]).await;
    let second = site.log.entries(&a_key("w")).0[1].event.event_id;
    site.bus.never_accepts(second);
    let ports = site.with(RulesThatAllow);
    let ended = carried_out(&ports, claimed(&site, 3, 1).await, 0).await.unwrap();
    let outcome = ended.outcome.unwrap();
    assert_eq!(outcome.error.as_deref(), Some("EventRefused"));
    assert!(outcome.cause.as_deref().unwrap().contains("the bus refuses version 2 for good"), "{outcome:?}");
    assert_eq!(site.first_appearances(), [1]);

    site.bus.accepts_all();
    carried_out(&ports, claimed(&site, 3, 2).await, 0).await.unwrap();
    site.assert_in_order();
}
