//! Concurrent histories are linearizable: there is one order of the requests, in keeping with who came after whom, in
//! which a plain sequential workflow would have given every answer.
//!
//! A request without an answer may have had its effect at any time since, or never.

use alims_domain::lifecycle::State;
use alims_faults::Plan;
use alims_proof::asking::{Ask, Outcome, Wish, ask, state};
use alims_proof::harness::Harness;
use alims_proof::seeds::{on_a_paused_clock, seeds};
use fastrand::Rng;
use futures_util::future::join_all;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

/// Histories of one run, callers of each, requests of a caller: a checker has to try orders, so histories are short.
const HISTORIES: usize = 10;
const CALLERS: usize = 3;
const REQUESTS: usize = 4;

/// The workflow as one would write it without concurrency, stores or faults.
#[derive(Clone, Debug, Default)]
struct Sequential {
    states: Vec<State>,
    keys: BTreeMap<String, u64>,
}

#[derive(Clone, Debug)]
enum Request {
    Ask(Ask),
    Look,
}

impl Sequential {
    fn version(&self) -> u64 {
        self.states.len() as u64
    }

    fn make(&mut self, ask: &Ask, state: State) -> Outcome {
        self.states.push(state);
        let version = self.version();
        if let Some(key) = &ask.key {
            self.keys.insert(key.clone(), version);
        }
        Outcome::Accepted { version, event_id: None }
    }

    fn ask(&mut self, ask: &Ask) -> Outcome {
        let creation = ask.wish == Wish::Creation;
        let known = ask.key.as_ref().and_then(|key| self.keys.get(key));
        match (self.states.last().copied(), known) {
            (_, Some(version)) => Outcome::Accepted { version: *version, event_id: None },
            (None, None) if creation => self.make(ask, State::Created),
            (None, None) => Outcome::NotFound,
            (Some(_), None) if creation => Outcome::Exists,
            (Some(state), None) if ask.expected.is_some_and(|expected| expected != self.version()) => {
                Outcome::Conflict { version: self.version(), state }
            }
            (Some(state), None) => match ask.wish {
                Wish::Move(target) | Wish::ChangingMove(target, _) if state.may_become(target) => {
                    self.make(ask, target)
                }
                Wish::Creation | Wish::Move(_) | Wish::ChangingMove(..) => {
                    Outcome::Invalid { version: self.version(), state }
                }
                Wish::Change(_) if state.is_closed() => Outcome::Closed { version: self.version(), state },
                Wish::Signature(_, version) if version != self.version() => {
                    Outcome::Conflict { version: self.version(), state }
                }
                Wish::Remark | Wish::Change(_) | Wish::Signature(..) => self.make(ask, state),
            },
        }
    }
}

impl SequentialSpec for Sequential {
    type Op = Request;
    type Ret = Outcome;

    fn invoke(&mut self, request: &Request) -> Outcome {
        match (request, self.states.last()) {
            (Request::Ask(ask), _) => self.ask(ask),
            (Request::Look, Some(state)) => Outcome::Standing { version: self.version(), state: *state },
            (Request::Look, None) => Outcome::NotFound,
        }
    }

    fn is_valid_step(&mut self, request: &Request, outcome: &Outcome) -> bool {
        if let Outcome::Conflict { version, state } = outcome {
            // A race lost is answered with the version that won: right after it, the answer is the truth.
            self.version() == *version && self.states.last() == Some(state)
        } else if let Outcome::Accepted { version, .. } = outcome {
            self.invoke(request) == Outcome::Accepted { version: *version, event_id: None }
        } else {
            self.invoke(request) == *outcome
        }
    }
}

/// What was asked and answered of one workflow, in that order, by callers that have one request at a time.
#[derive(Default)]
struct History {
    callers: usize,
    events: Vec<(usize, Event)>,
}

enum Event {
    Asked(Request),
    Outcome(Outcome),
}

impl History {
    fn new_caller(&mut self) -> usize {
        self.callers += 1;
        self.callers
    }

    fn is_linearizable(&self) -> bool {
        let mut tester = LinearizabilityTester::new(Sequential::default());
        for (caller, event) in &self.events {
            match event {
                Event::Asked(request) => tester.on_invoke(*caller, request.clone()).unwrap(),
                Event::Outcome(outcome) => tester.on_return(*caller, outcome.clone()).unwrap(),
            };
        }
        tester.is_consistent()
    }

