//! What was changed or removed in the log behind the service's back is counted, and its workflow is locked.

use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{TenantId, Version, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::quarantine::{BreakFound, Quarantine, QuarantineEntry};
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_operations::PublishPorts;
use alims_operations::metrics::{LOG_CHANGES, Metric, QUARANTINES};
use alims_operations::ports::QuarantineLog;
use alims_operations::publish_events::{Image, LogChange, StreamRecord};
use alims_operations::verify_workflow_history::verify_workflow_history;
use alims_testing::builders::{a_key, a_key_of, a_refusal, version};
use alims_testing::{CallFault, Faulty, MemoryDeadLetters, MemoryLog, Script};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::assert_complete;
use crate::release_workflow::released;
use crate::support::faults::each_step_failed;
use crate::support::newer::{newer_in, w_0};
use crate::support::site::{Site, alter, assert_quarantined, moved, recovered, rung, versions_of, w};
use crate::support::stream::{filled, first_appearances, publish_events, ring};
use crate::verify_workflow_history::verifying;
use crate::{alice, publishing};

/// A change of the item at this version; the same number is the same record of the stream.
fn change_of(key: &WorkflowKey, at: u64, number: usize) -> LogChange {
    let hash = |text: &str| ChainHash::of(format!("{key} {number} {text}").as_bytes());
    LogChange {
        key: Some(key.clone()),
        item: format!("{key} v{at}"),
        found: BreakFound::new(version(at), BreakKind::Changed, hash("evidence")),
        version: Some(version(at)),
        before: Some(Image { content: hash("before"), event_id: None, hash: None }),
        after: Some(Image { content: hash("after"), event_id: None, hash: None }),
        by: None,
    }
}

fn record_of(change: LogChange, number: usize) -> StreamRecord {
    StreamRecord::Changed { sequence_number: number.to_string(), change: Box::new(change) }
}

fn changed(key: &WorkflowKey, at: u64, number: usize) -> StreamRecord {
    record_of(change_of(key, at, number), number)
}

async fn in_force(log: &MemoryLog, key: &WorkflowKey) -> Vec<Quarantine> {
    let record = log.quarantine(key).await.unwrap();
    record.in_force().into_iter().map(|in_force| in_force.recorded.unwrap()).collect()
}

/// The site of `w` with two published versions.
async fn site() -> Site {
    let site = Site::torn(&[State::Active]).await;
    rung(&site, &versions_of(&site)).await;
    site
}

fn ports_of(site: &Site) -> PublishPorts<MemoryLog, alims_testing::MemoryIndex, alims_testing::MemoryBus> {
    PublishPorts { log: site.log.clone(), index: site.index.clone(), bus: site.bus.clone() }
}

#[tokio::test]
async fn a_change_is_counted_and_locks_its_workflow_also_when_the_log_is_as_before() {
    let (site, letters) = (site().await, MemoryDeadLetters::default());
    let recorder = DebuggingRecorder::new();
    let counted = recorder.snapshotter();
    let guard = metrics::set_default_local_recorder(&recorder);
    let done = publish_events(&ports_of(&site), &letters, vec![changed(&a_key("w"), 1, 7)]).await;
    drop(guard);
    assert_eq!((done.accepted, done.failed, done.dead), (0, vec![], vec![]));
    assert_eq!(done.changes, [change_of(&a_key("w"), 1, 7)], "the function logs it");
    let metric =
        |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| (key.key().name().to_owned(), value);
    let counted: Vec<(String, DebugValue)> = counted.snapshot().into_vec().into_iter().map(metric).collect();
    let once = |metric: &Metric| (metric.name.to_owned(), DebugValue::Counter(1));
    assert_eq!(counted, [once(&LOG_CHANGES), once(&QUARANTINES)]);

    let recorded = in_force(&site.log, &a_key("w")).await;
    let recorded: Vec<_> = recorded.iter().map(|it| (it.found(), it.found_by.as_str(), it.version)).collect();
    assert_eq!(recorded, [(change_of(&a_key("w"), 1, 7).found, "publish-events", Some(version(2)))]);
    moved(&site, State::Paused).await.unwrap_err();
    // The record comes again, and another change of the same version.
    let again = vec![changed(&a_key("w"), 1, 7), changed(&a_key("w"), 1, 8)];
    publish_events(&ports_of(&site), &letters, again).await;
    assert_eq!(in_force(&site.log, &a_key("w")).await.len(), 2);
}

#[tokio::test]
async fn a_release_covers_the_change_that_it_names_and_no_later_one_and_a_verification_shows_both_for_ever() {
    let (site, letters) = (site().await, MemoryDeadLetters::default());
    publish_events(&ports_of(&site), &letters, vec![changed(&a_key("w"), 1, 7)]).await;
    assert_eq!(recovered(&site, 2, 1).await, OutcomeStatus::Quarantined);
    released(&site, "sue", "the item was put back").await.unwrap();
    moved(&site, State::Paused).await.unwrap();
    let done = publish_events(&ports_of(&site), &letters, vec![changed(&a_key("w"), 1, 7)]).await;
    assert_eq!((done.failed, done.dead, in_force(&site.log, &a_key("w")).await), (vec![], vec![], vec![]));
    let verified = verify_workflow_history(&verifying(site.log.clone()), &alice(), &w(), None).await.unwrap();
    assert_eq!(verified.broken, Some(Break { at: version(1), fault: BreakKind::Changed }));

    publish_events(&ports_of(&site), &letters, vec![changed(&a_key("w"), 1, 8)]).await;
    moved(&site, State::Active).await.unwrap_err();
    assert_eq!(in_force(&site.log, &a_key("w")).await.len(), 1);
}

#[tokio::test]
async fn a_recovery_records_what_a_change_has_left_beside_it() {
    let (site, letters) = (Site::torn(&[State::Active, State::Paused]).await, MemoryDeadLetters::default());
    rung(&site, &versions_of(&site)).await;
    alter(&site, 2, "forged");
    publish_events(&ports_of(&site), &letters, vec![changed(&a_key("w"), 2, 7)]).await;
    assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::Quarantined);
    let faults = async |site: &Site| -> Vec<BreakKind> {
        in_force(&site.log, &a_key("w")).await.iter().map(|recorded| recorded.fault).collect()
    };
    let mut both = faults(&site).await;
    both.sort_unstable();
    assert_eq!(both, [BreakKind::Altered, BreakKind::Changed]);
    // The end of the log was cut off.
    let (site, last) = (self::site().await, version(2));
    site.log.remove(&a_key("w"), last);
    publish_events(&ports_of(&site), &letters, vec![changed(&a_key("w"), 2, 7)]).await;
    assert_eq!(recovered(&site, 1, 1).await, OutcomeStatus::Quarantined);
    let mut both = faults(&site).await;
    both.sort_unstable();
    assert_eq!(both, [BreakKind::Missing, BreakKind::Changed]);
    assert_quarantined(moved(&site, State::Active).await, 2, both[0]);
}

