//! Quarantine: a break below the head stops moves, a person releases it, the same break does not come back, another does.

use alims_domain::hash_chain::{Break, Fault};
use alims_domain::identifiers::{EventId, Version, WorkflowId, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{BreakId, QuarantineEntry, QuarantineRecord, WORKFLOW_QUARANTINED, WORKFLOW_RELEASED};
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::stored_version::StoredVersion;
use alims_operations::get_workflow_state::get_workflow_state;
use alims_operations::ports::{AppendError, LogError, QuarantineLog, StoreError, WorkflowLog};
use alims_operations::publish_events::{StreamRecord, publish_events};
use alims_operations::release_workflow::{ReleaseRequest, ReleaseWorkflowError, Released, Releasing, release_workflow};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, request_state_transition, try_state_transition,
};
use alims_operations::{Accepted, Quarantined, Reading};
use alims_testing::builders::{a_break, a_call, a_key, at, metadata, version};
use alims_testing::{
    EverybodyMay, Fault as PortFault, Faulty, FixedClock, MemoryDeadLetters, MemoryLog, NobodyMay, RulesThatAllow,
    Script, SequentialIds,
};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;

use super::{Site, carried_out, claimed, status};
use crate::publishing::ring;
use crate::{alice, allowing, deciding, to};

pub(super) fn w() -> WorkflowId {
    "w".parse().unwrap()
}

/// Somebody alters the metadata of a stored version and leaves its hash as it is.
pub(super) fn alter(site: &Site, altered: u64, to: &str) {
    let (versions, _) = site.log.entries(&a_key("w"));
    let mut stored: StoredVersion = versions[usize::try_from(altered).unwrap() - 1].clone();
    stored.event.metadata = metadata(&json!({"sample": to}));
    site.log.overwrite(stored);
}

pub(super) async fn recovered(site: &Site, at_version: u64, attempt: u32) -> OutcomeStatus {
    let document = claimed(site, at_version, attempt).await;
    status(&carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap())
}

pub(super) async fn moved(site: &Site, target: State) -> Result<Accepted, RequestStateTransitionError> {
    request_state_transition(&allowing(&site.log), &alice(), &w(), &to(target)).await
}

#[track_caller]
pub(super) fn assert_quarantined<T: std::fmt::Debug>(
    answer: Result<T, RequestStateTransitionError>,
    broken_at: u64,
    fault: Fault,
) {
    let expected = Quarantined(Break { at: version(broken_at), fault });
    assert!(matches!(&answer, Err(RequestStateTransitionError::Quarantined(it)) if *it == expected), "{answer:?}");
}

pub(super) fn releasing<L, I>(log: L, index: I) -> Releasing<L, I> {
    Releasing {
        log,
        index,
        policy: Arc::new(EverybodyMay),
        clock: Arc::new(FixedClock::new(at(90_000))),
        ids: Arc::new(SequentialIds::default()),
    }
}

pub(super) async fn released(site: &Site, by: &str, reason: &str) -> Result<Released, ReleaseWorkflowError> {
    let request = request_of(&site.log, reason).await;
    release_workflow(&releasing(site.log.clone(), site.index.clone()), &a_call(by), &w(), &request).await
}

/// The release of all that is in force, or of all that was; of some break where there never was one.
pub(super) async fn request_of(log: &MemoryLog, reason: &str) -> ReleaseRequest {
    let record = log.quarantine(&a_key("w")).await.unwrap();
    let in_force: BTreeSet<BreakId> = record.in_force().iter().map(|it| it.found.id()).collect();
    let released: BTreeSet<BreakId> = record.releases().iter().map(|it| it.covers().id()).collect();
    let breaks = [in_force, released, [a_break(9).id()].into()].into_iter().find(|ids| !ids.is_empty()).unwrap();
    ReleaseRequest { breaks, reason: reason.parse().unwrap() }
}

