//! Recording: a seed repeats its recording, and every mutation can be made of it. What TLC makes of both is the binary's.

use alims_proof::check::{Mutation, Recorded};
use alims_proof::mutations::MUTATIONS;
use alims_proof::recording::Line;
use alims_proof::run::{Load, run};
use alims_proof::seeds::on_a_paused_clock;
use alims_proof::tla::data;

/// How many runs are recorded to make mutations of.
const SEEDS: u64 = 8;
const LITTLE: Load = Load { workflows: 3, ..Load::USUAL };

#[test]
fn a_seed_repeats_its_recording() {
    let [one, same, other] = [3, 3, 4].map(|seed| on_a_paused_clock(seed, run(seed, LITTLE)).lines);
    assert_eq!(one.len(), same.len());
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[test]
fn every_mutation_is_made_and_changes_what_tlc_reads() {
    // No single run has an occasion for every mutation.
    let recording: Vec<Line> = (1..=SEEDS).flat_map(|seed| on_a_paused_clock(seed, run(seed, LITTLE)).lines).collect();
    let workflows: Vec<Vec<Line>> = Line::by_workflow(&recording)
        .into_iter()
        .map(|lines| lines.into_iter().map(|(_, line)| line).collect())
        .collect();
    let read = |lines: &[Line]| {
        let placed: Vec<(usize, Line)> = lines.iter().cloned().enumerate().collect();
        data(&[Line::trace(&placed)], false)
    };
    for Mutation { name, mutate } in &MUTATIONS {
        let (recorded, mutated) = workflows
            .iter()
            .find_map(|lines| Some((lines, mutate(lines)?)))
            .unwrap_or_else(|| panic!("no occasion to claim that {name}"));
        assert_ne!(read(&mutated), read(recorded), "{name}");
    }
}
