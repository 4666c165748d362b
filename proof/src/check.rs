//! Records runs, has TLC judge them, and sees to it that TLC refuses what must be refused.

use alims_faults::Fault;
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Instant;

use crate::recording::{Answer, Line, What};
use crate::run::{Load, run};
use crate::seeds::on_a_paused_clock;
use crate::tamper::LIES;
use crate::tlc::Tlc;
use crate::trace::{Trace, module, traces};

/// How many runs TLC reads at once: its start takes a second or two, and each trace is to be read.
const RUNS_OF_A_PART: usize = 20;
/// How many parts are recorded ahead of TLC.
const PARTS_AHEAD: usize = 2;
/// The modules that a recording stands on.
const MODULES: &[&str] = &["WorkflowManager.tla", "TraceWorkflowManager.tla"];
/// The configuration they are checked with.
const CONFIGURATION: &str = "trace.cfg";
/// How many lines before the refused one are shown.
const SHOWN_BEFORE: usize = 6;

/// What to check, and with what.
#[derive(Clone, Debug)]
pub struct Check {
    /// The jar of TLC.
    pub jar: PathBuf,
    /// The folder of the specification.
    pub spec: PathBuf,
    /// Where to work and to leave what was refused.
    pub out: PathBuf,
    /// How many operations to record at least.
    pub operations: usize,
    /// The first run's seed.
    pub seed: u64,
}

/// Says something to whoever watches.
#[allow(clippy::print_stdout, reason = "a command line speaks on standard output")]
pub fn say(line: &str) {
    println!("{line}");
}

/// Records and checks, the one while the other goes on.
///
/// # Errors
/// When TLC is not to be had, refuses a run, or accepts a lie.
pub fn check(check: &Check) -> anyhow::Result<()> {
    fs::create_dir_all(&check.out).with_context(|| format!("{} cannot be made", check.out.display()))?;
    let begun = Instant::now();
    let tlc = Tlc {
        jar: check.jar.clone(),
        spec: check.spec.clone(),
        out: check.out.clone(),
        modules: MODULES,
        configuration: CONFIGURATION,
    };
    let (sender, parts) = mpsc::sync_channel(PARTS_AHEAD);
    let (operations, seed) = (check.operations, check.seed);
    let recorder = std::thread::spawn(move || record(operations, seed, &sender));
    let (mut states, mut accepted, mut first) = (0, 0, None);
    for (so_far, recording) in parts {
        keep(check, &recording)?;
        let all = traces(&recording);
        let judged = tlc.judge(&module(&all, false))?;
        states += judged.states;
        accepted += all.len();
        if let Some(refused) = (0..all.len()).find(|number| !judged.accepted.contains(&(number + 1))) {
            let told = explain(&tlc, &all[refused], &recording)?;
            anyhow::bail!("a run is no behaviour of the specification{}\n{told}", judged.complaint);
        }
        say(&format!("  {so_far} of {operations} operations: {accepted} traces accepted so far"));
        first.get_or_insert(recording);
    }
    let recorded = recorder.join().map_err(|_| anyhow::anyhow!("the recorder fell over"))?;
    say(&recorded.shown());
    for what in MUST_BE_SEEN {
        anyhow::ensure!(recorded.seen.contains_key(what), "no workflow was {what}: record more, or from another seed");
    }
    let seconds = begun.elapsed().as_secs_f32();
    say(&format!("  all {accepted} traces are accepted: {states} distinct states, {seconds:.1} s together"));
    refuse_lies(&tlc, &first.context("nothing was recorded")?)?;
    fs::remove_dir_all(&check.out).context("what TLC left cannot be removed")
}

/// What was recorded, in numbers.
#[derive(Default)]
struct Numbers {
    operations: usize,
    runs: usize,
    lines: usize,
    /// What of recoveries and quarantines there is, by what it is.
    seen: BTreeMap<&'static str, usize>,
    faults: BTreeMap<Fault, usize>,
}

/// What a recording must contain: else it says nothing of it.
const MUST_BE_SEEN: [&str; 4] = ["brought back", "quarantined", "refused for it", "released"];

/// What a line says of recoveries and quarantines.
fn seen(line: &Line) -> Option<&'static str> {
    let by = line.actor.chars().next();
    match &line.what {
        What::Appended if by == Some('v') => Some("brought back"),
        What::RulesDeny if by == Some('v') => Some("denied"),
        What::Altered(_) => Some("altered"),
        What::Quarantined => Some("quarantined"),
        What::Told { answer: Answer::Quarantined, .. } => Some("refused for it"),
        What::Released => Some("released"),
        _ => None,
    }
}

