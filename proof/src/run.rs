//! One run: callers, publishers and a subscriber at once on one stage, with faults, all of it drawn from a seed.
//!
//! Everybody is a task of one thread on a paused clock, so the seed decides who comes when. Callers ask again, with the
//! same key, what was not answered; some invocations are killed half-way; the bus delivers late, twice and unordered.

use alims_core::lifecycle::State;
use alims_core::operations::Publishing;
use alims_faults::{Fault, Plan};
use alims_subscriber::{Event, Inbox, Received};
use alims_testing::MemoryDeadLetters;
use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use crate::asking::{Ask, Told, ask, publish, replay, state};
use crate::observed::Observed;
use crate::recording::{Answer, Line, Recorder, What};
use crate::stage::{MoodyRules, Stage};

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many workflows are worked on.
    pub workflows: usize,
    /// How many callers work on each of them at once.
    pub callers: usize,
    /// How many operations each caller asks for.
    pub operations: usize,
    /// How many publishers there are.
    pub publishers: usize,
    /// Of a thousand requests to AWS so many meet a fault.
    pub faults_per_mille: u16,
}

impl Load {
    /// So many callers of each workflow, so busy that a trace of one workflow stays short.
    pub const USUAL: Self = Self { workflows: 8, callers: 3, operations: 10, publishers: 2, faults_per_mille: 80 };

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
const PERCENT_KEYED: u8 = 60;
const PERCENT_AT_A_VERSION: u8 = 30;
const PERCENT_READ: u8 = 15;
const PERCENT_REPLAYED: u8 = 3;
const PERCENT_KILLED: u8 = 3;
const PERCENT_RULES_DENY: u8 = 5;
const PERCENT_RULES_SILENT: u8 = 5;
/// How long pauses are at most, and after how long an invocation is killed at most, when it is.
const PAUSE_MS_MAX: u64 = 120;
const KILLED_AFTER_MS_MAX: u64 = 80;
/// How often something without an answer is asked again.
const REPETITIONS_MAX: usize = 3;
/// Records of one batch of the stream.
const BATCH_MAX: usize = 6;

/// What everybody of a run shares.
struct Scene {
    stage: Stage,
    recorder: Recorder,
    rules: MoodyRules,
    load: Load,
    /// The next number of an actor.
    actors: Cell<usize>,
    asked: Cell<usize>,
    /// Records of the stream that are not answered, by their place.
    ringing: RefCell<Vec<usize>>,
    /// How many records the stream had when it was looked at last.
    rung: Cell<usize>,
    callers_left: Cell<usize>,
    at_the_end: Cell<bool>,
}

/// Does the run of a seed.
///
/// # Panics
/// When something never comes to an end.
pub async fn run(seed: u64, load: Load) -> Recorded {
    let stage = Stage::open(seed).await;
    stage.http.follow(Plan::drawn(load.faults_per_mille), seed);
    let scene = Rc::new(Scene {
        recorder: Recorder::new(seed),
        rules: MoodyRules::new(seed, PERCENT_RULES_DENY, PERCENT_RULES_SILENT),
        load,
        actors: Cell::new(0),
        asked: Cell::new(0),
        ringing: RefCell::default(),
        rung: Cell::new(0),
        callers_left: Cell::new(load.workflows * load.callers),
        at_the_end: Cell::new(false),
        stage,
    });
    let mut rng = Rng::with_seed(seed);
    let mut tasks: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for workflow in 0..load.workflows {
        for _ in 0..load.callers {
            tasks.push(Box::pin(caller(scene.clone(), format!("w{workflow}"), rng.fork())));
        }
    }
    for _ in 0..load.publishers {
        tasks.push(Box::pin(publisher(scene.clone(), rng.fork())));
    }
    tasks.push(Box::pin(subscriber(scene.clone(), rng.fork())));
    join_all(tasks).await;
    finish(&scene).await;
    let faults = scene.stage.http.committed();
    Recorded { lines: scene.recorder.lines(), faults, operations: scene.asked.get() }
}

impl Scene {
    fn actor(&self, kind: char) -> String {
        self.actors.set(self.actors.get() + 1);
        format!("{kind}{}", self.actors.get())
    }

