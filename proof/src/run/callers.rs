//! Those who create, move and look: each asks again, with the same key, what was not answered.

use alims_domain::lifecycle::State;
use alims_domain::signature::Meaning;
use fastrand::Rng;
use std::rc::Rc;

use super::scene::{Scene, pause};
use crate::asking::{Ask, Outcome, Wish, ask, replay, state};
use crate::observed::Observed;
use crate::recording::{Answer, What};

/// The numbers of a hundred that a drawn choice is compared with.
const PERCENT_KEYED: u8 = 60;
const PERCENT_AT_A_VERSION: u8 = 30;
const PERCENT_READ: u8 = 15;
const PERCENT_REPLAYED: u8 = 3;
const PERCENT_AMENDED: u8 = 20;
const PERCENT_REMARKS: u8 = 40;
const PERCENT_SIGNED: u8 = 15;
const PERCENT_CHANGING: u8 = 20;
/// How often something without an answer is asked again.
const REPETITIONS_MAX: usize = 3;

impl Scene {
    /// One request under a name of its own; no answer when its invocation is killed.
    async fn ask(&self, rng: &mut Rng, wanted: &Ask) -> Option<Outcome> {
        self.asked.set(self.asked.get() + 1);
        let actor = self.actor('c');
        let asked = What::Asked { wish: Some(wanted.wish.clone()), key: wanted.key.clone() };
        self.recorder.note(&wanted.workflow, &actor, asked);
        let log = Observed::new(self.harness.log.clone(), &self.recorder, &actor);
        let ports = self.harness.deciding_over(log, self.rules.clone());
        let outcome = self.invoke(rng, ask(&ports, wanted)).await?;
        self.recorder.note(&wanted.workflow, &actor, in_a_word(&outcome));
        Some(outcome)
    }

    async fn look(&self, rng: &mut Rng, workflow: &str) -> Option<Outcome> {
        self.asked.set(self.asked.get() + 1);
        let actor = self.actor('c');
        self.recorder.note(workflow, &actor, What::Asked { wish: None, key: None });
        let ports = self.harness.reading(Observed::new(self.harness.log.clone(), &self.recorder, &actor));
        let outcome = self.invoke(rng, state(&ports, workflow)).await?;
        self.recorder.note(workflow, &actor, in_a_word(&outcome));
        Some(outcome)
    }
}

fn in_a_word(outcome: &Outcome) -> What {
    let (answer, version) = match outcome {
        Outcome::Accepted { version, .. } => (Answer::Accepted, *version),
        Outcome::Standing { version, .. } => (Answer::Standing, *version),
        Outcome::Conflict { version, .. } => (Answer::Conflict, *version),
        Outcome::Exists | Outcome::AlreadySigned => (Answer::Conflict, 0),
        Outcome::Quarantined => (Answer::Quarantined, 0),
        Outcome::Invalid { version, .. } | Outcome::Closed { version, .. } => (Answer::Refused, *version),
        Outcome::Denied => (Answer::Refused, 0),
        Outcome::NotFound => (Answer::NotFound, 0),
        Outcome::RulesUnavailable => (Answer::RulesUnavailable, 0),
        Outcome::StorageUnavailable => (Answer::StorageUnavailable, 0),
        Outcome::Other(what) => panic!("no caller may be answered this: {what}"),
    };
    What::Responded { answer, version }
}

/// What a caller knows of its workflow.
struct Known {
    version: u64,
    state: State,
}

pub(super) async fn caller(scene: Rc<Scene>, workflow: String, mut rng: Rng) {
    let mut known: Option<Known> = None;
    let mut done = 0;
    while done < scene.load.operations {
        pause(&mut rng).await;
        done += 1;
        let outcome = match &known {
            Some(_) if rng.u8(..100) < PERCENT_READ => scene.look(&mut rng, &workflow).await,
            Some(_) if rng.u8(..100) < PERCENT_REPLAYED => {
                replayed(&scene, &mut rng, &workflow).await;
                continue;
            }
            _ => {
                let wanted = drawn(&scene, &mut rng, &workflow, known.as_ref());
                let mut outcome = scene.ask(&mut rng, &wanted).await;
                let mut again = 0;
                while outcome.as_ref().is_none_or(Outcome::is_no_answer)
                    && again < REPETITIONS_MAX
                    && wanted.key.is_some()
                {
                    pause(&mut rng).await;
                    (again, done) = (again + 1, done + 1);
                    outcome = scene.ask(&mut rng, &wanted).await;
                }
                if let Some(Outcome::Accepted { version, .. }) = &outcome {
                    let kept = || known.as_ref().map_or(State::Created, |known| known.state);
                    known = Some(Known { version: *version, state: wanted.wish.target().unwrap_or_else(kept) });
                }
                outcome
            }
        };
        match outcome {
            Some(
                Outcome::Standing { version, state }
                | Outcome::Conflict { version, state }
                | Outcome::Invalid { version, state }
                | Outcome::Closed { version, state },
            ) => known = Some(Known { version, state }),
            Some(Outcome::Exists) => known = Some(Known { version: 1, state: State::Created }),
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
        let last = if rng.u8(..100) < 30 { State::Completed } else { State::Active };
        *rng.choice(&[State::Active, State::Paused, State::Failed, last]).unwrap_or(&State::Active)
    });
    let mut wanted = match rng.u8(..100) {
        percent
            if percent >= PERCENT_AMENDED + PERCENT_SIGNED
                && rng.u8(..100) < PERCENT_CHANGING
                && target != State::Failed =>
        {
            Ask { wish: Wish::ChangingMove(target, format!("a{}", scene.actors.get())), ..Ask::to(workflow, target) }
        }
        percent if percent >= PERCENT_AMENDED + PERCENT_SIGNED => Ask::to(workflow, target),
        percent if percent >= PERCENT_AMENDED => {
            let meaning = rng.choice(&Meaning::ALL).copied().unwrap_or(Meaning::Review);
            Ask::signature(workflow, meaning, known.version)
        }
        _ if rng.u8(..100) < PERCENT_REMARKS => Ask::remark(workflow),
        _ => Ask::change(workflow, &format!("a{}", scene.actors.get())),
    };
    let names_a_version = matches!(wanted.wish, Wish::Signature(..));
    if !names_a_version && rng.u8(..100) < PERCENT_AT_A_VERSION {
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
    let ports = scene.harness.replaying(scene.publishing(&actor));
    let _whatever_came_of_it = scene.invoke(rng, replay(&ports, workflow, 1)).await;
}
