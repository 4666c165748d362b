//! `rebuild-index`: its options, its progress output and its result.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alims_domain::limits::{NOTIFICATION_LIFE_HOURS, PUBLISHED_AFTER_HOURS, PUBLISHER_CONCURRENCY_MAX};
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{EventBus, LogWalk, QuarantineLog, WorkflowIndex, WorkflowLog};
use alims_operations::{Anomaly, Finding, PublishPorts, RebuildOptions, Rebuilt, rebuild_index};
use clap::Args;
use serde_json::{Value, json};

use crate::args::ServiceArgs;

/// The interval between progress lines.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// The exit code of a process that was interrupted, as shells have it: 128 and the signal's number.
pub(crate) const INTERRUPTED: u8 = 130;
const HOUR_MILLIS: i64 = 3_600_000;
/// Segments, unless the operator says otherwise. Each waits for its own page, and a page is a megabyte of the log at
/// most.
const SEGMENTS: u16 = 8;

/// The options of the command.
#[derive(Args)]
pub(crate) struct RebuildIndexArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// How many workflows to work on at once.
    #[arg(long, value_name = "N", default_value_t = PUBLISHER_CONCURRENCY_MAX, value_parser = workers)]
    workers: usize,
    /// In how many segments to scan the log at the same time.
    #[arg(long, value_name = "N", default_value_t = SEGMENTS, value_parser = clap::value_parser!(u16).range(1..=1000))]
    segments: u16,
    /// Where the index does not say what is published, count versions older than so many hours as published; at least
    /// 24 [default: 25; with --local no version counts as published].
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(i64::from(NOTIFICATION_LIFE_HOURS)..))]
    horizon_hours: Option<u32>,
    /// Where the index does not say what is published, publish everything again, from version 1 on.
    #[arg(long, conflicts_with = "horizon_hours")]
    republish_everything: bool,
    /// Change nothing, and say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Say at the end what was done as one JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) fn workers(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|workers| (1..=256).contains(workers)).ok_or_else(|| "must be 1 to 256".to_owned())
}

