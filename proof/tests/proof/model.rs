//! The handlers against a plain model: random requests, stale and repeated, and random batches of the stream, each with
//! a random fault somewhere on its way to AWS.

use alims_domain::lifecycle::State;
use alims_domain::limits::REMEMBERED_REQUESTS_MAX;
use alims_domain::stored_version::StoredVersion;
use alims_faults::{Attempts, Fault, Plan, UNTIL_ALL_IS_QUIET};
use alims_proof::asking::{Ask, Outcome, Wish, ask, publish};
use alims_proof::harness::{Harness, key};
use alims_testing::MemoryDeadLetters;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;
use tokio::runtime::Runtime;

/// A fault, and which call to AWS meets it.
#[derive(Clone, Copy, Debug)]
struct Hit {
    step: usize,
    attempts: Attempts,
    fault: Fault,
}

impl Hit {
    fn is_overcome(self) -> bool {
        self.attempts == Attempts::First && self.fault.is_tried_again()
    }

    /// What remains of a call of this operation: whether it has its effect, and whether it is answered.
    fn leaves(self, operation: &str) -> (bool, bool) {
        if !self.fault.can_meet(operation) || self.is_overcome() {
            (true, true)
        } else {
            (self.fault.leaves_its_effect(), self.fault.leaves_an_answer())
        }
    }
}

/// What is done next.
#[derive(Clone, Debug)]
enum Action {
    Ask(Wanted, Option<Hit>),
    /// The stream hands over what is not answered, and some of what is.
    Publish(Option<Hit>, u8),
}

/// One request for a move or an amendment.
#[derive(Clone, Debug)]
struct Wanted {
    wish: Wish,
    /// The version the caller names, as so many before (or one after) the present one.
    names: Option<u64>,
    key: Option<u8>,
}

/// What a change leaves in a workflow: a name in its metadata, and a label that has the last of these names.
#[derive(Clone, Debug, Default, PartialEq)]
struct Data {
    names: BTreeSet<String>,
    sample: Option<String>,
}

impl Data {
    fn after(&self, wish: &Wish) -> Self {
        let mut data = self.clone();
        match wish {
            Wish::Change(name) => {
                data.names.insert(name.clone());
                data.sample = Some(name.clone());
            }
            Wish::ChangingMove(_, name) => drop(data.names.insert(name.clone())),
            _ => {}
        }
        data
    }
}

/// What the model holds a workflow to be: nothing but states and data in a row, and which key made which of them.
#[derive(Clone, Debug)]
struct Model {
    versions: Vec<(State, Data)>,
    /// Accepted keys, oldest first: key, what was wanted, what was named, version.
    accepted: Vec<(u8, Wish, Option<u64>, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Made(u64),
    Known(u64),
    KeyReused,
    Conflict,
    Invalid,
    Closed,
}

impl Model {
    fn version(&self) -> u64 {
        self.versions.len() as u64
    }

    fn newest(&self) -> &(State, Data) {
        self.versions.last().unwrap()
    }

    /// What the version that a wish makes holds.
    fn after(&self, wish: &Wish) -> (State, Data) {
        let (state, data) = self.newest();
        (wish.target().unwrap_or(*state), data.after(wish))
    }

    fn named(&self, wanted: &Wanted) -> Option<u64> {
        wanted.names.map(|back| (self.version() + 1).saturating_sub(back).max(1))
    }

    fn expects(&self, wanted: &Wanted) -> Expected {
        let named = self.named(wanted);
        let forgotten = self.accepted.len().saturating_sub(REMEMBERED_REQUESTS_MAX);
        let known = self.accepted[forgotten..].iter().rev().find(|(known, ..)| Some(*known) == wanted.key);
        if let Some((_, wish, known_named, made)) = known {
            let same = *wish == wanted.wish && *known_named == named;
            return if same { Expected::Known(*made) } else { Expected::KeyReused };
        }
        let (state, data) = self.newest();
        let changes = data.after(&wanted.wish) != *data;
        match wanted.wish.target() {
            _ if named.is_some_and(|named| named != self.version()) => Expected::Conflict,
            Some(target) if !state.may_become(target) => Expected::Invalid,
            None if changes && state.allowed_transitions().is_empty() => Expected::Closed,
            Some(_) | None => Expected::Made(self.version() + 1),
        }
    }

