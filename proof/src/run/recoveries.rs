//! Those who recover: the state machine as a laptop runs it, turn by turn with the real handler.

use alims_domain::identifiers::RecoveryId;
use alims_domain::recovery::document::RecoveryDocument;
use alims_recovery::{RECOVER_WORKFLOW, StateError, Timer};
use alims_testing::builders::a_claim;
use fastrand::Rng;
use serde_json::Value;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::scene::{Scene, killed_after, pause, publishing};
use crate::harness::{Harness, MoodyRules, key};
use crate::observed::Observed;
use crate::recording::{Recorder, What};

/// So many times the machine waits shorter than it says: callers are in a hurry here, and recoveries are to meet them.
const HURRY: u32 = 10;
/// What the machine learns of an invocation that was killed.
const KILLED: &str = "States.Timeout";

/// One recovery after the other, each of a workflow that may need it or not, until no caller asks for anything any more.
pub(super) async fn recoverer(scene: Rc<Scene>, mut rng: Rng) {
    while !scene.is_left() {
        pause(&mut rng).await;
        let workflow = scene.drawn_workflow(&mut rng);
        if scene.versions_of(&workflow) > 0 {
            recover(&scene, &workflow, &mut rng).await;
        }
    }
    scene.recoveries_left.set(scene.recoveries_left.get() - 1);
}

async fn recover(scene: &Scene, workflow: &str, rng: &mut Rng) {
    scene.asked.set(scene.asked.get() + 1);
    let recovery = Recovery {
        harness: scene.harness.clone(),
        recorder: scene.recorder.clone(),
        rules: scene.rules.clone(),
        workflow: workflow.to_owned(),
        actor: scene.actor('v'),
        turns: AtomicUsize::new(0),
        rng: Mutex::new(rng.fork()),
    };
    let mut claim = a_claim(&key(workflow), scene.versions_of(workflow), 1);
    // How a claim is won has tests of its own: here every attempt has a name and an execution.
    claim.recovery_id = RecoveryId::of_attempt(&key(workflow), claim.version, recovery.number());
    claim.delay_seconds = 0;
    let document = serde_json::to_value(RecoveryDocument::of(&claim)).expect("a document is JSON");
    let _however_it_ended = RECOVER_WORKFLOW.run(document, &|document| recovery.turn(document), &recovery).await;
}

/// One execution of the state machine.
struct Recovery {
    harness: Harness,
    recorder: Recorder,
    rules: MoodyRules,
    workflow: String,
    actor: String,
    turns: AtomicUsize,
    rng: Mutex<Rng>,
}

impl Recovery {
    /// The number in its name: no other of the run has it.
    fn number(&self) -> u32 {
        self.actor.trim_start_matches('v').parse().expect("an actor's number")
    }

    /// Has the handler make one turn, or kills it half-way.
    async fn turn(&self, document: Value) -> Result<Value, StateError> {
        let error = |name: &str, cause: String| StateError { name: name.to_owned(), cause };
        let actor = format!("{}.{}", self.actor, self.turns.fetch_add(1, Ordering::Relaxed) + 1);
        let document: RecoveryDocument = serde_json::from_value(document).expect("a document");
        self.recorder.note(&self.workflow, &actor, What::TurnBegun { turn: document.next });
        let rules = Observed::new(self.rules.clone(), &self.recorder, &actor);
        let ports = self.harness.recovering(publishing(&self.harness, &self.recorder, &actor), rules);
        let made = recovery_step::recovery_step(&ports, document);
        let killed = killed_after(&mut self.rng.lock().unwrap());
        let made = match killed {
            Some(after) => tokio::time::timeout(after, made).await.map_err(|why| error(KILLED, why.to_string()))?,
            None => made.await,
        };
        let next = made.map_err(|failure| error(failure.name(), failure.to_string()))?;
        self.recorder.note(&self.workflow, &actor, What::TurnEnded { next: next.next });
        Ok(serde_json::to_value(next).expect("a document is JSON"))
    }
}

impl Timer for Recovery {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / HURRY).await;
    }

    fn fraction(&self) -> f64 {
        self.rng.lock().unwrap().f64()
    }
}
