//! The recovery's state machine and what it stands between: the domain's turns, the function's errors, the limits, and
//! who may start it.

use alims_domain::limits::{AUTOMATIC_DELAY_SECONDS_MAX, RECOVERY_DEADLINE_SECONDS};
use alims_domain::recovery::document::Next;
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus};
use alims_recovery::{Ended, Machine, StateError, Timer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use crate::template::{properties, statements, texts};
use crate::workspace::workspace;

/// The definition that is deployed.
static DEFINITION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(workspace().text("recovery/recover-workflow.asl.json")).unwrap());

/// How long a recovery may take, as it is promised.
const PROMISED_SECONDS: u64 = 30;

/// Every turn that the domain knows. A turn that is missing here fails the exhaustive match below it.
const TURNS: [Next; 7] =
    [Next::Assess, Next::AskRules, Next::Apply, Next::Publish, Next::Confirm, Next::Record, Next::End];

/// The state that makes a turn.
fn state_of(turn: Next) -> Option<&'static str> {
    match turn {
        Next::Assess => Some("AssessWorkflow"),
        Next::AskRules => Some("AskRules"),
        Next::Apply => Some("ApplyRecovery"),
        Next::Publish => Some("PublishMissing"),
        Next::Confirm => Some("ConfirmRecovery"),
        Next::Record => Some("RecordOutcome"),
        Next::End => None,
    }
}

fn states(kind: &str) -> Vec<(&'static str, &'static Value)> {
    let all = DEFINITION["States"].as_object().unwrap().iter();
    all.filter(|(_, state)| state["Type"] == kind).map(|(name, state)| (name.as_str(), state)).collect()
}

#[test]
fn the_machine_s_tasks_are_the_turns_of_the_domain() {
    let choices = DEFINITION["States"]["ChooseTurn"]["Choices"].as_array().unwrap();
    let chosen: Vec<(&str, &str)> =
        choices.iter().map(|rule| (rule["Condition"].as_str().unwrap(), rule["Next"].as_str().unwrap())).collect();
    let wanted: Vec<(String, &str)> = TURNS
        .into_iter()
        .filter_map(|turn| {
            let name = serde_json::to_value(turn).unwrap();
            Some((format!("{{% $states.input.next = '{}' %}}", name.as_str()?), state_of(turn)?))
        })
        .collect();
    assert_eq!(chosen, wanted.iter().map(|(condition, state)| (condition.as_str(), *state)).collect::<Vec<_>>());
    let tasks: BTreeSet<&str> = states("Task").into_iter().map(|(name, _)| name).collect();
    assert_eq!(tasks, TURNS.into_iter().filter_map(state_of).collect());
}

#[test]
fn the_machine_retries_the_errors_that_the_function_calls_unavailable_and_lambda_s_own() {
    let named = workspace().text("shared/operations/src/recovery/recovery_step.rs").split('"');
    let passing: BTreeSet<&str> = named.filter(|name| name.ends_with("Unavailable") && !name.contains(' ')).collect();
    assert_eq!(passing.len(), 3, "{passing:?}");
    for (name, task) in states("Task") {
        let retriers = task["Retry"].as_array().unwrap();
        assert_eq!(texts(&retriers[0]["ErrorEquals"]).into_iter().collect::<BTreeSet<_>>(), passing, "{name}");
        let others = texts(&retriers[1]["ErrorEquals"]);
        let own =
            |error: &&str| ["Lambda.", "Runtime.", "Sandbox.", "States."].iter().any(|whose| error.starts_with(whose));
        assert!(others.iter().all(own), "{name}: {others:?}");
        assert_eq!(retriers.len(), 2, "{name}");
        // Nobody is above Record, which is where everything else ends.
        assert_eq!(task["Catch"].is_null(), name == "RecordOutcome", "{name}");
    }
}

#[test]
fn the_machine_s_times_keep_what_the_limits_promise() {
    let promised = u64::from(AUTOMATIC_DELAY_SECONDS_MAX) + PROMISED_SECONDS;
    assert_eq!(DEFINITION["TimeoutSeconds"], promised, "the longest delay, and the recovery itself");
    let deadline = u64::from(RECOVERY_DEADLINE_SECONDS);
    let function = properties("RecoveryStepFunction")["Timeout"].as_u64().unwrap();
    for (name, task) in states("Task") {
        // Lambda ends a function that does not answer before the machine stops listening.
        assert!(task["TimeoutSeconds"].as_u64().unwrap() > function, "{name}");
        for retrier in task["Retry"].as_array().unwrap() {
            let wait = retrier["MaxDelaySeconds"].as_u64().unwrap();
            assert!(deadline + wait < PROMISED_SECONDS, "{name}: a try after the deadline, and Record, fit in");
        }
    }
}

