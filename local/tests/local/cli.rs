//! The command line: what it prints, how it ends, and that the demo can fail.

use serde_json::Value;
use std::path::Path;
use std::process::{Output, Stdio};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::site::{PATIENCE, Person};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alims-local"));
    command.args(arguments).kill_on_drop(true);
    command
}

async fn run(arguments: &[&str]) -> Output {
    let running = command(arguments).stdin(Stdio::null()).output();
    tokio::time::timeout(PATIENCE, running).await.expect("it does not end").unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A server in a process of its own.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    data: String,
    base: String,
}

impl Process {
    async fn start(data: &Path, more: &[&str]) -> Self {
        let folder = data.to_str().unwrap();
        Self::of(&[&["--port", "0", "--data", folder], more].concat(), folder).await
    }

    async fn of(arguments: &[&str], data: &str) -> Self {
        let mut child = command(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("it ended before it was ready");
                if let Some(base) = line.strip_prefix("listening on ") {
                    return base.to_owned();
                }
            }
        };
        let base = tokio::time::timeout(PATIENCE, ready).await.expect("it is never ready");
        Self { child, lines, data: data.to_owned(), base }
    }

    fn token(&self, sub: &str, roles: &[&str]) -> String {
        let roles = roles.iter().flat_map(|role| ["--role", role]);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_alims-local"));
        let output = command.args(["token", "--sub", sub, "--data", &self.data]).args(roles).output().unwrap();
        text(&output.stdout).trim_end().to_owned()
    }

    async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
    }

    /// Tells it to end, and sees that it ends well.
    async fn end(mut self) {
        self.signal("TERM").await;
        assert!(self.child.wait().await.unwrap().success());
    }
}

#[tokio::test]
async fn a_token_is_printed_and_nothing_else_whether_or_not_a_server_runs() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("not-there-yet");
    let arguments = ["token", "--sub", "alice", "--role", "analyst", "--data", folder.to_str().unwrap()];
    let before = run(&arguments).await;
    assert!(before.status.success());
    assert_eq!(text(&before.stderr), "");
    let token = text(&before.stdout).strip_suffix('\n').unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert!(!token.contains(char::is_whitespace));

    let process = Process::start(&folder, &[]).await;
    Person::new(process.base.clone(), token.to_owned()).create("w-1").await;
    Person::new(process.base.clone(), process.token("bob", &["analyst"])).create("w-2").await;
    process.end().await;
}

#[tokio::test]
async fn a_token_is_not_made_for_a_name_that_would_be_refused_or_read_as_another() {
    let data = tempfile::tempdir().unwrap();
    for (option, names) in [
        ("--role", &["former supervisor", "a,b", "[a]", "\"a\"", "a'b", "", "null"][..]),
        ("--tenant", &["null", "..", "a b", ""]),
        ("--scope", &["", "a b", "a,b", "\"a\""]),
        ("--sub", &["null", " alice", "", "alims.workflow-manager/recovery"]),
    ] {
        for name in names {
            let more = if option == "--sub" { &[][..] } else { &["--sub", "alice"] };
            let arguments = ["token", "--data", data.path().to_str().unwrap(), option, name];
            let ended = run(&[&arguments[..], more].concat()).await;
            assert!(!ended.status.success() && ended.stdout.is_empty(), "{option} {name:?}");
        }
    }
}

#[tokio::test]
async fn a_server_says_once_that_it_is_ready_shows_events_and_ends_on_both_signals() {
    for signal in ["INT", "TERM"] {
        let data = tempfile::tempdir().unwrap();
        let mut process = Process::start(data.path(), &[]).await;
        let alice = Person::new(process.base.clone(), process.token("alice", &["analyst"]));
        alice.create("w-1").await;
        let shown = tokio::time::timeout(PATIENCE, process.lines.next_line()).await.unwrap().unwrap().unwrap();
        assert!(shown.starts_with("event 1  WorkflowCreated  default/w-1 v1"), "{shown}");
        process.signal(signal).await;
        let ended = tokio::time::timeout(PATIENCE, process.child.wait()).await.unwrap().unwrap();
        assert!(ended.success(), "{signal}: {ended}");
        assert_eq!(process.lines.next_line().await.unwrap(), None, "nothing after it");
    }
}

#[tokio::test]
async fn a_text_from_outside_is_shown_and_steers_no_terminal() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path(), &[]).await;
    let told: Value = serde_json::from_slice(&std::fs::read(data.path().join("endpoints.json")).unwrap()).unwrap();
    let key = format!("AWS4-HMAC-SHA256 Credential={}/", told["access_key_id"].as_str().unwrap());
    let detail = serde_json::json!({
        "tenant_id": "default\u{1b}[2J", "workflow_id": "w\nevent 2  forged", "requested_by": "\u{202e}\u{7}".repeat(999),
    });
    let entry = serde_json::json!({"Source": "s", "DetailType": "t", "Detail": detail.to_string()});
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let put = client.post(told["eventbridge"].as_str().unwrap()).header("x-amz-target", "AWSEvents.PutEvents");
    let put = put.header("authorization", key).body(serde_json::json!({"Entries": [entry]}).to_string());
    assert_eq!(put.send().await.unwrap().json::<Value>().await.unwrap()["FailedEntryCount"], 0);
    let shown = tokio::time::timeout(PATIENCE, process.lines.next_line()).await.unwrap().unwrap().unwrap();
    assert!(
        shown.starts_with(r"event 1  t  default\u{1b}[2J/w\nevent 2  forged  nothing  by \u{202e}\u{7}"),
        "{shown}"
    );
    assert!(!shown.contains(char::is_control) && shown.ends_with('…'), "{shown}");
    process.end().await;
}

