//! A machine that is ready to run: every state is there, leads somewhere, and says only what the interpreter knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::definition::{Catcher, Choice, Definition, DefinitionError, Retrier, State, Task};

/// The definition that the deployment runs.
const RECOVER_WORKFLOW: &str = include_str!("../recover-workflow.asl.json");
/// What every task does: call a function and wait for its answer.
const INVOKE: &str = "arn:${Partition}:states:::lambda:invoke";
/// The function that every task calls, as the deployment's template puts it in.
const FUNCTION: &str = "${RecoveryStepFunctionArn}";
/// The one name that stands for all errors.
pub(crate) const ALL_ERRORS: &str = "States.ALL";
/// What a task that takes too long ends with.
pub(crate) const TIMEOUT: &str = "States.Timeout";

/// A state machine.
#[derive(Debug)]
pub struct Machine {
    pub(crate) start_at: String,
    pub(crate) timeout: Duration,
    pub(crate) states: BTreeMap<String, State>,
}

impl Machine {
    /// The machine of the recovery.
    ///
    /// # Errors
    /// When its definition holds what the interpreter does not know; a test of this crate would have failed first.
    pub fn recover_workflow() -> Result<Self, DefinitionError> {
        Self::parse(RECOVER_WORKFLOW)
    }

    /// The machine of a definition.
    ///
    /// # Errors
    /// What is missing, wrong, or not known to the interpreter, and where.
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        let mut definition = Definition::read(text)?;
        if definition.query_language != "JSONata" {
            return Err(DefinitionError::new("QueryLanguage", "only JSONata is known"));
        }
        let states = definition.states()?;
        let machine = Self {
            start_at: definition.start_at,
            timeout: seconds("TimeoutSeconds", definition.timeout_seconds)?,
            states,
        };
        machine.is_whole()?;
        Ok(machine)
    }

    /// Every state's name.
    pub fn states(&self) -> impl Iterator<Item = &str> {
        self.states.keys().map(String::as_str)
    }

    fn is_whole(&self) -> Result<(), DefinitionError> {
        let mut reached = BTreeSet::new();
        let mut ahead = vec![("StartAt".to_owned(), self.start_at.as_str())];
        while let Some((place, name)) = ahead.pop() {
            let Some((name, state)) = self.states.get_key_value(name) else {
                return Err(DefinitionError::new(place, format!("there is no state {name}")));
            };
            if reached.insert(name.as_str()) {
                let place = format!("States.{name}");
                state.is_well_formed(&place)?;
                ahead.extend(state.leads_to().into_iter().map(|next| (place.clone(), next)));
            }
        }
        match self.states.keys().find(|name| !reached.contains(name.as_str())) {
            Some(name) => Err(DefinitionError::new(format!("States.{name}"), "nothing leads there")),
            None => Ok(()),
        }
    }
}

impl State {
    fn leads_to(&self) -> Vec<&str> {
        match self {
            Self::Task(task) => {
                task.next.iter().chain(task.catch.iter().map(|catcher| &catcher.next)).map(String::as_str).collect()
            }
            Self::Wait(wait) => vec![&wait.next],
            Self::Choice(choice) => {
                choice.choices.iter().map(|rule| &rule.next).chain([&choice.default]).map(String::as_str).collect()
            }
            Self::Fail(_) => Vec::new(),
        }
    }

    fn is_well_formed(&self, place: &str) -> Result<(), DefinitionError> {
        match self {
            Self::Task(task) => task.is_well_formed(place),
            Self::Choice(Choice { choices, .. }) if choices.is_empty() => {
                Err(DefinitionError::new(format!("{place}.Choices"), "there is nothing to choose"))
            }
            Self::Choice(_) | Self::Wait(_) | Self::Fail(_) => Ok(()),
        }
    }
}

impl Task {
    fn is_well_formed(&self, place: &str) -> Result<(), DefinitionError> {
        let at = |member: &str| format!("{place}.{member}");
        if self.resource != INVOKE {
            return Err(DefinitionError::new(at("Resource"), format!("only {INVOKE} is known")));
        }
        if self.arguments.function_name != FUNCTION {
            return Err(DefinitionError::new(at("Arguments.FunctionName"), format!("only {FUNCTION} is known")));
        }
        seconds(&at("TimeoutSeconds"), self.timeout_seconds)?;
        if self.next.is_some() == (self.end == Some(true)) {
            return Err(DefinitionError::new(place, "it needs Next, or End: true, and not both"));
        }
        for (retrier, number) in self.retry.iter().zip(0..) {
            retrier.is_well_formed(&at(&format!("Retry[{number}]")))?;
        }
        for (catcher, number) in self.catch.iter().zip(0..) {
            catcher.is_well_formed(&at(&format!("Catch[{number}]")))?;
        }
        Ok(())
    }
}

impl Retrier {
    fn is_well_formed(&self, place: &str) -> Result<(), DefinitionError> {
        let wrong = |member: &str, problem: &str| Err(DefinitionError::new(format!("{place}.{member}"), problem));
        if self.error_equals.is_empty() {
            return wrong("ErrorEquals", "it names no error");
        }
        // AWS has reserved names that stand for several errors. Retrying what nobody named is not wanted here.
        if let Some(name) = self.error_equals.iter().find(|name| name.starts_with("States.") && *name != TIMEOUT) {
            return wrong("ErrorEquals", &format!("{name} is not known"));
        }
        if self.interval_seconds == 0 {
            return wrong("IntervalSeconds", "it must be 1 or more");
        }
        if !(self.backoff_rate >= 1.0 && self.backoff_rate.is_finite()) {
            return wrong("BackoffRate", "it must be 1 or more");
        }
        if self.max_delay_seconds <= self.interval_seconds {
            return wrong("MaxDelaySeconds", "it must be more than IntervalSeconds");
        }
        Ok(())
    }
}

impl Catcher {
    fn is_well_formed(&self, place: &str) -> Result<(), DefinitionError> {
        if self.error_equals == [ALL_ERRORS] {
            return Ok(());
        }
        Err(DefinitionError::new(format!("{place}.ErrorEquals"), format!("only [{ALL_ERRORS}] is known")))
    }
}

fn seconds(place: &str, seconds: u64) -> Result<Duration, DefinitionError> {
    if seconds == 0 {
        return Err(DefinitionError::new(place, "it must be 1 or more"));
    }
    Ok(Duration::from_secs(seconds))
}
