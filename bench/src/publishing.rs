//! The publisher's own part: a long log handed over in batches as a stream does, to a bus in memory and to the adapter of
//! Amazon EventBridge. How much of a batch's time is the publisher's own, and how much the bus's?

use alims_domain::bus_event::BusEvent;
use alims_domain::stored_version::StoredVersion;
use alims_eventbridge::EventBridgeBus;
use alims_operations::PublishPorts;
use alims_operations::ports::{BusError, EntryRefused, EventBus, WorkflowLog as _};
use alims_operations::publish_events::{Ports, StreamRecord, publish_events};
use alims_testing::builders::{a_chain, a_key, at};
use alims_testing::{FixedClock, MemoryDeadLetters, MemoryIndex, MemoryLog, SequentialIds};
use anyhow::{Result, ensure};
use serde::Serialize;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::put_events;
use crate::statistics::Times;

/// Records of one batch: what the deployed stream hands over at most.
const BATCH_RECORDS: usize = 100;

/// What publishing measured.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    workflows: usize,
    events: usize,
    batch_records: usize,
    in_memory: OnOneBus,
    eventbridge: OnOneBus,
}

/// What publishing to one bus measured.
#[derive(Debug, Serialize)]
struct OnOneBus {
    seconds: f64,
    events_per_second: f64,
    batches: Times,
    /// The part of all batches' time in which no call of the bus was under way, from 0 to 1.
    share_outside_the_bus: f64,
    calls: u64,
}

/// Publishes `events` events, shared out evenly among `workflows` workflows, to both buses.
pub(crate) async fn measure(workflows: usize, events: usize) -> Result<Figures> {
    let (log, stream) = logged(workflows, events).await?;
    let events = stream.len();
    let in_memory = publish(&log, &stream, Accepting).await?;
    let service = put_events::Service::start().await?;
    let eventbridge = publish(&log, &stream, EventBridgeBus::new(service.config(), "bench")).await?;
    Ok(Figures { workflows, events, batch_records: BATCH_RECORDS, in_memory, eventbridge })
}

/// A log, and its versions in the order of a stream: any workflow's next version comes next.
async fn logged(workflows: usize, events: usize) -> Result<(MemoryLog, Vec<StoredVersion>)> {
    let versions = events.checked_div(workflows).unwrap_or_default();
    ensure!(versions > 0, "fewer events than workflows, or none");
    let log = MemoryLog::default();
    let mut chains = Vec::new();
    for number in 0..workflows {
        let chain = a_chain(&a_key(&format!("load-{number:05}")), versions, u64::try_from(number)?);
        for version in &chain {
            log.append(version).await?;
        }
        chains.push(chain.into_iter());
    }
    // The same order in every run.
    let mut random = fastrand::Rng::with_seed(1);
    let mut stream = Vec::with_capacity(workflows * versions);
    while !chains.is_empty() {
        let at = random.usize(..chains.len());
        match chains.get_mut(at).and_then(Iterator::next) {
            Some(version) => stream.push(version),
            None => drop(chains.swap_remove(at)),
        }
    }
    Ok((log, stream))
}

async fn publish<B: EventBus>(log: &MemoryLog, stream: &[StoredVersion], bus: B) -> Result<OnOneBus> {
    let publishing = PublishPorts { log: log.clone(), index: MemoryIndex::default(), bus: Timed::new(bus) };
    let (clock, ids) = (Arc::new(FixedClock::new(at(0))), Arc::new(SequentialIds::default()));
    let ports = Ports { publishing, clock, ids };
    let dead_letters = MemoryDeadLetters::default();
    let mut times = Vec::new();
    for records in stream.chunks(BATCH_RECORDS) {
        let batch = records.iter().zip(0_u64..).map(|(version, number)| StreamRecord::Version {
            sequence_number: number.to_string(),
            version: Box::new(version.clone()),
        });
        let batch = batch.collect();
        let begun = Instant::now();
        let published = publish_events(&ports, &dead_letters, batch).await;
        times.push(begun.elapsed());
        let accepted = usize::try_from(published.accepted)?;
        ensure!(accepted == records.len(), "{accepted} of {} were accepted: {published:?}", records.len());
    }
    let all: Duration = times.iter().sum();
    let (busy, calls) = ports.publishing.bus.busy();
    Ok(OnOneBus {
        seconds: all.as_secs_f64(),
        events_per_second: f64::from(u32::try_from(stream.len())?) / all.as_secs_f64(),
        batches: Times::of(times),
        share_outside_the_bus: 1.0 - busy.as_secs_f64() / all.as_secs_f64(),
        calls,
    })
}

/// A bus that takes everything and remembers nothing.
struct Accepting;

impl EventBus for Accepting {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        Ok(entries.iter().map(|_| Ok(())).collect())
    }
}

/// A bus with a clock on it, which goes while a call is under way, however many there are at once.
struct Timed<B> {
    bus: B,
    clock: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    begun: u64,
    under_way: u64,
    since: Option<Instant>,
    busy: Duration,
}

impl<B> Timed<B> {
    fn new(bus: B) -> Self {
        Self { bus, clock: Mutex::default() }
    }

    fn begin(&self) {
        let mut calls = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        calls.begun += 1;
        calls.under_way += 1;
        calls.since.get_or_insert_with(Instant::now);
    }

    fn end(&self) {
        let mut calls = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        calls.under_way -= 1;
        if calls.under_way == 0 {
            let elapsed = calls.since.take().map(|since| since.elapsed());
            calls.busy += elapsed.unwrap_or_default();
        }
    }

    /// How long at least one call was under way, and how many calls there were.
    fn busy(&self) -> (Duration, u64) {
        let calls = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        (calls.busy, calls.begun)
    }
}

impl<B: EventBus> EventBus for Timed<B> {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        self.begin();
        let results = self.bus.put(entries).await;
        self.end();
        results
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workflows, events, batch_records, in_memory, eventbridge } = self;
        writeln!(
            f,
            "{events} events of {workflows} workflows through publish-events, {batch_records} records a batch"
        )?;
        writeln!(
            f,
            "  to                      events a second   a batch: p50          p99          max   outside the bus"
        )?;
        writeln!(f, "  a bus in memory         {in_memory}")?;
        writeln!(f, "  EventBridge's adapter   {eventbridge}")?;
        write!(f, "  the adapter's SDK calls a service on this machine; outside the bus is outside the SDK")
    }
}

impl fmt::Display for OnOneBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events_per_second, batches: Times { p50_ms, p99_ms, max_ms, .. }, .. } = self;
        write!(f, "{events_per_second:>15.0}   {p50_ms:>10.2} ms {p99_ms:>9.2} ms {max_ms:>9.2} ms")?;
        write!(f, "   {:>13.1} %", self.share_outside_the_bus * 100.0)
    }
}