#[tokio::test]
async fn a_break_below_the_head_that_was_found_stops_every_move_and_no_reading() {
    let site = Site::torn(&[State::Active, State::Paused]).await;
    alter(&site, 2, "forged");
    assert!(moved(&site, State::Active).await.is_ok(), "nobody has found it yet, and the head is sound");
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Quarantined);
    assert_quarantined(moved(&site, State::Paused).await, 2, Fault::Altered);
    let dry = try_state_transition(&allowing(&site.log), &alice(), &w(), &to(State::Paused)).await;
    assert_quarantined(dry, 2, Fault::Altered);
    let reading = Reading { store: site.log.clone(), policy: Arc::new(EverybodyMay) };
    let now = get_workflow_state(&reading, &alice(), &w()).await.unwrap();
    assert_eq!(now.workflow.version, version(4));
    assert_eq!(now.quarantines.iter().map(|it| it.found.at).collect::<Vec<_>>(), [version(2)]);
    assert_eq!(site.log.entries(&a_key("w")).0.len(), 4);
}

#[tokio::test]
async fn whoever_may_not_move_it_is_not_told_of_its_quarantine() {
    let site = Site::torn(&[State::Active]).await;
    alter(&site, 1, "forged");
    assert_eq!(recovered(&site, 2, 1).await, OutcomeStatus::Quarantined);
    let mut ports = allowing(&site.log);
    ports.policy = Arc::new(NobodyMay);
    let answer = request_state_transition(&ports, &alice(), &w(), &to(State::Paused)).await;
    assert!(matches!(answer, Err(RequestStateTransitionError::Forbidden(_))), "{answer:?}");
}

#[tokio::test]
async fn a_release_lets_it_move_again_and_the_same_break_does_not_come_back_but_another_does() {
    let site = Site::torn(&[State::Active, State::Paused, State::Active]).await;
    alter(&site, 2, "forged");
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Quarantined);
    let release = released(&site, "sue", "compared with paper").await.unwrap();
    assert_eq!((release.releases.len(), release.repeated), (1, false));
    assert_eq!(release.releases[0].requested_by.as_str(), "sue");
    moved(&site, State::Paused).await.unwrap();
    // The same break is passed over, and all else is put in order.
    assert_eq!(recovered(&site, 5, 1).await, OutcomeStatus::Recovered);
    assert_eq!(recovered(&site, 5, 2).await, OutcomeStatus::AlreadyConsistent);
    // The same version altered once more, and another version.
    alter(&site, 2, "forged again");
    assert_eq!(recovered(&site, 5, 3).await, OutcomeStatus::Quarantined);
    assert_quarantined(moved(&site, State::Active).await, 2, Fault::Altered);
    released(&site, "sue", "compared once more").await.unwrap();
    alter(&site, 3, "forged");
    assert_eq!(recovered(&site, 5, 4).await, OutcomeStatus::Quarantined);
    assert_quarantined(moved(&site, State::Active).await, 3, Fault::Altered);
}

#[tokio::test]
async fn every_kind_of_break_can_be_passed_over_once_it_is_released() {
    for damage in [
        (|site: &Site| site.log.remove(&a_key("w"), version(2))) as fn(&Site),
        |site| {
            site.log.remove(&a_key("w"), version(2));
            site.log.remove(&a_key("w"), version(3));
        },
        |site| site.log.remove(&a_key("w"), version(1)),
        |site| site.log.damage(&a_key("w"), version(3), "no JSON (item 1)"),
        |site| alter(site, 1, "forged"),
        |site| alter(site, 5, "forged"),
        |site| {
            // Sealed again: it fits its hash, and the next does not follow from it.
            let mut forged = site.log.entries(&a_key("w")).0[2].clone();
            forged.event.metadata = metadata(&json!({"sample": "forged"}));
            forged.event = alims_domain::hash_chain::seal(forged.event).unwrap();
            site.log.overwrite(forged);
        },
    ] {
        let site = Site::torn(&[State::Active, State::Paused, State::Active, State::Paused]).await;
        damage(&site);
        let mut attempt = 1;
        let mut ended = recovered(&site, 5, attempt).await;
        while ended == OutcomeStatus::Quarantined {
            assert!(attempt < 4, "it does not end");
            released(&site, "sue", "looked at").await.unwrap();
            attempt += 1;
            ended = recovered(&site, 5, attempt).await;
        }
        assert!(attempt > 1, "nothing was found");
        assert_eq!(ended, OutcomeStatus::Recovered);
        assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
        let next = moved(&site, State::Active).await.unwrap();
        rung(&site, &[versions_of(&site).pop().unwrap()]).await;
        assert_eq!(site.bus.accepted().last().map(|event| event.event_id), Some(next.event.event_id));
    }
}

