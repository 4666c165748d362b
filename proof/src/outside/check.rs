//! Has TLC judge what was seen of the deployed service, and sees to it that TLC refuses what must be refused.

use anyhow::Context as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::seen::{Seen, Workflow, by_workflow, read};
use super::tamper::{LIES, Lines};
use super::trace::{Trace, module, trace};
use crate::check::say;
use crate::tlc::Tlc;

/// How many lines before the refused one are shown.
const SHOWN_BEFORE: usize = 8;
/// How much of a line is shown: the recording has the rest.
const SHOWN_OF_A_LINE: usize = 200;

/// What to check, and with what.
#[derive(Clone, Debug)]
pub struct Check {
    /// The jar of TLC.
    pub jar: PathBuf,
    /// The folder of the specification.
    pub spec: PathBuf,
    /// Where to work and to leave what was refused.
    pub out: PathBuf,
    /// What was seen.
    pub recording: PathBuf,
}

/// Checks the recording, and the lies that it gives occasion to.
///
/// # Errors
/// When TLC is not to be had, refuses what was seen, or accepts a lie; and when the recording has no end.
pub fn check(check: &Check) -> anyhow::Result<()> {
    fs::create_dir_all(&check.out).with_context(|| format!("{} cannot be made", check.out.display()))?;
    let begun = Instant::now();
    let recording = fs::read_to_string(&check.recording)
        .with_context(|| format!("{} cannot be read", check.recording.display()))?;
    let recording = read(&recording)?;
    let (whole, without_end) = whole(&recording);
    anyhow::ensure!(!whole.is_empty(), "nothing was seen from its beginning to its end");
    let modules = &["WorkflowManager.tla", "OutsideWorkflowManager.tla"];
    let tlc = Tlc {
        jar: check.jar.clone(),
        spec: check.spec.clone(),
        out: check.out.clone(),
        modules,
        configuration: "outside.cfg",
    };
    let all: Vec<Trace> = whole.iter().map(|(workflow, lines)| trace(workflow, lines)).collect();
    let judged = tlc.judge(&module(&all, false))?;
    let refused = (0..all.len()).find(|number| !judged.accepted.contains(&(number + 1)));
    if let Some(refused) = refused {
        let told = explain(&tlc, &all[refused], &recording, &check.recording)?;
        anyhow::bail!("what was seen is no behaviour of the specification{}\n{told}", judged.complaint);
    }
    let lines: usize = all.iter().map(|trace| trace.lines.len()).sum();
    let (workflows, states, seconds) = (all.len(), judged.states, begun.elapsed().as_secs_f32());
    say(&format!(
        "  {workflows} workflows, seen in {lines} lines: all accepted, {states} distinct states, {seconds:.1} s"
    ));
    anyhow::ensure!(without_end.is_empty(), "no history was read at the end of {}", without_end.join(", "));
    refuse_lies(&tlc, &whole)?;
    fs::remove_dir_all(&check.out).context("what TLC left cannot be removed")
}

/// What was seen of each workflow whose history was read in the end, and the others by name.
fn whole(recording: &[Seen]) -> (BTreeMap<Workflow, Lines>, Vec<String>) {
    let ended = |lines: &Lines| lines.iter().any(|(_, seen)| matches!(seen, Seen::History { .. }));
    let (whole, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        by_workflow(recording).into_iter().partition(|(_, lines)| ended(lines));
    (whole, others.into_keys().map(|(tenant, workflow)| format!("{tenant}#{workflow}")).collect())
}

/// Every lie must be refused. It is told of every workflow that gives occasion, and of one at least.
fn refuse_lies(tlc: &Tlc, whole: &BTreeMap<Workflow, Lines>) -> anyhow::Result<()> {
    let mut told: Vec<(&str, Lines, Trace)> = Vec::new();
    for lie in &LIES {
        let before = told.len();
        for (workflow, lines) in whole {
            told.extend((lie.tell)(lines).map(|lines| (lie.name, lines.clone(), trace(workflow, &lines))));
        }
        anyhow::ensure!(told.len() > before, "nothing that was seen gives occasion to say that {}", lie.name);
    }
    let traces: Vec<Trace> = told.iter().map(|(.., trace)| trace.clone()).collect();
    let judged = tlc.judge(&module(&traces, true))?;
    anyhow::ensure!(judged.complaint.is_empty(), "the lies could not be judged{}", judged.complaint);
    if let Some((lie, _, trace)) = judged.accepted.first().and_then(|number| told.get(number - 1)) {
        anyhow::bail!("TLC accepts of {} that {lie}; it is kept in {}", trace.workflow.1, tlc.out.display());
    }
    for lie in &LIES {
        let mut of = (1..).zip(&told).filter(|(_, (name, ..))| *name == lie.name);
        let Some((number, (_, lines, trace))) = of.next() else { continue };
        let (times, at) = (of.count() + 1, judged.explained.get(&number).copied().unwrap_or_default());
        let place = trace.lines.get(at).map(|(place, _)| *place);
        let line = lines.iter().find(|(there, _)| Some(*there) == place);
        let line = line.map(|(_, seen)| shortened(seen)).transpose()?.unwrap_or_default();
        say(&format!("  refused {times} times: {}\n    first at {line}", lie.name));
    }
    Ok(())
}

fn shortened(seen: &Seen) -> anyhow::Result<String> {
    Ok(serde_json::to_string(seen)?.chars().take(SHOWN_OF_A_LINE).collect())
}

/// What was seen around the line that is refused.
fn explain(tlc: &Tlc, trace: &Trace, recording: &[Seen], recorded: &Path) -> anyhow::Result<String> {
    let at = tlc.judge(&module(std::slice::from_ref(trace), true))?.explained.get(&1).copied().unwrap_or_default();
    let mut text = format!("{} of the tenant {}\n", trace.workflow.1, trace.workflow.0);
    for (line, (place, read)) in trace.lines.iter().enumerate().take(at + 1).skip(at.saturating_sub(SHOWN_BEFORE)) {
        let mark = if line == at { "refused" } else { "       " };
        let seen = shortened(&recording[*place])?;
        text.push_str(&format!("{mark} line {}: {seen}\n          {read}\n", place + 1));
    }
    text.push_str(&format!("everything is kept in {}; the recording is {}", tlc.out.display(), recorded.display()));
    Ok(text)
}
