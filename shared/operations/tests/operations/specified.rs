//! The lifecycle against the specification: the table is read out of the TLA+ module, so that it is written twice and
//! not three times, and the two that are written are compared.

use alims_domain::lifecycle::State;
use std::collections::BTreeSet;

use alims_operations::create_workflow::create_workflow;
use alims_operations::request_state_transition::{RequestStateTransitionError, request_state_transition};
use alims_testing::MemoryLog;
use alims_testing::builders::a_key;

use crate::{alice, allowing, new, to};

/// The module, next to which this package lies.
const MODULE: &str = include_str!("../../../../spec/WorkflowManager.tla");

/// The words in quotation marks of a definition, up to the brace that ends it.
fn words_of(definition: &str) -> Vec<&'static str> {
    let (_, rest) = MODULE.split_once(&format!("\n{definition} == {{")).expect("the module defines it");
    let (body, _) = rest.split_once('}').expect("a set ends");
    body.split('"').skip(1).step_by(2).collect()
}

fn moves() -> BTreeSet<(State, State)> {
    let states: Vec<State> = words_of("Moves").into_iter().map(|word| word.parse().unwrap()).collect();
    states.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

#[test]
fn the_states_are_those_of_the_specification() {
    let specified: BTreeSet<&str> = words_of("States").into_iter().collect();
    assert_eq!(specified, State::ALL.iter().map(|state| state.as_str()).collect());
}

#[test]
fn the_moves_are_those_of_the_specification() {
    let pairs = State::ALL.into_iter().flat_map(|from| State::ALL.map(|to| (from, to)));
    let made: BTreeSet<(State, State)> = pairs.filter(|(from, to)| from.may_become(*to)).collect();
    assert_eq!(made, moves());
    assert_eq!(made.len(), 9, "the module was read");
}

/// A way from CREATED to a state, by the specification's moves.
fn way_to(state: State) -> Vec<State> {
    let moves = moves();
    let mut ways = vec![vec![State::Created]];
    while let Some(way) = ways.pop() {
        let at = way[way.len() - 1];
        if at == state {
            return way[1..].to_vec();
        }
        let on = moves.iter().filter(|(from, to)| *from == at && !way.contains(to));
        ways.extend(on.map(|(_, to)| [way.as_slice(), &[*to]].concat()));
    }
    panic!("the specification has no way to {state}");
}

#[tokio::test]
async fn the_operation_makes_the_specified_moves_and_refuses_all_others() {
    let id = "w".parse().unwrap();
    for from in State::ALL {
        for target in State::ALL {
            let log = MemoryLog::default();
            let ports = allowing(&log);
            create_workflow(&ports, &alice(), &new("w")).await.unwrap();
            for step in way_to(from) {
                request_state_transition(&ports, &alice(), &id, &to(step)).await.unwrap();
            }
            let told = request_state_transition(&ports, &alice(), &id, &to(target)).await;
            let stands = log.entries(&a_key("w")).0.last().map(|version| version.event.to_state);
            if moves().contains(&(from, target)) {
                assert_eq!((told.is_ok(), stands), (true, Some(target)), "{from} to {target}");
            } else {
                let refused = matches!(told, Err(RequestStateTransitionError::InvalidTransition(_)));
                assert_eq!((refused, stands), (true, Some(from)), "{from} to {target}");
            }
        }
    }
}
