//! Records runs, has TLC judge them, and sees to it that TLC refuses what must be refused.

use alims_faults::Fault;
use anyhow::Context as _;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use crate::recording::{Answer, Line, What};
use crate::run::{Load, run};
use crate::seeds::on_a_paused_clock;
use crate::tamper::LIES;
use crate::trace::{Trace, module, traces};

/// How many runs TLC reads at once: its start takes a second or two, and each trace is to be read.
const RUNS_OF_A_PART: usize = 20;
/// How many parts are recorded ahead of TLC.
const PARTS_AHEAD: usize = 2;
/// How much memory TLC may take.
const HEAP_MAX: &str = "-Xmx4g";
/// How deep TLC may evaluate: a step of a trace is conditions within conditions.
const STACK_MAX: &str = "-Xss16m";
/// The modules that a recording stands on.
const MODULES: [&str; 2] = ["WorkflowManager.tla", "TraceWorkflowManager.tla"];
/// The configuration they are checked with.
const CONFIGURATION: &str = "trace.cfg";
/// Where TLC keeps its states.
const STATES: &str = "states";
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
    let (sender, parts) = mpsc::sync_channel(PARTS_AHEAD);
    let (operations, seed) = (check.operations, check.seed);
    let recorder = std::thread::spawn(move || record(operations, seed, &sender));
    let (mut states, mut accepted, mut first) = (0, 0, None);
    for (so_far, recording) in parts {
        keep(check, &recording)?;
        let all = traces(&recording);
        let judged = judge(check, &all, false)?;
        states += judged.states;
        accepted += all.len();
        if let Some(refused) = (0..all.len()).find(|number| !judged.accepted.contains(&(number + 1))) {
            let told = explain(check, &all[refused], &recording)?;
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
    refuse_lies(check, &first.context("nothing was recorded")?)?;
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
fn refuse_lies(check: &Check, recording: &[Line]) -> anyhow::Result<()> {
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
    let judged = judge(check, &all, true)?;
    for ((lie, lines), number) in LIES.iter().zip(&told).zip(1..) {
        anyhow::ensure!(!judged.accepted.contains(&number), "TLC accepts that {}{}", lie.name, judged.complaint);
        let at = judged.refused_at(number);
        let line = all[number - 1].lines.get(at).map(|(at, _)| serde_json::to_string(&lines[*at])).transpose()?;
        say(&format!("  refused: {}\n    at {}", lie.name, line.unwrap_or_else(|| "the end".to_owned())));
    }
    Ok(())
}

/// What TLC made of a module.
struct Judged {
    accepted: BTreeSet<usize>,
    /// The traces and the places of the lines that it could explain, when it was to tell.
    explained: BTreeSet<(usize, usize)>,
    states: u64,
    complaint: String,
}

impl Judged {
    /// The place of the first line of a trace that no order of the effects explains.
    fn refused_at(&self, trace: usize) -> usize {
        let explained = self.explained.iter().filter(|(number, _)| *number == trace);
        explained.map(|(_, place)| *place).max().unwrap_or_default()
    }
}

fn judge(check: &Check, traces: &[Trace], telling: bool) -> anyhow::Result<Judged> {
    for name in MODULES.iter().chain([&CONFIGURATION]) {
        fs::copy(check.spec.join(name), check.out.join(name)).with_context(|| format!("{name} cannot be read"))?;
    }
    fs::write(check.out.join("Recorded.tla"), module(traces, telling))?;
    let output = tlc(&check.jar, &check.out)?;
    let numbers = |word: &str| -> Vec<Vec<usize>> {
        let opening = format!("<<\"{word}\", ");
        let inside = |line: &str| line.strip_prefix(&opening)?.strip_suffix(">>").map(str::to_owned);
        let found = output.lines().filter_map(inside);
        found.map(|text| text.split(", ").filter_map(|number| number.parse().ok()).collect()).collect()
    };
    let accepted = numbers("accepted").into_iter().filter_map(|found| found.first().copied()).collect();
    let explained =
        numbers("explained").into_iter().filter_map(|found| Some((*found.first()?, *found.get(1)?))).collect();
    // What a part leaves is of no use for the next: the disk holds one at a time.
    let _none_left = fs::remove_dir_all(check.out.join(STATES));
    let over = output.contains("Model checking completed. No error has been found");
    let complaint = if over {
        String::new()
    } else {
        let said: Vec<&str> =
            output.lines().filter(|line| line.contains("rror") || line.contains("violated")).collect();
        format!(": {}", said.join(" "))
    };
    // An invariant that breaks ends everything: then nothing counts as accepted.
    let accepted = if over { accepted } else { BTreeSet::new() };
    fs::write(check.out.join("tlc.log"), &output)?;
    Ok(Judged { accepted, explained, states: distinct(&output), complaint })
}

fn tlc(jar: &Path, folder: &Path) -> anyhow::Result<String> {
    let output = Command::new("java")
        .args(["-XX:+UseParallelGC", HEAP_MAX, STACK_MAX, "-cp"])
        .arg(jar)
        .args(["tlc2.TLC", "-deadlock", "-workers", "2", "-metadir", STATES, "-config", CONFIGURATION, "Recorded.tla"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .context("a Java runtime is needed (Debian: default-jre-headless)")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn distinct(output: &str) -> u64 {
    let Some((before, _)) = output.rsplit_once(" distinct states found") else { return 0 };
    let digits: Vec<char> = before.chars().rev().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    digits.iter().rev().filter(|c| c.is_ascii_digit()).collect::<String>().parse().unwrap_or_default()
}

/// What was recorded around the line that is refused.
fn explain(check: &Check, trace: &Trace, recording: &[Line]) -> anyhow::Result<String> {
    let at = judge(check, std::slice::from_ref(trace), true)?.refused_at(1);
    let mut text = format!(
        "{} of the run with the seed {}; to repeat it: --seed {} --operations 1\n",
        trace.workflow, trace.run, trace.run
    );
    for (place, (number, line)) in trace.lines.iter().enumerate().take(at + 1).skip(at.saturating_sub(SHOWN_BEFORE)) {
        let mark = if place == at { "refused" } else { "       " };
        let recorded = serde_json::to_string(&recording[*number])?;
        text.push_str(&format!("{mark} recording.jsonl:{}: {recorded}\n          {line}\n", number + 1));
    }
    text.push_str(&format!("everything is kept in {}", check.out.display()));
    Ok(text)
}