#[tokio::test]
async fn a_change_survives_any_single_fault_and_blocks_no_other_workflow() {
    each_step_failed(async |script| {
        let (log, versions) = filled(&[2, 2]).await;
        let ports = PublishPorts { log: Faulty::new(log.clone(), script), ..publishing_over(&log) };
        let batch = || vec![changed(&a_key("w-00"), 1, 0), ring(&versions[2], 1), ring(&versions[3], 2)];
        let letters = MemoryDeadLetters::default();
        let first = publish_events(&ports, &letters, batch()).await;
        if first.failed.iter().any(|failed| failed.sequence_number == "0") {
            assert_eq!((first.accepted, first.failed.len()), (2, 1), "{:?}", script.calls());
        }
        // A stream hands over again what failed, and now and then what did not.
        let repeated = publish_events(&ports, &letters, batch()).await;
        for again in [first.failed, repeated.failed] {
            if !again.is_empty() {
                let done = publish_events(&ports, &letters, batch()).await;
                assert_eq!(done.failed, []);
            }
        }
        assert_eq!(letters.all(), []);
        assert_eq!(in_force(&log, &a_key("w-00")).await.len(), 1);
        assert_eq!(first_appearances(&ports.bus)[&a_key("w-01")], [1, 2]);
    })
    .await;
}