#[tokio::test]
async fn a_lost_end_of_the_history_is_released_and_the_index_made_good() {
    let site = Site::torn(&[State::Active, State::Paused, State::Active]).await;
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Recovered);
    site.log.remove(&a_key("w"), version(4));
    assert_eq!(recovered(&site, 4, 2).await, OutcomeStatus::Quarantined);
    assert_quarantined(moved(&site, State::Active).await, 4, Fault::Missing);
    released(&site, "sue", "version 4 is gone for good").await.unwrap();
    assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
    assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::AlreadyConsistent);
    moved(&site, State::Active).await.unwrap();
}

/// Rings for each of these versions by itself, and expects no dead letter.
pub(super) async fn rung(site: &Site, versions: &[StoredVersion]) {
    let ports = site.with(RulesThatAllow).publishing;
    for (stored, at) in versions.iter().zip(0..) {
        let published = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(stored, at)]).await;
        assert_eq!((published.failed, published.dead), (vec![], vec![]));
    }
}

pub(super) fn versions_of(site: &Site) -> Vec<StoredVersion> {
    site.log.entries(&a_key("w")).0
}

/// The end of a published history is lost, and that was found.
async fn beheaded() -> Site {
    let site = Site::torn(&[State::Active, State::Paused, State::Active, State::Paused]).await;
    rung(&site, &versions_of(&site)).await;
    site.log.remove(&a_key("w"), version(4));
    site.log.remove(&a_key("w"), version(5));
    assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::Quarantined);
    site
}

#[tokio::test]
async fn what_is_made_after_a_lost_end_was_released_is_published_in_order() {
    let site = beheaded().await;
    let before = site.bus.accepted().len();
    released(&site, "sue", "versions 4 and 5 are gone for good").await.unwrap();
    let mut made = Vec::new();
    for target in [State::Active, State::Paused, State::Active] {
        made.push(moved(&site, target).await.unwrap().event.event_id);
        rung(&site, &versions_of(&site)[made.len() + 2..]).await;
    }
    let published: Vec<EventId> = site.bus.accepted()[before..].iter().map(|event| event.event_id).collect();
    assert_eq!(published, made);
    assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
    assert_eq!(recovered(&site, 6, 1).await, OutcomeStatus::AlreadyConsistent);
}

#[tokio::test]
async fn a_version_made_while_a_lost_end_was_found_is_published_after_the_release() {
    let site = beheaded().await;
    let made = {
        let unaware = MemoryLog::default();
        versions_of(&site).into_iter().for_each(|stored| unaware.overwrite(stored));
        request_state_transition(&allowing(&unaware), &alice(), &w(), &to(State::Active)).await.unwrap();
        unaware.entries(&a_key("w")).0.pop().unwrap()
    };
    site.log.append(&made).await.unwrap();
    released(&site, "sue", "versions 4 and 5 are gone for good").await.unwrap();
    rung(&site, &[made]).await;
    assert_eq!(site.bus.accepted().last().map(|event| event.event_id), Some(site.head().event_id));
    assert_eq!(site.index.all(), [IndexEntry::from(&site.head())]);
}

#[tokio::test]
async fn a_release_of_another_break_leaves_the_witness_of_a_lost_end() {
    for broken in
        [(|site: &Site| alter(site, 2, "forged")) as fn(&Site), |site| site.log.remove(&a_key("w"), version(2))]
    {
        let site = Site::torn(&[State::Active, State::Paused, State::Active]).await;
        rung(&site, &versions_of(&site)).await;
        broken(&site);
        assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Quarantined);
        site.log.remove(&a_key("w"), version(4));
        let indexed = site.index.all();
        released(&site, "sue", "looked at version 2").await.unwrap();
        assert_eq!(site.index.all(), indexed);
        assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::Quarantined);
    }
}

