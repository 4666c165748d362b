//! The definition as it is written: the part of the Amazon States Language that the file uses, read strictly.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use crate::expression::Expression;

/// What is wrong with the definition, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state machine's definition, at {place}: {problem}")]
pub struct DefinitionError {
    /// The place, from the outside in, such as `States.AssessWorkflow.Output`.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

impl DefinitionError {
    pub(crate) fn new(place: impl Into<String>, problem: impl ToString) -> Self {
        Self { place: place.into(), problem: problem.to_string() }
    }
}

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Definition {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(crate) query_language: String,
    pub(crate) start_at: String,
    pub(crate) timeout_seconds: u64,
    states: Map<String, Value>,
}

/// One state.
#[derive(Debug)]
pub(crate) enum State {
    Task(Task),
    Wait(Wait),
    Choice(Choice),
    Fail(Fail),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Task {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(crate) resource: String,
    pub(crate) arguments: Arguments,
    pub(crate) output: Expression,
    pub(crate) timeout_seconds: u64,
    pub(crate) retry: Vec<Retrier>,
    #[serde(default)]
    pub(crate) catch: Vec<Catcher>,
    pub(crate) next: Option<String>,
    pub(crate) end: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Arguments {
    pub(crate) function_name: String,
    pub(crate) payload: Expression,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Retrier {
    pub(crate) error_equals: Vec<String>,
    pub(crate) interval_seconds: u32,
    pub(crate) backoff_rate: f64,
    pub(crate) max_delay_seconds: u32,
    pub(crate) max_attempts: u32,
    pub(crate) jitter_strategy: Jitter,
}

/// How a wait between two tries is drawn.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum Jitter {
    /// Anything from nothing to the whole of it.
    #[serde(rename = "FULL")]
    Full,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Catcher {
    pub(crate) error_equals: Vec<String>,
    pub(crate) output: Expression,
    pub(crate) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Wait {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(crate) seconds: Expression,
    pub(crate) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Choice {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(crate) choices: Vec<Rule>,
    pub(crate) default: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Rule {
    pub(crate) condition: Expression,
    pub(crate) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Fail {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(crate) error: String,
    pub(crate) cause: String,
}

impl Definition {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it is not JSON, lacks something, or holds what is not known here.
    pub(crate) fn read(text: &str) -> Result<Self, DefinitionError> {
        serde_json::from_str(text).map_err(|error| DefinitionError::new("the file", error))
    }

    /// Reads the states.
    ///
    /// # Errors
    /// When one lacks something, or holds what is not known here.
    pub(crate) fn states(&mut self) -> Result<BTreeMap<String, State>, DefinitionError> {
        let states = std::mem::take(&mut self.states).into_iter();
        states.map(|(name, value)| State::read(&name, value).map(|state| (name, state))).collect()
    }
}

impl State {
    fn read(name: &str, mut value: Value) -> Result<Self, DefinitionError> {
        let place = format!("States.{name}");
        let kind = value.as_object_mut().and_then(|members| members.remove("Type")).unwrap_or_default();
        match kind.as_str() {
            Some("Task") => read(&place, value).map(Self::Task),
            Some("Wait") => read(&place, value).map(Self::Wait),
            Some("Choice") => read(&place, value).map(Self::Choice),
            Some("Fail") => read(&place, value).map(Self::Fail),
            Some(_) | None => {
                Err(DefinitionError::new(format!("{place}.Type"), format!("{kind} is not known to the interpreter")))
            }
        }
    }
}

fn read<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, DefinitionError> {
    T::deserialize(value).map_err(|error| DefinitionError::new(place, error))
}
