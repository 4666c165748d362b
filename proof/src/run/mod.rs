//! One run: callers, publishers, recoveries and a subscriber at once on one harness, with faults, all drawn from a seed.
//!
//! Everybody is a task of one thread on a paused clock, so the seed decides who comes when. Some invocations are killed
//! half-way; the bus delivers late, twice and unordered. Stored versions are altered by somebody who must not, found by
//! recoveries and released by a person.

mod callers;
mod recoveries;
mod stream;
mod tampering;

use alims_core::operations::Publishing;
use alims_faults::{Fault, Plan};
use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use crate::harness::{Harness, MoodyRules};
use crate::observed::Observed;
use crate::recording::{Line, Recorder, What};

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many workflows are worked on.
    pub workflows: usize,
    /// How many callers work on each of them at once.
    pub callers: usize,
    /// How many operations each caller asks for.
    pub operations: usize,
    /// How many recoveries go on at once.
    pub recoveries: usize,
    /// How many publishers there are.
    pub publishers: usize,
    /// Of a thousand requests to AWS so many meet a fault.
    pub faults_per_mille: u16,
}

impl Load {
    /// So many callers of each workflow, so busy that a trace of one workflow stays short.
    pub const USUAL: Self =
        Self { workflows: 8, callers: 3, operations: 10, recoveries: 4, publishers: 2, faults_per_mille: 80 };

    /// The usual load, with fewer workflows where no more operations are wanted.
    #[must_use]
    pub fn at_most(operations: usize) -> Self {
        let of_a_workflow = Self::USUAL.callers * Self::USUAL.operations;
        Self { workflows: operations.div_ceil(of_a_workflow).clamp(1, Self::USUAL.workflows), ..Self::USUAL }
    }
}

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

/// The numbers of a hundred that a drawn choice is compared with.
const PERCENT_KILLED: u8 = 3;
const PERCENT_RULES_DENY: u8 = 5;
const PERCENT_RULES_SILENT: u8 = 5;
/// How long pauses are at most, and after how long an invocation is killed at most, when it is.
const PAUSE_MS_MAX: u64 = 120;
const KILLED_AFTER_MS_MAX: u64 = 80;

/// What everybody of a run shares.
struct Scene {
    harness: Harness,
    recorder: Recorder,
    rules: MoodyRules,
    load: Load,
    /// The next number of an actor.
    actors: Cell<usize>,
    asked: Cell<usize>,
    /// Records of the stream that are not answered, by their place.
    ringing: RefCell<Vec<usize>>,
    /// What the stream had when it was looked at last, and the newest version of each workflow in it.
    rung: RefCell<Vec<Value>>,
    versions: RefCell<BTreeMap<String, u64>>,
    callers_left: Cell<usize>,
    recoveries_left: Cell<usize>,
    /// What was altered of which workflow.
    altered: RefCell<BTreeMap<String, tampering::Altered>>,
    at_the_end: Cell<bool>,
}

/// Does the run of a seed.
///
/// # Panics
/// When something never comes to an end.
pub async fn run(seed: u64, load: Load) -> Recorded {
    let harness = Harness::open(seed).await;
    harness.http.follow(Plan::drawn(load.faults_per_mille), seed);
    let scene = Rc::new(Scene {
        recorder: Recorder::new(seed),
        rules: MoodyRules::new(seed, PERCENT_RULES_DENY, PERCENT_RULES_SILENT),
        load,
        actors: Cell::new(0),
        asked: Cell::new(0),
        ringing: RefCell::default(),
        rung: RefCell::default(),
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

impl Scene {
    fn actor(&self, kind: char) -> String {
        self.actors.set(self.actors.get() + 1);
        format!("{kind}{}", self.actors.get())
    }

    /// Lets an invocation run to its end, or kills it; at the end nobody is killed any more.
    async fn invoke<T>(&self, rng: &mut Rng, work: impl Future<Output = T>) -> Option<T> {
        match killed_after(rng).filter(|_| !self.at_the_end.get()) {
            Some(after) => tokio::time::timeout(after, work).await.ok(),
            None => Some(work.await),
        }
    }

    fn publishing(
        &self,
        actor: &str,
    ) -> Publishing<
        Observed<alims_dynamodb::DynamoLog>,
        Observed<alims_dynamodb::DynamoIndex>,
        Observed<alims_eventbridge::EventBridgeBus>,
    > {
        Publishing {
            log: Observed::new(self.harness.log.clone(), &self.recorder, actor),
            index: Observed::new(self.harness.index.clone(), &self.recorder, actor),
            bus: Observed::new(self.harness.bus.clone(), &self.recorder, actor),
        }
    }

    /// Whether nobody asks for anything any more.
    fn is_left(&self) -> bool {
        self.callers_left.get() == 0
    }

    /// Whether nothing comes into the log any more.
    fn is_over(&self) -> bool {
        self.is_left() && self.recoveries_left.get() == 0
    }

    fn drawn_workflow(&self, rng: &mut Rng) -> String {
        format!("w{}", rng.usize(..self.load.workflows))
    }
}

/// The workflow and the version that a record of the stream is about; none of a refusal's.
fn version_of(record: &Value) -> Option<(String, u64)> {
    let keys = &record["dynamodb"]["Keys"];
    let version = keys["entry"]["S"].as_str()?.strip_prefix("v#")?.parse().ok()?;
    let (_, workflow) = keys["pk"]["S"].as_str()?.split_once('#')?;
    Some((workflow.to_owned(), version))
}

/// After how long an invocation is killed, when it is.
fn killed_after(rng: &mut Rng) -> Option<Duration> {
    (rng.u8(..100) < PERCENT_KILLED).then(|| Duration::from_millis(rng.u64(..KILLED_AFTER_MS_MAX)))
}

async fn pause(rng: &mut Rng) {
    tokio::time::sleep(Duration::from_millis(rng.u64(..PAUSE_MS_MAX))).await;
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