#[tokio::test]
async fn what_is_not_quarantined_is_not_released_and_whoever_repeats_is_told_the_same() {
    let site = Site::torn(&[State::Active]).await;
    assert!(matches!(released(&site, "sue", "why not").await, Err(ReleaseWorkflowError::NotQuarantined(_))));
    alter(&site, 1, "forged");
    recovered(&site, 2, 1).await;
    let first = released(&site, "sue", "looked at").await.unwrap();
    let again = released(&site, "sue", "looked at").await.unwrap();
    assert_eq!((again.repeated, &again.releases), (true, &first.releases));
    for (by, reason) in [("bob", "looked at"), ("sue", "for another reason")] {
        assert!(matches!(released(&site, by, reason).await, Err(ReleaseWorkflowError::NotQuarantined(_))));
    }
    let mut ports = releasing(site.log.clone(), site.index.clone());
    ports.policy = Arc::new(NobodyMay);
    let request = request_of(&site.log, "please").await;
    let answer = release_workflow(&ports, &a_call("mallory"), &w(), &request).await;
    assert!(matches!(answer, Err(ReleaseWorkflowError::Forbidden(_))));
    assert_eq!(site.log.entries(&a_key("w")).1[0].operation, "release-workflow");
}

#[tokio::test]
async fn a_release_failed_anywhere_and_repeated_has_one_effect() {
    let attempt = async |script: &Script| {
        let site = beheaded().await;
        let ports = releasing(Faulty::new(site.log.clone(), script), Faulty::new(site.index.clone(), script));
        let request = request_of(&site.log, "looked at").await;
        let mut answers = Vec::new();
        for _ in 0..3 {
            let answer = release_workflow(&ports, &a_call("sue"), &w(), &request).await;
            let released = !site.log.quarantine(&a_key("w")).await.unwrap().releases().is_empty();
            let made_good = site.index.all() == [IndexEntry::from(&site.head())];
            assert!(made_good || !released, "whoever may move it finds the index as it should be");
            answers.extend(answer.ok().map(|it| it.releases));
        }
        assert!(answers.len() >= 2 && answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        assert_eq!(site.log.quarantine(&a_key("w")).await.unwrap().entries.len(), 2);
    };
    let script = Script::default();
    attempt(&script).await;
    assert!(script.calls().contains(&"index.repair"), "{:?}", script.calls());
    for call in 0..script.calls().len() {
        for fault in PortFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

/// A log that answers the two reads of a move only when both are asked.
#[derive(Clone)]
struct BothAsked(MemoryLog, Arc<Barrier>);

impl WorkflowLog for BothAsked {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        self.1.wait().await;
        self.0.head(key).await
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        self.0.versions(key, from, limit).await
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

impl QuarantineLog for BothAsked {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        self.1.wait().await;
        self.0.quarantine(key).await
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        self.0.record_quarantine(entry).await
    }
}

#[tokio::test]
async fn a_move_makes_no_third_call_that_waits_for_another() {
    let site = Site::torn(&[State::Active]).await;
    let script = Script::default();
    let ports = deciding(Faulty::new(site.log.clone(), &script), RulesThatAllow);
    request_state_transition(&ports, &alice(), &w(), &to(State::Paused)).await.unwrap();
    assert_eq!(script.calls(), ["log.head", "log.quarantine", "log.append"]);
    let at_once = deciding(BothAsked(site.log.clone(), Arc::new(Barrier::new(2))), RulesThatAllow);
    let request = to(State::Active);
    let (call, id) = (alice(), w());
    let moved = request_state_transition(&at_once, &call, &id, &request);
    let moved = tokio::time::timeout(Duration::from_secs(30), moved).await;
    moved.expect("one read waits for the other").unwrap();
}

#[tokio::test]
async fn a_quarantine_and_its_release_are_published() {
    let site = Site::torn(&[State::Active]).await;
    alter(&site, 1, "forged");
    recovered(&site, 2, 1).await;
    released(&site, "sue", "looked at").await.unwrap();
    let entries = site.log.quarantine(&a_key("w")).await.unwrap().entries;
    let batch: Vec<StreamRecord> = entries.iter().zip(1..).map(|(entry, number)| record(number, entry)).collect();
    let ports = crate::publishing(&site.log);
    let published = publish_events(&ports, &MemoryDeadLetters::default(), batch).await;
    assert_eq!((published.accepted, published.failed.len(), published.dead.len()), (2, 0, 0));
    let kinds: Vec<&str> = ports.bus.accepted().iter().map(|event| event.detail_type).collect();
    assert_eq!(kinds, [WORKFLOW_QUARANTINED, WORKFLOW_RELEASED]);
}

fn record(number: u32, entry: &QuarantineEntry) -> StreamRecord {
    StreamRecord::Quarantine { sequence_number: number.to_string(), entry: Box::new(entry.clone()) }
}