    fn shown(&self) -> String {
        let line = |(caller, event): &(usize, Event)| match event {
            Event::Asked(request) => format!("  {caller} asks {request:?}"),
            Event::Outcome(outcome) => format!("  {caller} is answered {outcome:?}"),
        };
        self.events.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A caller. One that gets no answer goes on under another name, because its request may be under way for ever.
async fn caller(harness: &Harness, workflow: &str, history: &RefCell<History>, mut rng: Rng) {
    let mut me = history.borrow_mut().new_caller();
    let mut stands = None;
    let mut again: Option<Ask> = None;
    for number in 0..REQUESTS {
        // Not a wait for anything: the pause draws how the callers overlap. The clock is paused.
        tokio::time::sleep(Duration::from_millis(rng.u64(..30))).await;
        let request = match again.take() {
            Some(ask) => Request::Ask(ask),
            None if rng.u8(..4) == 0 => Request::Look,
            None => Request::Ask(drawn(workflow, stands, &format!("{me}-{number}"), &mut rng)),
        };
        history.borrow_mut().events.push((me, Event::Asked(request.clone())));
        let outcome = match &request {
            Request::Ask(wanted) => ask(&harness.deciding(), wanted).await,
            Request::Look => state(&harness.reading(harness.log.clone()), workflow).await,
        };
        match (&outcome, &request) {
            (Outcome::Other(what), _) => panic!("no caller may be answered this: {what}"),
            (Outcome::Standing { version, state } | Outcome::Conflict { version, state }, _)
            | (Outcome::Invalid { version, state } | Outcome::Closed { version, state }, _) => {
                stands = Some((*version, *state));
            }
            (Outcome::Accepted { version, .. }, Request::Ask(ask)) => {
                let kept = || stands.map_or(State::Created, |(_, state)| state);
                stands = Some((*version, ask.wish.target().unwrap_or_else(kept)));
            }
            (Outcome::Exists, _) => stands = Some((1, State::Created)),
            _ => {}
        }
        if outcome.is_no_answer() {
            me = history.borrow_mut().new_caller();
            if let Request::Ask(wanted) = request {
                again = Some(wanted).filter(|wanted| wanted.key.is_some());
            }
        } else {
            history.borrow_mut().events.push((me, Event::Outcome(outcome)));
        }
    }
}

fn drawn(workflow: &str, stands: Option<(u64, State)>, key: &str, rng: &mut Rng) -> Ask {
    let (version, state) = stands.unwrap_or((0, State::Created));
    let wanted = match stands {
        None => Ask::creation(workflow),
        Some(_) if rng.u8(..5) == 0 => Ask::remark(workflow),
        Some(_) if rng.u8(..4) == 0 => Ask::change(workflow, key),
        Some(_) => {
            let open = state.allowed_transitions();
            Ask::to(workflow, *rng.choice(&open).filter(|_| rng.u8(..8) > 0).unwrap_or(&State::Active))
        }
    };
    let wanted = if version > 0 && rng.bool() { wanted.at(version) } else { wanted };
    if rng.bool() { wanted.keyed(key) } else { wanted }
}

/// The histories of a seed.
async fn histories(seed: u64, faults_per_mille: u16, conditions: bool) -> Vec<History> {
    let harness = Harness::open(seed).await;
    harness.http.follow(Plan::drawn(faults_per_mille), seed);
    if !conditions {
        harness.environment.forget_conditions();
    }
    let mut rng = Rng::with_seed(seed);
    let histories: Vec<RefCell<History>> = (0..HISTORIES).map(|_| RefCell::default()).collect();
    let names: Vec<String> = (0..HISTORIES).map(|number| format!("w{number}")).collect();
    let callers = histories.iter().zip(&names).flat_map(|pair| std::iter::repeat_n(pair, CALLERS));
    join_all(callers.map(|(history, name)| caller(&harness, name, history, rng.fork()))).await;
    histories.into_iter().map(RefCell::into_inner).collect()
}

#[test]
fn a_thousand_concurrent_histories_with_faults_are_linearizable() {
    let (mut checked, mut unanswered) = (0, 0);
    for seed in seeds(0..100) {
        for history in on_a_paused_clock(seed, histories(seed, 120, true)) {
            assert!(history.is_linearizable(), "seed {seed}:\n{}", history.shown());
            let asked = history.events.iter().filter(|(_, event)| matches!(event, Event::Asked(_))).count();
            unanswered += asked * 2 - history.events.len();
            checked += 1;
        }
    }
    assert!(checked >= 1000 || std::env::var_os(alims_proof::seeds::VARIABLE).is_some(), "{checked}");
    assert!(unanswered > 0, "no request was left without an answer: the faults are too few");
}

#[test]
fn a_store_that_forgets_the_condition_of_an_append_is_caught() {
    let caught = (0..20).flat_map(|seed| on_a_paused_clock(seed, histories(seed, 0, false)));
    let caught = caught.filter(|history| !history.is_linearizable()).count();
    assert!(caught > 0, "two callers won one version, and nobody noticed");
}
