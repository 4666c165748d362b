//! One execution on a laptop: a wait, then turn after turn until the last, with the machine's retries.

use alims_domain::recovery::document::Next;
use futures_util::future::{Either, select};
use serde::Deserialize;
use serde_json::{Value, json};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::machine::{Machine, TIMEOUT};

/// Turns of one execution. AWS ends an execution whose history is longer than 25 000 entries, and a turn adds some
/// seven (AWS Step Functions developer guide, "Quotas").
const TURNS_MAX: u32 = 2_500;
/// The error of an execution whose document names no turn; operators see it.
pub(crate) const UNKNOWN_TURN: &str = "UnknownTurn";
pub(crate) const UNKNOWN_TURN_CAUSE: &str = "The recovery's document names no turn that this machine knows.";
/// The error of an execution whose document has no delay.
const EVALUATION_ERROR: &str = "States.QueryEvaluationError";
/// The error of an execution that does not end.
const RUNTIME_ERROR: &str = "States.Runtime";

/// Time and chance, so that a test needs neither.
pub trait Timer: Send + Sync {
    /// Comes back after so long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// A number drawn at random, from 0 to 1.
    fn fraction(&self) -> f64;
}

/// Why a try of a turn did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError {
    /// What retries look for.
    pub name: String,
    /// What operators read.
    pub cause: String,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// As it should, with this document.
    Succeeded(Value),
    /// With an error that was not caught.
    Failed {
        /// The error's name.
        error: String,
        /// What operators read.
        cause: String,
    },
    /// It took longer than it may.
    TimedOut,
}

impl Machine {
    /// Runs the machine on a document. `invoke` is called once for each try of a turn, with the document as it is then.
    pub async fn run<I, F, T>(&self, document: Value, invoke: &I, timer: &T) -> Ended
    where
        I: Fn(Value) -> F + Sync,
        F: Future<Output = Result<Value, StateError>> + Send,
        T: Timer,
    {
        let turns = pin!(self.take_turns(document, invoke, timer));
        let over = pin!(timer.sleep(Duration::from_secs(u64::from(self.seconds_max))));
        match select(turns, over).await {
            Either::Left((Ok(document), _)) => Ended::Succeeded(document),
            Either::Left((Err(error), _)) => Ended::Failed { error: error.name, cause: error.cause },
            Either::Right(((), _)) => Ended::TimedOut,
        }
    }

    async fn take_turns<I, F, T>(&self, mut document: Value, invoke: &I, timer: &T) -> Result<Value, StateError>
    where
        I: Fn(Value) -> F + Sync,
        F: Future<Output = Result<Value, StateError>> + Send,
        T: Timer,
    {
        timer.sleep(wait_before(&document)?).await;
        for _ in 0..TURNS_MAX {
            match next_of(&document) {
                Some(next) if next == self.last => return self.take_turn(&document, invoke, timer).await,
                Some(next) if self.turns.contains(&next) => {
                    document = match self.take_turn(&document, invoke, timer).await {
                        Ok(answer) => answer,
                        Err(error) => self.give_up(document, &error),
                    };
                }
                Some(_) | None => return Err(StateError::new(UNKNOWN_TURN, UNKNOWN_TURN_CAUSE)),
            }
        }
        Err(StateError::new(RUNTIME_ERROR, format!("{TURNS_MAX} turns were taken and it goes on")))
    }

    /// Tries one turn, with the same document each time, until it succeeds or no retry is left for its error.
    async fn take_turn<I, F, T>(&self, document: &Value, invoke: &I, timer: &T) -> Result<Value, StateError>
    where
        I: Fn(Value) -> F + Sync,
        F: Future<Output = Result<Value, StateError>> + Send,
        T: Timer,
    {
        let mut retries: Vec<_> = self.retries.iter().map(|retry| (retry, 0)).collect();
        loop {
            let answered = pin!(invoke(document.clone()));
            let over = pin!(timer.sleep(Duration::from_secs(u64::from(self.try_seconds_max))));
            let error = match select(answered, over).await {
                Either::Left((Ok(answer), _)) => return Ok(answer),
                Either::Left((Err(error), _)) => error,
                Either::Right(((), _)) => {
                    StateError::new(TIMEOUT, format!("no answer within {} seconds", self.try_seconds_max))
                }
            };
            let named = retries.iter_mut().find(|(retry, _)| retry.error_equals.contains(&error.name.as_str()));
            match named {
                Some((retry, taken)) if *taken < retry.max_attempts => {
                    let wait = retry.wait(*taken, timer.fraction());
                    *taken += 1;
                    timer.sleep(wait).await;
                }
                Some(_) | None => return Err(error),
            }
        }
    }

    /// The document that makes the last turn record another turn's unrecoverable error.
    fn give_up(&self, mut document: Value, error: &StateError) -> Value {
        let cause: String = error.cause.chars().take(self.cause_chars_max).collect();
        let outcome = json!({"status": self.given_up, "error": error.name, "cause": cause});
        if let Some(members) = document.as_object_mut() {
            members.insert("next".to_owned(), json!(self.last));
            members.insert("outcome".to_owned(), outcome);
        }
        document
    }
}

fn wait_before(document: &Value) -> Result<Duration, StateError> {
    let seconds = document.get("delay_seconds").and_then(Value::as_u64);
    let missing = || StateError::new(EVALUATION_ERROR, "delay_seconds is no number of seconds to wait");
    seconds.map(Duration::from_secs).ok_or_else(missing)
}

fn next_of(document: &Value) -> Option<Next> {
    document.get("next").and_then(|next| Next::deserialize(next).ok())
}

impl StateError {
    fn new(name: &str, cause: impl Into<String>) -> Self {
        Self { name: name.to_owned(), cause: cause.into() }
    }
}
