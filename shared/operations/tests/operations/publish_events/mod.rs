//! Publishing what the stream of the log hands over: in order, each version once, and dead letters for what cannot be.

mod bus_calls;
mod changes;
mod looked_up;
mod refused_for_good;
mod released;

use alims_domain::event::WorkflowEvent;
use alims_domain::lifecycle::State;
use alims_domain::overdue::WORKFLOW_OVERDUE;
use alims_domain::quarantine::{QuarantineEntry, WORKFLOW_QUARANTINED, WORKFLOW_RELEASED};
use alims_operations::PublishPorts;
use alims_operations::ports::{NewerFormat, QuarantineLog};
use alims_operations::publish_events::StreamRecord;
use alims_testing::builders::{a_key, a_move, a_refusal, an_overdue, at, sealed, version};
use alims_testing::{CallFault, Faulty, MemoryBus, MemoryDeadLetters, MemoryIndex, NextPut, Script};

use crate::publishing;
use crate::release_workflow::released;
use crate::support::newer::{newer_in, w_0};
use crate::support::site::{Site, alter, recovered};
use crate::support::stream::{filled, first_appearances, publish_events, ring};

pub(crate) fn assert_complete(bus: &MemoryBus, index: &MemoryIndex, lengths: &[usize]) {
    let seen = first_appearances(bus);
    for (number, length) in lengths.iter().enumerate() {
        let key = a_key(&format!("w-{number:02}"));
        assert_eq!(seen[&key], (1..=*length as u64).collect::<Vec<_>>(), "{key}");
    }
    let published: Vec<u64> = index.all().iter().map(|entry| entry.published_version.get()).collect();
    assert_eq!(published, lengths.iter().map(|length| *length as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_version_that_cannot_be_read_becomes_a_dead_letter_and_blocks_no_other_workflow() {
    let (log, versions) = filled(&[3, 2]).await;
    log.damage(&a_key("w-00"), version(2), "a bit fell over");
    let ports = publishing(&log);
    let dead_letters = MemoryDeadLetters::default();
    // The records of versions 1 and 3 of the first workflow, and all of the second.
    let batch = [0, 2, 3, 4].map(|at: usize| ring(&versions[at], at)).to_vec();
    let published = publish_events(&ports, &dead_letters, batch).await;
    assert_eq!(published.failed, []);
    assert_eq!(dead_letters.all(), published.dead);
    assert_eq!(dead_letters.all().iter().map(|dead| dead.sequence_number.as_str()).collect::<Vec<_>>(), ["2"]);
    let seen = first_appearances(&ports.bus);
    assert_eq!((&seen[&a_key("w-00")], &seen[&a_key("w-01")]), (&vec![1], &vec![1, 2]));
}

#[tokio::test]
async fn a_version_other_than_the_published_one_becomes_a_dead_letter_and_is_not_skipped() {
    let (log, versions) = filled(&[2]).await;
    let ports = publishing(&log);
    let dead_letters = MemoryDeadLetters::default();
    publish_events(&ports, &dead_letters, vec![ring(&versions[1], 1)]).await;
    // The log loses its last version and goes on without it.
    let other = sealed(WorkflowEvent { timestamp: at(999_999), ..versions[1].event.clone() });
    log.overwrite(other.clone());
    let published = publish_events(&ports, &dead_letters, vec![ring(&other, 2)]).await;
    assert_eq!((published.accepted, published.failed.len(), dead_letters.all().len()), (0, 0, 1));
    assert_eq!(first_appearances(&ports.bus)[&a_key("w-00")], [1, 2]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_becomes_a_dead_letter_or_comes_again() {
    let (log, versions) = filled(&[1]).await;
    let ports = publishing(&log);
    let unreadable = StreamRecord::Unreadable { sequence_number: "7".into(), key: "k".into(), why: "no pk".into() };
    let dead_letters = MemoryDeadLetters::default();
    let batch = vec![unreadable.clone(), ring(&versions[0], 8)];
    let published = publish_events(&ports, &dead_letters, batch).await;
    assert_eq!((published.accepted, published.failed.len(), dead_letters.all().len()), (1, 0, 1));
    let full = Faulty::new(MemoryDeadLetters::default(), &Script::failing(0, CallFault::BeforeEffect));
    let published = publish_events(&ports, &full, vec![unreadable]).await;
    assert_eq!(published.failed[0].sequence_number, "7");
}

#[tokio::test]
async fn refusals_are_published_as_they_come_and_only_the_failed_come_again() {
    let (log, _) = filled(&[1]).await;
    let ports = publishing(&log);
    ports.bus.then(NextPut::RefuseEntries(vec![0]));
    let record = |at: usize| StreamRecord::Refusal {
        sequence_number: at.to_string(),
        refusal: Box::new(a_refusal(&a_key("w-00"))),
    };
    let published = publish_events(&ports, &MemoryDeadLetters::default(), vec![record(1), record(2)]).await;
    assert_eq!(published.accepted, 1);
    assert_eq!(published.failed.iter().map(|failed| failed.sequence_number.as_str()).collect::<Vec<_>>(), ["1"]);
}

/// One workflow may have several due dates that passed: they have no order.
#[tokio::test]
async fn records_of_due_dates_are_published_as_they_come_and_only_the_failed_come_again() {
    let (log, _) = filled(&[1]).await;
    let ports = publishing(&log);
    ports.bus.then(NextPut::RefuseEntries(vec![0]));
    let record = |number: i64| StreamRecord::Overdue {
        sequence_number: number.to_string(),
        overdue: Box::new(an_overdue(&a_key("w-00"), at(number))),
    };
    let letters = MemoryDeadLetters::default();
    let published = publish_events(&ports, &letters, vec![record(1), record(2)]).await;
    assert_eq!((published.accepted, letters.all().len()), (1, 0));
    assert_eq!(published.failed.iter().map(|failed| failed.sequence_number.as_str()).collect::<Vec<_>>(), ["1"]);
    let accepted = ports.bus.accepted();
    assert_eq!((accepted[0].detail_type, accepted[0].version), (WORKFLOW_OVERDUE, None));
    assert_eq!(ports.index.all(), [], "it moves no checkpoint");
}

#[tokio::test]
async fn a_long_way_to_go_is_not_begun_anew_when_it_is_interrupted() {
    let (log, versions) = filled(&[350]).await;
    let ports = publishing(&log);
    (0..250).for_each(|_| ports.bus.then(NextPut::Accept));
    ports.bus.then(NextPut::FailBeforeEffect);
    let last = versions.last().unwrap();
    let published = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(last, 1)]).await;
    assert_eq!(published.failed.len(), 1);
    assert_eq!(ports.index.all()[0].published_version, version(250));
    let published = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(last, 1)]).await;
    assert_eq!((published.accepted, published.failed.len()), (100, 0));
    assert_complete(&ports.bus, &ports.index, &[350]);
}

#[tokio::test]
async fn failed_records_are_reported_in_the_order_of_the_batch() {
    let (log, versions) = filled(&[2, 1, 1]).await;
    let index = Faulty::new(MemoryIndex::default(), &Script::failing(0, CallFault::BeforeEffect));
    let ports = PublishPorts { log, index, bus: MemoryBus::default() };
    // Neither the workflows' order nor that of the numbers.
    let batch: Vec<StreamRecord> = [(3, 7), (0, 2), (2, 9), (1, 1)].map(|(at, n)| ring(&versions[at], n)).into();
    let published = publish_events(&ports, &MemoryDeadLetters::default(), batch).await;
    let failed: Vec<&str> = published.failed.iter().map(|failed| failed.sequence_number.as_str()).collect();
    assert_eq!(failed, ["7", "2", "9", "1"]);
}

#[tokio::test]
async fn a_record_behind_a_newer_version_comes_again_and_holds_no_other_workflow_up() {
    let log = newer_in(2);
    let ports = publishing(&log);
    let letters = MemoryDeadLetters::default();
    let last = |id: &str| log.entries(&a_key(id)).0.pop().unwrap();
    let newer = NewerFormat { item: "w-0 v2".to_owned(), format: 2 };
    let unread = StreamRecord::WrittenByNewerRelease { sequence_number: "7".to_owned(), newer };
    let batch = vec![ring(&last("w-0"), 0), unread, ring(&last("w-1"), 1)];
    let done = publish_events(&ports, &letters, batch).await;
    let failed: Vec<&str> = done.failed.iter().map(|failed| failed.sequence_number.as_str()).collect();
    assert_eq!((failed, done.dead), (vec!["0", "7"], vec![]));
    assert!(done.failed.iter().all(|failed| failed.why.contains("newer release")), "{:?}", done.failed);
    // Version 1 of the one, all three of the other.
    assert_eq!(done.accepted, 4);
    log.overwrite(a_move(&log.entries(&w_0()).0[0], State::Active));
    let again = publish_events(&ports, &letters, vec![ring(&last("w-0"), 0)]).await;
    assert_eq!((again.accepted, again.failed), (2, vec![]));
}

#[tokio::test]
async fn a_quarantine_and_its_release_are_published() {
    let site = Site::torn(&[State::Active]).await;
    alter(&site, 1, "forged");
    recovered(&site, 2, 1).await;
    released(&site, "sue", "looked at").await.unwrap();
    let entries = site.log.quarantine(&a_key("w")).await.unwrap().entries;
    let batch: Vec<StreamRecord> = entries.iter().zip(1..).map(|(entry, number)| record(number, entry)).collect();
    let ports = publishing(&site.log);
    let published = publish_events(&ports, &MemoryDeadLetters::default(), batch).await;
    assert_eq!((published.accepted, published.failed.len(), published.dead.len()), (2, 0, 0));
    let kinds: Vec<&str> = ports.bus.accepted().iter().map(|event| event.detail_type).collect();
    assert_eq!(kinds, [WORKFLOW_QUARANTINED, WORKFLOW_RELEASED]);
}

fn record(number: u32, entry: &QuarantineEntry) -> StreamRecord {
    StreamRecord::Quarantine { sequence_number: number.to_string(), entry: Box::new(entry.clone()) }
}
