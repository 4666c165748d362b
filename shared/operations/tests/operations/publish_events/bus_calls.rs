//! How entries are put on the bus: as many in a call as it takes, and what is said of a call that failed.

use alims_domain::bus_event::BusEvent;
use alims_domain::event::WorkflowEvent;
use alims_domain::limits::{BUS_CALL_BYTES_MAX, BUS_CALL_ENTRIES_MAX, BUS_ENTRY_OVERHEAD_BYTES, WALK_ITEMS_MAX};
use alims_domain::refusal::Refusal;
use alims_operations::PublishPorts;
use alims_operations::ports::{BusError, EntryRefused, EventBus, QuarantineLog, WorkflowIndex, WorkflowLog};
use alims_operations::publish_events::{Published, StreamRecord};
use alims_testing::builders::{a_key, a_refusal, at, sealed};
use alims_testing::{CallFault, Faulty, MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog, NextPut, Script};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::publishing;
use crate::support::stream::{filled, publish_events, ring};

/// The refusal of a workflow of its own, whose entry weighs so much.
fn weighing(number: usize, bytes: usize) -> Refusal {
    let mut refusal = Refusal { operation: String::new(), ..a_refusal(&a_key(&format!("w-{number:02}"))) };
    let lacking = bytes - weight(&BusEvent::of_refusal(&refusal).unwrap());
    refusal.operation = "x".repeat(lacking);
    assert_eq!(weight(&BusEvent::of_refusal(&refusal).unwrap()), bytes);
    refusal
}

fn weight(entry: &BusEvent) -> usize {
    entry.detail.len() + BUS_ENTRY_OVERHEAD_BYTES
}

/// How many entries the calls had that published refusals of these weights, one a workflow.
async fn called(weights: &[usize]) -> Vec<usize> {
    let ports = publishing(&MemoryLog::default());
    let refusals = weights.iter().enumerate().map(|(number, bytes)| StreamRecord::Refusal {
        sequence_number: number.to_string(),
        refusal: Box::new(weighing(number, *bytes)),
    });
    let published = publish_events(&ports, &MemoryDeadLetters::default(), refusals.collect()).await;
    assert_eq!((published.accepted, published.failed.len()), (weights.len() as u64, 0));
    ports.bus.calls().iter().map(Vec::len).collect()
}

#[tokio::test]
async fn a_call_holds_as_many_entries_as_it_may_and_the_last_one_the_rest() {
    assert_eq!(called(&[2000; 2 * BUS_CALL_ENTRIES_MAX + 3]).await, [BUS_CALL_ENTRIES_MAX, BUS_CALL_ENTRIES_MAX, 3]);
    assert_eq!(called(&[2000; BUS_CALL_ENTRIES_MAX]).await, [BUS_CALL_ENTRIES_MAX]);
}

#[tokio::test]
async fn a_call_holds_as_many_bytes_as_it_may_and_not_one_more() {
    let half = BUS_CALL_BYTES_MAX / 2;
    assert_eq!(called(&[half, half]).await, [2]);
    assert_eq!(called(&[half, half + 1]).await, [1, 1]);
    assert_eq!(called(&[half, half - 2000, 2000, 2000]).await, [3, 1]);
    // What weighed in one call does not weigh in the next.
    assert_eq!(called(&[half, half + 1, half - 1, half, half]).await, [1, 2, 2]);
}

/// Why the records failed that ring for the only version of each of two workflows; none was put.
async fn why_failed<L: WorkflowLog + QuarantineLog + Clone, I: WorkflowIndex + Clone, B: EventBus + Clone>(
    of: impl FnOnce(MemoryLog) -> PublishPorts<L, I, B>,
) -> [String; 2] {
    let (log, versions) = filled(&[1, 1]).await;
    let batch = vec![ring(&versions[0], 0), ring(&versions[1], 1)];
    let Published { accepted, failed, dead, .. } = publish_events(&of(log), &MemoryDeadLetters::default(), batch).await;
    assert_eq!((accepted, dead.len()), (0, 0));
    failed.into_iter().map(|failed| failed.why).collect::<Vec<_>>().try_into().unwrap()
}

#[tokio::test]
async fn a_failed_record_says_every_cause_of_its_failure() {
    let why = why_failed(|log| {
        let ports = publishing(&log);
        ports.bus.then(NextPut::FailBeforeEffect);
        ports
    });
    assert_eq!(why.await, ["the event bus is unavailable: the bus is down on purpose"; 2]);
    let why = why_failed(|log| {
        let index = Faulty::new(MemoryIndex::default(), &Script::failing(0, CallFault::BeforeEffect));
        PublishPorts { log, index, bus: MemoryBus::default() }
    });
    let expected = "the index could not be read: the store is unavailable: failed on purpose, before the effect";
    assert_eq!(why.await, [expected; 2]);
}

/// A bus that leaves the last entry of its first call out of its answer.
#[derive(Clone, Default)]
struct Curt(MemoryBus, Arc<AtomicBool>);

impl EventBus for Curt {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        let mut results = self.0.put(entries).await?;
        if !self.1.swap(true, Ordering::SeqCst) {
            results.pop();
        }
        Ok(results)
    }
}

/// Whose answer is missing cannot be told, so that none of them counts.
#[tokio::test]
async fn an_answer_that_is_not_one_for_every_entry_is_none_for_any() {
    let why = why_failed(|log| PublishPorts { log, index: MemoryIndex::default(), bus: Curt::default() }).await;
    assert_eq!(why, ["the bus did not answer for every entry"; 2]);
}

#[tokio::test]
async fn a_long_way_to_go_is_read_many_versions_at_a_time() {
    let length = 2 * WALK_ITEMS_MAX + 50;
    let (log, versions) = filled(&[length]).await;
    let script = Script::default();
    let ports =
        PublishPorts { log: Faulty::new(log, &script), index: MemoryIndex::default(), bus: MemoryBus::default() };
    let batch = vec![ring(versions.last().unwrap(), 1)];
    let published = publish_events(&ports, &MemoryDeadLetters::default(), batch).await;
    assert_eq!((published.accepted, published.failed.len()), (length as u64, 0));
    // Its first version was announced in an earlier batch, if at all.
    assert_eq!(script.calls(), ["log.quarantine", "log.versions", "log.versions", "log.versions"]);
}

#[tokio::test]
async fn the_version_in_the_log_is_published_and_not_the_one_in_the_notification() {
    let (log, versions) = filled(&[3]).await;
    let held = sealed(WorkflowEvent { timestamp: at(999_999), ..versions[2].event.clone() });
    log.overwrite(held.clone());
    let ports = publishing(&log);
    // Versions 1 and 2 were never rung for, so that the log is read up to the third.
    publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(&versions[2], 1)]).await;
    assert_eq!(ports.bus.accepted().last(), Some(&BusEvent::of_version(&held.event).unwrap()));
}