/// A clock that stands still.
struct Standing;

impl Timer for Standing {
    async fn sleep(&self, duration: Duration) {
        if !duration.is_zero() {
            std::future::pending().await
        }
    }

    fn fraction(&self) -> f64 {
        0.0
    }
}

#[tokio::test]
async fn the_errors_that_the_machine_catches_are_outcomes_that_the_domain_can_record() {
    let machine = Machine::recover_workflow().unwrap();
    let invoke = async |document: Value| match document["next"].as_str() {
        Some("record") => Ok(document),
        _ => Err(StateError { name: "Bug".to_owned(), cause: "x".repeat(5000) }),
    };
    let ended =
        machine.run(json!({"next": "assess", "delay_seconds": 0}), &|document| invoke(document), &Standing).await;
    let Ended::Succeeded(document) = ended else { panic!("{ended:?}") };
    let outcome: Outcome = serde_json::from_value(document["outcome"].clone()).unwrap();
    assert_eq!(outcome.status, OutcomeStatus::GaveUp);
    assert_eq!(outcome.error.as_deref(), Some("Bug"));
    assert_eq!(outcome.cause.map(|cause| cause.len()), Some(alims_domain::limits::RECOVERY_CAUSE_CHARS_MAX));
}

#[test]
fn the_machine_may_call_the_function_of_its_turns_and_deliver_its_logs_and_nothing_else() {
    let all = statements("RecoveryMachineRole");
    let (calls, logs): (Vec<&Value>, Vec<&Value>) =
        all.into_iter().partition(|statement| !texts(&statement["Action"])[0].starts_with("logs:"));
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["Action"], "lambda:InvokeFunction");
    assert_eq!(calls[0]["Resource"], "RecoveryStepFunction.Arn");
    assert!(logs.iter().all(|statement| texts(&statement["Action"]).iter().all(|action| action.starts_with("logs:"))));
    let machine = properties("RecoveryMachine");
    assert_eq!(machine["DefinitionUri"], "recovery/recover-workflow.asl.json");
    assert_eq!((&machine["Type"], &machine["Logging"]["Level"]), (&json!("STANDARD"), &json!("ERROR")));
    assert_eq!(machine["Logging"]["IncludeExecutionData"], false);
    assert_eq!(machine["Tracing"]["Enabled"], false);
}

#[test]
fn the_roles_that_start_or_report_recoveries_may_use_this_machine_and_no_other_role_may() {
    for operation in workspace().operations() {
        let pascal: String = operation.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let role = statements(&format!("{pascal}Role"));
        let of_states = role.into_iter().filter(|statement| texts(&statement["Action"])[0].starts_with("states:"));
        let allowed: Vec<(&str, &str)> = of_states
            .map(|statement| (statement["Action"].as_str().unwrap(), statement["Resource"].as_str().unwrap()))
            .collect();
        let start = ("states:StartExecution", "RecoveryMachine");
        let arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${RecoveryMachine.Name}:*";
        let describe = ("states:DescribeExecution", arn);
        let expected = match operation.as_str() {
            "recover-failed-workflow" | "recover-workflow" | "sweep-workflows" => vec![start, describe],
            "get-workflow-recovery" => vec![describe],
            _ => Vec::new(),
        };
        assert_eq!(allowed, expected, "{operation}");
    }
}

#[test]
fn the_stream_s_filter_passes_the_entries_that_are_published_and_no_others() {
    let mapping = &properties("PublishEventsFunction")["Events"]["Doorbell"]["Properties"];
    let pattern = mapping["FilterCriteria"]["Filters"][0]["Pattern"].as_str().unwrap();
    let pattern: Value = serde_json::from_str(pattern).unwrap();
    let passed = pattern["dynamodb"]["Keys"]["entry"]["S"].as_array().unwrap();
    let passed: BTreeSet<&str> = passed.iter().map(|prefix| prefix["prefix"].as_str().unwrap()).collect();
    let published = ["VERSION_PREFIX", "REFUSAL_PREFIX", "QUARANTINE_PREFIX"].map(|name| {
        let items = workspace().text("shared/dynamodb/src/item.rs");
        let line = items.lines().find(|line| line.contains(&format!("const {name}: &str = ")));
        line.unwrap_or_else(|| panic!("no {name}")).split('"').nth(1).unwrap()
    });
    assert_eq!(passed, published.into());
    assert_eq!(pattern["eventName"], json!(["INSERT"]), "nothing is ever changed, and nothing of a change is spread");
}
