//! The smoke test on a service that the tests play: it is content with a sound one, leaves nothing behind, and names the
//! step of each part that is broken.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod stub;

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Output, Stdio};
use stub::Stub;
use tokio::process::Command;

/// A token for another issuer than the stack's, with a signature that the stub takes.
const TOKEN: &str = "e30.eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.c2ln";

fn command(path: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alims-admin"));
    command.args(["smoke", "--stack", "alims"]).env("PATH", path).stdin(Stdio::null()).kill_on_drop(true);
    command.env_remove("ALIMS_TOKEN_WITHOUT_SCOPES").env("ALIMS_TOKEN", TOKEN);
    command
}

async fn smoke(stub: &Stub) -> (Output, Value) {
    let mut command = command(stub.folder.path());
    command.args(["--patience", "1", "--json", "--api-url", &stub.api]);
    let output = command.env("ALIMS_TOKEN_WITHOUT_SCOPES", "e30.e30.scopeless").output().await.unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output, document)
}

/// The names of the steps that went wrong.
fn wrong(document: &Value) -> Vec<&str> {
    let steps = document["steps"].as_array().unwrap();
    let wrong = steps.iter().filter(|step| step["result"] == "wrong");
    wrong.inspect(|step| assert!(step["look"].as_str().unwrap().starts_with("aws "))).map(name).collect()
}

fn name(step: &Value) -> &str {
    step["step"].as_str().unwrap()
}