    /// Lets an invocation run to its end, or kills it; at the end nobody is killed any more.
    async fn invoke<T>(&self, rng: &mut Rng, work: impl Future<Output = T>) -> Option<T> {
        if !self.at_the_end.get() && rng.u8(..100) < PERCENT_KILLED {
            let after = Duration::from_millis(rng.u64(..KILLED_AFTER_MS_MAX));
            return tokio::time::timeout(after, work).await.ok();
        }
        Some(work.await)
    }

    /// One request under a name of its own; no answer when its invocation is killed.
    async fn ask(&self, rng: &mut Rng, wanted: &Ask) -> Option<Told> {
        self.asked.set(self.asked.get() + 1);
        let actor = self.actor('c');
        let asked = What::Asked { target: Some(wanted.target), key: wanted.key.clone() };
        self.recorder.note(&wanted.workflow, &actor, asked);
        let log = Observed::new(self.stage.log.clone(), &self.recorder, &actor);
        let ports = self.stage.deciding_over(log, self.rules.clone());
        let told = self.invoke(rng, ask(&ports, wanted)).await?;
        self.recorder.note(&wanted.workflow, &actor, in_a_word(&told));
        Some(told)
    }

    async fn look(&self, rng: &mut Rng, workflow: &str) -> Option<Told> {
        self.asked.set(self.asked.get() + 1);
        let actor = self.actor('c');
        self.recorder.note(workflow, &actor, What::Asked { target: None, key: None });
        let ports = self.stage.reading(Observed::new(self.stage.log.clone(), &self.recorder, &actor));
        let told = self.invoke(rng, state(&ports, workflow)).await?;
        self.recorder.note(workflow, &actor, in_a_word(&told));
        Some(told)
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
            log: Observed::new(self.stage.log.clone(), &self.recorder, actor),
            index: Observed::new(self.stage.index.clone(), &self.recorder, actor),
            bus: Observed::new(self.stage.bus.clone(), &self.recorder, actor),
        }
    }

    /// Takes up what the stream has since the last time.
    fn hear(&self) -> Vec<Value> {
        let records = self.stage.world.doorbells();
        self.ringing.borrow_mut().extend(self.rung.get()..records.len());
        self.rung.set(records.len());
        records
    }

    /// Hands some records to a publisher; those that it answers ring no more.
    async fn publish(&self, rng: &mut Rng, places: &[usize], records: &[Value]) {
        let actor = self.actor('p');
        let batch: Vec<Value> = places.iter().map(|place| records[*place].clone()).collect();
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for (workflow, version) in batch.iter().filter_map(version_of) {
            let last = last.entry(workflow).or_default();
            *last = version.max(*last);
        }
        for (workflow, last) in &last {
            self.recorder.note(workflow, &actor, What::Rang { last: *last });
        }
        let letters = MemoryDeadLetters::default();
        let (ports, work) = (self.publishing(&actor), &letters);
        let Some(failed) = self.invoke(rng, publish(&ports, work, &batch)).await else { return };
        assert!(letters.all().is_empty(), "{:?}", letters.all());
        let again: Vec<String> = failed.iter().filter_map(version_of).map(|(workflow, _)| workflow).collect();
        for workflow in last.keys() {
            let what = if again.contains(workflow) { What::ComesAgain } else { What::Answered };
            self.recorder.note(workflow, &actor, what);
        }
        let answered = |place: &usize| places.contains(place) && !failed.contains(&records[*place]);
        self.ringing.borrow_mut().retain(|place| !answered(place));
    }

    fn is_over(&self) -> bool {
        self.callers_left.get() == 0
    }
}

/// The workflow and the version that a record of the stream is about; none of a refusal's.
fn version_of(record: &Value) -> Option<(String, u64)> {
    let keys = &record["dynamodb"]["Keys"];
    let version = keys["entry"]["S"].as_str()?.strip_prefix("v#")?.parse().ok()?;
    let (_, workflow) = keys["pk"]["S"].as_str()?.split_once('#')?;
    Some((workflow.to_owned(), version))
}

