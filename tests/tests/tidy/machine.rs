//! The recovery's state machine and what it stands between: the domain's turns, the function's errors, the limits, and
//! who may start it.

use alims_domain::limits::RECOVERY_DEADLINE_SECONDS;
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus};
use alims_recovery::{Ended, RECOVER_WORKFLOW, StateError, Timer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

use crate::template::{properties, statements, texts};
use crate::workspace::workspace;

/// How long a recovery may take, as it is promised.
const PROMISED_SECONDS: u32 = 30;

#[test]
fn the_machine_retries_the_errors_that_the_function_calls_unavailable_and_lambda_s_own() {
    let named = workspace().text("shared/operations/src/recovery/turn.rs").split('"');
    let passing: BTreeSet<&str> = named.filter(|name| name.ends_with("Unavailable") && !name.contains(' ')).collect();
    assert_eq!(passing.len(), 3, "{passing:?}");
    let [own, lambda] = RECOVER_WORKFLOW.retries else { panic!("there are two retries") };
    assert_eq!(own.error_equals.iter().copied().collect::<BTreeSet<_>>(), passing);
    let prefixes = ["Lambda.", "Runtime.", "Sandbox.", "States."];
    let is_lambdas = |error: &&str| prefixes.iter().any(|prefix| error.starts_with(prefix));
    assert!(lambda.error_equals.iter().all(is_lambdas), "{lambda:?}");
}

#[test]
fn the_machine_s_times_keep_what_the_limits_promise() {
    let function = properties("RecoveryStepFunction")["Timeout"].as_u64().unwrap();
    // Lambda ends a function that does not answer before the machine stops listening.
    assert!(u64::from(RECOVER_WORKFLOW.try_seconds_max) > function);
    for retry in RECOVER_WORKFLOW.retries {
        let wait = retry.max_delay_seconds;
        assert!(RECOVERY_DEADLINE_SECONDS + wait < PROMISED_SECONDS, "a try after the deadline, and Record, fit in");
    }
}

/// A clock that stands still, so no test waits: a wait of no time is over at once, and any other never ends.
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
    let invoke = async |document: Value| match document["next"].as_str() {
        Some("record") => Ok(document),
        _ => Err(StateError { name: "Bug".to_owned(), cause: "x".repeat(5000) }),
    };
    let document = json!({"next": "assess", "delay_seconds": 0});
    let ended = RECOVER_WORKFLOW.run(document, &|document| invoke(document), &Standing).await;
    let Ended::Succeeded(document) = ended else { panic!("{ended:?}") };
    let outcome: Outcome = serde_json::from_value(document["outcome"].clone()).unwrap();
    assert_eq!(outcome.status, OutcomeStatus::GaveUp);
    assert_eq!(outcome.error.as_deref(), Some("Bug"));
    assert_eq!(outcome.cause.map(|cause| cause.len()), Some(alims_domain::limits::RECOVERY_CAUSE_CHARS_MAX));
}

#[test]
fn the_machine_may_call_the_function_of_its_turns_and_deliver_its_logs_and_nothing_else() {
    let all = statements("RecoveryMachineRole").into_iter().filter(|statement| statement["Sid"] != "SendTraces");
    let (calls, logs): (Vec<&Value>, Vec<&Value>) =
        all.partition(|statement| !texts(&statement["Action"])[0].starts_with("logs:"));
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["Action"], "lambda:InvokeFunction");
    assert_eq!(calls[0]["Resource"], "${RecoveryStepFunction.Arn}:live");
    assert!(logs.iter().all(|statement| texts(&statement["Action"]).iter().all(|action| action.starts_with("logs:"))));
    let machine = properties("RecoveryMachine");
    assert_eq!(machine["DefinitionUri"], "recovery/recover-workflow.asl.json");
    let called = &machine["DefinitionSubstitutions"]["RecoveryStepFunctionArn"];
    assert_eq!(called, "${RecoveryStepFunction.Arn}:live");
    assert_eq!((&machine["Type"], &machine["Logging"]["Level"]), (&json!("STANDARD"), &json!("ERROR")));
    assert_eq!(machine["Logging"]["IncludeExecutionData"], false);
    assert_eq!(machine["Tracing"]["Enabled"], json!(["HasTracing", true, false]));
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
            "export-records" => vec![("states:StartExecution", "ExportMachine")],
            _ => Vec::new(),
        };
        assert_eq!(allowed, expected, "{operation}");
    }
}