    /// Whether a version that is allowed is made, whatever its caller learns: the call reads the head and the
    /// quarantines, then it appends.
    fn makes(hit: Option<Hit>) -> bool {
        match hit {
            Some(hit) if hit.step < 2 => hit.leaves("Query").1,
            Some(hit) if hit.step == 2 => hit.leaves("PutItem").0,
            Some(_) | None => true,
        }
    }
}

fn hit() -> impl Strategy<Value = Option<Hit>> {
    let attempts = prop::sample::select(Attempts::ALL.to_vec());
    let hit = (0_usize..5, attempts, prop::sample::select(Fault::ALL.to_vec()));
    prop::option::weighted(0.5, hit.prop_map(|(step, attempts, fault)| Hit { step, attempts, fault }))
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Action;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self { versions: vec![(State::Created, Data::default())], accepted: Vec::new() }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Action> {
        let target = prop_oneof![
            4 => Just(State::Active),
            4 => Just(State::Paused),
            2 => Just(State::Failed),
            1 => prop::sample::select(State::ALL[1..].to_vec()),
        ];
        let wish = prop_oneof![
            6 => target.prop_map(Wish::Move),
            1 => Just(Wish::Remark),
            2 => (0_u8..6).prop_map(|name| Wish::Change(format!("a{name}"))),
        ];
        let names = prop::option::weighted(0.4, prop_oneof![4 => Just(1), 1 => 0_u64..4]);
        let wanted = (wish, names, prop::option::weighted(0.5, 0_u8..30));
        let wanted = wanted.prop_map(|(wish, names, key)| Wanted { wish, names, key });
        prop_oneof![
            3 => (wanted, hit()).prop_map(|(wanted, hit)| Action::Ask(wanted, hit)),
            1 => (hit(), 0_u8..4).prop_map(|(hit, old)| Action::Publish(hit, old)),
        ]
        .boxed()
    }

    fn apply(mut model: Self, action: &Action) -> Self {
        if let Action::Ask(wanted, hit) = action
            && let Expected::Made(made) = model.expects(wanted)
            && Self::makes(*hit)
        {
            let named = model.named(wanted);
            model.versions.push(model.after(&wanted.wish));
            model.accepted.extend(wanted.key.map(|key| (key, wanted.wish.clone(), named, made)));
        }
        model
    }
}

struct Real {
    runtime: Rc<Runtime>,
    harness: Harness,
    before: Model,
    /// The places of the stream's records that are answered.
    answered: BTreeSet<usize>,
}

impl Real {
    fn follow(&self, hit: Option<Hit>) {
        let at = |Hit { step, attempts, fault }| Plan::At { call: step, attempts, fault };
        self.harness.http.follow(hit.map_or(Plan::Sound, at), 7);
    }

    async fn ask(&self, wanted: &Wanted) -> Outcome {
        let (expected, key) = (self.before.named(wanted), wanted.key.map(|key| format!("k-{key}")));
        let request = Ask { wish: wanted.wish.clone(), expected, key, ..Ask::creation("w") };
        let outcome = ask(&self.harness.deciding(), &request).await;
        // What is late arrives before anything else happens: the model has no time.
        tokio::time::sleep(UNTIL_ALL_IS_QUIET).await;
        outcome
    }

