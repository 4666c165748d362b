//! What all tasks of a run share.

use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_eventbridge::EventBridgeBus;
use alims_operations::PublishPorts;
use fastrand::Rng;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::harness::{Harness, MoodyRules};
use crate::observed::Observed;
use crate::recording::Recorder;

/// So many invocations of a hundred are killed.
const PERCENT_KILLED: u8 = 3;
/// How long pauses are at most, and after how long an invocation is killed at most, when it is.
const PAUSE_MS_MAX: u64 = 120;
const KILLED_AFTER_MS_MAX: u64 = 80;

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

    /// How many operations make a run with the usual load.
    pub const USUAL_OPERATIONS: usize = Self::USUAL.workflows * Self::USUAL.callers * Self::USUAL.operations;

    /// The usual load, with fewer workflows where no more operations are wanted.
    #[must_use]
    pub fn at_most(operations: usize) -> Self {
        let of_a_workflow = Self::USUAL.callers * Self::USUAL.operations;
        Self { workflows: operations.div_ceil(of_a_workflow).clamp(1, Self::USUAL.workflows), ..Self::USUAL }
    }
}

/// What everybody of a run shares.
pub(super) struct Scene {
    pub(super) harness: Harness,
    pub(super) recorder: Recorder,
    pub(super) rules: MoodyRules,
    pub(super) load: Load,
    /// The next number of an actor.
    pub(super) actors: Cell<usize>,
    pub(super) asked: Cell<usize>,
    /// Records of the stream that are not answered, by their place.
    pub(super) unanswered: RefCell<Vec<usize>>,
    /// What the stream had when it was looked at last, and the newest version of each workflow in it.
    pub(super) notified: RefCell<Vec<Value>>,
    pub(super) versions: RefCell<BTreeMap<String, u64>>,
    pub(super) callers_left: Cell<usize>,
    pub(super) recoveries_left: Cell<usize>,
    /// What was altered of which workflow.
    pub(super) altered: RefCell<BTreeMap<String, Altered>>,
    pub(super) at_the_end: Cell<bool>,
}

/// What was altered of a workflow.
#[derive(Default)]
pub(super) struct Altered {
    /// How often.
    pub(super) times: usize,
    /// Whether what was altered last is yet to be released.
    pub(super) unreleased: bool,
    /// What is stored since then.
    pub(super) content: String,
}

impl Scene {
    pub(super) fn actor(&self, kind: char) -> String {
        self.actors.set(self.actors.get() + 1);
        format!("{kind}{}", self.actors.get())
    }

    /// Lets an invocation run to its end, or kills it; at the end none is killed any more.
    pub(super) async fn invoke<T>(&self, rng: &mut Rng, work: impl Future<Output = T>) -> Option<T> {
        match killed_after(rng).filter(|_| !self.at_the_end.get()) {
            Some(after) => tokio::time::timeout(after, work).await.ok(),
            None => Some(work.await),
        }
    }

    pub(super) fn publishing(&self, actor: &str) -> ObservedPublishing {
        publishing(&self.harness, &self.recorder, actor)
    }

    /// Whether no caller asks for anything any more.
    pub(super) fn is_left(&self) -> bool {
        self.callers_left.get() == 0
    }

    /// Whether nothing comes into the log any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_left() && self.recoveries_left.get() == 0
    }

    pub(super) fn drawn_workflow(&self, rng: &mut Rng) -> String {
        format!("w{}", rng.usize(..self.load.workflows))
    }
}

/// Whether a record of the stream shows that something was changed.
pub(super) fn is_change(record: &Value) -> bool {
    record["eventName"] != "INSERT"
}

/// The workflow and the version that a record of the stream is about; none of a refusal's, and none of a change.
pub(super) fn version_of(record: &Value) -> Option<(String, u64)> {
    if is_change(record) {
        return None;
    }
    let keys = &record["dynamodb"]["Keys"];
    let version = keys["entry"]["S"].as_str()?.strip_prefix("v#")?.parse().ok()?;
    let (_, workflow) = keys["pk"]["S"].as_str()?.split_once('#')?;
    Some((workflow.to_owned(), version))
}

/// After how long an invocation is killed, when it is.
pub(super) fn killed_after(rng: &mut Rng) -> Option<Duration> {
    (rng.u8(..100) < PERCENT_KILLED).then(|| Duration::from_millis(rng.u64(..KILLED_AFTER_MS_MAX)))
}

pub(super) async fn pause(rng: &mut Rng) {
    tokio::time::sleep(Duration::from_millis(rng.u64(..PAUSE_MS_MAX))).await;
}

/// Ports of a publisher whose calls are taken down.
pub(super) type ObservedPublishing = PublishPorts<Observed<DynamoLog>, Observed<DynamoIndex>, Observed<EventBridgeBus>>;

pub(super) fn publishing(harness: &Harness, recorder: &Recorder, actor: &str) -> ObservedPublishing {
    PublishPorts {
        log: Observed::new(harness.log.clone(), recorder, actor),
        index: Observed::new(harness.index.clone(), recorder, actor),
        bus: Observed::new(harness.bus.clone(), recorder, actor),
    }
}
