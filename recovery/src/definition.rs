//! The machine in the form of AWS Step Functions: the Amazon States Language, with its expressions in `JSONata`.
//!
//! This module defines the state names and expressions. Every name of a turn, every retry and every number comes from
//! the machine.

use serde::Serialize;

use crate::machine::{Machine, Retry};
use crate::run::{UNKNOWN_TURN, UNKNOWN_TURN_CAUSE};

/// The states' names.
const WAIT: &str = "WaitForTurn";
const CHOOSE: &str = "ChooseTurn";
const TAKE: &str = "TakeTurn";
const RECORD: &str = "RecordOutcome";

/// The file, member by member in the order in which it is read.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition<'a> {
    comment: &'a str,
    query_language: &'a str,
    start_at: &'a str,
    timeout_seconds: u32,
    states: States<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct States<'a> {
    wait_for_turn: State<'a>,
    choose_turn: State<'a>,
    take_turn: State<'a>,
    record_outcome: State<'a>,
    unknown_turn: State<'a>,
}

#[derive(Serialize)]
#[serde(tag = "Type", rename_all_fields = "PascalCase")]
enum State<'a> {
    Wait {
        comment: &'a str,
        seconds: &'a str,
        next: &'a str,
    },
    Choice {
        comment: &'a str,
        choices: [Rule<'a>; 2],
        default: &'a str,
    },
    Task {
        comment: &'a str,
        resource: &'a str,
        arguments: Arguments<'a>,
        output: &'a str,
        timeout_seconds: u32,
        retry: &'a [Retry],
        #[serde(skip_serializing_if = "Option::is_none")]
        catch: Option<[Catch<'a>; 1]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        end: Option<bool>,
    },
    Fail {
        comment: &'a str,
        error: &'a str,
        cause: &'a str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rule<'a> {
    condition: String,
    next: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Arguments<'a> {
    function_name: &'a str,
    payload: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Catch<'a> {
    error_equals: [&'a str; 1],
    output: String,
    next: &'a str,
}

impl Machine {
    /// The text of `recover-workflow.asl.json`. The deployment's template replaces the placeholders between `${` and
    /// `}`.
    ///
    /// # Errors
    /// When it has no JSON, which a test would show.
    pub fn definition(&self) -> Result<String, serde_json::Error> {
        let definition = Definition {
            comment: "One recovery of one workflow, made by `cargo xtask machine`. Each turn's answer names the next.",
            query_language: "JSONata",
            start_at: WAIT,
            timeout_seconds: self.seconds_max,
            states: States {
                wait_for_turn: State::Wait {
                    comment: "An automatic recovery waits before its first turn.",
                    seconds: "{% $states.input.delay_seconds %}",
                    next: CHOOSE,
                },
                choose_turn: self.choose()?,
                take_turn: self.task("Takes one turn.", Some(self.catch()?)),
                record_outcome: self.task("Records the outcome. An execution that cannot record it fails.", None),
                unknown_turn: State::Fail {
                    comment: "The document has a bug.",
                    error: UNKNOWN_TURN,
                    cause: UNKNOWN_TURN_CAUSE,
                },
            },
        };
        Ok(serde_json::to_string_pretty(&definition)? + "\n")
    }

    fn choose(&self) -> Result<State<'_>, serde_json::Error> {
        let turns = self.turns.iter().map(quoted).collect::<Result<Vec<_>, _>>()?.join(", ");
        Ok(State::Choice {
            comment: "What the last turn asked for.",
            choices: [
                Rule { condition: format!("{{% $states.input.next in [{turns}] %}}"), next: TAKE },
                Rule { condition: format!("{{% $states.input.next = {} %}}", quoted(&self.last)?), next: RECORD },
            ],
            default: UNKNOWN_TURN,
        })
    }

    fn task<'a>(&'a self, comment: &'a str, catch: Option<Catch<'a>>) -> State<'a> {
        let ends = catch.is_none();
        State::Task {
            comment,
            resource: "arn:${Partition}:states:::lambda:invoke",
            arguments: Arguments { function_name: "${RecoveryStepFunctionArn}", payload: "{% $states.input %}" },
            output: "{% $states.result.Payload %}",
            timeout_seconds: self.try_seconds_max,
            retry: self.retries,
            catch: catch.map(|catch| [catch]),
            next: (!ends).then_some(CHOOSE),
            end: ends.then_some(true),
        }
    }

    fn catch(&self) -> Result<Catch<'_>, serde_json::Error> {
        let (last, status, chars) = (quoted(&self.last)?, quoted(&self.given_up)?, self.cause_chars_max);
        let cause = format!("$substring($states.errorOutput.Cause, 0, {chars})");
        let outcome = format!("{{'status': {status}, 'error': $states.errorOutput.Error, 'cause': {cause}}}");
        let output = format!("{{% $merge([$states.input, {{'next': {last}, 'outcome': {outcome}}}]) %}}");
        Ok(Catch { error_equals: ["States.ALL"], output, next: RECORD })
    }
}

/// A name of the domain's as `JSONata` has it in an expression.
fn quoted<T: Serialize>(name: &T) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(name)?.replace('"', "'"))
}
