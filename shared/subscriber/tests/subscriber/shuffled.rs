//! Shuffled, repeated, replayed and missing deliveries: what is applied is a gapless beginning of the log, in order and
//! exactly once, and what is missing is told, no more and no less.

use alims_domain::bus_event::BusEvent;
use alims_domain::stored_version::StoredVersion;
use alims_subscriber::{Event, Inbox, NotTaken, Received, WorkflowKey};
use alims_testing::builders::{a_chain, a_refusal};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::SystemTime;

use crate::{at, delivered, key, known_as, replayed};

/// What was published: some workflows' versions, the first two of different tenants with the same id, and refusals.
struct Log {
    chains: Vec<Vec<StoredVersion>>,
    refusals: Vec<Event>,
}

/// Which event comes, and whether as a replay.
#[derive(Clone, Copy, Debug)]
enum Delivery {
    Version { workflow: usize, version: usize, replay: bool },
    Refusal(usize),
}

const REFUSALS: usize = 4;

impl Log {
    fn new(lengths: &[usize]) -> Self {
        let name = |number: usize| {
            if number < 2 { key(["one", "two"][number], "w") } else { key("one", &format!("w-{number}")) }
        };
        let chains = lengths.iter().enumerate().map(|(number, length)| a_chain(&name(number), *length, number as u64));
        let refusals = (0..REFUSALS).map(|_| BusEvent::of_refusal(&a_refusal(&name(0))).unwrap());
        let refusals = refusals.map(|refusal| Event::from_detail(&refusal.detail).unwrap()).collect();
        Self { chains: chains.collect(), refusals }
    }

    fn event(&self, delivery: Delivery) -> Event {
        match delivery {
            Delivery::Version { workflow, version, replay: false } => delivered(&self.chains[workflow][version]),
            Delivery::Version { workflow, version, replay: true } => replayed(&self.chains[workflow][version]),
            Delivery::Refusal(number) => self.refusals[number].clone(),
        }
    }

    fn workflow(&self, number: usize) -> WorkflowKey {
        known_as(&self.chains[number][0].event.key())
    }
}

/// What was applied: the versions' ids of each workflow in order, and the refusals'.
#[derive(Default)]
struct Applied {
    versions: BTreeMap<WorkflowKey, Vec<String>>,
    refusals: Vec<String>,
}

impl Applied {
    fn apply(&mut self, events: Vec<Event>) {
        for event in events {
            match event.version {
                Some(_) => self.versions.entry(event.workflow).or_default().push(event.event_id),
                None => self.refusals.push(event.event_id),
            }
        }
    }

    /// Of each workflow exactly the versions 1 to so many were applied, in order and once.
    fn assert_beginnings(&self, log: &Log, lengths: &[usize]) {
        for (number, length) in lengths.iter().enumerate() {
            let ids = log.chains[number][..*length].iter().map(|stored| stored.event.event_id.to_string());
            let applied = self.versions.get(&log.workflow(number)).cloned().unwrap_or_default();
            assert_eq!(applied, ids.collect::<Vec<_>>(), "workflow {number}");
        }
    }
}

/// Some of the events, some of them more than once, in any order.
fn deliveries(lengths: &[usize]) -> impl Strategy<Value = Vec<Delivery>> + use<> {
    let versions = lengths.iter().enumerate().flat_map(|(workflow, length)| {
        (0..*length).map(move |version| Delivery::Version { workflow, version, replay: false })
    });
    let all: Vec<Delivery> = versions.chain((0..REFUSALS).map(Delivery::Refusal)).collect();
    let some = prop::sample::subsequence(all.clone(), 0..=all.len());
    let again = vec((prop::sample::select(all), any::<bool>()), 0..30).prop_map(|again| {
        let replayed = again.into_iter().map(|(delivery, replay)| match delivery {
            Delivery::Version { workflow, version, .. } => Delivery::Version { workflow, version, replay },
            Delivery::Refusal(number) => Delivery::Refusal(number),
        });
        replayed.collect::<Vec<_>>()
    });
    (some, again).prop_flat_map(|(some, again)| Just([some, again].concat()).prop_shuffle())
}

fn lengths_and_deliveries() -> impl Strategy<Value = (Vec<usize>, Vec<Delivery>)> {
    vec(1_usize..9, 1..6).prop_flat_map(|lengths| {
        let deliveries = deliveries(&lengths);
        (Just(lengths), deliveries)
    })
}

/// By workflow: the versions that came, counted from 1, and when each came first.
fn came(deliveries: &[Delivery], workflows: usize) -> Vec<BTreeMap<u64, SystemTime>> {
    let mut came = vec![BTreeMap::new(); workflows];
    for (delivery, second) in deliveries.iter().zip(0..) {
        if let Delivery::Version { workflow, version, .. } = delivery {
            came[*workflow].entry(*version as u64 + 1).or_insert(at(second));
        }
    }
    came
}

