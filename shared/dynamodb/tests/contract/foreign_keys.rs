//! Entries under keys that this service does not make: every read passes them, goes strictly forward, and comes to an end.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::EventId;
use alims_domain::overdue::KeptOverdue;
use alims_domain::quarantine::BreakFound;
use alims_domain::recovery::outcome::Trigger;
use alims_domain::recovery::{RecoveryPlan, plan};
use alims_domain::refusal::KeptRefusal;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::get_workflow_history::{
    HistoryItem, HistoryPosition, HistoryQuery, Include, Unreadable, get_workflow_history,
};
use alims_operations::ports::{LogError, OverdueLog, QuarantineLog, WorkflowLog};
use alims_operations::verify_workflow_history::{self, verify_workflow_history};
use alims_operations::{Anomaly, PublishPorts, ReadPorts, RebuildOptions, assess, rebuild_index};
use alims_testing::builders::{a_call, a_chain, a_key, a_quarantine, a_refusal, a_release, an_overdue, at, version};
use alims_testing::{EverybodyMay, MemoryBus, MemoryIndex, MemoryWitness, no_anchors};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::tampered_log::{TamperedLog, a_tampered_log};

/// More pages than any history here has.
const PAGES_MAX: usize = 40;

/// Keys that name no version as this service names one. As texts they stand before, between and behind versions.
const FOREIGN: [&[&str]; 9] = [
    &["v#5"],
    &["v#00000000005"],
    &["v#x"],
    &["v#1"],
    &["v#"],
    &["v#+5", "v#-5"],
    &["v#0000000003x"],
    &["v#00000000045"],
    &["v#5", "v#00000000005", "v#x", "v#1", "v#", "v#5x", "v#0000000003x", "v#00000000045", "v#9999999999x"],
];

async fn a_log(versions: usize, foreign: &[&str]) -> (TamperedLog, Vec<StoredVersion>) {
    let log = a_tampered_log().await;
    let chain = a_chain(&a_key("w"), versions, 1);
    for version in &chain {
        log.log.append(version).await.unwrap();
    }
    for entry in foreign {
        log.put(&a_key("w"), entry).await;
    }
    (log, chain)
}

/// Every kind of entry.
const INCLUDE: Include = Include { refusals: true, quarantines: true, recoveries: true, overdue: true, changes: true };

fn reading(log: &TamperedLog) -> ReadPorts<alims_dynamodb::DynamoLog> {
    ReadPorts { store: log.log.clone(), policy: Arc::new(EverybodyMay) }
}

/// The versions that the pages of a history show, and the versions in whose place something else lies.
async fn paged(log: &TamperedLog, limit: usize) -> (Vec<u64>, Vec<u64>) {
    let (mut seen, mut foreign, mut all) = (Vec::new(), Vec::new(), Vec::<u64>::new());
    let mut after = Some(HistoryPosition::default());
    for _ in 0..PAGES_MAX {
        let Some(position) = after else {
            assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
            return (seen, foreign);
        };
        let query = HistoryQuery { include: INCLUDE, after: position, limit };
        let page = get_workflow_history(&reading(log), &a_call("alice"), &"w".parse().unwrap(), query).await.unwrap();
        for item in page.items {
            let (version, of_its_kind) = match item {
                HistoryItem::Version(event) => (event.version, &mut seen),
                HistoryItem::Unreadable(Unreadable::Version { version, .. }) => (version, &mut foreign),
                other => panic!("{other:?}"),
            };
            of_its_kind.push(version.get());
            all.push(version.get());
        }
        after = page.next;
    }
    panic!("a page follows a page for ever: {all:?}");
}

#[tokio::test]
async fn the_pages_of_a_history_come_to_an_end_and_hide_no_version_whatever_keys_are_there() {
    for foreign in FOREIGN {
        for versions in [1, 3, 4, 6] {
            let (log, chain) = a_log(versions, foreign).await;
            let expected: Vec<u64> = chain.iter().map(|stored| stored.event.version.get()).collect();
            for limit in [1, 2, 100] {
                assert_eq!(paged(&log, limit).await.0, expected, "{foreign:?}, {limit} a page");
            }
        }
    }
}

#[tokio::test]
async fn an_entry_behind_all_versions_is_shown_in_the_history_and_keeps_it_from_being_sound() {
    for (foreign, shown) in [("v#5", 4_999_999_999), ("v#x", 9_999_999_999), ("v#1", 999_999_999)] {
        for versions in [3, 4, 5, 8] {
            let (log, _) = a_log(versions, &[foreign]).await;
            for limit in [1, 100] {
                assert_eq!(paged(&log, limit).await.1, [shown], "{foreign}");
            }
            let head = log.log.head(&a_key("w")).await;
            assert!(matches!(&head, Err(LogError::Unreadable { version, .. }) if version.get() == shown), "{head:?}");
            let verified =
                verify_workflow_history(&verifying(&log), &a_call("alice"), &"w".parse().unwrap(), None).await;
            let broken = verified.unwrap().broken.unwrap();
            assert_eq!(broken.at, version(versions as u64 + 1), "{foreign}");
        }
    }
}

fn verifying(
    log: &TamperedLog,
) -> verify_workflow_history::Ports<alims_dynamodb::DynamoLog, MemoryIndex, MemoryWitness> {
    verify_workflow_history::Ports { reading: reading(log), index: MemoryIndex::default(), anchors: no_anchors() }
}

