//! Mutations of what was recorded of recoveries and quarantines.

use alims_domain::lifecycle::State;

use crate::asking::Wish;
use crate::recording::{Line, What};

/// The place of a version that a recovery appended, and the turn that did.
fn brought_back(lines: &[Line]) -> impl Iterator<Item = (usize, &str)> {
    let appended = |actor: &str| lines.iter().any(|line| line.actor == actor && line.what == What::Appended);
    let begun = lines.iter().enumerate().filter(|(_, line)| matches!(line.what, What::AppendBegun { .. }));
    begun
        .map(|(place, line)| (place, line.actor.as_str()))
        .filter(move |(_, actor)| actor.starts_with('v') && appended(actor))
}

/// The rules had said no, and it was brought back all the same.
pub(super) fn disobey(lines: &[Line]) -> Option<Vec<Line>> {
    let (place, actor) = brought_back(lines).next()?;
    let (execution, _) = actor.split_once('.')?;
    let same = |line: &Line| line.actor.split_once('.').is_some_and(|(other, _)| other == execution);
    let asked = (0..place).rfind(|at| same(&lines[*at]) && lines[*at].what == What::RulesAllow)?;
    let mut lines = lines.to_vec();
    lines[asked].what = What::RulesDeny;
    Some(lines)
}

/// What is said to have been brought back had never failed: the caller that moved it to FAILED had asked for PAUSED.
pub(super) fn bring_back_the_sound(lines: &[Line]) -> Option<Vec<Line>> {
    brought_back(lines).find_map(|(place, _)| {
        let What::AppendBegun { version: back, .. } = &lines[place].what else { return None };
        let made = (0..place).rfind(|at| {
            matches!(&lines[*at].what, What::AppendBegun { version, to: State::Failed, .. } if version + 1 == *back)
        })?;
        let caller = lines[made].actor.clone();
        let mut lines = lines.to_vec();
        let asked = lines.iter().position(|line| line.actor == caller && matches!(line.what, What::Asked { .. }))?;
        // A key would say what others have asked for with it.
        lines[asked].what = What::Asked { wish: Some(Wish::Move(State::Paused)), key: None };
        if let What::AppendBegun { to, .. } = &mut lines[made].what {
            *to = State::Paused;
        }
        if let What::AppendBegun { from, .. } = &mut lines[place].what {
            *from = Some(State::Paused);
        }
        Some(lines)
    })
}

/// Who moved a workflow after its release did so before it, and had seen the quarantine.
pub(super) fn move_the_quarantined(lines: &[Line]) -> Option<Vec<Line>> {
    let released = lines.iter().position(|line| matches!(line.what, What::ReleaseBegun(_)))?;
    let person = lines[released].actor.clone();
    let seen = (released..lines.len()).find(|at| {
        let caller = &lines[*at].actor;
        let appends = |line: &Line| line.actor == *caller && matches!(line.what, What::AppendBegun { .. });
        lines[*at].what == What::RecordRead { found: 1, released: 1 }
            && caller.starts_with('c')
            && lines[*at..].iter().any(appends)
    })?;
    let appends =
        |at: &usize| lines[*at].actor == lines[seen].actor && matches!(lines[*at].what, What::AppendBegun { .. });
    let after = (seen..lines.len()).find(appends)?;
    let mut mutated = lines.to_vec();
    mutated[seen].what = What::RecordRead { found: 1, released: 0 };
    let is_release = |line: &Line| line.actor == person && matches!(line.what, What::ReleaseBegun(_) | What::Released);
    let release: Vec<Line> = mutated[..after].iter().filter(|line| is_release(line)).cloned().collect();
    let mut mutated: Vec<Line> = mutated
        .into_iter()
        .enumerate()
        .flat_map(|(at, line)| {
            let late = if at == after { release.clone() } else { Vec::new() };
            std::iter::once(line).chain(late).map(move |line| (at, line))
        })
        .filter(|(at, line)| *at >= after || !is_release(line))
        .map(|(_, line)| line)
        .collect();
    mutated.dedup();
    Some(mutated)
}

/// A person releases what was altered before anybody has found it.
pub(super) fn release_unfound(lines: &[Line]) -> Option<Vec<Line>> {
    let altered = lines.iter().position(|line| matches!(line.what, What::Altered(_)))?;
    let What::Altered(broken) = &lines[altered].what else { return None };
    let by_a_person = |what: What| Line { actor: "h0".to_owned(), what, ..lines[altered].clone() };
    let release = [by_a_person(What::ReleaseBegun(broken.clone())), by_a_person(What::Released)];
    let mut lines = lines.to_vec();
    lines.splice(altered + 1..=altered, release);
    Some(lines)
}