/// Rebuilds and reports. It returns an error only when it cannot write its report.
pub(crate) async fn run<L, I, B>(
    args: &RebuildIndexArgs,
    ports: &PublishPorts<L, I, B>,
    answers_in_time: bool,
    now: Timestamp,
) -> anyhow::Result<ExitCode>
where
    L: WorkflowLog + QuarantineLog + LogWalk,
    I: WorkflowIndex,
    B: EventBus,
{
    let options = RebuildOptions {
        published_before: args.published_before(answers_in_time, now),
        workflows_at_once: args.workers,
        segments: args.segments,
        dry_run: args.dry_run,
    };
    let interrupted = interrupted();
    let (begun, told) = (Instant::now(), Instant::now());
    let mut teller = Teller { begun, told, findings: 0, segments: args.segments };
    let mut so_far = Rebuilt::default();
    let ended = rebuild_index(ports, &options, |rebuilt| {
        teller.tell(rebuilt);
        so_far.clone_from(rebuilt);
        if interrupted.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let ending = match ended.await {
        Err(error) => Ending::Failed(format!("{:#}", anyhow::Error::from(error))),
        Ok(rebuilt) => {
            so_far = rebuilt;
            if interrupted.load(Ordering::Relaxed) { Ending::Interrupted } else { Ending::Complete }
        }
    };
    teller.tell_findings(&so_far);
    conclude(args, &so_far, &ending)?;
    Ok(match ending {
        Ending::Interrupted => ExitCode::from(INTERRUPTED),
        Ending::Complete if so_far.findings_total == 0 => ExitCode::SUCCESS,
        Ending::Complete | Ending::Failed(_) => ExitCode::FAILURE,
    })
}

impl RebuildIndexArgs {
    /// On a laptop a notification waits until the next start of the server, so the age of a version means nothing
    /// there.
    fn published_before(&self, answers_in_time: bool, now: Timestamp) -> Option<Timestamp> {
        let hours = match self.horizon_hours {
            _ if self.republish_everything => None,
            None => answers_in_time.then_some(PUBLISHED_AFTER_HOURS),
            given => given,
        };
        hours.and_then(|hours| Timestamp::from_unix_millis(now.unix_millis() - i64::from(hours) * HOUR_MILLIS))
    }
}

/// How it ended.
enum Ending {
    Complete,
    Interrupted,
    Failed(String),
}

/// Set by the first signal to end. A second signal ends the process at once, which is equally safe.
pub(crate) fn interrupted() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            flag.store(true, Ordering::Relaxed);
            let _ = writeln!(io::stderr(), "finishing what is in hand; once more to end at once");
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
    interrupted
}

/// Writes progress to standard error. A closed standard error does not stop the rebuild.
struct Teller {
    begun: Instant,
    told: Instant,
    findings: usize,
    segments: u16,
}

impl Teller {
    fn tell(&mut self, rebuilt: &Rebuilt) {
        self.tell_findings(rebuilt);
        if self.told.elapsed() < TOLD_EVERY {
            return;
        }
        self.told = Instant::now();
        let seconds = self.begun.elapsed().as_secs().max(1);
        let rate = rebuilt.workflows / seconds;
        let (ended, of) = (rebuilt.segments_ended, self.segments);
        let _ = writeln!(io::stderr(), "{} ({rate} workflows/s; {ended} of {of} segments ended)", summary(rebuilt));
    }

    fn tell_findings(&mut self, rebuilt: &Rebuilt) {
        for finding in rebuilt.findings.iter().skip(self.findings) {
            let _ = writeln!(io::stderr(), "finding: {}: {}", finding.key, finding.anomaly);
        }
        self.findings = rebuilt.findings.len();
    }
}

fn summary(rebuilt: &Rebuilt) -> String {
    let Rebuilt { workflows, repaired, caught_up, published, findings_total, .. } = rebuilt;
    format!(
        "{workflows} workflows looked at, {repaired} entries repaired, {caught_up} caught up, \
         {published} events published, {findings_total} findings"
    )
}

/// The last word: on the standard output for programs, or for people.
fn conclude(args: &RebuildIndexArgs, rebuilt: &Rebuilt, ending: &Ending) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        return writeln!(out, "{}", document(args.dry_run, rebuilt, ending));
    }
    let would = if args.dry_run { "a dry run, nothing was changed; what would be done: " } else { "" };
    writeln!(out, "{would}{}", summary(rebuilt))?;
    match ending {
        Ending::Complete if rebuilt.findings_total == 0 => Ok(()),
        Ending::Complete => writeln!(out, "what was found was left as it is: see docs/operations.md"),
        Ending::Interrupted => writeln!(out, "interrupted; what was done stays done, and it may be run again"),
        Ending::Failed(why) => {
            writeln!(out, "ended before its end; what was done stays done, and it may be run again")?;
            writeln!(io::stderr(), "error: {why}")
        }
    }
}

fn document(dry_run: bool, rebuilt: &Rebuilt, ending: &Ending) -> Value {
    let (ended, error) = match ending {
        Ending::Complete => ("complete", None),
        Ending::Interrupted => ("interrupted", None),
        Ending::Failed(why) => ("failed", Some(why)),
    };
    json!({
        "ended": ended,
        "error": error,
        "dry_run": dry_run,
        "segments_ended": rebuilt.segments_ended,
        "workflows": rebuilt.workflows,
        "entries_repaired": rebuilt.repaired,
        "entries_caught_up": rebuilt.caught_up,
        "events_published": rebuilt.published,
        "findings_total": rebuilt.findings_total,
        "findings": rebuilt.findings.iter().map(shown).collect::<Vec<_>>(),
    })
}

fn shown(finding: &Finding) -> Value {
    json!({"key": finding.key, "kind": kind(&finding.anomaly), "message": finding.anomaly.to_string()})
}

/// The name of a kind of anomaly, for scripts.
pub(crate) fn kind(anomaly: &Anomaly) -> &'static str {
    match anomaly {
        Anomaly::Broken(_) => "broken",
        Anomaly::AheadOfLog { .. } => "ahead-of-log",
        Anomaly::Replaced { .. } => "replaced",
        Anomaly::WrittenByNewerRelease(_) => "written-by-newer-release",
        Anomaly::Stray => "stray",
        Anomaly::NotDone(_) => "not-done",
    }
}