async fn rebuilt(log: &TamperedLog) -> Vec<Anomaly> {
    let ports = PublishPorts { log: log.log.clone(), index: MemoryIndex::default(), bus: MemoryBus::default() };
    let options = RebuildOptions { published_before: None, workflows_at_once: 1, segments: 1, dry_run: false };
    let done = rebuild_index(&ports, &options, |_| ControlFlow::Continue(()));
    let done = tokio::time::timeout(Duration::from_secs(30), done).await;
    let Ok(done) = done else { panic!("a rebuild goes in a circle") };
    done.unwrap().findings.into_iter().map(|finding| finding.anomaly).collect()
}

async fn release(log: &TamperedLog, found: &BreakFound) {
    log.log.record_quarantine(&a_quarantine(&a_key("w"), found)).await.unwrap();
    log.log.record_quarantine(&a_release(&a_key("w"), found)).await.unwrap();
}

/// With every break that is found one after the other released, as well.
#[tokio::test]
async fn a_rebuild_and_an_assessment_come_to_an_end_whatever_keys_are_there() {
    for foreign in FOREIGN {
        for versions in [3, 4] {
            let (log, _) = a_log(versions, foreign).await;
            let mut released = 0;
            loop {
                let anomalies = rebuilt(&log).await;
                assert!(anomalies.contains(&Anomaly::Stray), "{foreign:?}");
                let (index, key) = (MemoryIndex::default(), a_key("w"));
                let assessed = assess(&log.log, &index, &key);
                let findings = tokio::time::timeout(Duration::from_secs(30), assessed).await;
                let findings = findings.expect("an assessment goes in a circle").unwrap();
                let RecoveryPlan::Quarantine(found) = plan(&findings, Trigger::Sweep) else { break };
                release(&log, &found).await;
                released += 1;
                assert!(released < 30, "{foreign:?}: breaks without end");
            }
        }
    }
}

/// As texts they stand before, between and behind those of refusals.
#[tokio::test]
async fn a_page_of_refusals_is_full_whatever_keys_are_there() {
    let (log, key) = (a_tampered_log().await, a_key("w"));
    let refusals: Vec<_> = (0..5).map(|_| a_refusal(&key)).collect();
    for refusal in &refusals {
        log.log.record_refusal(refusal).await.unwrap();
    }
    let id = |place: usize| refusals[place].event_id.to_string();
    for entry in [
        "r#".to_owned(),
        "r#x".to_owned(),
        format!("r#{}", id(0).to_uppercase()),
        format!("r#{}", id(1).replace('-', "")),
        format!("r#{{{}}}", id(2)),
        format!("r#{}#x", id(3)),
        format!("r#{}!", id(3)),
    ] {
        log.put(&key, &entry).await;
    }
    let foreign: Vec<String> = (0..250).map(|number| format!("r#{}#{number}", id(2))).collect();
    for entry in &foreign {
        log.put(&key, entry).await;
    }
    for limit in 1..=6 {
        let (mut seen, mut after): (Vec<EventId>, _) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = log.log.refusals(&key, after, limit).await.unwrap();
            seen.extend(page.iter().map(KeptRefusal::event_id));
            after = seen.last().copied();
            if page.len() < limit {
                break;
            }
        }
        assert_eq!(seen, refusals.iter().map(|refusal| refusal.event_id).collect::<Vec<_>>(), "at most {limit}");
    }
}

/// As texts they stand before, between and behind those of due dates. None of them is a record of a due date.
#[tokio::test]
async fn a_page_of_due_dates_is_full_whatever_keys_are_there() {
    let (log, key) = (a_tampered_log().await, a_key("w"));
    let dates: Vec<Timestamp> = (1..=5).map(|number| at(number * 1000)).collect();
    for due_at in &dates {
        log.log.record_overdue(&an_overdue(&key, *due_at)).await.unwrap();
    }
    let text = |place: usize| dates[place].to_string();
    for entry in [
        "d#".to_owned(),
        "d#x".to_owned(),
        "d#9999999999".to_owned(),
        format!("d#{}", text(0).to_lowercase()),
        format!("d#{}", text(1).replace('Z', "+00:00")),
        format!("d#{}#x", text(3)),
        format!("d#{}!", text(3)),
    ] {
        log.put(&key, &entry).await;
    }
    for limit in 1..=6 {
        let (mut seen, mut after): (Vec<Timestamp>, _) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = log.log.overdue(&key, after, limit).await.unwrap();
            seen.extend(page.iter().map(KeptOverdue::due_at));
            after = seen.last().copied();
            if page.len() < limit {
                break;
            }
        }
        assert_eq!(seen, dates, "at most {limit}");
    }
}

#[tokio::test]
async fn an_entry_that_is_no_version_is_a_break_by_what_is_stored_there() {
    let (log, _) = a_log(3, &["v#5"]).await;
    let Err(LogError::Unreadable { content, .. }) = log.log.head(&a_key("w")).await else { panic!("no error") };
    assert_ne!(content, ChainHash::genesis());
    let same = log.log.versions(&a_key("w"), version(4), 5).await;
    assert!(matches!(&same, Err(LogError::Unreadable { content: it, .. }) if *it == content), "{same:?}");
}
