//! The command on a deployed stack, found by an AWS CLI that the test plays; the stack's tables and bus are a laptop's.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

use alims_domain::event::WorkflowEvent;
use alims_dynamodb::{DynamoLog, patient_client};
use alims_local::{Config, Server};
use alims_operations::ports::WorkflowLog;
use alims_testing::builders::{a_created, sealed};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const STACK: &str = r#"{"Stacks": [{"StackId": "arn:aws:cloudformation:eu-central-1:1:stack/alims/1", "Outputs": [
    {"OutputKey": "LogTableName", "OutputValue": "WorkflowLog"},
    {"OutputKey": "IndexTableName", "OutputValue": "WorkflowIndex"},
    {"OutputKey": "EventBusArn", "OutputValue": "arn:aws:events:eu-central-1:1:event-bus/alims"}]}]}"#;
const CREDENTIALS: &str = r#"{"Version": 1, "AccessKeyId": "AKID", "SecretAccessKey": "secret", "SessionToken": "t",
    "Expiration": "2999-01-01T00:00:00+00:00"}"#;

/// A folder with an AWS CLI that writes down what it is called with and answers with these pieces of shell.
fn aws(stack: &str, credentials: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (aws, calls) = (folder.path().join("aws"), folder.path().join("calls"));
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> '{}'\ncase \"$1\" in\ncloudformation) {stack} ;;\nconfigure) {credentials} ;;\nesac\n",
        calls.display()
    );
    std::fs::write(&aws, script).unwrap();
    std::fs::set_permissions(&aws, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn says(text: &str) -> String {
    format!("printf '%s' '{text}'")
}

fn rebuild_index(path: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alims-admin"));
    command.env("PATH", path).args(["rebuild-index", "--stack", "alims"]).args(arguments).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_tells_the_tables_and_the_aws_cli_gives_the_credentials() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(Config { hold_events: true, ..Config::new(data.path()) }).await.unwrap();
    let database = server.dynamodb();
    let log = DynamoLog::new(patient_client(&database), "WorkflowLog");
    for (id, made) in [("old", "2001-01-01T00:00:00.000Z"), ("young", "9001-01-01T00:00:00.000Z")] {
        let made = made.parse().unwrap();
        let created = WorkflowEvent { timestamp: made, created_at: made, ..a_created(id).event };
        log.append(&sealed(created)).await.unwrap();
    }
    let key = server.access_key();
    let credentials = CREDENTIALS.replace("AKID", key.id()).replace("secret", key.secret());
    let aws = aws(&says(STACK), &says(&credentials));
    let url = database.endpoint_url().unwrap();
    // A dry run needs no bus, which an emulator would have at the same URL.
    let arguments = ["--profile", "lab", "--endpoint-url", url, "--dry-run"];
    let output = rebuild_index(aws.path(), &arguments);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("2 workflows looked at, 2 entries repaired, 0 caught up, 1 events published"), "{said}");
    let everything = rebuild_index(aws.path(), &[&arguments[..], &["--republish-everything"]].concat());
    assert!(String::from_utf8(everything.stdout).unwrap().contains("2 events published"));
    // A table that is looked at before the service uses it; this one is not there.
    let other = rebuild_index(aws.path(), &[&arguments[..], &["--log-table", "Restored", "--json"]].concat());
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8(other.stdout).unwrap().contains("the log cannot be read"));
    let calls = std::fs::read_to_string(aws.path().join("calls")).unwrap();
    let options = format!("--profile lab --endpoint-url {url}");
    let described = format!("cloudformation describe-stacks --stack-name alims --output json {options}");
    let exported = format!("configure export-credentials --format process {options}");
    assert_eq!(calls.lines().next(), Some(described.as_str()));
    assert!(calls.lines().all(|call| call == described || call == exported), "{calls}");
    server.stop().await;
}

#[test]
fn an_aws_cli_that_is_of_no_use_is_one_clear_line() {
    let nowhere = tempfile::tempdir().unwrap();
    let fails = |text: &str| format!("echo '{text}' >&2; exit 254");
    let other_stack = r#"{"Stacks": [{"StackId": "arn:aws:cloudformation:eu-central-1:1:stack/x/1", "Outputs": []}]}"#;
    let expired = "Error loading SSO Token: Token for lab does not exist";
    let old = "aws: error: argument subcommand: Invalid choice, valid choices are: get | set";
    for (folder, said) in [
        (nowhere, "the AWS CLI is missing"),
        (aws(&fails(expired), ""), "`aws cloudformation describe-stacks` failed: Error loading SSO Token"),
        (aws(&says("no JSON"), ""), "the answer of `aws cloudformation describe-stacks` cannot be understood"),
        (aws(&says(other_stack), ""), "the stack alims has no output LogTableName"),
        (aws(&says(STACK), &fails(old)), "the AWS CLI is too old for `aws configure export-credentials`"),
        (aws(&says(STACK), &fails("AccessDenied")), "`aws configure export-credentials` failed: AccessDenied"),
    ] {
        let output = rebuild_index(folder.path(), &[]);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true), "{said}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.starts_with(&format!("error: {said}")) && error.lines().count() == 1, "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_command_without_one_service_or_with_too_near_a_horizon_is_refused() {
    let run = |arguments: &[&str]| {
        let command = Command::new(env!("CARGO_BIN_EXE_alims-admin")).arg("rebuild-index").args(arguments).output();
        let output = command.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&[]).contains("--stack <NAME>"));
    assert!(run(&["--local", "--stack", "x"]).contains("cannot be used with"));
    assert!(run(&["--local", "--profile", "x"]).contains("cannot be used with"));
    assert!(run(&["--local", "--log-table", "x"]).contains("cannot be used with"));
    assert!(run(&["--stack", "x", "--data", "y"]).contains("cannot be used with"));
    assert!(run(&["--local", "--horizon-hours", "23"]).contains("23 is not in 24.."));
    assert!(run(&["--local", "--workers", "0"]).contains("must be 1 to 256"));
    assert!(run(&["--local", "--republish-everything", "--horizon-hours", "48"]).contains("cannot be used with"));
}