fn in_a_word(told: &Told) -> What {
    let (answer, version) = match told {
        Told::Accepted { version, .. } => (Answer::Accepted, *version),
        Told::Standing { version, .. } => (Answer::Standing, *version),
        Told::Conflict { version, .. } => (Answer::Conflict, *version),
        Told::Exists => (Answer::Conflict, 0),
        Told::Invalid { version, .. } => (Answer::Refused, *version),
        Told::Denied => (Answer::Refused, 0),
        Told::NotFound => (Answer::NotFound, 0),
        Told::RulesUnavailable => (Answer::RulesUnavailable, 0),
        Told::StorageUnavailable => (Answer::StorageUnavailable, 0),
        Told::Other(what) => panic!("no caller may be told this: {what}"),
    };
    What::Told { answer, version }
}

async fn pause(rng: &mut Rng) {
    tokio::time::sleep(Duration::from_millis(rng.u64(..PAUSE_MS_MAX))).await;
}

/// What a caller knows of its workflow.
struct Known {
    version: u64,
    state: State,
}

async fn caller(scene: Rc<Scene>, workflow: String, mut rng: Rng) {
    let mut known: Option<Known> = None;
    let mut done = 0;
    while done < scene.load.operations {
        pause(&mut rng).await;
        done += 1;
        let told = match &known {
            Some(_) if rng.u8(..100) < PERCENT_READ => scene.look(&mut rng, &workflow).await,
            Some(_) if rng.u8(..100) < PERCENT_REPLAYED => {
                replayed(&scene, &mut rng, &workflow).await;
                continue;
            }
            _ => {
                let wanted = drawn(&scene, &mut rng, &workflow, known.as_ref());
                let mut told = scene.ask(&mut rng, &wanted).await;
                let mut again = 0;
                while told.as_ref().is_none_or(Told::is_no_answer) && again < REPETITIONS_MAX && wanted.key.is_some() {
                    pause(&mut rng).await;
                    (again, done) = (again + 1, done + 1);
                    told = scene.ask(&mut rng, &wanted).await;
                }
                if let Some(Told::Accepted { version, .. }) = &told {
                    known = Some(Known { version: *version, state: wanted.target });
                }
                told
            }
        };
        match told {
            Some(
                Told::Standing { version, state }
                | Told::Conflict { version, state }
                | Told::Invalid { version, state },
            ) => known = Some(Known { version, state }),
            Some(Told::Exists) => known = Some(Known { version: 1, state: State::Created }),
            _ => {}
        }
    }
    scene.callers_left.set(scene.callers_left.get() - 1);
}

/// What a caller asks for next: mostly what it believes to be possible, and seldom an end.
fn drawn(scene: &Scene, rng: &mut Rng, workflow: &str, known: Option<&Known>) -> Ask {
    let Some(known) = known else {
        let wanted = Ask::creation(workflow);
        return if rng.u8(..100) < PERCENT_KEYED { wanted.keyed(&format!("k{}", scene.actors.get())) } else { wanted };
    };
    let open: Vec<State> =
        known.state.allowed_transitions().into_iter().filter(|to| !to.allowed_transitions().is_empty()).collect();
    let believed = rng.choice(&open).copied().filter(|_| rng.u8(..100) < 90);
    let target = believed.unwrap_or_else(|| {
        let last = if rng.u8(..100) < 5 { State::Completed } else { State::Active };
        *rng.choice(&[State::Active, State::Paused, State::Failed, last]).unwrap_or(&State::Active)
    });
    let mut wanted = Ask::to(workflow, target);
    if rng.u8(..100) < PERCENT_AT_A_VERSION {
        wanted = wanted.at(known.version);
    }
    if rng.u8(..100) < PERCENT_KEYED {
        wanted = wanted.keyed(&format!("k{}", scene.actors.get()));
    }
    wanted
}