#[tokio::test]
async fn a_sound_service_passes_every_step_and_only_its_workflow_stays() {
    let stub = Stub::with("nothing").await;
    let (output, document) = smoke(&stub).await;
    assert_eq!((output.status.code(), &document["ok"]), (Some(0), &json!(true)), "{output:?}");
    let steps = document["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["result"] == "ok"), "{steps:#?}");
    assert_eq!(steps.len(), 19);
    let left = document["left_behind"].as_array().unwrap();
    assert!(matches!(left.as_slice(), [one] if one.as_str().unwrap().ends_with("CANCELLED")), "{left:?}");
    let account = stub.account.lock().unwrap();
    // The other people's messages are where they were.
    assert_eq!(account.queues.values().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    assert!(account.rules.is_empty() && account.subscriptions.is_empty());
    assert_eq!(account.alarm_state, "OK");
    assert!(account.calls.iter().flatten().all(|argument| !argument.contains("eyJ")), "a token in an argument");
}

#[tokio::test]
async fn a_synthetic_quarantine_is_a_valid_event_that_is_marked_as_none() {
    let stub = Stub::with("nothing").await;
    smoke(&stub).await;
    let account = stub.account.lock().unwrap();
    let quarantine = account.put.iter().find(|event| event["detail-type"] == "WorkflowQuarantined").unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../../schemas/WorkflowQuarantined.json")).unwrap();
    jsonschema::validate(&schema, &quarantine["detail"]).unwrap();
    let detail = &quarantine["detail"];
    assert_eq!((&detail["tenant_id"], &detail["synthetic"]), (&json!("alims-smoke-test"), &json!(true)));
    assert!(detail["workflow_id"].as_str().unwrap().starts_with("smoke-"));
    let probes = account.put.iter().filter(|event| event["source"] == "alims.smoke-test");
    assert!(probes.count() > 0, "its own source marks a probe");
}

/// Breaks one part, and expects exactly these steps to go wrong.
macro_rules! broken {
    ($($test:ident: $broken:literal => [$($step:literal),+])+) => {$(
        #[tokio::test]
        async fn $test() {
            let stub = Stub::with($broken).await;
            let (output, document) = smoke(&stub).await;
            assert_eq!((wrong(&document), output.status.code()), (vec![$($step),+], Some(1)), "{output:?}");
            if !$broken.contains("delete-") {
                let account = stub.account.lock().unwrap();
                assert!(account.rules.is_empty() && account.subscriptions.is_empty(), "{:?}", account.rules);
                assert_eq!(account.queues.len(), 2, "the test's own queue stays: {:?}", account.queues);
            }
        }
    )+};
}

broken! {
    strangers_are_let_in: "the API lets strangers in" => ["a request without a valid token is refused"]
    the_token_is_refused: "the token is not accepted" => ["the token is accepted"]
    scopes_are_not_required: "no scope is required" => ["a token without the required scopes is refused"]
    a_rule_is_not_permitted: "events put-rule" => ["an event put on the bus reaches a queue of the test"]
    a_queue_is_not_permitted: "sqs create-queue" => ["an event put on the bus reaches a queue of the test"]
    a_rule_never_works: "no rule works" => ["an event put on the bus reaches a queue of the test"]
    the_bus_refuses: "the bus refuses" => [
        "an event put on the bus reaches a queue of the test",
        "a synthetic quarantine reaches the queue of quarantines"
    ]
    a_creation_is_refused: "no workflow is created" => ["a workflow is created"]
    a_move_is_refused: "there is no way to ACTIVE" => ["the workflow becomes ACTIVE", "the workflow is cancelled"]
    the_publisher_is_dead: "nothing is published" => [
        "the events of both versions arrive at a subscriber's queue"
    ]
    every_move_is_taken: "every transition is possible" => [
        "a transition that the lifecycle lacks is refused with its reason",
        "the refusal is in the history"
    ]
    a_refusal_is_lost: "the refusal is not kept" => ["the refusal is in the history"]
    a_failure_is_refused: "there is no way to FAILED" => ["the workflow becomes FAILED"]
    no_recovery_starts: "no recovery starts" => ["an automatic recovery brings it back to ACTIVE"]
    a_recovery_gives_up: "the recovery gives up" => ["an automatic recovery brings it back to ACTIVE"]
    a_requested_recovery_hangs: "a requested recovery hangs" => ["a requested recovery starts and ends"]
    the_chain_is_broken: "the chain is broken" => ["the history's hash chain is valid"]
    an_operation_may_not_read: "the sweep cannot be read" => [
        "lists, counts, activity, rules, the caller and the sweep can be read"
    ]
    the_quarantine_is_lost: "no quarantine reaches its queue" => ["a synthetic quarantine reaches the queue of quarantines"]
    the_failed_recovery_is_lost: "no failed recovery reaches its queue" => [
        "a failed recovery reaches the queue of failed recoveries"
    ]
    no_execution_starts: "stepfunctions start-execution" => [
        "a failed recovery reaches the queue of failed recoveries"
    ]
    the_alarm_is_lost: "the alarm is not sent" => ["an alarm reaches each topic"]
    the_topic_has_no_alarm: "no alarm tells the topic" => ["an alarm reaches each topic"]
    the_alarm_was_on: "the alarm is on already" => ["an alarm reaches each topic"]
    there_is_no_topic: "there is no topic" => ["an alarm reaches each topic"]
    a_cancellation_is_refused: "there is no way to CANCELLED" => ["the workflow is cancelled"]
    a_queue_cannot_be_removed: "sqs delete-queue" => ["everything that the test made is removed"]
    a_rule_cannot_be_removed: "events delete-rule" => ["everything that the test made is removed"]
}

#[tokio::test]
async fn what_may_still_arrive_and_what_could_not_be_removed_is_named() {
    let stub = Stub::with("no quarantine reaches its queue").await;
    let (_, document) = smoke(&stub).await;
    let left = document["left_behind"].to_string();
    assert!(left.contains("a synthetic WorkflowQuarantined of smoke-"), "{left}");
    let stub = Stub::with("sqs delete-queue").await;
    let (_, document) = smoke(&stub).await;
    let removed = document["steps"].as_array().unwrap().last().unwrap();
    assert!(removed["wrong"].as_str().unwrap().contains("the queue smoke-"), "{removed}");
    assert!(document["left_behind"].to_string().contains("the queue smoke-"), "{document}");
}

#[tokio::test]
async fn a_refused_token_s_error_says_which_claim_differs_and_shows_no_token() {
    let stub = Stub::with("the token is not accepted").await;
    let (output, document) = smoke(&stub).await;
    assert!(document.to_string().contains("iss is not JwtIssuer"), "{document}");
    for said in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(said).contains("eyJ"), "{output:?}");
    }
}

#[tokio::test]
async fn an_interrupted_test_removes_what_it_made() {
    let stub = Stub::with("no recovery starts").await;
    let mut command = command(stub.folder.path());
    let mut child =
        command.args(["--patience", "3600", "--api-url", &stub.api]).stdout(Stdio::piped()).spawn().unwrap();
    // It waits for a recovery that never starts.
    let waits = async {
        while !stub.account.lock().unwrap().has_failed() {
            assert!(child.try_wait().unwrap().is_none(), "it ended too early");
            // Looks again until the test waits; the timeout bounds it.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waits).await.expect("it never waits for the recovery");
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("interrupted") && said.contains("CANCELLED"), "{said}");
    let account = stub.account.lock().unwrap();
    assert!(account.rules.is_empty() && account.queues.len() == 2);
}

#[tokio::test]
async fn a_test_that_cannot_begin_has_an_exit_code_of_its_own_and_makes_nothing() {
    let sound = Stub::with("nothing").await;
    let mut without_token = command(sound.folder.path());
    without_token.env_remove("ALIMS_TOKEN");
    let mut no_file = command(sound.folder.path());
    no_file.args(["--token-file", "/nowhere/token"]);
    let mut no_json = command(sound.folder.path());
    no_json.args(["--metadata", "{"]);
    let changing = Stub::with("the stack is being changed").await;
    let gone = Stub::with("cloudformation describe-stacks").await;
    for (mut command, said) in [
        (without_token, "no token: set ALIMS_TOKEN"),
        (no_file, "cannot read the token from /nowhere/token"),
        (no_json, "--metadata is no JSON"),
        (command(changing.folder.path()), "its status is UPDATE_IN_PROGRESS"),
        (command(gone.folder.path()), "`aws cloudformation describe-stacks` failed"),
    ] {
        let output = command.output().await.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}: {error}");
        assert!(error.starts_with("error: ") && error.contains(said), "{error}");
    }
    for stub in [sound, changing, gone] {
        let account = stub.account.lock().unwrap();
        assert!(account.calls.iter().all(|call| call[0] == "cloudformation"), "{:?}", account.calls);
    }
}

#[tokio::test]
async fn the_token_comes_from_a_file_or_the_standard_input_and_from_no_argument() {
    let stub = Stub::with("nothing").await;
    let mut piped = command(stub.folder.path());
    piped.env_remove("ALIMS_TOKEN").stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = piped.args(["--api-url", &stub.api, "--token-file", "-"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut input, format!("{TOKEN}\n").as_bytes()).await.unwrap();
    drop(input);
    assert!(child.wait().await.unwrap().success());
    let output = command(stub.folder.path()).args(["--token", TOKEN]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
