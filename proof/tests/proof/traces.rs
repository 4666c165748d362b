//! Recording: a seed repeats its recording, and every lie can be told of it. What TLC makes of both is another command's.

use alims_proof::recording::Line;
use alims_proof::run::{Load, run};
use alims_proof::seeds::on_a_paused_clock;
use alims_proof::tamper::LIES;
use alims_proof::trace::{module, traces};

/// How many runs are recorded to tell lies of.
const SEEDS: u64 = 4;
const LITTLE: Load = Load { workflows: 3, ..Load::USUAL };

#[test]
fn a_seed_repeats_its_recording() {
    let [one, same, other] = [3, 3, 4].map(|seed| on_a_paused_clock(seed, run(seed, LITTLE)).lines);
    assert_eq!(one.len(), same.len());
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[test]
fn every_lie_is_told_and_none_is_what_was_recorded() {
    // No single run has an occasion for every lie.
    let recordings: Vec<Vec<Line>> = (1..=SEEDS).map(|seed| on_a_paused_clock(seed, run(seed, LITTLE)).lines).collect();
    let of = |recording: &[Line], workflow: &str| -> Vec<Line> {
        recording.iter().filter(|line| line.workflow == workflow).cloned().collect()
    };
    let workflows: Vec<Vec<Line>> =
        recordings.iter().flat_map(|lines| ["w0", "w1", "w2"].map(|workflow| of(lines, workflow))).collect();
    for lie in &LIES {
        let (truth, told) = workflows
            .iter()
            .find_map(|lines| Some((lines, (lie.tell)(lines)?)))
            .unwrap_or_else(|| panic!("no occasion to say that {}", lie.name));
        assert_ne!(module(&traces(&told), false), module(&traces(truth), false), "{}", lie.name);
    }
}