fn publishing_over(
    log: &MemoryLog,
) -> PublishPorts<Faulty<MemoryLog>, alims_testing::MemoryIndex, alims_testing::MemoryBus> {
    let PublishPorts { log, index, bus } = publishing(log);
    PublishPorts { log: Faulty::new(log, &Script::default()), index, bus }
}

#[tokio::test]
async fn a_version_that_was_changed_before_it_was_published_is_held_back_until_the_release() {
    let site = Site::torn(&[State::Active, State::Paused]).await;
    let (versions, letters) = (versions_of(&site), MemoryDeadLetters::default());
    alter(&site, 2, "forged");
    let batch = || {
        let records = versions.iter().zip(1..).map(|(stored, number)| ring(stored, number));
        records.chain([changed(&a_key("w"), 2, 4)]).collect::<Vec<_>>()
    };
    let done = publish_events(&ports_of(&site), &letters, batch()).await;
    assert_eq!((done.accepted, done.failed), (1, vec![]));
    let dead: Vec<&str> = done.dead.iter().map(|dead| dead.sequence_number.as_str()).collect();
    assert_eq!((dead, site.first_appearances()), (vec!["2", "3"], vec![1]));
    // Once a person has released the change, the log is published as it is.
    recovered(&site, 3, 1).await;
    released(&site, "sue", "compared with the backup").await.unwrap();
    assert_eq!(recovered(&site, 3, 2).await, OutcomeStatus::Recovered);
    assert_eq!(site.first_appearances(), [1, 2, 3]);
    let done = publish_events(&ports_of(&site), &letters, batch()).await;
    assert_eq!((done.failed, done.dead), (vec![], vec![]), "the batch comes late");
}

#[tokio::test]
async fn a_version_that_was_changed_is_held_back_in_later_batches_too_until_the_release() {
    let site = Site::torn(&[State::Active, State::Paused]).await;
    let (versions, letters) = (versions_of(&site), MemoryDeadLetters::default());
    alter(&site, 2, "forged");
    let first = vec![ring(&versions[0], 1), ring(&versions[1], 2), changed(&a_key("w"), 2, 3)];
    let done = publish_events(&ports_of(&site), &letters, first).await;
    assert_eq!((done.accepted, done.dead.len()), (1, 1));
    // Version 3 was appended before the workflow was locked, and its record comes after.
    let done = publish_events(&ports_of(&site), &letters, vec![ring(&versions[2], 4)]).await;
    assert_eq!((done.accepted, done.failed), (0, vec![]));
    let why: Vec<&str> = done.dead.iter().map(|dead| dead.why.as_str()).collect();
    assert_eq!(why, ["version 2 was changed or removed before this could be published: quarantined"]);
    assert_eq!(site.first_appearances(), [1]);
    recovered(&site, 3, 1).await;
    released(&site, "sue", "compared with the backup").await.unwrap();
    assert_eq!(recovered(&site, 3, 2).await, OutcomeStatus::Recovered);
    assert_eq!(site.first_appearances(), [1, 2, 3]);
}

#[tokio::test]
async fn what_comes_before_a_change_in_force_is_published_when_its_record_comes_late() {
    let site = Site::torn(&[State::Active, State::Paused]).await;
    let (versions, letters) = (versions_of(&site), MemoryDeadLetters::default());
    publish_events(&ports_of(&site), &letters, vec![changed(&a_key("w"), 2, 3)]).await;
    let done = publish_events(&ports_of(&site), &letters, vec![ring(&versions[2], 4)]).await;
    assert_eq!((done.accepted, done.dead.len(), site.first_appearances()), (1, 1, vec![1]));
}

