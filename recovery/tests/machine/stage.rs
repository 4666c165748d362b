//! What the tests run the machine with: a function that follows a script, and time that is simulated.

use alims_recovery::{Ended, Machine, RECOVER_WORKFLOW, StateError, Timer};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::Instant;

/// Waits on the runtime's clock, which is stopped and jumps to the next instant that something waits for.
struct Simulated {
    begun: Instant,
    /// What is drawn at random, every time.
    fraction: f64,
}

impl Timer for Simulated {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn fraction(&self) -> f64 {
        self.fraction
    }
}

/// What one call of the function does.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    /// Answers the document with this turn as its next, after so long.
    Next(&'static str, Duration),
    /// Fails with this error, after so long.
    Error(&'static str, Duration),
}

/// What operators read of an error of the script.
pub(crate) const CAUSE: &str = "on purpose";

/// A function that does what its script says, once a call, and remembers what it was called with and when.
pub(crate) struct Script {
    calls: Mutex<VecDeque<Call>>,
    seen: Mutex<Vec<(Value, Duration)>>,
    deadline: Option<Duration>,
    /// When the first call began that is answered in time; its answer sets the deadline.
    answered_at: Mutex<Option<Duration>>,
}

impl Script {
    pub(crate) fn new(calls: impl IntoIterator<Item = Call>) -> Self {
        let calls = Mutex::new(calls.into_iter().collect());
        Self { calls, seen: Mutex::default(), deadline: None, answered_at: Mutex::default() }
    }

    /// The same, but that it goes to `record` once so much time is over since the first call that is answered.
    pub(crate) fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// The documents it was called with, and when, from the execution's start on.
    pub(crate) fn seen(&self) -> Vec<(Value, Duration)> {
        self.seen.lock().unwrap().clone()
    }

    /// The turns it was called for.
    pub(crate) fn turns(&self) -> Vec<String> {
        self.seen().iter().map(|(document, _)| document["next"].as_str().unwrap().to_owned()).collect()
    }

    /// When the first call began that is answered in time.
    pub(crate) fn answered_at(&self) -> Option<Duration> {
        *self.answered_at.lock().unwrap()
    }

    /// What the call at this time does: how long it takes and how it ends.
    pub(crate) fn call(&self, document: &Value, now: Duration) -> (Duration, Result<Value, StateError>) {
        self.seen.lock().unwrap().push((document.clone(), now));
        let mut answered_at = self.answered_at.lock().unwrap();
        let over = self.deadline.zip(*answered_at).is_some_and(|(deadline, from)| now > from + deadline);
        let ends = document["next"] == "record";
        let scripted = if over && !ends { None } else { self.calls.lock().unwrap().pop_front() };
        // At the end of its script it does what it should.
        let instantly = Call::Next(if ends { "end" } else { "record" }, Duration::ZERO);
        match scripted.unwrap_or(instantly) {
            Call::Next(next, takes) => {
                if takes <= Duration::from_secs(u64::from(RECOVER_WORKFLOW.try_seconds_max)) {
                    answered_at.get_or_insert(now);
                }
                let mut document = document.clone();
                document["next"] = json!(next);
                (takes, Ok(document))
            }
            Call::Error(name, takes) => (takes, Err(StateError { name: name.to_owned(), cause: CAUSE.to_owned() })),
        }
    }

    /// Runs the deployed machine with it.
    pub(crate) fn run(&self, document: Value, fraction: f64) -> Ended {
        self.run_on(&RECOVER_WORKFLOW, document, fraction)
    }

    /// Runs another machine with it.
    pub(crate) fn run_on(&self, machine: &Machine, document: Value, fraction: f64) -> Ended {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let simulated = Simulated { begun: Instant::now(), fraction };
            machine.run(document, &|document| self.called(document, &simulated), &simulated).await
        })
    }

    fn called(
        &self,
        document: Value,
        simulated: &Simulated,
    ) -> impl Future<Output = Result<Value, StateError>> + Send + use<> {
        let (takes, answer) = self.call(&document, simulated.begun.elapsed());
        async move {
            tokio::time::sleep(takes).await;
            answer
        }
    }
}

/// The document that a recovery begins with.
pub(crate) fn begun() -> Value {
    json!({"recovery_id": "0f-v3-a1", "delay_seconds": 0, "next": "assess", "steps": []})
}
