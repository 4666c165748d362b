//! Runs that are recorded inside, at the ports of the operations, for `spec/TraceWorkflowManager.tla`.

use alims_domain::event::EventType;
use alims_faults::Fault;
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Instant;

use crate::check::{Lines, Mutation, Recorded, accept, grouped, refuse, say};
use crate::mutations::MUTATIONS;
use crate::recording::{Answer, Line, What};
use crate::run::{Load, run};
use crate::seeds::on_a_paused_clock;
use crate::tla::Trace;
use crate::tlc::{Judge, Tlc};
use crate::trace::trace;

/// How many runs TLC reads at once: its start takes a second or two, and each trace is to be read.
const RUNS_OF_A_PART: usize = 20;
/// How many parts are recorded ahead of TLC.
const PARTS_AHEAD: usize = 2;

impl Recorded for Line {
    const JUDGE: Judge = Judge { module: "TraceWorkflowManager", configuration: "trace.cfg" };
    const MUTATIONS: &'static [Mutation<Self>] = &MUTATIONS;
    const OCCASIONS_MAX: usize = 2;

    fn by_workflow(recording: &[Self]) -> Vec<Lines<Self>> {
        grouped(recording, |line| Some(format!("{}/{}", line.run, line.workflow)))
    }

    fn trace(lines: &[(usize, Self)]) -> Trace {
        trace(lines)
    }
}

/// Records and checks, the one while the other goes on.
///
/// # Errors
/// When TLC is not to be had, refuses a run, or accepts a mutation of one.
pub fn check(tlc: &Tlc, operations: usize, seed: u64) -> anyhow::Result<()> {
    let begun = Instant::now();
    let (sender, parts) = mpsc::sync_channel(PARTS_AHEAD);
    let recorder = std::thread::spawn(move || record(operations, seed, &sender));
    let (mut states, mut workflows, mut first) = (0, 0, None);
    for (so_far, recording) in parts {
        let accepted = accept(tlc, &recording)?;
        states += accepted.states;
        workflows += accepted.workflows;
        say(&format!("  {so_far} of {operations} operations: {workflows} traces accepted so far"));
        first.get_or_insert(recording);
    }
    let recorded = recorder.join().map_err(|_| anyhow::anyhow!("the recorder fell over"))?;
    say(&recorded.shown());
    for what in MUST_OCCUR {
        anyhow::ensure!(
            recorded.occurred.contains_key(what),
            "no workflow was {what}: record more, or from another seed"
        );
    }
    let seconds = begun.elapsed().as_secs_f32();
    say(&format!("  all {workflows} traces are accepted: {states} distinct states, {seconds:.1} s together"));
    refuse(tlc, &first.context("nothing was recorded")?)
}

/// What was recorded, in numbers.
#[derive(Default)]
struct Numbers {
    operations: usize,
    runs: usize,
    lines: usize,
    /// What of recoveries and quarantines there is, by what it is.
    occurred: BTreeMap<&'static str, usize>,
    faults: BTreeMap<Fault, usize>,
}

/// What a recording must contain: else it says nothing of it.
const MUST_OCCUR: [&str; 8] = [
    "amended",
    "brought back",
    "changes recorded",
    "quarantined",
    "refused by the bus for good",
    "refused for it",
    "released",
    "signed",
];

/// What a line says of amendments, recoveries and quarantines.
fn occurrence(line: &Line) -> Option<&'static str> {
    let by = line.actor.chars().next();
    match &line.what {
        What::Appended if by == Some('v') => Some("brought back"),
        What::AppendBegun { event_type: EventType::WorkflowAmended, .. } => Some("amended"),
        What::AppendBegun { event_type: EventType::WorkflowSigned, .. } => Some("signed"),
        What::RulesDeny if by == Some('v') => Some("denied"),
        What::Altered(_) => Some("altered"),
        What::Quarantined if by == Some('p') => Some("changes recorded"),
        What::Quarantined => Some("quarantined"),
        What::Responded { answer: Answer::Quarantined, .. } => Some("refused for it"),
        What::Released => Some("released"),
        What::PutUnwanted => Some("refused by the bus for good"),
        _ => None,
    }
}

impl Numbers {
    fn shown(&self) -> String {
        let Self { operations, runs, lines, occurred, faults } = self;
        let of_recoveries: Vec<String> = occurred.iter().map(|(what, times)| format!("{what} {times}")).collect();
        let met: Vec<String> = faults.iter().map(|(fault, times)| format!("{fault} {times}")).collect();
        format!(
            "  {operations} operations of {runs} runs recorded in {lines} lines\n  among them: {}\n  faults: {}",
            of_recoveries.join(", "),
            met.join(", ")
        )
    }
}

/// Records runs and hands them over in parts, until there are enough or the receiver is gone.
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
        for what in recorded.lines.iter().filter_map(occurrence) {
            *numbers.occurred.entry(what).or_default() += 1;
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
