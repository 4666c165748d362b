//! One run: callers, publishers, recoveries and a subscriber at once on one harness, with faults, all drawn from a seed.
//!
//! Every one is a task of one thread on a paused clock, so the seed decides who comes when. Some invocations are killed
//! half-way; the bus delivers late, twice and unordered. Stored versions are altered by an intruder, found by
//! recoveries and released by a person.

mod callers;
mod recoveries;
mod scene;
mod stream;
mod tampering;

use alims_faults::{Fault, Plan};
use fastrand::Rng;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::harness::{Harness, MoodyRules};
use crate::recording::{Line, Recorder, What};
pub use scene::Load;
use scene::Scene;

/// The numbers of a hundred that a drawn choice is compared with.
const PERCENT_RULES_DENY: u8 = 5;
const PERCENT_RULES_SILENT: u8 = 5;

/// What a run leaves.
#[derive(Debug)]
pub struct Recorded {
    /// The recording.
    pub lines: Vec<Line>,
    /// How often each fault was met.
    pub faults: BTreeMap<Fault, usize>,
    /// How many operations were asked for.
    pub operations: usize,
}

/// Does the run of a seed.
///
/// # Panics
/// When something never comes to an end.
pub async fn run(seed: u64, load: Load) -> Recorded {
    let harness = Harness::open(seed).await;
    // Also entries that the bus refuses for good: their events wait for a recovery, or for the notification of a later
    // version. There are so many that also a short recording has some.
    let faults = Fault::ALL.into_iter().chain([Fault::EntriesUnwanted; 4]).collect();
    harness.http.follow(Plan::Drawn { per_mille: load.faults_per_mille, faults }, seed);
    let scene = Rc::new(Scene {
        recorder: Recorder::new(seed),
        rules: MoodyRules::new(seed, PERCENT_RULES_DENY, PERCENT_RULES_SILENT),
        load,
        actors: Cell::new(0),
        asked: Cell::new(0),
        unanswered: RefCell::default(),
        notified: RefCell::default(),
        versions: RefCell::default(),
        callers_left: Cell::new(load.workflows * load.callers),
        recoveries_left: Cell::new(load.recoveries),
        altered: RefCell::default(),
        at_the_end: Cell::new(false),
        harness,
    });
    let mut rng = Rng::with_seed(seed);
    let mut tasks: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for workflow in 0..load.workflows {
        for _ in 0..load.callers {
            tasks.push(Box::pin(callers::caller(scene.clone(), format!("w{workflow}"), rng.fork())));
        }
    }
    for _ in 0..load.recoveries {
        tasks.push(Box::pin(recoveries::recoverer(scene.clone(), rng.fork())));
    }
    tasks.push(Box::pin(tampering::intruder(scene.clone(), rng.fork())));
    tasks.push(Box::pin(tampering::person(scene.clone(), rng.fork())));
    for _ in 0..load.publishers {
        tasks.push(Box::pin(stream::publisher(scene.clone(), rng.fork())));
    }
    tasks.push(Box::pin(stream::subscriber(scene.clone(), rng.fork())));
    join_all(tasks).await;
    finish(&scene).await;
    let faults = scene.harness.http.committed();
    Recorded { lines: scene.recorder.lines(), faults, operations: scene.asked.get() }
}

/// Takes down what is there at the end.
async fn finish(scene: &Scene) {
    let harness = &scene.harness;
    harness.settle().await;
    for workflow in 0..scene.load.workflows {
        let workflow = format!("w{workflow}");
        let (versions, refusals) = harness.kept(&workflow).await;
        let note = |what| scene.recorder.note(&workflow, "end", what);
        note(What::Log { events: versions.iter().map(|version| version.event.event_id.to_string()).collect() });
        note(What::Refusals { events: refusals.iter().map(|refusal| refusal.event_id.to_string()).collect() });
        note(What::from(&harness.quarantines(&workflow).await));
        let indexed = harness.indexed(&workflow).await;
        note(What::Index { version: indexed.map_or(0, |entry| entry.published_version.get()) });
        note(What::Bus { versions: harness.first_appearances(&workflow).0 });
    }
}
