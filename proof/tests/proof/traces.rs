//! Recording: a seed repeats its recording, and every lie can be told of it. What TLC makes of both is another command's.

use alims_proof::run::{Load, run};
use alims_proof::seeds::on_a_paused_clock;
use alims_proof::tamper::LIES;
use alims_proof::trace::{module, traces};

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
    let recording = on_a_paused_clock(1, run(1, LITTLE)).lines;
    let of = |workflow: &str| recording.iter().filter(|line| line.workflow == workflow).cloned().collect::<Vec<_>>();
    for lie in &LIES {
        let (truth, told) = ["w0", "w1", "w2"]
            .iter()
            .find_map(|workflow| Some((of(workflow), (lie.tell)(&of(workflow))?)))
            .unwrap_or_else(|| panic!("no occasion to say that {}", lie.name));
        assert_ne!(module(&traces(&told), false), module(&traces(&truth), false), "{}", lie.name);
    }
}