#[test]
fn the_machine_of_exports_takes_steps_until_there_is_no_more_and_records_a_failure() {
    let machine = properties("ExportMachine");
    let path = machine["DefinitionUri"].as_str().unwrap();
    let definition: Value = serde_json::from_str(workspace().text(path)).unwrap();
    let states = &definition["States"];
    let (step, failed) = (&states["TakeStep"], &states["RecordFailure"]);
    let function = properties("ExportStepFunction")["Timeout"].as_u64().unwrap();
    for task in [step, failed] {
        // Lambda ends a function that does not answer before the machine stops listening.
        assert!(task["TimeoutSeconds"].as_u64().unwrap() > function);
        assert_eq!(task["Arguments"]["FunctionName"], "${ExportStepFunctionArn}");
    }
    assert_eq!(machine["DefinitionSubstitutions"]["ExportStepFunctionArn"], "${ExportStepFunction.Arn}:live");
    let retried: BTreeSet<&str> = texts(&step["Retry"][0]["ErrorEquals"]).into_iter().collect();
    let [_, lambda] = RECOVER_WORKFLOW.retries else { panic!("there are two retries") };
    assert!(lambda.error_equals.iter().all(|error| retried.contains(error)), "{retried:?}");
    let named = workspace().text("shared/operations/src/exporting/export_step.rs");
    assert!(retried.contains("StorageUnavailable") && named.contains("\"StorageUnavailable\""));
    assert_eq!((&step["Catch"][0]["Next"], &failed["Next"]), (&json!("RecordFailure"), &json!("Failed")));
    assert_eq!((&step["Next"], &states["HasEnded"]["Choices"][0]["Next"]), (&json!("HasEnded"), &json!("TakeStep")));
    assert_eq!((&states["Failed"]["Type"], &states["Ended"]["Type"]), (&json!("Fail"), &json!("Succeed")));
    let calls: Vec<&Value> = statements("ExportMachineRole")
        .into_iter()
        .filter(|statement| texts(&statement["Action"])[0].starts_with("lambda:"))
        .collect();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["Resource"], "${ExportStepFunction.Arn}:live");
    assert_eq!(machine["Logging"]["IncludeExecutionData"], false);
}

#[test]
fn exports_are_private_encrypted_and_removed_after_a_while() {
    let bucket = properties("ExportBucket");
    let rule = &bucket["LifecycleConfiguration"]["Rules"][0];
    assert_eq!((&rule["Status"], &rule["ExpirationInDays"]), (&json!("Enabled"), &json!("ExportDays")));
    assert_eq!(rule["NoncurrentVersionExpiration"]["NoncurrentDays"], 1);
    assert_eq!(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"], 1);
    assert!(bucket["PublicAccessBlockConfiguration"].as_object().unwrap().values().all(|blocked| *blocked == true));
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    let policy = properties("ExportBucketPolicy")["PolicyDocument"]["Statement"][0].to_string();
    assert!(policy.contains("Deny") && policy.contains("aws:SecureTransport"), "{policy}");
    for role in ["ExportRecordsRole", "ExportStepRole", "GetExportRole"] {
        assert!(!properties(role).to_string().contains("s3:Delete"), "{role}");
    }
}

#[test]
fn the_stream_s_filter_passes_the_entries_that_are_published_and_every_change_and_no_others() {
    let mapping = &properties("PublishEventsFunction")["Events"]["Notification"]["Properties"];
    // A record passes that matches either of them.
    let filters = mapping["FilterCriteria"]["Filters"].as_array().unwrap();
    let patterns: Vec<Value> =
        filters.iter().map(|filter| serde_json::from_str(filter["Pattern"].as_str().unwrap()).unwrap()).collect();
    let [changes, new] = patterns.as_slice() else { panic!("{patterns:?}") };
    // Whatever the entry: no operation changes one, so every change comes from another writer.
    assert_eq!(*changes, json!({"eventName": ["MODIFY", "REMOVE"]}));
    let passed = new["dynamodb"]["Keys"]["entry"]["S"].as_array().unwrap();
    let passed: BTreeSet<&str> = passed.iter().map(|prefix| prefix["prefix"].as_str().unwrap()).collect();
    // Every kind of entry is published but one: claims and outcomes are no events. So a new kind is not forgotten here.
    let items = workspace().text("shared/dynamodb/src/item.rs");
    let kinds = items.lines().filter(|line| line.contains("_PREFIX: &str = \"") && !line.contains("RECOVERY_PREFIX"));
    let published: BTreeSet<&str> = kinds.map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(passed, published);
    let pump = workspace().text("local/src/pump.rs");
    let line = pump.lines().find(|line| line.starts_with("const EVENTS: ")).expect("the pump's filter");
    let of_the_pump: BTreeSet<&str> = line.split('"').skip(1).step_by(2).collect();
    assert_eq!(of_the_pump, published, "the laptop's pump has the same filter");
    assert_eq!(new["eventName"], json!(["INSERT"]), "nothing of a change is spread");
}
