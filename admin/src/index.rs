//! `compare-index` and `empty-index`: what an operator asks of the index after a restore of the log.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use alims_domain::limits::PUBLISHER_CONCURRENCY_MAX;
use alims_operations::ports::{IndexWalk, LogWalk, QuarantineLog, WorkflowIndex, WorkflowLog};
use alims_operations::{Anomaly, Compared, Finding, RebuildIndexError, compare_index, empty_index, remove_orphans};
use clap::Args;
use serde_json::{Value, json};

use crate::args::ServiceArgs;
use crate::rebuild_index::{INTERRUPTED, interrupted, kind, workers};

/// The interval between progress lines.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// The options of `compare-index`.
#[derive(Args)]
pub(crate) struct CompareIndexArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// How many workflows to work on at once.
    #[arg(long, value_name = "N", default_value_t = PUBLISHER_CONCURRENCY_MAX, value_parser = workers)]
    workers: usize,
    /// Say at the end what was found as one JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// The options of `empty-index`.
#[derive(Args)]
pub(crate) struct EmptyIndexArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// Remove only entries of workflows that have no version in the log.
    #[arg(long)]
    orphans: bool,
    /// The name of the index's table: what is removed there is evidence of what was published. Save the output of
    /// compare-index before.
    #[arg(long, value_name = "TABLE")]
    confirm: String,
    /// Say at the end what was done as one JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// Compares and reports. It returns an error only when it cannot write its report.
pub(crate) async fn compare<L, I>(args: &CompareIndexArgs, log: &L, index: &I) -> anyhow::Result<ExitCode>
where
    L: WorkflowLog + QuarantineLog + LogWalk,
    I: WorkflowIndex + IndexWalk,
{
    let (interrupted, mut pace) = (interrupted(), Pace::new());
    let mut so_far = Compared::default();
    let ended = compare_index(log, index, args.workers, |compared| {
        pace.tell(|| summary(compared));
        let stop = interrupted.load(Ordering::Relaxed);
        // A copy of all findings for each step would take longer than the work.
        if stop {
            so_far.clone_from(compared);
        }
        stopped(stop)
    });
    let (ended, error) = match ended.await {
        Ok(compared) => {
            so_far = compared;
            (if interrupted.load(Ordering::Relaxed) { "interrupted" } else { "complete" }, None)
        }
        Err(error) => ("failed", Some(text_of(error))),
    };
    let mut out = io::stdout().lock();
    if args.json {
        let document = json!({
            "ended": ended,
            "error": error,
            "workflows": so_far.workflows,
            "behind": so_far.behind,
            "unlisted": so_far.unlisted,
            "index_entries": so_far.entries,
            "findings": so_far.findings.iter().map(shown).collect::<Vec<_>>(),
        });
        writeln!(out, "{document}")?;
    } else {
        for finding in &so_far.findings {
            writeln!(out, "{}: {}: {}", kind(&finding.anomaly), finding.key, finding.anomaly)?;
        }
        writeln!(out, "{ended}: {}", summary(&so_far))?;
    }
    conclude(ended, error.as_deref(), so_far.findings.is_empty())
}

/// Removes entries of the index.
pub(crate) async fn empty<L, I>(args: &EmptyIndexArgs, table: &str, log: &L, index: &I) -> anyhow::Result<ExitCode>
where
    L: WorkflowLog,
    I: IndexWalk,
{
    anyhow::ensure!(args.confirm == table, "the index of this service is {table}, not {}", args.confirm);
    let (interrupted, mut pace, mut so_far) = (interrupted(), Pace::new(), 0);
    let progress = |removed: u64| {
        so_far = removed;
        pace.tell(|| format!("{removed} entries removed"));
        stopped(interrupted.load(Ordering::Relaxed))
    };
    let done =
        if args.orphans { remove_orphans(log, index, progress).await } else { empty_index(index, progress).await };
    let (ended, error) = match done {
        Ok(removed) => {
            so_far = removed;
            (if interrupted.load(Ordering::Relaxed) { "interrupted" } else { "complete" }, None)
        }
        Err(error) => ("failed", Some(text_of(error))),
    };
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", json!({"ended": ended, "error": error, "entries_removed": so_far}))?;
    } else {
        writeln!(out, "{ended}: {so_far} entries removed")?;
    }
    conclude(ended, error.as_deref(), true)
}

fn text_of(error: RebuildIndexError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

pub(crate) fn stopped(stop: bool) -> ControlFlow<()> {
    if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

pub(crate) fn conclude(ended: &str, error: Option<&str>, in_order: bool) -> anyhow::Result<ExitCode> {
    if let Some(error) = error {
        writeln!(io::stderr(), "error: {error}")?;
    }
    Ok(match ended {
        "interrupted" => ExitCode::from(INTERRUPTED),
        "complete" if in_order => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn summary(compared: &Compared) -> String {
    let Compared { workflows, behind, unlisted, entries, findings } = compared;
    format!(
        "{workflows} workflows verified, {behind} behind or without a right entry, {unlisted} not listed by what they \
         have, {entries} entries looked up, {} findings",
        findings.len()
    )
}

/// A finding, with what a script needs of it: the workflow, and how far it was published and now is.
fn shown(finding: &Finding) -> Value {
    let workflow = finding.key.split_once('/');
    let (published, head) = match &finding.anomaly {
        Anomaly::AheadOfLog { published, head } => (Some(published.get()), head.map(|head| head.get())),
        Anomaly::Replaced { version, .. } => (Some(version.get()), Some(version.get())),
        Anomaly::Broken(_) | Anomaly::WrittenByNewerRelease(_) | Anomaly::Stray | Anomaly::NotDone(_) => (None, None),
    };
    json!({
        "key": finding.key,
        "tenant_id": workflow.map(|(tenant, _)| tenant),
        "workflow_id": workflow.map(|(_, workflow)| workflow),
        "kind": kind(&finding.anomaly),
        "published_version": published,
        "head_version": head,
        "message": finding.anomaly.to_string(),
    })
}

/// Progress on the standard error, once a second. A closed standard error stops nothing.
pub(crate) struct Pace {
    told: Instant,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { told: Instant::now() }
    }

    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.told.elapsed() >= TOLD_EVERY {
            self.told = Instant::now();
            let _ = writeln!(io::stderr(), "{}", line());
        }
    }
}
