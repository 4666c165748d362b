//! The steps of the smoke test as people and programs see them: progress, results, and where to look first.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// One step: what must be true, and what an operator needs when it is not.
pub(crate) struct Step {
    /// A sentence that is false when the step fails.
    pub(crate) name: &'static str,
    /// The likely cause of a failure.
    pub(crate) cause: &'static str,
    /// The first command to run then; `$STACK` stands for the stack's name.
    pub(crate) look: &'static str,
}

/// What became of a step.
pub(crate) enum Outcome {
    Right,
    /// Nothing could be checked, for this reason.
    NotChecked(String),
}

/// A step that ended.
struct Done {
    step: &'static Step,
    seconds: f64,
    outcome: Result<Outcome, String>,
}

/// The results so far.
pub(crate) struct Report {
    stack: String,
    /// A step that hangs is a step that failed.
    step_max: Duration,
    done: Vec<Done>,
}

impl Report {
    /// Of a stack, with a bound for every step.
    pub(crate) fn new(stack: &str, step_max: Duration) -> Self {
        Self { stack: stack.to_owned(), step_max, done: Vec::new() }
    }

    /// Takes a step and tells its result on the standard error. Whether the next step can build on it.
    pub(crate) async fn take(
        &mut self,
        step: &'static Step,
        work: impl Future<Output = anyhow::Result<Outcome>>,
    ) -> bool {
        let begun = Instant::now();
        let outcome = match tokio::time::timeout(self.step_max, work).await {
            Err(_) => Err(format!("no end after {} s", self.step_max.as_secs())),
            Ok(Err(error)) => Err(format!("{error:#}")),
            Ok(Ok(outcome)) => Ok(outcome),
        };
        let done = Done { step, seconds: begun.elapsed().as_secs_f64(), outcome };
        // Where the standard error is closed, the last word says it alone.
        let _ = self.tell(&done);
        let goes_on = done.outcome.is_ok();
        self.done.push(done);
        goes_on
    }

    fn tell(&self, done: &Done) -> io::Result<()> {
        let mut err = io::stderr().lock();
        let Done { step, seconds, outcome } = done;
        match outcome {
            Ok(Outcome::Right) => writeln!(err, "  ok           {} ({seconds:.1} s)", step.name),
            Ok(Outcome::NotChecked(why)) => writeln!(err, "  not checked  {}: {why}", step.name),
            Err(wrong) => {
                writeln!(err, "  WRONG        {}", step.name)?;
                writeln!(err, "               what:   {wrong}")?;
                writeln!(err, "               likely: {}", step.cause)?;
                writeln!(err, "               look:   {}", self.look(step))
            }
        }
    }

    fn look(&self, step: &Step) -> String {
        step.look.replace("$STACK", &self.stack)
    }

    /// Whether no step failed.
    pub(crate) fn all_right(&self) -> bool {
        self.done.iter().all(|done| done.outcome.is_ok())
    }

    /// The last word, on the standard output: for programs one JSON document, for people some lines.
    ///
    /// # Errors
    /// When the standard output is closed.
    pub(crate) fn conclude(&self, as_json: bool, interrupted: bool, left: &[String]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let ok = self.all_right() && !interrupted;
        if as_json {
            let steps: Vec<Value> = self.done.iter().map(|done| self.shown(done)).collect();
            let stack = &self.stack;
            let document =
                json!({"stack": stack, "ok": ok, "interrupted": interrupted, "steps": steps, "left_behind": left});
            return writeln!(out, "{document}");
        }
        let wrong = self.done.iter().filter(|done| done.outcome.is_err()).count();
        let unchecked = self.done.iter().filter(|done| matches!(done.outcome, Ok(Outcome::NotChecked(_)))).count();
        match (interrupted, wrong) {
            (true, _) => writeln!(out, "{}: interrupted", self.stack)?,
            (false, 0) => writeln!(out, "{} works: {} steps, {unchecked} not checked", self.stack, self.done.len())?,
            (false, _) => writeln!(out, "{}: {wrong} of {} steps went wrong", self.stack, self.done.len())?,
        }
        left.iter().try_for_each(|thing| writeln!(out, "stays: {thing}"))
    }

    fn shown(&self, done: &Done) -> Value {
        let Done { step, seconds, outcome } = done;
        match outcome {
            Ok(Outcome::Right) => json!({"step": step.name, "seconds": seconds, "result": "ok"}),
            Ok(Outcome::NotChecked(why)) => {
                json!({"step": step.name, "seconds": seconds, "result": "not-checked", "why": why})
            }
            Err(wrong) => json!({
                "step": step.name, "seconds": seconds, "result": "wrong",
                "wrong": wrong, "likely_cause": step.cause, "look": self.look(step),
            }),
        }
    }
}
