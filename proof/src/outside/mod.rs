//! The deployed service as its clients and a subscriber see it: what the scenarios of the end-to-end run wrote down, for
//! `spec/OutsideWorkflowManager.tla`.

pub mod answers;
pub mod mutations;
pub mod recording;
pub mod trace;

use anyhow::Context as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::check::{Lines, Mutation, Recorded, accept, grouped, refuse, say};
use crate::tla::Trace;
use crate::tlc::{Judge, Tlc};
use mutations::MUTATIONS;
use recording::{Seen, read};
use trace::trace;

impl Recorded for Seen {
    const JUDGE: Judge = Judge { module: "OutsideWorkflowManager", configuration: "outside.cfg" };
    const MUTATIONS: &'static [Mutation<Self>] = &MUTATIONS;
    const OCCASIONS_MAX: usize = usize::MAX;

    fn by_workflow(recording: &[Self]) -> Vec<Lines<Self>> {
        let mut asked: BTreeMap<String, String> = BTreeMap::new();
        grouped(recording, |seen| {
            let about = seen.about(&asked)?;
            if let Self::Asked { call, .. } = seen {
                asked.insert(call.clone(), about.clone());
            }
            Some(about)
        })
    }

    fn trace(lines: &[(usize, Self)]) -> Trace {
        trace(lines)
    }
}

/// Checks a recording, and the mutations that it gives occasion to.
///
/// # Errors
/// When TLC is not to be had, refuses what was seen, or accepts a mutation of it; and when the recording has no end.
pub fn check(tlc: &Tlc, recording: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let recorded = fs::read_to_string(recording).with_context(|| format!("{} cannot be read", recording.display()))?;
    let seen = read(&recorded)?;
    let (whole, without_end) = whole(&seen);
    anyhow::ensure!(!whole.is_empty(), "nothing was seen from its beginning to its end");
    let accepted = accept(tlc, &whole)?;
    let seconds = begun.elapsed().as_secs_f32();
    say(&format!(
        "  {} workflows, seen in {} lines: all accepted, {} distinct states, {seconds:.1} s",
        accepted.workflows, accepted.lines, accepted.states
    ));
    anyhow::ensure!(without_end.is_empty(), "no history was read at the end of {}", without_end.join(", "));
    refuse(tlc, &whole)
}

/// What was seen of workflows whose history was read in the end, and the names of the others.
fn whole(seen: &[Seen]) -> (Vec<Seen>, Vec<String>) {
    let ended = |lines: &Lines<Seen>| lines.iter().any(|(_, seen)| matches!(seen, Seen::History { .. }));
    let (whole, others): (Vec<_>, Vec<_>) = Seen::by_workflow(seen).into_iter().partition(ended);
    let mut lines: Lines<Seen> = whole.into_iter().flatten().collect();
    lines.sort_by_key(|(place, _)| *place);
    (lines.into_iter().map(|(_, seen)| seen).collect(), others.iter().map(|lines| trace(lines).name).collect())
}