/// What is missing below what came, said version by version: each with the instant anything later came first.
fn missing(came: &BTreeMap<u64, SystemTime>) -> BTreeMap<u64, SystemTime> {
    let newest = came.keys().next_back().copied().unwrap_or_default();
    let absent = (1..=newest).filter(|version| !came.contains_key(version));
    absent.map(|version| (version, *came.range(version..).map(|(_, at)| at).min().unwrap())).collect()
}

/// Twice as many cases as proptest's own number, which `PROPTEST_CASES` sets.
fn twice_the_cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.saturating_mul(2), ..config }
}

proptest! {
    #![proptest_config(twice_the_cases())]

    #[test]
    fn applied_events_are_a_gapless_beginning_of_the_log_and_gaps_name_the_missing_ones(
        (lengths, deliveries) in lengths_and_deliveries(),
    ) {
        let (log, mut inbox, mut applied) = (Log::new(&lengths), Inbox::default(), Applied::default());
        for (delivery, second) in deliveries.iter().zip(0..) {
            if let Received::Apply(events) = inbox.receive(log.event(*delivery), at(second)).unwrap() {
                applied.apply(events);
            }
            // At any moment, not only in the end.
            let told: Vec<_> = inbox.gaps();
            let so_far = came(&deliveries[..=usize::try_from(second).unwrap()], lengths.len());
            for (number, came) in so_far.iter().enumerate() {
                let of_it = told.iter().filter(|gap| gap.workflow == log.workflow(number));
                let ranges: Vec<(RangeInclusive<u64>, SystemTime)> =
                    of_it.map(|gap| (gap.versions.clone(), gap.since)).collect();
                // One range for what is missing in a row, and none for what is not.
                prop_assert!(ranges.iter().all(|(versions, _)| !versions.is_empty()), "{ranges:?}");
                prop_assert!(ranges.windows(2).all(|pair| *pair[0].0.end() + 1 < *pair[1].0.start()), "{ranges:?}");
                let each = ranges.into_iter().flat_map(|(versions, since)| versions.map(move |version| (version, since)));
                prop_assert_eq!(each.collect::<BTreeMap<_, _>>(), missing(came));
            }
        }
        let came = came(&deliveries, lengths.len());
        let whole = |came: &BTreeMap<u64, SystemTime>| (1..).take_while(|version| came.contains_key(version)).count();
        applied.assert_beginnings(&log, &came.iter().map(whole).collect::<Vec<_>>());
        let refusals: BTreeSet<String> = deliveries.iter().filter(|it| matches!(it, Delivery::Refusal(_)))
            .map(|refusal| log.event(*refusal).event_id).collect();
        applied.refusals.sort();
        prop_assert_eq!(applied.refusals, refusals.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_consumer_that_keeps_only_positions_and_acknowledges_applied_events_ends_the_same(
        (lengths, mut queue) in lengths_and_deliveries(),
        batch_max in 1_usize..6,
        waiting_max in 0_usize..4,
    ) {
        let (log, mut applied, mut kept) = (Log::new(&lengths), Applied::default(), BTreeMap::new());
        // Everything is there at least once: so everything must be applied in the end, whatever the limit.
        queue.extend(lengths.iter().enumerate().flat_map(|(workflow, length)| {
            (0..*length).map(move |version| Delivery::Version { workflow, version, replay: true })
        }));
        let enough = queue.len() * (queue.len() + 1);
        let mut rounds = 0;
        while !queue.is_empty() {
            rounds += 1;
            prop_assert!(rounds <= enough, "stuck with {queue:?}");
            // A process of its own for each batch.
            let mut inbox = Inbox::new(waiting_max);
            for (workflow, position) in &kept {
                prop_assert_eq!(inbox.start_after(Clone::clone(workflow), Clone::clone(position)), Ok(Default::default()));
            }
            let batch: Vec<Delivery> = queue.drain(..batch_max.min(queue.len())).collect();
            let mut settled = BTreeSet::new();
            let mut unsettled = Vec::new();
            for delivery in batch {
                let event = log.event(delivery);
                let event_id = event.event_id.clone();
                match inbox.receive(event, at(0)) {
                    Ok(Received::Apply(events)) => {
                        settled.extend(events.iter().map(|event| event.event_id.clone()));
                        // A refusal's identity is forgotten with the process: only versions are counted here.
                        applied.apply(events.into_iter().filter(|event| event.version.is_some()).collect());
                    }
                    Ok(Received::Duplicate | Received::Past) => {}
                    Ok(Received::Waits) | Err(NotTaken::Full { .. }) => unsettled.push((delivery, event_id)),
                    Err(NotTaken::Conflict(conflict)) => prop_assert!(false, "{conflict}"),
                }
                prop_assert!(inbox.waiting() <= waiting_max);
            }
            unsettled.retain(|(_, event_id)| !settled.contains(event_id));
            queue.extend(unsettled.into_iter().map(|(delivery, _)| delivery));
            kept = inbox.positions().map(|(workflow, position)| (workflow.clone(), position.clone())).collect();
        }
        applied.assert_beginnings(&log, &lengths);
    }
}
