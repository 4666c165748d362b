//! The calls of SAM CLI: each function with its sample event, and the API.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Map, Value};

use crate::e2e::architecture;
use crate::step::say;
use crate::tools::Tools;
use crate::workspace::Workspace;

use super::engine::{Engine, SOCKET, pause};
use super::laptop::{Laptop, NEWEST_VERSION};
use super::place::{Place, names_in};

/// The file with what each function answers to its sample event, in the order of the calls.
const ANSWERS: &str = "events/answers.json";
/// The port of the API. The network is this process's own, so every port is free.
const API_PORT: u16 = 3001;
/// The port of Lambda's interface.
const LAMBDA_PORT: u16 = 3002;
/// Where that is.
pub(super) const LAMBDA: &str = "http://127.0.0.1:3002";
/// How long a server of SAM CLI may take until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a request to the API may take, in seconds: the first one builds an image.
const REQUEST_TIMEOUT_S: &str = "120";

/// All that a call needs.
pub(super) struct Sam<'a> {
    pub(super) tools: &'a Tools,
    pub(super) place: &'a Place,
    pub(super) laptop: &'a Laptop,
    /// It must run as long as this is used.
    pub(super) engine: &'a Engine,
}

impl Sam<'_> {
    /// `sam local …`, as the page has it.
    fn local(&self, command: &str) -> anyhow::Result<Command> {
        let _runs: &Engine = self.engine;
        let mut sam = self.tools.deployment("sam");
        sam.current_dir(self.place.path("functions")).args(["local", command]);
        // The base image is this machine's own, and there is no way to another one.
        sam.args(["--skip-pull-image", "--parameter-overrides", &format!("Architecture={}", architecture()?)]);
        sam.arg("--env-vars").arg(self.laptop.sam_environment());
        sam.env("AWS_SHARED_CREDENTIALS_FILE", self.laptop.credentials());
        for variable in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
            sam.env_remove(variable);
        }
        sam.env("DOCKER_HOST", format!("unix://{SOCKET}")).env("HOME", self.place.path("run/home"));
        // SAM CLI asks AWS for the account's number, and goes on without it. Here it learns at once that AWS is far.
        sam.env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9").env("AWS_EC2_METADATA_DISABLED", "true");
        sam.env("AWS_MAX_ATTEMPTS", "1");
        Ok(sam)
    }
}

/// What a function answers to its sample event.
struct Expected {
    function: String,
    /// Of a function with a route.
    status: Option<u64>,
    /// By JSON pointer into the answer, or into its body.
    holds: Map<String, Value>,
    /// Whether the file of answers names the function.
    is_named: bool,
}

/// Calls each function once with its sample event, those that the file of answers names first.
///
/// # Errors
/// The first function that answers otherwise.
pub(super) fn each_function(workspace: &Workspace, sam: &Sam<'_>) -> anyhow::Result<()> {
    let answers = fs::read_to_string(workspace.root.join(ANSWERS)).context("the file of answers cannot be read")?;
    let mut expected = read_answers(&answers)?;
    let functions = names_in(&workspace.root.join("functions"))?;
    for function in functions {
        if expected.iter().all(|named| named.function != function) {
            expected.push(Expected { function, status: None, holds: Map::new(), is_named: false });
        }
    }
    for expected in &expected {
        let begun = Instant::now();
        let answer = invoke(workspace, sam, &expected.function)?;
        compare(expected, &answer).with_context(|| format!("{} answered {answer}", expected.function))?;
        let status = answer.get("statusCode").map(|status| format!(" {status}")).unwrap_or_default();
        say(&format!("    {}{status} ({:.1} s)", expected.function, begun.elapsed().as_secs_f32()));
    }
    Ok(())
}

