//! Mutations of what was recorded into what must never happen: none of them may be accepted.

mod amending;
mod recovering;

use std::collections::BTreeMap;

use crate::check::Mutation;
use crate::recording::{Answer, Line, What};

/// All of them.
pub const MUTATIONS: [Mutation<Line>; 14] = [
    Mutation { name: "one version is skipped on the bus", mutate: skip },
    Mutation { name: "two events are swapped on the bus", mutate: swap },
    Mutation { name: "an acknowledged write is missing", mutate: lose },
    Mutation { name: "a read sees what was before an acknowledged write", mutate: look_back },
    Mutation { name: "two callers win one version", mutate: win_twice },
    Mutation { name: "the index is advanced past what the bus has", mutate: run_ahead },
    Mutation { name: "an amendment changes the state", mutate: amending::change_the_state },
    Mutation { name: "a version loses what an amendment changed", mutate: amending::lose_a_change },
    Mutation { name: "a signature is for another version", mutate: amending::sign_what_was_before },
    Mutation { name: "a signature counts after the data have changed", mutate: amending::keep_the_outdated },
    Mutation { name: "a recovery appends what the rules denied", mutate: recovering::disobey },
    Mutation { name: "a recovery brings back what has not failed", mutate: recovering::bring_back_the_sound },
    Mutation { name: "a workflow is moved while it is quarantined", mutate: recovering::move_the_quarantined },
    Mutation { name: "a person releases what was not found", mutate: recovering::release_unfound },
];

/// The places of two versions that one publisher puts one after the other, each to its end.
fn two_in_a_row(lines: &[Line]) -> Option<(usize, usize)> {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.actor.starts_with('p')) {
        match line.what {
            What::PutBegun { .. } => {
                if let Some(before) = last.insert(&line.actor, place) {
                    return Some((before, place));
                }
            }
            What::PutUnknown | What::PutUnwanted => {
                last.remove(line.actor.as_str());
            }
            _ => {}
        }
    }
    None
}

fn skip(lines: &[Line]) -> Option<Vec<Line>> {
    let (first, _) = two_in_a_row(lines)?;
    let actor = &lines[first].actor;
    let ended = (first..lines.len()).find(|at| lines[*at].actor == *actor && lines[*at].what == What::PutTaken)?;
    let kept = |(place, _): &(usize, &Line)| *place != first && *place != ended;
    Some(lines.iter().enumerate().filter(kept).map(|(_, line)| line.clone()).collect())
}

fn swap(lines: &[Line]) -> Option<Vec<Line>> {
    let (first, second) = two_in_a_row(lines)?;
    let mut lines = lines.to_vec();
    let what = lines[first].what.clone();
    lines[first].what = std::mem::replace(&mut lines[second].what, what);
    Some(lines)
}

fn lose(lines: &[Line]) -> Option<Vec<Line>> {
    let mut lines = lines.to_vec();
    let at = lines.iter().position(|line| matches!(line.what, What::Log { .. }))?;
    let What::Log { events } = &mut lines[at].what else { return None };
    let last = events.pop()?;
    let made =
        lines.iter().position(|line| matches!(&line.what, What::AppendBegun { event_id, .. } if *event_id == last))?;
    let actor = lines[made].actor.clone();
    lines.iter().any(|line| line.actor == actor && line.what == What::Appended).then_some(lines)
}

/// Whether the actor of the first line is answered something of what it read. Of a reader that nothing came of, the trace
/// says nothing.
fn is_answered(lines: &[Line]) -> bool {
    lines
        .iter()
        .filter(|line| line.actor == lines[0].actor)
        .any(|line| matches!(line.what, What::Responded { answer, .. } if answer != Answer::StorageUnavailable))
}

fn look_back(lines: &[Line]) -> Option<Vec<Line>> {
    let mut ids: BTreeMap<u64, String> = BTreeMap::new();
    let mut acknowledged = 0;
    let mut since: BTreeMap<&str, u64> = BTreeMap::new();
    let mut begun: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        match &line.what {
            What::AppendBegun { version, event_id, .. } => {
                begun.insert(&line.actor, (*version, event_id));
            }
            What::Appended => {
                let (version, id) = begun.get(line.actor.as_str())?;
                ids.insert(*version, (*id).to_owned());
                acknowledged = acknowledged.max(*version);
            }
            What::ReadBegun => {
                since.insert(&line.actor, acknowledged);
            }
            What::Read { version, .. }
                if *version > 1 && since.get(line.actor.as_str()) == Some(version) && is_answered(&lines[place..]) =>
            {
                if let Some(before) = ids.get(&(version - 1)) {
                    let mut lines = lines.to_vec();
                    lines[place].what = What::Read { version: version - 1, event_id: Some(before.clone()) };
                    return Some(lines);
                }
            }
            _ => {}
        }
    }
    None
}

/// The loser of a race is answered that it had won, after the winner was answered so.
fn win_twice(lines: &[Line]) -> Option<Vec<Line>> {
    let mut winners: Vec<&str> = Vec::new();
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        match &line.what {
            What::AppendBegun { event_id, .. } => {
                begun.insert(&line.actor, event_id);
            }
            What::Appended => winners.extend(begun.get(line.actor.as_str())),
            What::AppendTaken { event_id } if winners.contains(&event_id.as_str()) => {
                let mut lines = lines.to_vec();
                lines[place].what = What::Appended;
                return Some(lines);
            }
            _ => {}
        }
    }
    None
}

fn run_ahead(lines: &[Line]) -> Option<Vec<Line>> {
    let mut lines = lines.to_vec();
    let at = lines.iter().position(|line| matches!(line.what, What::AdvanceBegun { .. }))?;
    if let What::AdvanceBegun { version } = &mut lines[at].what {
        *version += 1;
    }
    Some(lines)
}
