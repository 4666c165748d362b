//! Has TLC judge recordings, and sees to it that TLC refuses the mutations of them.

use anyhow::Context as _;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;

use crate::tla::Trace;
use crate::tlc::{Judge, Judged, Tlc};

/// How many lines before the refused one are shown.
const SHOWN_BEFORE: usize = 8;
/// How much of a line is shown: the recording has the rest.
const SHOWN_OF_A_LINE: usize = 300;

/// The lines of one workflow, each with its place in the recording.
pub type Lines<L> = Vec<(usize, L)>;

/// A change to what was recorded of a workflow, into what must never happen.
pub struct Mutation<L> {
    /// What the mutated recording claims.
    pub name: &'static str,
    /// Makes it; nothing when the recording has no occasion for it.
    pub mutate: fn(&[L]) -> Option<Vec<L>>,
}

/// A kind of line that runs are recorded in.
pub trait Recorded: Clone + Serialize + 'static {
    /// The module that judges them, and its configuration.
    const JUDGE: Judge;
    /// What must be refused.
    const MUTATIONS: &'static [Mutation<Self>];
    /// How many workflows each mutation is made of at most.
    const OCCASIONS_MAX: usize;

    /// What was recorded, workflow by workflow.
    fn by_workflow(recording: &[Self]) -> Vec<Lines<Self>>;

    /// What TLC reads of one workflow.
    fn trace(lines: &[(usize, Self)]) -> Trace;
}

/// The lines by what they are about, in the order in which that appears.
pub fn grouped<L: Clone>(recording: &[L], mut about: impl FnMut(&L) -> Option<String>) -> Vec<Lines<L>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<Lines<L>> = Vec::new();
    for (place, line) in recording.iter().enumerate() {
        let Some(about) = about(line) else { continue };
        let group = *places.entry(about).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push((place, line.clone()));
    }
    groups
}

/// Says something on the command line.
#[allow(clippy::print_stdout, reason = "a command line speaks on standard output")]
pub fn say(line: &str) {
    println!("{line}");
}

/// What TLC accepted.
pub struct Accepted {
    /// How many workflows.
    pub workflows: usize,
    /// In how many lines.
    pub lines: usize,
    /// How many states TLC looked at for that.
    pub states: u64,
}

/// Has all of a recording judged.
///
/// # Errors
/// When TLC is not to be had, or refuses a workflow.
pub fn accept<L: Recorded>(tlc: &Tlc, recording: &[L]) -> anyhow::Result<Accepted> {
    let text: Vec<String> = recording.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    fs::create_dir_all(&tlc.out).with_context(|| format!("{} cannot be made", tlc.out.display()))?;
    fs::write(tlc.out.join("recording.jsonl"), text.join("\n"))?;
    let traces: Vec<Trace> = L::by_workflow(recording).iter().map(|lines| L::trace(lines)).collect();
    let judged = tlc.judge(&L::JUDGE, &traces, false)?;
    if let Some(refused) = (0..traces.len()).find(|number| !judged.accepted.contains(&(number + 1))) {
        let explained = explain(tlc, &traces[refused], recording)?;
        anyhow::bail!("a run is no behaviour of the specification{}\n{explained}", judged.complaint);
    }
    let lines = traces.iter().map(|trace| trace.lines.len()).sum();
    Ok(Accepted { workflows: traces.len(), lines, states: judged.states })
}

/// What was recorded around the line that is refused.
fn explain<L: Recorded>(tlc: &Tlc, trace: &Trace, recording: &[L]) -> anyhow::Result<String> {
    let judged = tlc.judge(&L::JUDGE, std::slice::from_ref(trace), true)?;
    let at = explained(&judged, 1);
    let mut text = format!("{}\n", trace.name);
    for (line, (place, read)) in trace.lines.iter().enumerate().take(at + 1).skip(at.saturating_sub(SHOWN_BEFORE)) {
        let mark = if line == at { "refused" } else { "       " };
        let (recorded, read) = (shortened(&recording[*place])?, crate::tla::text(read));
        text.push_str(&format!("{mark} recording.jsonl:{}: {recorded}\n          {read}\n", place + 1));
    }
    text.push_str(&format!("everything is kept in {}", tlc.out.display()));
    Ok(text)
}

/// How many lines of a trace are explained.
fn explained(judged: &Judged, number: usize) -> usize {
    judged.explained.get(&number).copied().unwrap_or_default()
}

fn shortened(line: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string(line)?.chars().take(SHOWN_OF_A_LINE).collect())
}

/// A workflow with a mutation.
struct Mutant<L> {
    mutation: &'static str,
    lines: Vec<L>,
    trace: Trace,
}

/// Makes every mutation, of one workflow at least.
fn mutants<L: Recorded>(recording: &[L]) -> anyhow::Result<Vec<Mutant<L>>> {
    let workflows: Vec<Vec<L>> =
        L::by_workflow(recording).into_iter().map(|lines| lines.into_iter().map(|(_, line)| line).collect()).collect();
    let mut all = Vec::new();
    for Mutation { name, mutate } in L::MUTATIONS {
        let made = all.len();
        for lines in workflows.iter().filter_map(|lines| mutate(lines)).take(L::OCCASIONS_MAX) {
            let placed: Lines<L> = lines.iter().cloned().enumerate().collect();
            all.push(Mutant { mutation: name, trace: L::trace(&placed), lines });
        }
        anyhow::ensure!(all.len() > made, "no workflow gives occasion to claim that {name}");
    }
    Ok(all)
}

/// Has every mutation of a recording judged: all must be refused.
///
/// # Errors
/// When TLC is not to be had or accepts one, and when one cannot be made.
pub fn refuse<L: Recorded>(tlc: &Tlc, recording: &[L]) -> anyhow::Result<()> {
    let all = mutants(recording)?;
    let traces: Vec<Trace> = all.iter().map(|mutant| mutant.trace.clone()).collect();
    let judged = tlc.judge(&L::JUDGE, &traces, true)?;
    anyhow::ensure!(judged.complaint.is_empty(), "the mutations could not be judged{}", judged.complaint);
    if let Some(mutant) = judged.accepted.first().and_then(|number| all.get(number - 1)) {
        let Mutant { mutation, trace, .. } = mutant;
        anyhow::bail!("TLC accepts of {} that {mutation}; it is kept in {}", trace.name, tlc.out.display());
    }
    for Mutation { name, .. } in L::MUTATIONS {
        let mut made = (1..).zip(&all).filter(|(_, mutant)| mutant.mutation == *name);
        let Some((number, Mutant { lines, trace, .. })) = made.next() else { continue };
        let place = trace.lines.get(explained(&judged, number)).map(|(place, _)| *place);
        let line = place.map(|place| shortened(&lines[place])).transpose()?;
        let (times, line) = (made.count() + 1, line.unwrap_or_else(|| "the end".to_owned()));
        say(&format!("  refused {times} times: {name}\n    first at {line}"));
    }
    fs::remove_dir_all(&tlc.out).context("what TLC left cannot be removed")
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn lines_keep_their_places_and_their_groups_the_order_of_appearance() {
        let groups =
            grouped(&["b1", "-", "a1", "b2"], |line| line.get(..1).filter(|name| *name != "-").map(str::to_owned));
        assert_eq!(groups, [vec![(0, "b1"), (3, "b2")], vec![(2, "a1")]]);
    }
}
