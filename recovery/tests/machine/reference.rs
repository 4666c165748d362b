//! A walk through a definition as the Amazon States Language describes it. It shares nothing with the machine's loop: it
//! reads the JSON, a complete implementation of `JSONata` evaluates the expressions, and time is a sum.

use alims_recovery::{Ended, StateError};
use jsonata_core::evaluator::{Context, Evaluator};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::{Value, json};
use std::time::Duration;

use crate::stage::Script;

/// Walks a definition, given as JSON, with a document and a function.
pub(crate) fn walk(definition: &str, document: Value, script: &Script, fraction: f64) -> Ended {
    let definition: Value = serde_json::from_str(definition).unwrap();
    let [_, language, start, limit, states] =
        members(&definition, ["Comment", "QueryLanguage", "StartAt", "TimeoutSeconds", "States"]);
    assert_eq!(language, "JSONata");
    let mut walk = Walk { script, fraction, now: Duration::ZERO, limit: seconds(limit) };
    let (mut name, mut input) = (start.clone(), document);
    loop {
        let state = &states[name.as_str().unwrap()];
        match walk.enter(state, input) {
            Ok((Some(next), output)) => (name, input) = (next, output),
            Ok((None, output)) => return Ended::Succeeded(output),
            Err(ended) => return ended,
        }
    }
}

struct Walk<'a> {
    script: &'a Script,
    fraction: f64,
    now: Duration,
    limit: Duration,
}

/// The next state, or none at the end, and what it gets.
type Left = (Option<Value>, Value);

impl Walk<'_> {
    fn enter(&mut self, state: &Value, input: Value) -> Result<Left, Ended> {
        match state["Type"].as_str().unwrap() {
            "Wait" => self.wait(state, input),
            "Choice" => Self::choose(state, input),
            "Task" => self.task(state, &input),
            "Fail" => {
                let [_, _, error, cause] = members(state, ["Type", "Comment", "Error", "Cause"]);
                Err(failed(error.as_str().unwrap(), cause.as_str().unwrap()))
            }
            other => panic!("no state of the type {other} is expected"),
        }
    }

    fn wait(&mut self, state: &Value, input: Value) -> Result<Left, Ended> {
        let [_, _, wait, next] = members(state, ["Type", "Comment", "Seconds", "Next"]);
        let wait = evaluated(wait, &json!({"input": input}))?;
        let wait = wait.as_u64().ok_or_else(|| failed("States.QueryEvaluationError", ""))?;
        self.pass(Duration::from_secs(wait))?;
        Ok((Some(next.clone()), input))
    }

    fn choose(state: &Value, input: Value) -> Result<Left, Ended> {
        let [_, _, rules, default] = members(state, ["Type", "Comment", "Choices", "Default"]);
        for rule in rules.as_array().unwrap() {
            let [condition, next] = members(rule, ["Condition", "Next"]);
            if evaluated(condition, &json!({"input": input}))?.as_bool().unwrap() {
                return Ok((Some(next.clone()), input));
            }
        }
        Ok((Some(default.clone()), input))
    }

    fn task(&mut self, state: &Value, input: &Value) -> Result<Left, Ended> {
        let usual = ["Type", "Comment", "Resource", "Arguments", "Output", "TimeoutSeconds", "Retry"];
        let [_, _, resource, arguments, output, limit, retriers, catch, next] = match state.get("End") {
            Some(end) => {
                assert_eq!(end, true);
                let [a, b, c, d, e, f, g, _] = members(state, with(usual, ["End"]));
                [a, b, c, d, e, f, g, &Value::Null, &Value::Null]
            }
            None => members(state, with(usual, ["Catch", "Next"])),
        };
        assert_eq!(resource, "arn:${Partition}:states:::lambda:invoke");
        let [function, payload] = members(arguments, ["FunctionName", "Payload"]);
        assert_eq!(function, "${RecoveryStepFunctionArn}");
        let retriers = retriers.as_array().unwrap();
        let mut taken = vec![0; retriers.len()];
        loop {
            let payload = evaluated(payload, &json!({"input": input}))?;
            let error = match self.invoke(&payload, seconds(limit))? {
                Ok(answer) => {
                    let output = evaluated(output, &json!({"input": input, "result": {"Payload": answer}}))?;
                    return Ok((next.is_string().then(|| next.clone()), output));
                }
                Err(error) => error,
            };
            let Some(wait) = wait_after(retriers, &mut taken, &error.name) else { return caught(catch, input, &error) };
            self.pass(Duration::from_secs_f64(wait * self.fraction))?;
        }
    }

    fn invoke(&mut self, payload: &Value, limit: Duration) -> Result<Result<Value, StateError>, Ended> {
        let (takes, answer) = self.script.call(payload, self.now);
        self.pass(takes.min(limit))?;
        let cause = format!("no answer within {} seconds", limit.as_secs());
        Ok(if takes <= limit { answer } else { Err(StateError { name: "States.Timeout".to_owned(), cause }) })
    }

    fn pass(&mut self, duration: Duration) -> Result<(), Ended> {
        self.now += duration;
        if self.now > self.limit { Err(Ended::TimedOut) } else { Ok(()) }
    }
}

