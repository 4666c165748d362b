//! An intruder alters stored versions, and a person looks at what was found and releases it.

use fastrand::Rng;
use std::rc::Rc;

use super::scene::{Altered, Scene, pause};
use crate::asking::release;
use crate::observed::Observed;
use crate::recording::{Broken, What};

/// How often a workflow is altered at most: the second time its first break was found and released before, so that the
/// next one is quarantined anew.
const ALTERATIONS_MAX: usize = 2;
/// So many pauses lie between two looks of the one and of the other.
const PAUSES_BEFORE_ALTERING: usize = 5;
const PAUSES_BEFORE_RELEASING: usize = 1;

impl Scene {
    /// Alters a version, mostly the newest: upon that one no version may be built any more, even before it is found.
    fn alter(&self, rng: &mut Rng, workflow: &str) {
        let newest = self.versions_of(workflow);
        let mut altered = self.altered.borrow_mut();
        let altered = altered.entry(workflow.to_owned()).or_default();
        if newest == 0 || altered.unreleased || altered.times == ALTERATIONS_MAX {
            return;
        }
        altered.times += 1;
        altered.unreleased = true;
        let version = if rng.bool() { newest } else { rng.u64(1..=newest) };
        let (content, shown) = self.harness.alter(workflow, version, &format!("intruder-{}", altered.times));
        altered.content = content.to_string();
        self.recorder.note(workflow, "x", What::Altered(Broken { version, content: content.to_string() }));
        self.recorder.note(workflow, "x", What::Shown(Broken { version, content: shown.to_string() }));
    }

    async fn release(&self, rng: &mut Rng, workflow: &str) {
        self.asked.set(self.asked.get() + 1);
        let log = Observed::new(self.harness.log.clone(), &self.recorder, &self.actor('h'));
        let ports = self.harness.releasing(log);
        // The person has read before what is in force. A break that is found meanwhile waits for the next release.
        let breaks = self.harness.breaks_in_force(workflow).await.unwrap_or_default();
        if !breaks.is_empty() && self.invoke(rng, release(&ports, workflow, &breaks)).await == Some(true) {
            // What the stream showed may be released before a recovery has found what it left: that comes next.
            let content =
                self.altered.borrow().get(workflow).map(|altered| altered.content.clone()).unwrap_or_default();
            let is_done = self.harness.is_released(workflow, &content).await;
            if let Some(altered) = self.altered.borrow_mut().get_mut(workflow).filter(|_| is_done) {
                altered.unreleased = false;
            }
        }
    }
}

pub(super) async fn intruder(scene: Rc<Scene>, mut rng: Rng) {
    while !scene.is_left() {
        for _ in 0..PAUSES_BEFORE_ALTERING {
            pause(&mut rng).await;
        }
        let workflow = scene.drawn_workflow(&mut rng);
        scene.alter(&mut rng, &workflow);
    }
}

pub(super) async fn person(scene: Rc<Scene>, mut rng: Rng) {
    while !scene.is_left() {
        for _ in 0..PAUSES_BEFORE_RELEASING {
            pause(&mut rng).await;
        }
        let quarantined = |(workflow, altered): (&String, &Altered)| altered.unreleased.then(|| workflow.clone());
        let those: Vec<String> = scene.altered.borrow().iter().filter_map(quarantined).collect();
        if let Some(workflow) = rng.choice(&those) {
            scene.release(&mut rng, workflow).await;
        }
    }
}