impl Numbers {
    fn shown(&self) -> String {
        let Self { operations, runs, lines, seen, faults } = self;
        let of_recoveries: Vec<String> = seen.iter().map(|(what, times)| format!("{what} {times}")).collect();
        let met: Vec<String> = faults.iter().map(|(fault, times)| format!("{fault} {times}")).collect();
        format!(
            "  {operations} operations of {runs} runs recorded in {lines} lines\n  recoveries: {}\n  faults: {}",
            of_recoveries.join(", "),
            met.join(", ")
        )
    }
}

/// Records runs and hands them over in parts, until there are enough or nobody wants them any more.
fn record(operations: usize, first: u64, parts: &mpsc::SyncSender<(usize, Vec<Line>)>) -> Numbers {
    let mut numbers = Numbers::default();
    let mut part = Vec::new();
    for (seed, done) in (first..).zip(1..) {
        let load = Load::at_most(operations - numbers.operations);
        let recorded = on_a_paused_clock(seed, run(seed, load));
        numbers.operations += recorded.operations;
        numbers.runs += 1;
        numbers.lines += recorded.lines.len();
        for (fault, times) in recorded.faults {
            *numbers.faults.entry(fault).or_default() += times;
        }
        for what in recorded.lines.iter().filter_map(seen) {
            *numbers.seen.entry(what).or_default() += 1;
        }
        part.extend(recorded.lines);
        let enough = numbers.operations >= operations;
        if (enough || done % RUNS_OF_A_PART == 0)
            && parts.send((numbers.operations, std::mem::take(&mut part))).is_err()
        {
            break;
        }
        if enough {
            break;
        }
    }
    numbers
}

fn keep(check: &Check, recording: &[Line]) -> anyhow::Result<()> {
    let text: Vec<String> = recording.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(fs::write(check.out.join("recording.jsonl"), text.join("\n"))?)
}

/// Every lie must be refused. It is told of the first trace that gives occasion.
fn refuse_lies(tlc: &Tlc, recording: &[Line]) -> anyhow::Result<()> {
    let mut of: BTreeMap<(u64, &str), Vec<Line>> = BTreeMap::new();
    for line in recording {
        of.entry((line.run, &line.workflow)).or_default().push(line.clone());
    }
    let told: Option<Vec<Vec<Line>>> = LIES.iter().map(|lie| of.values().find_map(|lines| (lie.tell)(lines))).collect();
    let told = told.with_context(|| {
        let untold = LIES.iter().find(|lie| !of.values().any(|lines| (lie.tell)(lines).is_some()));
        format!("no run gives occasion to say that {}", untold.map_or("anything", |lie| lie.name))
    })?;
    let all: Vec<Trace> = told.iter().flat_map(|lines| traces(lines)).collect();
    let judged = tlc.judge(&module(&all, true))?;
    for ((lie, lines), number) in LIES.iter().zip(&told).zip(1..) {
        anyhow::ensure!(!judged.accepted.contains(&number), "TLC accepts that {}{}", lie.name, judged.complaint);
        let at = judged.explained.get(&number).copied().unwrap_or_default();
        let line = all[number - 1].lines.get(at).map(|(at, _)| serde_json::to_string(&lines[*at])).transpose()?;
        say(&format!("  refused: {}\n    at {}", lie.name, line.unwrap_or_else(|| "the end".to_owned())));
    }
    Ok(())
}

/// What was recorded around the line that is refused.
fn explain(tlc: &Tlc, trace: &Trace, recording: &[Line]) -> anyhow::Result<String> {
    let judged = tlc.judge(&module(std::slice::from_ref(trace), true))?;
    let at = judged.explained.get(&1).copied().unwrap_or_default();
    let mut text = format!(
        "{} of the run with the seed {}; to repeat it: --seed {} --operations 1\n",
        trace.workflow, trace.run, trace.run
    );
    for (place, (number, line)) in trace.lines.iter().enumerate().take(at + 1).skip(at.saturating_sub(SHOWN_BEFORE)) {
        let mark = if place == at { "refused" } else { "       " };
        let recorded = serde_json::to_string(&recording[*number])?;
        text.push_str(&format!("{mark} recording.jsonl:{}: {recorded}\n          {line}\n", number + 1));
    }
    text.push_str(&format!("everything is kept in {}", tlc.out.display()));
    Ok(text)
}
