//! The publishers of what the stream delivers, and a subscriber who acts on it.

use alims_operations::ports::DeadLetter;
use alims_subscriber::{Event, Inbox, Received};
use alims_testing::MemoryDeadLetters;
use fastrand::Rng;
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::SystemTime;

use super::scene::{Scene, is_change, pause, version_of};
use crate::asking::publish;
use crate::harness::is_unordered;
use crate::recording::What;

/// Records of one batch of the stream.
const BATCH_MAX: usize = 6;

impl Scene {
    /// Takes up what the stream has since the last time, and tells how many records there are.
    fn hear(&self) -> usize {
        let mut notified = self.notified.borrow_mut();
        let new = self.harness.environment.notifications_from(notified.len());
        self.unanswered.borrow_mut().extend(notified.len()..notified.len() + new.len());
        for (workflow, version) in new.iter().filter_map(version_of) {
            self.versions.borrow_mut().insert(workflow, version);
        }
        notified.extend(new);
        notified.len()
    }

    /// How many versions a workflow has.
    pub(super) fn versions_of(&self, workflow: &str) -> u64 {
        self.hear();
        self.versions.borrow().get(workflow).copied().unwrap_or_default()
    }

    /// Hands some records to publishers; those that they answer do not come again. A change comes alone: versions beside
    /// it would become dead letters, which no run takes up, and a line would not tell of which change it is.
    async fn publish(&self, rng: &mut Rng, places: &[usize]) {
        let changes = |place: &usize| is_change(&self.notified.borrow()[*place]);
        let (changed, new): (Vec<usize>, Vec<usize>) = places.iter().copied().partition(changes);
        for change in changed {
            self.publish_batch(rng, &[change]).await;
        }
        if !new.is_empty() {
            self.publish_batch(rng, &new).await;
        }
    }

    async fn publish_batch(&self, rng: &mut Rng, places: &[usize]) {
        let actor = self.actor('p');
        let batch: Vec<Value> = places.iter().map(|place| self.notified.borrow()[*place].clone()).collect();
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for (workflow, version) in batch.iter().filter_map(version_of) {
            let last = last.entry(workflow).or_default();
            *last = version.max(*last);
        }
        for (workflow, last) in &last {
            self.recorder.note(workflow, &actor, What::Notified { last: *last });
        }
        let letters = MemoryDeadLetters::default();
        let (ports, work) = (self.publishing(&actor), &letters);
        let Some(failed) = self.invoke(rng, publish(&ports, work, &batch)).await else { return };
        // Versions that are held back, or that the bus refuses for good, wait for a recovery, or for the notification of
        // a later version.
        let expected = |letter: &DeadLetter| letter.refused.is_some() || letter.why.ends_with(": quarantined");
        let others: Vec<_> = letters.all().into_iter().filter(|letter| !expected(letter)).collect();
        assert!(others.is_empty(), "{others:?}");
        let again: Vec<String> = failed.iter().filter_map(version_of).map(|(workflow, _)| workflow).collect();
        for workflow in last.keys() {
            let what = if again.contains(workflow) { What::ComesAgain } else { What::Answered };
            self.recorder.note(workflow, &actor, what);
        }
        let notified = self.notified.borrow();
        let answered = |place: &usize| places.contains(place) && !failed.contains(&notified[*place]);
        self.unanswered.borrow_mut().retain(|place| !answered(place));
    }
}

pub(super) async fn publisher(scene: Rc<Scene>, mut rng: Rng) {
    loop {
        pause(&mut rng).await;
        let records = scene.hear();
        let mut places = scene.unanswered.borrow().clone();
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
            places.push(rng.usize(..records));
        }
        places.sort_unstable();
        places.dedup();
        scene.publish(&mut rng, &places).await;
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
        let new = scene.harness.environment.accepted_from(self.taken);
        self.taken += new.len();
        self.waiting.extend(new.into_iter().filter(|event| !is_unordered(event)));
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

pub(super) async fn subscriber(scene: Rc<Scene>, mut rng: Rng) {
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
        if scene.is_over() && scene.unanswered.borrow().is_empty() {
            break;
        }
    }
    // What is late arrives, is published, and is delivered: nothing goes wrong any more.
    scene.at_the_end.set(true);
    scene.harness.settle().await;
    scene.hear();
    let left = scene.unanswered.borrow().clone();
    if !left.is_empty() {
        scene.publish(&mut rng, &left).await;
    }
    scene.harness.settle().await;
    desk.take(&scene);
    for event in std::mem::take(&mut desk.waiting) {
        desk.deliver(&scene, &event);
    }
}
