//! One execution of a machine: from state to state until one ends it, or its time is over.

use futures_util::future::{Either, select};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::definition::{Choice, Fail, State, Task, Wait};
use crate::expression::{EvaluationError, Expression, Scope};
use crate::machine::{Machine, TIMEOUT};
use crate::retry::Tries;

/// States that one execution enters. AWS ends an execution whose history is longer than 25 000 entries, and a state leaves
/// some five there (AWS Step Functions developer guide, "Quotas").
const STATES_ENTERED_MAX: u32 = 5_000;
/// What an expression without a value ends with.
const EVALUATION_ERROR: &str = "States.QueryEvaluationError";
/// What an execution ends with that goes on for ever.
const RUNTIME_ERROR: &str = "States.Runtime";

/// Time and chance, so that a test needs neither.
pub trait Timer: Send + Sync {
    /// Comes back after so long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// A number drawn at random, from 0 to 1.
    fn fraction(&self) -> f64;
}

/// Why a try of a state did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError {
    /// What retriers look for.
    pub name: String,
    /// What people read.
    pub cause: String,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// As it should, with this document.
    Succeeded(Value),
    /// With an error that no state caught.
    Failed {
        /// The error's name.
        error: String,
        /// What people read.
        cause: String,
    },
    /// It took longer than it may.
    TimedOut,
}

/// Where a state leads.
enum Next<'a> {
    State(&'a str, Value),
    End(Value),
}

impl StateError {
    fn new(name: &str, cause: impl ToString) -> Self {
        Self { name: name.to_owned(), cause: cause.to_string() }
    }
}

impl From<EvaluationError> for StateError {
    fn from(error: EvaluationError) -> Self {
        Self::new(EVALUATION_ERROR, error)
    }
}

impl Machine {
    /// Runs the machine on a document. `invoke` is called once for each try of a task, with the document as it is then.
    pub async fn run<I, F, T>(&self, document: Value, invoke: &I, timer: &T) -> Ended
    where
        I: Fn(Value) -> F + Sync,
        F: Future<Output = Result<Value, StateError>> + Send,
        T: Timer,
    {
        let walk = pin!(self.walk(document, invoke, timer));
        let over = pin!(timer.sleep(self.timeout));
        match select(walk, over).await {
            Either::Left((Ok(document), _)) => Ended::Succeeded(document),
            Either::Left((Err(error), _)) => Ended::Failed { error: error.name, cause: error.cause },
            Either::Right(((), _)) => Ended::TimedOut,
        }
    }

    async fn walk<I, F, T>(&self, document: Value, invoke: &I, timer: &T) -> Result<Value, StateError>
    where
        I: Fn(Value) -> F + Sync,
        F: Future<Output = Result<Value, StateError>> + Send,
        T: Timer,
    {
        let (mut name, mut document) = (self.start_at.as_str(), document);
        for _ in 0..STATES_ENTERED_MAX {
            let next = match self.states.get(name) {
                Some(State::Task(task)) => task.enter(document, invoke, timer).await?,
                Some(State::Wait(wait)) => wait.enter(document, timer).await?,
                Some(State::Choice(choice)) => choice.enter(document)?,
                Some(State::Fail(Fail { error, cause, .. })) => return Err(StateError::new(error, cause)),
                // A machine that was parsed has every state that it names.
                None => return Err(StateError::new(RUNTIME_ERROR, format!("there is no state {name}"))),
            };
            match next {
                Next::State(following, changed) => (name, document) = (following, changed),
                Next::End(document) => return Ok(document),
            }
        }
        Err(StateError::new(RUNTIME_ERROR, format!("{STATES_ENTERED_MAX} states were entered and it goes on")))
    }
}

impl Task {
    async fn enter<I, F, T>(&self, input: Value, invoke: &I, timer: &T) -> Result<Next<'_>, StateError>
    where
        I: Fn(Value) -> F + Sync,
        F: Future<Output = Result<Value, StateError>> + Send,
        T: Timer,
    {
        let mut tries = Tries::new(&self.retry);
        loop {
            let error = match self.try_once(&input, invoke, timer).await {
                Ok(output) => {
                    return Ok(match &self.next {
                        Some(next) => Next::State(next, output),
                        None => Next::End(output),
                    });
                }
                Err(error) => error,
            };
            if let Some(wait) = tries.wait_after(&error.name, timer.fraction()) {
                timer.sleep(wait).await;
                continue;
            }
            // What there is to catch with catches everything.
            let Some(catcher) = self.catch.first() else { return Err(error) };
            let error_output = json!({"Error": error.name, "Cause": error.cause});
            let scope = Scope { input: Some(&input), error_output: Some(&error_output), result: None };
            return Ok(Next::State(&catcher.next, catcher.output.evaluate(scope)?));
        }
    }

    async fn try_once<I, F, T>(&self, input: &Value, invoke: &I, timer: &T) -> Result<Value, StateError>
    where
        I: Fn(Value) -> F + Sync,
        F: Future<Output = Result<Value, StateError>> + Send,
        T: Timer,
    {
        let payload = self.arguments.payload.evaluate(Scope { input: Some(input), ..Scope::default() })?;
        let answered = pin!(invoke(payload));
        let over = pin!(timer.sleep(Duration::from_secs(self.timeout_seconds)));
        let answer = match select(answered, over).await {
            Either::Left((answer, _)) => answer?,
            Either::Right(((), _)) => {
                return Err(StateError::new(TIMEOUT, format!("no answer within {} seconds", self.timeout_seconds)));
            }
        };
        let result = json!({ "Payload": answer });
        Ok(self.output.evaluate(Scope { input: Some(input), result: Some(&result), error_output: None })?)
    }
}

impl Wait {
    async fn enter<T: Timer>(&self, input: Value, timer: &T) -> Result<Next<'_>, StateError> {
        let seconds = of_input(&self.seconds, &input)?;
        let Some(whole) = seconds.as_u64() else {
            return Err(StateError::new(EVALUATION_ERROR, format!("{seconds} is no number of seconds to wait")));
        };
        timer.sleep(Duration::from_secs(whole)).await;
        Ok(Next::State(&self.next, input))
    }
}

impl Choice {
    fn enter(&self, input: Value) -> Result<Next<'_>, StateError> {
        for rule in &self.choices {
            let holds = of_input(&rule.condition, &input)?;
            match holds.as_bool() {
                Some(true) => return Ok(Next::State(&rule.next, input)),
                Some(false) => {}
                None => return Err(StateError::new(EVALUATION_ERROR, format!("{holds} is neither true nor false"))),
            }
        }
        Ok(Next::State(&self.default, input))
    }
}

fn of_input(expression: &Expression, input: &Value) -> Result<Value, EvaluationError> {
    expression.evaluate(Scope { input: Some(input), ..Scope::default() })
}
