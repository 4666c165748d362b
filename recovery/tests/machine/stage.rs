//! What the tests run the machine with: a function that follows a script, and time that is played.

use alims_recovery::{Ended, Machine, StateError, Timer};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Waits on the runtime's clock, which is stopped and jumps to whoever waits next.
pub(crate) struct Played {
    /// What is drawn at random, every time.
    pub(crate) fraction: f64,
}

impl Timer for Played {
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

/// A function that does what its script says, once a call, and remembers what it was called with and when.
pub(crate) struct Script {
    calls: Mutex<VecDeque<Call>>,
    seen: Mutex<Vec<(Value, Duration)>>,
    begun: Instant,
    deadline: Option<Duration>,
}

impl Script {
    pub(crate) fn new(calls: impl IntoIterator<Item = Call>) -> Self {
        let calls = Mutex::new(calls.into_iter().collect());
        Self { calls, seen: Mutex::default(), begun: Instant::now(), deadline: None }
    }

    /// The same, but that it goes to Record once so much time is over.
    pub(crate) fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// The documents it was called with, and when, from its making on.
    pub(crate) fn seen(&self) -> Vec<(Value, Duration)> {
        self.seen.lock().unwrap().clone()
    }

    /// The turns it was called for.
    pub(crate) fn turns(&self) -> Vec<String> {
        self.seen().iter().map(|(document, _)| document["next"].as_str().unwrap().to_owned()).collect()
    }

    fn call(&self, document: Value) -> impl Future<Output = Result<Value, StateError>> + Send {
        self.seen.lock().unwrap().push((document.clone(), self.begun.elapsed()));
        // At the end of its script it does what it should.
        let ends = if document["next"] == "record" { "end" } else { "record" };
        let over = self.deadline.is_some_and(|deadline| self.begun.elapsed() >= deadline);
        let scripted = if over { None } else { self.calls.lock().unwrap().pop_front() };
        let call = scripted.unwrap_or(Call::Next(ends, Duration::ZERO));
        async move {
            match call {
                Call::Next(next, takes) => {
                    tokio::time::sleep(takes).await;
                    let mut document = document;
                    document["next"] = json!(next);
                    Ok(document)
                }
                Call::Error(name, takes) => {
                    tokio::time::sleep(takes).await;
                    Err(StateError { name: name.to_owned(), cause: "on purpose".to_owned() })
                }
            }
        }
    }

    /// Runs the deployed machine with it.
    pub(crate) async fn run(&self, document: Value, fraction: f64) -> Ended {
        let machine = Machine::recover_workflow().unwrap();
        machine.run(document, &|document| self.call(document), &Played { fraction }).await
    }
}

/// The document that a recovery begins with.
pub(crate) fn begun() -> Value {
    json!({"recovery_id": "0f-v3-a1", "delay_seconds": 0, "next": "assess", "steps": []})
}
