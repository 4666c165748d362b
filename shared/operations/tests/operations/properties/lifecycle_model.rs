//! The operations against a plain model: random requests, stale and repeated, with answers lost on the way.

use alims_domain::call::Call;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::limits::{REFUSALS_OF_A_PRINCIPAL_MAX, REMEMBERED_REQUESTS_MAX};
use alims_operations::create_workflow::create_workflow;
use alims_operations::request_state_transition::{
    RequestStateTransitionError as Refused, TransitionRequest, request_state_transition,
};
use alims_operations::walk_chain;
use alims_testing::builders::{a_call, a_call_with_key, a_key, version};
use alims_testing::{CallFault, Faulty, MemoryLog, RulesThatAllow, Script};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::{allowing, deciding, new, to};

/// One request for a move.
#[derive(Clone, Debug)]
struct Ask {
    target: State,
    /// The version the caller names, as so many before (or one after) the present one.
    names: Option<u64>,
    key: Option<u8>,
    fault: Option<CallFault>,
}

/// What the model holds a workflow to be: nothing but states in a row and which key made which of them.
#[derive(Clone, Debug)]
struct Model {
    states: Vec<State>,
    /// Accepted keys, oldest first: key, target, what was named, version.
    accepted: Vec<(u8, State, Option<u64>, u64)>,
}

impl Model {
    fn version(&self) -> u64 {
        self.states.len() as u64
    }

    fn named(&self, ask: &Ask) -> Option<u64> {
        ask.names.map(|back| (self.version() + 1).saturating_sub(back).max(1))
    }

    fn known(&self, key: u8) -> Option<&(u8, State, Option<u64>, u64)> {
        let forgotten = self.accepted.len().saturating_sub(REMEMBERED_REQUESTS_MAX);
        self.accepted[forgotten..].iter().rev().find(|(known, ..)| *known == key)
    }

    fn expects(&self, ask: &Ask) -> Expected {
        let named = self.named(ask);
        if let Some((_, target, known_named, made)) = ask.key.and_then(|key| self.known(key)) {
            let same = *target == ask.target && *known_named == named;
            return if same { Expected::Version(*made) } else { Expected::KeyReused };
        }
        if named.is_some_and(|named| named != self.version()) {
            return Expected::Conflict;
        }
        if self.states.last().unwrap().may_become(ask.target) {
            Expected::Version(self.version() + 1)
        } else {
            Expected::Invalid
        }
    }
}

#[derive(Debug, PartialEq)]
enum Expected {
    Version(u64),
    KeyReused,
    Conflict,
    Invalid,
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Ask;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self { states: vec![State::Created], accepted: Vec::new() }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Ask> {
        let target = prop_oneof![
            4 => Just(State::Active),
            4 => Just(State::Paused),
            2 => Just(State::Failed),
            1 => prop::sample::select(State::ALL.to_vec()),
        ];
        let names = prop::option::weighted(0.4, prop_oneof![4 => Just(1), 1 => 0_u64..4]);
        let fault =
            prop::option::weighted(0.2, prop_oneof![Just(CallFault::BeforeEffect), Just(CallFault::AfterEffect)]);
        (target, names, prop::option::weighted(0.5, 0_u8..30), fault)
            .prop_map(|(target, names, key, fault)| Ask { target, names, key, fault })
            .boxed()
    }

    fn apply(mut model: Self, ask: &Ask) -> Self {
        let expected = model.expects(ask);
        // An append that fails before its effect leaves everything as it was.
        if expected == Expected::Version(model.version() + 1) && ask.fault != Some(CallFault::BeforeEffect) {
            let named = model.named(ask);
            model.states.push(ask.target);
            let made = model.version();
            model.accepted.extend(ask.key.map(|key| (key, ask.target, named, made)));
        }
        model
    }
}

struct Real {
    log: MemoryLog,
    before: Model,
}

impl Real {
    async fn ask(&self, ask: &Ask, script: &Script) -> Result<u64, Refused> {
        let log = Faulty::new(self.log.clone(), script);
        let call: Call = ask.key.map_or_else(|| a_call("alice"), |key| a_call_with_key("alice", &format!("k-{key}")));
        let expected_versions = self.before.named(ask).map(|number| version(number).into());
        let request = TransitionRequest { expected_versions, ..to(ask.target) };
        let ports = deciding(log, RulesThatAllow);
        let accepted = request_state_transition(&ports, &call, &"w".parse().unwrap(), &request).await?;
        assert_eq!(accepted.event.to_state, ask.target);
        Ok(accepted.event.version.get())
    }
}

impl StateMachineTest for Real {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(model: &Model) -> Self {
        let log = MemoryLog::default();
        block_on(create_workflow(&allowing(&log), &a_call("alice"), &new("w"))).unwrap();
        Self { log, before: model.clone() }
    }

    fn apply(mut real: Self, after: &Model, ask: Ask) -> Self {
        let expected = real.before.expects(&ask);
        let appends = expected == Expected::Version(real.before.version() + 1);
        let script = Script::default();
        if let (true, Some(fault)) = (appends, ask.fault) {
            // The calls of a move that is accepted: read the head and the quarantines, append.
            script.fail(2, fault);
        }
        let answer = block_on(real.ask(&ask, &script));
        match (&answer, expected) {
            (Err(Refused::Store(_)), _) if appends && ask.fault.is_some() => {}
            (Ok(made), Expected::Version(version)) => assert_eq!(*made, version),
            (Err(Refused::KeyReused), Expected::KeyReused) => {}
            (Err(Refused::VersionConflict(told)), Expected::Conflict) => {
                assert_eq!(told.version.get(), real.before.version());
            }
            (Err(Refused::InvalidTransition(told)), Expected::Invalid) => {
                assert_eq!(told.version.get(), real.before.version());
            }
            // All of them are Alice's, and of one minute.
            (Err(Refused::TooManyRefusals(_)), Expected::Invalid) => {
                assert_eq!(real.log.entries(&a_key("w")).1.len(), REFUSALS_OF_A_PRINCIPAL_MAX);
            }
            (answer, expected) => panic!("{ask:?}: {answer:?}, expected {expected:?}"),
        }
        real.before = after.clone();
        real
    }

    fn check_invariants(real: &Self, model: &Model) {
        let (versions, refusals) = real.log.entries(&a_key("w"));
        let states: Vec<State> = versions.iter().map(|version| version.event.to_state).collect();
        assert_eq!(states, model.states);
        assert!(versions.iter().all(|version| version.accepted.len() <= REMEMBERED_REQUESTS_MAX));
        assert!(refusals.iter().all(|refusal| refusal.version.is_some_and(|at| at >= Version::FIRST)));
    }

    /// The chain is walked once, at the end: nothing that was appended is ever altered, and the steps are many.
    fn teardown(real: Self, _: Model) {
        let walked = block_on(walk_chain(&real.log, &a_key("w"), None)).unwrap();
        assert_eq!(walked.broken, None);
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

prop_state_machine! {
    #![proptest_config(super::cases(128))]

    #[test]
    fn every_answer_and_every_history_is_the_models(sequential 1..60 => Real);
}