#[tokio::test]
async fn a_version_is_not_published_while_its_change_cannot_be_recorded() {
    let (log, versions) = filled(&[2]).await;
    let script = Script::failing(0, CallFault::BeforeEffect);
    let ports = PublishPorts { log: Faulty::new(log.clone(), &script), ..publishing_over(&log) };
    let batch = vec![ring(&versions[0], 0), ring(&versions[1], 1), changed(&a_key("w-00"), 2, 2)];
    let done = publish_events(&ports, &MemoryDeadLetters::default(), batch).await;
    let failed: Vec<&str> = done.failed.iter().map(|failed| failed.sequence_number.as_str()).collect();
    assert_eq!((failed, done.accepted, done.dead), (vec!["1", "2"], 1, vec![]));
}

#[tokio::test]
async fn a_change_whose_key_names_no_workflow_becomes_a_dead_letter() {
    let (log, versions) = filled(&[1]).await;
    let (ports, letters) = (publishing(&log), MemoryDeadLetters::default());
    let stray = LogChange { key: None, item: "stray".to_owned(), ..change_of(&a_key("w-00"), 1, 0) };
    let done = publish_events(&ports, &letters, vec![record_of(stray, 0), ring(&versions[0], 1)]).await;
    assert_eq!((done.accepted, done.failed, done.dead.len(), done.changes.len()), (1, vec![], 1, 1));
    assert_eq!(letters.all()[0].key, "stray");
    assert_complete(&ports.bus, &ports.index, &[1]);
}

#[tokio::test]
async fn what_was_changed_into_an_item_of_a_newer_format_is_quarantined_all_the_same() {
    let log = newer_in(3);
    let done = publish_events(&publishing(&log), &MemoryDeadLetters::default(), vec![changed(&w_0(), 3, 0)]).await;
    assert_eq!((done.failed, done.dead), (vec![], vec![]));
    let recorded: Vec<Option<Version>> = in_force(&log, &w_0()).await.iter().map(|recorded| recorded.version).collect();
    assert_eq!(recorded, [None], "the newest version cannot be told");
}

#[tokio::test]
async fn a_removed_workflow_and_one_of_another_tenant_are_locked_and_no_other_is() {
    let (site, letters) = (site().await, MemoryDeadLetters::default());
    let elsewhere = a_key_of(&"elsewhere".parse::<TenantId>().unwrap(), "w");
    let gone = LogChange { after: None, ..change_of(&elsewhere, 1, 0) };
    let done = publish_events(&ports_of(&site), &letters, vec![record_of(gone, 0)]).await;
    assert_eq!((done.failed, done.dead), (vec![], vec![]));
    let recorded: Vec<Option<Version>> = in_force(&site.log, &elsewhere).await.iter().map(|it| it.version).collect();
    assert_eq!(recorded, [None], "nothing is left of it");
    moved(&site, State::Paused).await.unwrap();
}

#[tokio::test]
async fn a_changed_refusal_and_a_removed_quarantine_hold_no_event_back() {
    let (site, letters) = (Site::torn(&[State::Active]).await, MemoryDeadLetters::default());
    let beside = |at, number| record_of(LogChange { version: None, ..change_of(&a_key("w"), at, number) }, number);
    let refusal = StreamRecord::Refusal { sequence_number: "3".to_owned(), refusal: Box::new(a_refusal(&a_key("w"))) };
    let stored = versions_of(&site);
    let batch = vec![beside(1, 0), ring(&stored[0], 1), ring(&stored[1], 2), refusal, beside(2, 4)];
    let done = publish_events(&ports_of(&site), &letters, batch).await;
    assert_eq!((done.accepted, done.failed, done.dead), (3, vec![], vec![]));
    assert_eq!(in_force(&site.log, &a_key("w")).await.len(), 2);
    // The event of a quarantine goes out like any other.
    let entries = site.log.quarantine(&a_key("w")).await.unwrap().entries;
    let records = entries.iter().zip(5..).map(|(entry, number): (&QuarantineEntry, u32)| super::record(number, entry));
    let done = publish_events(&ports_of(&site), &letters, records.collect()).await;
    assert_eq!((done.accepted, done.failed), (2, vec![]));
}