async fn replayed(scene: &Scene, rng: &mut Rng, workflow: &str) {
    scene.asked.set(scene.asked.get() + 1);
    let actor = scene.actor('r');
    let ports = scene.stage.replaying(scene.publishing(&actor));
    let _whatever_came_of_it = scene.invoke(rng, replay(&ports, workflow, 1)).await;
}

async fn publisher(scene: Rc<Scene>, mut rng: Rng) {
    loop {
        pause(&mut rng).await;
        let records = scene.hear();
        let mut places = scene.ringing.borrow().clone();
        if places.is_empty() {
            if scene.is_over() {
                return;
            }
            continue;
        }
        rng.shuffle(&mut places);
        places.truncate(rng.usize(1..=BATCH_MAX));
        // A record that was answered long ago comes once more.
        if rng.u8(..100) < 20 {
            places.push(rng.usize(..records.len()));
        }
        places.sort_unstable();
        places.dedup();
        scene.publish(&mut rng, &places, &records).await;
    }
}

/// Where a subscriber stands, and what the bus has yet to deliver to it.
#[derive(Default)]
struct Desk {
    inbox: Inbox,
    applied: BTreeMap<String, u64>,
    taken: usize,
    waiting: Vec<Value>,
}

impl Desk {
    fn take(&mut self, scene: &Scene) {
        let new = scene.stage.world.accepted_from(self.taken);
        self.taken += new.len();
        self.waiting.extend(new.into_iter().filter(|event| event["event_type"] != "WorkflowTransitionRefused"));
    }

    fn deliver(&mut self, scene: &Scene, detail: &Value) {
        let event = Event::from_detail(&detail.to_string()).expect("an event of ours");
        let (workflow, event_id) = (event.workflow.workflow_id.clone(), event.event_id.clone());
        let version = event.version.expect("refusals are left out");
        let applied = self.applied.entry(workflow.clone()).or_default();
        if let Received::Apply(events) = self.inbox.receive(event, SystemTime::UNIX_EPOCH).expect("no contradiction") {
            for event in events {
                assert_eq!(event.version, Some(*applied + 1), "what is applied is in order");
                *applied += 1;
            }
        }
        scene.recorder.note(&workflow, "s1", What::Delivered { version, event_id, applied: *applied });
    }
}

async fn subscriber(scene: Rc<Scene>, mut rng: Rng) {
    let mut desk = Desk::default();
    loop {
        pause(&mut rng).await;
        desk.take(&scene);
        for _ in 0..rng.usize(..6) {
            if desk.waiting.is_empty() {
                break;
            }
            let place = rng.usize(..desk.waiting.len());
            let twice = rng.u8(..100) < 10;
            let event = if twice { desk.waiting[place].clone() } else { desk.waiting.swap_remove(place) };
            desk.deliver(&scene, &event);
        }
        if scene.is_over() && scene.ringing.borrow().is_empty() {
            break;
        }
    }
    // What is late arrives, is published, and is delivered: nothing goes wrong any more.
    scene.at_the_end.set(true);
    scene.stage.settle().await;
    let records = scene.hear();
    let left = scene.ringing.borrow().clone();
    if !left.is_empty() {
        scene.publish(&mut rng, &left, &records).await;
    }
    scene.stage.settle().await;
    desk.take(&scene);
    for event in std::mem::take(&mut desk.waiting) {
        desk.deliver(&scene, &event);
    }
}

/// Takes down what is there at the end.
async fn finish(scene: &Scene) {
    let stage = &scene.stage;
    stage.settle().await;
    for workflow in 0..scene.load.workflows {
        let workflow = format!("w{workflow}");
        let (versions, refusals) = stage.kept(&workflow).await;
        let note = |what| scene.recorder.note(&workflow, "end", what);
        note(What::Log { events: versions.iter().map(|version| version.event.event_id.to_string()).collect() });
        note(What::Refusals { events: refusals.iter().map(|refusal| refusal.event_id.to_string()).collect() });
        let indexed = stage.indexed(&workflow).await;
        note(What::Index { version: indexed.map_or(0, |entry| entry.published_version.get()) });
        note(What::Bus { versions: stage.first_appearances(&workflow).0 });
    }
}