fn read_answers(text: &str) -> anyhow::Result<Vec<Expected>> {
    let answers: Vec<Value> = serde_json::from_str(text).context("the file of answers is not a list")?;
    let expected = |answer: Value| {
        Some(Expected {
            function: answer.get("function")?.as_str()?.to_owned(),
            status: answer.get("status").and_then(Value::as_u64),
            holds: answer.get("holds")?.as_object()?.clone(),
            is_named: true,
        })
    };
    answers.into_iter().map(|answer| expected(answer).context("an answer lacks a member")).collect()
}

fn invoke(workspace: &Workspace, sam: &Sam<'_>, function: &str) -> anyhow::Result<Value> {
    let mut command = sam.local("invoke")?;
    command.arg(format!("{}Function", pascal(function)));
    command.arg("--event").arg(workspace.root.join("events").join(format!("{function}.json")));
    let output = command.output().context("sam could not be started")?;
    let log = sam.place.log(function);
    fs::write(&log, [&output.stderr[..], b"\n", &output.stdout].concat())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let answer = printed.lines().rev().find_map(|line| serde_json::from_str(line).ok());
    answer.with_context(|| format!("{function} gave no answer ({}); see {}", output.status, log.display()))
}

fn compare(expected: &Expected, answer: &Value) -> anyhow::Result<()> {
    let status = answer.get("statusCode").and_then(Value::as_u64);
    if !expected.is_named {
        anyhow::ensure!(status.is_none_or(|status| status < 500), "the function failed");
        return Ok(());
    }
    anyhow::ensure!(status == expected.status, "expected is status {:?}", expected.status);
    let body = answer.get("body").and_then(Value::as_str);
    let body = body.map(serde_json::from_str::<Value>).transpose()?;
    let content = body.as_ref().unwrap_or(answer);
    for (pointer, value) in &expected.holds {
        anyhow::ensure!(content.pointer(pointer) == Some(value), "expected at {pointer} is {value}");
    }
    Ok(())
}

/// Starts the API and asks it with and without a token. Nothing verifies a token there, so no function may believe one.
///
/// # Errors
/// When it does not start, or a request is answered with anything but 401.
pub(super) fn start_api(sam: &Sam<'_>) -> anyhow::Result<()> {
    let token = sam.laptop.token();
    serving(sam, "start-api", API_PORT, || {
        let base = format!("http://127.0.0.1:{API_PORT}");
        for (method, path, token) in [
            ("GET", "/workflows", None),
            ("GET", "/workflows/sample-1", Some(token)),
            ("POST", "/workflows", Some(token)),
        ] {
            let problem = request(&base, method, path, token, 401)?;
            let code = problem.get("code").and_then(Value::as_str);
            anyhow::ensure!(code == Some("unauthenticated"), "{method} {path} answered {problem}");
        }
        Ok(())
    })
}

/// Starts Lambda's interface and asks the laptop, which verifies tokens and calls the functions there.
///
/// # Errors
/// When it does not start, or a request is answered otherwise.
pub(super) fn start_lambda(sam: &Sam<'_>) -> anyhow::Result<()> {
    let token = sam.laptop.token_of("alims:supervisor")?;
    let powerless = sam.laptop.token_of("supervisor")?;
    serving(sam, "start-lambda", LAMBDA_PORT, || {
        let ask = |method, path, token, status| request(sam.laptop.base(), method, path, token, status);
        ask("GET", "/workflows/sample-1", None, 401)?;
        ask("GET", "/workflows/sample-1", Some("x.y.z"), 401)?;
        // The template's prefix of roles: this is the role of another application.
        ask("GET", "/workflows/sample-1", Some(powerless.as_str()), 403)?;
        let found = ask("GET", "/workflows/sample-1", Some(token.as_str()), 200)?;
        anyhow::ensure!(
            found.get("version") == Some(&Value::from(NEWEST_VERSION)),
            "the workflow is another one: {found}"
        );
        let made = ask("POST", "/workflows", Some(token.as_str()), 201)?;
        anyhow::ensure!(made.get("created_by") == Some(&Value::from("alice")), "another person made it: {made}");
        Ok(())
    })
}

