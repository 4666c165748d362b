//! Runs the parts of a suite, one after the other and some in parallel to all others, and reports progress and results.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::part::Part;
use crate::session::Session;
use crate::step::say;
use crate::workspace::Workspace;

/// How often a part that still runs is named.
const NAMED_EVERY: Duration = Duration::from_secs(60);

/// Runs every part and stops at the first that fails.
///
/// # Errors
/// What failed, and the command that repeats it.
pub(crate) fn run(workspace: &Workspace, parts: &[Part]) -> anyhow::Result<()> {
    let progress = Progress { begun: Instant::now(), count: parts.len() };
    let (beside, in_turn): (Vec<_>, Vec<_>) = (1..).zip(parts).partition(|(_, part)| part.beside_others);
    let sessions: Vec<_> = beside.into_iter().map(|numbered| (numbered, Session::beside_others())).collect();
    let mut taken = Vec::new();
    let outcome = thread::scope(|scope| {
        let mut beside: Vec<_> =
            sessions.iter().map(|(numbered, session)| Beside::start(scope, *numbered, session, workspace)).collect();
        for running in &beside {
            progress.announce(running.number, running.part, " beside the others");
        }
        let outcome = run_in_turn(workspace, &progress, &in_turn, &mut beside, &mut taken);
        if outcome.is_err() {
            sessions.iter().for_each(|(_, session)| session.stop());
        }
        outcome
    });
    summarise(&taken, progress.begun.elapsed());
    if outcome.is_err() {
        let missing = parts.iter().map(|part| part.name).filter(|name| taken.iter().all(|done| done.name != *name));
        let missing: Vec<_> = missing.collect();
        if !missing.is_empty() {
            say(&format!("  not run to the end: {}", missing.join(", ")));
        }
        return outcome;
    }
    say(&format!("\nall {} parts passed", progress.count));
    Ok(())
}

fn run_in_turn(
    workspace: &Workspace,
    progress: &Progress,
    parts: &[(usize, &Part)],
    beside: &mut Vec<Beside<'_, '_>>,
    taken: &mut Vec<Taken>,
) -> anyhow::Result<()> {
    for (number, part) in parts {
        progress.announce(*number, part, "");
        let begun = Instant::now();
        let outcome = progress.tell(part.name, || part.run(workspace, &Session::foreground()));
        taken.push(Taken { name: part.name, duration: begun.elapsed(), passed: outcome.is_ok() });
        outcome?;
        for running in beside.extract_if(.., |running| running.thread.is_finished()) {
            running.collect(taken)?;
        }
    }
    for running in beside.drain(..) {
        progress.tell(running.part.name, || running.collect(taken))?;
    }
    Ok(())
}

/// A part that runs beside the others.
struct Beside<'scope, 'parts> {
    number: usize,
    part: &'parts Part,
    session: &'parts Session,
    thread: ScopedJoinHandle<'scope, (anyhow::Result<()>, Duration)>,
}

impl<'scope, 'parts: 'scope> Beside<'scope, 'parts> {
    fn start(
        scope: &'scope Scope<'scope, '_>,
        (number, part): (usize, &'parts Part),
        session: &'parts Session,
        workspace: &'scope Workspace,
    ) -> Self {
        let thread = scope.spawn(move || {
            let begun = Instant::now();
            (part.run(workspace, session), begun.elapsed())
        });
        Self { number, part, session, thread }
    }

    /// Waits for its end, and shows all that it said.
    fn collect(self, taken: &mut Vec<Taken>) -> anyhow::Result<()> {
        let name = self.part.name;
        let (outcome, duration) =
            self.thread.join().unwrap_or_else(|_| (Err(anyhow::anyhow!("{name} panicked")), Duration::ZERO));
        say(&format!("\n== {name}, which ran beside the others ==\n{}", self.session.said().trim_end()));
        taken.push(Taken { name, duration, passed: outcome.is_ok() });
        outcome
    }
}

/// The progress report.
struct Progress {
    begun: Instant,
    count: usize,
}

impl Progress {
    fn announce(&self, number: usize, part: &Part, how: &str) {
        let (count, name, why) = (self.count, part.name, part.why);
        let since = minutes(self.begun.elapsed());
        say(&format!("\n== {number}/{count} {name}{how}, from {since} on: {why} ==\n   {}", part.command()));
    }

    /// Does the work and names it every minute, because some of it says nothing for long.
    fn tell<T>(&self, name: &str, work: impl FnOnce() -> T) -> T {
        let (over, ended) = mpsc::channel::<()>();
        let begun = Instant::now();
        thread::scope(|scope| {
            scope.spawn(move || {
                while ended.recv_timeout(NAMED_EVERY) == Err(RecvTimeoutError::Timeout) {
                    let (part, all) = (minutes(begun.elapsed()), minutes(self.begun.elapsed()));
                    say(&format!("   … {name} for {part} min, all for {all} min"));
                }
            });
            let done = work();
            drop(over);
            done
        })
    }
}

/// A part that came to its end.
struct Taken {
    name: &'static str,
    duration: Duration,
    passed: bool,
}

fn summarise(taken: &[Taken], total: Duration) {
    say("\n== summary ==");
    for Taken { name, duration, passed } in taken {
        let outcome = if *passed { "" } else { "  FAILED" };
        say(&format!("  {name:<10} {:>7.1} s{outcome}", duration.as_secs_f32()));
    }
    say(&format!("  {:<10} {:>7.1} s", "together", total.as_secs_f32()));
}

/// Minutes and seconds, as on a watch.
fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
