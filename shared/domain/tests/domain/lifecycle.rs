//! The lifecycle against the specification: the table is read out of the TLA+ module, so that it is written twice and
//! not three times, and the two that are written are compared.

use alims_domain::lifecycle::State;
use std::collections::BTreeSet;

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