/// The longest wait of the first retrier that names the error, in seconds, as long as it has attempts left.
fn wait_after(retriers: &[Value], taken: &mut [i32], error: &str) -> Option<f64> {
    let place =
        retriers.iter().position(|retrier| retrier["ErrorEquals"].as_array().unwrap().contains(&json!(error)))?;
    let [_, interval, rate, most, attempts, jitter] = members(
        &retriers[place],
        ["ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxDelaySeconds", "MaxAttempts", "JitterStrategy"],
    );
    assert_eq!(jitter, "FULL");
    let grown = interval.as_f64().unwrap() * rate.as_f64().unwrap().powi(taken[place]);
    taken[place] += 1;
    (i64::from(taken[place]) <= attempts.as_i64().unwrap()).then(|| grown.min(most.as_f64().unwrap()))
}

fn caught(catch: &Value, input: &Value, error: &StateError) -> Result<Left, Ended> {
    let Some(catchers) = catch.as_array() else { return Err(failed(&error.name, &error.cause)) };
    let [errors, output, next] = members(&catchers[0], ["ErrorEquals", "Output", "Next"]);
    assert_eq!(errors, &json!(["States.ALL"]));
    let error_output = json!({"Error": error.name, "Cause": error.cause});
    let output = evaluated(output, &json!({"input": input, "errorOutput": error_output}))?;
    Ok((Some(next.clone()), output))
}

/// What a text between `{%` and `%}` gives for these `$states`.
fn evaluated(text: &Value, states: &Value) -> Result<Value, Ended> {
    let expression = text.as_str().unwrap().strip_prefix("{%").unwrap().strip_suffix("%}").unwrap();
    let mut context = Context::new();
    context.bind("states".to_owned(), serde_json::from_value(states.clone()).unwrap());
    let found = Evaluator::with_context(context).evaluate(&parser::parse(expression).unwrap(), &JValue::Null);
    match found {
        Ok(JValue::Undefined) | Err(_) => Err(failed("States.QueryEvaluationError", "")),
        Ok(value) => Ok(serde_json::to_value(value).unwrap()),
    }
}

/// The members of an object, which has these and no others.
fn members<'a, const N: usize>(object: &'a Value, names: [&str; N]) -> [&'a Value; N] {
    assert_eq!(object.as_object().unwrap().len(), N, "{object} has not just {names:?}");
    names.map(|name| object.get(name).unwrap_or_else(|| panic!("{name} is missing in {object}")))
}

fn with<'a, const M: usize, const N: usize>(usual: [&'a str; 7], others: [&'a str; M]) -> [&'a str; N] {
    [&usual[..], &others].concat().try_into().unwrap()
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}

fn failed(error: &str, cause: &str) -> Ended {
    Ended::Failed { error: error.to_owned(), cause: cause.to_owned() }
}
