//! Records runs, has TLC judge them, and sees to it that TLC refuses what must be refused.

use alims_faults::Fault;
use anyhow::Context as _;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use crate::recording::Line;
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
    for recording in parts {
        keep(check, &recording)?;
        let all = traces(&recording);
        let judged = judge(check, &all, false)?;
        states += judged.states;
        accepted += all.len();
        if let Some(refused) = (0..all.len()).find(|number| !judged.accepted.contains(&(number + 1))) {
            let told = explain(check, &all[refused], &recording)?;
            anyhow::bail!("a run is no behaviour of the specification{}\n{told}", judged.complaint);
        }
        first.get_or_insert(recording);
    }
    let recorded = recorder.join().map_err(|_| anyhow::anyhow!("the recorder fell over"))?;
    say(&recorded.shown());
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
    faults: BTreeMap<Fault, usize>,
}

impl Numbers {
    fn shown(&self) -> String {
        let Self { operations, runs, lines, faults } = self;
        let met: Vec<String> = faults.iter().map(|(fault, times)| format!("{fault} {times}")).collect();
        format!("  {operations} operations of {runs} runs recorded in {lines} lines\n  faults: {}", met.join(", "))
    }
}

/// Records runs and hands them over in parts, until there are enough or nobody wants them any more.
fn record(operations: usize, first: u64, parts: &mpsc::SyncSender<Vec<Line>>) -> Numbers {
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
        part.extend(recorded.lines);
        let enough = numbers.operations >= operations;
        if (enough || done % RUNS_OF_A_PART == 0) && parts.send(std::mem::take(&mut part)).is_err() {
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
    for lie in &LIES {
        let told = of.values().find_map(|lines| (lie.tell)(lines));
        let told = told.with_context(|| format!("no run gives occasion to say that {}", lie.name))?;
        let trace = traces(&told).pop().context("a lie is a recording")?;
        let judged = judge(check, std::slice::from_ref(&trace), false)?;
        anyhow::ensure!(judged.accepted.is_empty(), "TLC accepts that {}", lie.name);
        let at = refused_at(check, &trace)?;
        let line = trace.lines.get(at).map(|(number, _)| serde_json::to_string(&told[*number])).transpose()?;
        say(&format!("  refused: {}\n    at {}", lie.name, line.unwrap_or_else(|| "the end".to_owned())));
    }
    Ok(())
}

/// What TLC made of a module.
struct Judged {
    accepted: BTreeSet<usize>,
    /// The places of the lines that it could explain, when it was to tell.
    explained: BTreeSet<usize>,
    states: u64,
    complaint: String,
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
    let explained = numbers("explained").into_iter().filter_map(|found| found.get(1).copied()).collect();
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
        .args([
            "tlc2.TLC",
            "-deadlock",
            "-workers",
            "2",
            "-metadir",
            "states",
            "-config",
            CONFIGURATION,
            "Recorded.tla",
        ])
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

/// The place of the first line that no order of the effects explains.
fn refused_at(check: &Check, trace: &Trace) -> anyhow::Result<usize> {
    let judged = judge(check, std::slice::from_ref(trace), true)?;
    Ok(judged.explained.last().copied().unwrap_or_default())
}

/// What was recorded around the line that is refused.
fn explain(check: &Check, trace: &Trace, recording: &[Line]) -> anyhow::Result<String> {
    let at = refused_at(check, trace)?;
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