/// Does something while a server of SAM CLI runs.
fn serving(sam: &Sam<'_>, command: &str, port: u16, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let log = File::create(sam.place.log(command))?;
    let mut server = sam.local(command)?;
    server.args(["--port", &port.to_string(), "--warm-containers", "LAZY"]);
    let mut server = server.stdout(log.try_clone()?).stderr(log).spawn().context("sam could not be started")?;
    let worked = listening(&mut server, port).and_then(|()| work());
    let _ended_already = server.kill();
    let _status = server.wait();
    worked
}

fn listening(server: &mut Child, port: u16) -> anyhow::Result<()> {
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        anyhow::ensure!(server.try_wait()?.is_none(), "sam ended before it listened");
        anyhow::ensure!(begun.elapsed() < START_TIMEOUT, "sam does not listen on port {port}");
        pause();
    }
    Ok(())
}

/// Makes a request, which with POST creates a workflow, and returns the answer's body.
fn request(base: &str, method: &str, path: &str, token: Option<&str>, status: u16) -> anyhow::Result<Value> {
    const NEW: &str = r#"{"workflow_type": "free-form", "workflow_id": "of-the-api"}"#;
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", REQUEST_TIMEOUT_S]);
    curl.args(["--write-out", "\n%{http_code}"]).arg(format!("{base}{path}")).stdin(Stdio::null());
    if let Some(token) = token {
        curl.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    if method == "POST" {
        curl.args(["--header", "Content-Type: application/json", "--data", NEW]);
    }
    let output = curl.output().context("curl could not be started")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let (body, seen) = printed.rsplit_once('\n').unwrap_or_default();
    anyhow::ensure!(seen == status.to_string(), "{method} {path} answered {seen}, not {status}: {body}");
    let with = if token.is_some() { "with a token" } else { "without a token" };
    say(&format!("    {method} {path} {with} {seen}"));
    serde_json::from_str(body).with_context(|| format!("{method} {path} answered {body:?}"))
}

/// The name of a function in the template.
fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::Path;

    fn expected(status: Option<u64>, holds: &Value) -> Expected {
        Expected { function: "f".to_owned(), status, holds: holds.as_object().unwrap().clone(), is_named: true }
    }

    #[test]
    fn an_answer_is_compared_in_status_and_in_each_named_place() {
        let answer = json!({"statusCode": 200, "body": r#"{"version":2,"items":[{"id":"a"}]}"#});
        let good = expected(Some(200), &json!({"/version": 2, "/items/0/id": "a"}));
        compare(&good, &answer).unwrap();
        for other in [
            expected(Some(201), &json!({})),
            expected(None, &json!({})),
            expected(Some(200), &json!({"/version": 3})),
            expected(Some(200), &json!({"/version": null})),
            expected(Some(200), &json!({"/gone": 2})),
        ] {
            compare(&other, &answer).unwrap_err();
        }
        compare(&expected(None, &json!({"": null})), &Value::Null).unwrap();
        compare(&expected(None, &json!({"": null})), &json!({"errorMessage": "x"})).unwrap_err();
    }

    #[test]
    fn a_function_that_the_file_does_not_name_must_not_fail() {
        let unnamed = Expected { is_named: false, ..expected(None, &json!({})) };
        compare(&unnamed, &json!({"statusCode": 404, "body": "{}"})).unwrap();
        compare(&unnamed, &json!({"statusCode": 500, "body": "{}"})).unwrap_err();
    }

    #[test]
    fn the_file_of_answers_can_be_read_and_names_functions() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let answers = read_answers(&fs::read_to_string(root.join(ANSWERS)).unwrap()).unwrap();
        let functions = names_in(&root.join("functions")).unwrap();
        assert!(answers.iter().all(|answer| functions.contains(&answer.function)));
        assert_eq!(pascal("request-state-transition"), "RequestStateTransition");
    }
}