#[tokio::test]
async fn an_open_stream_of_events_does_not_keep_a_server_from_ending() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::start(data.path(), &[]).await;
    let alice = Person::new(process.base.clone(), process.token("alice", &["analyst"]));
    let listening = alice.request(reqwest::Method::GET, "/events").send().await.unwrap();
    tokio::time::timeout(PATIENCE, process.end()).await.unwrap();
    drop(listening);
}

#[tokio::test]
async fn a_server_that_cannot_start_prints_one_line_and_exits_badly() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::start(data.path(), &[]).await;
    let folder = data.path().to_str().unwrap();
    let port = process.base.rsplit(':').next().unwrap().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().to_str().unwrap();
    for (arguments, said) in [
        (["--port", "0", "--data", folder], folder),
        (["--port", &port, "--data", elsewhere], "is in use"),
        (["--port", "0", "--data", "/dev/null/x"], "/dev/null/x"),
    ] {
        let output = run(&arguments).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
        let error = text(&output.stderr);
        assert!(error.starts_with("error: ") && error.contains(said), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[tokio::test]
async fn a_host_for_containers_that_exposes_too_much_or_is_none_is_refused_before_anything_is_served() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("not-there-yet");
    for (host, said) in [
        ("0.0.0.0", "every address of this machine"),
        ("::", "every address of this machine"),
        ("127.0.0.1", "the container itself"),
        ("localhost", "the container itself"),
        ("255.255.255.255", "many machines"),
        ("172.17.0.1:8000", "without scheme and port"),
        ("172.17.0.300", "neither an address nor a name"),
        ("", "neither an address nor a name"),
    ] {
        let output = run(&["--port", "0", "--data", folder.to_str().unwrap(), "--containers", host]).await;
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{host}");
        let error = text(&output.stderr);
        assert!(error.contains(said) && error.contains("--containers <HOST>"), "{host}: {error}");
        assert!(!folder.exists(), "{host}");
    }
}

#[tokio::test]
async fn a_server_says_what_is_open_to_containers_and_where_the_file_for_sam_is() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let mut child = command(&["--port", "0", "--data", folder, "--containers", "host.docker.internal"]);
    let mut child = child.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut banner = String::new();
    let printed = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            banner.push_str(&line);
            banner.push('\n');
            if line.starts_with("listening on ") {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, printed).await.expect("it is never ready");
    for said in ["host.docker.internal too, with the key", "sam-local.env.json (for --env-vars)"] {
        assert!(banner.contains(said), "{banner}");
    }
}

#[tokio::test]
async fn a_server_s_moves_are_judged_by_the_rules_engine_that_it_is_told_of() {
    let (rules, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let document = "ruleset: strict\nversion: '1'\nworkflow_types: [free-form]\nrules:\n  - id: nothing\n    \
                    applies_to: [{ to: ACTIVE }]\n    message: Nothing goes.\n    expression: 'workflow.version > 1'\n";
    std::fs::write(rules.path().join("strict.yaml"), document).unwrap();
    let engine = Process::of(&["rules-engine", "--port", "0", "--rules", rules.path().to_str().unwrap()], "").await;
    let process = Process::start(data.path(), &["--rules-engine", &engine.base, "--rules-deadline", "2000"]).await;
    let alice = Person::new(process.base.clone(), process.token("alice", &["analyst"]));
    let create = serde_json::json!({"workflow_type": "free-form", "workflow_id": "w-1"});
    assert_eq!(alice.post("/workflows", &create).await.0, 201);
    let (status, refused) = alice.move_to("w-1", "ACTIVE").await;
    assert_eq!((status.as_u16(), &refused["ruleset"]), (422, &Value::from("strict")), "{refused}");
    engine.end().await;
    let (status, refused) = alice.move_to("w-1", "ACTIVE").await;
    assert_eq!((status.as_u16(), &refused["code"]), (503, &Value::from("rules-engine-unavailable")), "{refused}");
    process.end().await;
}

#[tokio::test]
async fn a_rules_engine_that_cannot_be_meant_is_refused_before_anything_is_served() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let url = "http://127.0.0.1:1";
    for (arguments, said) in [
        (&["--data", folder, "--rules-engine", "127.0.0.1:1"][..], "--rules-engine"),
        (&["--data", folder, "--rules-engine", url, "--alims-engine", url], "--alims-engine"),
        (&["--data", folder, "--rules-engine", url, "--rules-deadline", "0"], "--rules-deadline"),
        (&["--data", folder, "--alims-engine", url, "--rules", folder], "predicate-logic/applicable.yaml"),
        (&["rules-engine", "--rules", folder], "no rulesets"),
    ] {
        let output = run(arguments).await;
        assert!(!output.status.success(), "{arguments:?}");
        assert_eq!(text(&output.stdout), "");
        assert!(text(&output.stderr).contains(said), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[tokio::test]
async fn the_demo_holds() {
    let output = run(&["demo", "--json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success() && report["holds"] == true, "{report:#}");
    assert_eq!(report["scenarios"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn the_demo_fails_and_names_the_scenario_when_one_does_not_hold() {
    let rules = tempfile::tempdir().unwrap();
    let document = "ruleset: lax\nversion: '1'\nworkflow_types: [sample-analysis]\nrules:\n  - id: anything\n    \
                    applies_to: [{ to: COMPLETED }]\n    message: Anything goes.\n    expression: 'true'\n";
    std::fs::write(rules.path().join("lax.yaml"), document).unwrap();
    let output = run(&["demo", "--rules", rules.path().to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    let last = told.lines().last().unwrap();
    assert_eq!(last, "These scenarios do not hold: lifecycle, refused_by_the_rules, signed_by_two", "{told}");
}