    async fn publish(&mut self, old: u8) {
        let records = self.harness.environment.notifications();
        let again = records.len().saturating_sub(usize::from(old));
        let comes = |place: &usize| !self.answered.contains(place) || *place >= again;
        let places: Vec<usize> = (0..records.len()).filter(comes).collect();
        let batch: Vec<Value> = places.iter().map(|place| records[*place].clone()).collect();
        let letters = MemoryDeadLetters::default();
        let failed = publish(&self.harness.publishing(), &letters, &batch).await;
        assert_eq!(letters.all(), []);
        self.answered.extend(places.into_iter().filter(|place| !failed.contains(&records[*place])));
        tokio::time::sleep(UNTIL_ALL_IS_QUIET).await;
    }
}

impl StateMachineTest for Real {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(model: &Model) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let harness = runtime.block_on(async {
            let harness = Harness::open(0).await;
            ask(&harness.deciding(), &Ask::creation("w")).await;
            harness
        });
        Self { runtime: Rc::new(runtime), harness, before: model.clone(), answered: BTreeSet::new() }
    }

    fn apply(mut real: Self, after: &Model, action: Action) -> Self {
        match action {
            Action::Ask(wanted, hit) => {
                real.follow(hit);
                let outcome = real.runtime.block_on(real.ask(&wanted));
                let (version, expected) = (real.before.version(), real.before.expects(&wanted));
                let as_expected = match (&outcome, expected) {
                    (Outcome::Accepted { version, .. }, Expected::Made(made) | Expected::Known(made)) => {
                        *version == made
                    }
                    (Outcome::Other(outcome), Expected::KeyReused) => outcome.contains("idempotency-key-reused"),
                    (Outcome::Conflict { version: outcome, .. }, Expected::Conflict)
                    | (Outcome::Invalid { version: outcome, .. }, Expected::Invalid)
                    | (Outcome::Closed { version: outcome, .. }, Expected::Closed) => *outcome == version,
                    // A fault that no attempt overcomes may be answered with 'nothing is known'.
                    (Outcome::StorageUnavailable, _) => hit.is_some_and(|hit| !hit.is_overcome()),
                    _ => false,
                };
                assert!(as_expected, "{wanted:?} with {hit:?}: {outcome:?}, expected {expected:?} at {version}");
            }
            Action::Publish(hit, old) => {
                real.follow(hit);
                let runtime = real.runtime.clone();
                runtime.block_on(real.publish(old));
            }
        }
        real.before = after.clone();
        real
    }

    fn check_invariants(real: &Self, model: &Model) {
        real.harness.http.follow(Plan::Sound, 0);
        let ((versions, _), indexed) =
            real.runtime.block_on(async { (real.harness.kept("w").await, real.harness.indexed("w").await) });
        let held = versions.iter().map(|StoredVersion { event, .. }| {
            let labels = serde_json::to_value(&event.labels).unwrap();
            let sample = labels["sample"].as_str().map(str::to_owned);
            (event.to_state, Data { names: event.metadata.as_object().keys().cloned().collect(), sample })
        });
        assert_eq!(held.collect::<Vec<_>>(), model.versions);
        let (first, _) = real.harness.first_appearances("w");
        assert_eq!(first, (1..=first.len() as u64).collect::<Vec<_>>(), "first appearances are in order, without gaps");
        assert!(first.len() <= versions.len());
        let published = indexed.map_or(0, |entry| entry.published_version.get());
        assert!(published <= first.len() as u64, "the index says {published}, the bus had {}", first.len());
        for event in real.harness.environment.accepted() {
            if event["event_type"] != "WorkflowTransitionRefused" {
                let place = usize::try_from(event["version"].as_u64().unwrap()).unwrap() - 1;
                let version = &versions[place];
                assert_eq!(event["event_id"], version.event.event_id.to_string());
            }
        }
    }

    /// Once nothing goes wrong any more, everything is published.
    fn teardown(mut real: Self, model: Model) {
        real.follow(None);
        let runtime = real.runtime.clone();
        runtime.block_on(real.publish(0));
        let first = real.harness.first_appearances(key("w").workflow_id.as_str()).0;
        assert_eq!(first.len() as u64, model.version());
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn handlers_answer_store_and_publish_what_the_model_does_under_faults(sequential 1..40 => Real);
}
