//! What a function costs where it is paid for: the time from the start of its process to its first request for work, and
//! the processor time and memory of its requests. The Runtime API is a stub on this machine, so nothing of AWS is in it.

use alims_testing::built_binary;
use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::server::Server;
use crate::statistics::Times;

const OPERATION: &str = "request-state-transition";
/// How long a function may take to start or to answer before the measurement gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts and requests of one function.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    function: PathBuf,
    bytes: u64,
    spawn_to_first_poll: Times,
    transition: Times,
    transition_cpu_ms: f64,
    peak_memory_mib: f64,
}

/// Starts the function `starts` times, and has the last one make `moves` transitions.
pub(crate) async fn measure(function: Option<PathBuf>, starts: usize, moves: usize) -> Result<Figures> {
    ensure!(starts > 0 && moves > 0, "at least one start and one transition");
    let function = match function {
        Some(function) => function,
        None => built_binary(OPERATION)?,
    };
    let bytes = std::fs::metadata(&function).with_context(|| format!("{} is missing", function.display()))?.len();
    let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let server = Server::with(&["--database-port".as_ref(), port.to_string().as_ref()]).await?;
    let person = server.person("bench", &["supervisor"]).await?;
    let new = json!({"workflow_type": "free-form", "workflow_id": "single"});
    person.expect(Method::POST, "/workflows", Some(&new)).await?;

    let mut times = Vec::with_capacity(starts);
    let mut running = None;
    for _ in 0..starts {
        let (lambda, time) = Lambda::start(&function, &server, port).await?;
        times.push(time);
        running = Some(lambda);
    }
    let mut lambda = running.context("no start")?;
    let before = lambda.process_status()?;
    let mut transitions = Vec::with_capacity(moves);
    for round in 0..moves {
        transitions.push(lambda.make_transition(round).await?);
    }
    let after = lambda.process_status()?;
    server.stop().await?;
    #[allow(clippy::cast_precision_loss, reason = "a number of moves is far below 2^52")]
    let transition_cpu_ms = (after.cpu - before.cpu).as_secs_f64() * 1000.0 / moves as f64;
    Ok(Figures {
        function,
        bytes,
        spawn_to_first_poll: Times::of(times),
        transition: Times::of(transitions),
        transition_cpu_ms,
        peak_memory_mib: after.peak_memory_mib,
    })
}

/// A process of the function, and both ends of its Runtime API.
struct Lambda {
    process: Child,
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Value>,
}

/// The stub's side of it.
#[derive(Clone)]
struct Api {
    polled: mpsc::Sender<Instant>,
    events: std::sync::Arc<tokio::sync::Mutex<mpsc::Receiver<Value>>>,
    answers: mpsc::Sender<Value>,
}

impl Lambda {
    /// Starts the process and waits until it asks for work; how long that took.
    async fn start(function: &Path, server: &Server, database_port: u16) -> Result<(Self, Duration)> {
        let (polled, mut polls) = mpsc::channel(16);
        let (events, waiting) = mpsc::channel(1);
        let (given, answers) = mpsc::channel(1);
        let events_to_give = std::sync::Arc::new(tokio::sync::Mutex::new(waiting));
        let api = serve(Api { polled, events: events_to_give, answers: given }).await?;
        let mut command = Command::new(function);
        command.env_clear().envs(settings(server, database_port)?).env("AWS_LAMBDA_RUNTIME_API", api);
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let begun = Instant::now();
        let process = command.spawn().context("the function could not be started")?;
        let first = timeout(PATIENCE, polls.recv()).await.context("the function did not start in time")?;
        let time = first.context("the Runtime API is gone")? - begun;
        // Only the first poll is measured; the later ones are taken so that the function is not held up.
        tokio::spawn(async move { while polls.recv().await.is_some() {} });
        Ok((Self { process, events, answers }, time))
    }

    /// Has it move the workflow, to and fro.
    async fn make_transition(&mut self, round: usize) -> Result<Duration> {
        let target = if round.is_multiple_of(2) { "ACTIVE" } else { "PAUSED" };
        let event = event(target);
        let begun = Instant::now();
        self.events.send(event).await.context("the Runtime API is gone")?;
        let answer = timeout(PATIENCE, self.answers.recv()).await.context("the function did not answer in time")?;
        let time = begun.elapsed();
        let answer = answer.context("the Runtime API is gone")?;
        ensure!(answer["statusCode"] == 200, "the transition failed: {answer}");
        Ok(time)
    }

    fn process_status(&self) -> Result<ProcessStatus> {
        let pid = self.process.id().context("the function has ended")?;
        ProcessStatus::read(pid)
    }
}

/// What the kernel says of a process.
struct ProcessStatus {
    cpu: Duration,
    peak_memory_mib: f64,
}

impl ProcessStatus {
    /// Reads it: time on a processor from `schedstat`, in nanoseconds, and the most memory from `VmHWM`.
    fn read(pid: u32) -> Result<Self> {
        let mut cpu = Duration::ZERO;
        for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
            let schedule = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanoseconds = schedule.split_whitespace().next().context("an empty schedstat")?;
            cpu += Duration::from_nanos(nanoseconds.parse()?);
        }
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(Self { cpu, peak_memory_mib: kib / 1024.0 })
    }
}

/// What the template and Lambda set for the function, for the database of the server.
fn settings(server: &Server, database_port: u16) -> Result<Vec<(&'static str, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let folder = |name: &str| root.join(name).display().to_string();
    let (id, secret) = server.database_key()?;
    Ok(vec![
        ("AWS_LAMBDA_FUNCTION_NAME", OPERATION.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
        ("AWS_REGION", "local".to_owned()),
        ("AWS_ACCESS_KEY_ID", id),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://127.0.0.1:{database_port}")),
        ("ALIMS_LOG_TABLE", "WorkflowLog".to_owned()),
        ("ALIMS_RULES_DIR", folder("rules")),
        ("ALIMS_POLICIES_DIR", folder("policies")),
    ])
}

/// A transition as API Gateway sends it, format 2.0.
fn event(target: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /workflows/{workflow_id}/transitions",
        "rawPath": "/workflows/single/transitions",
        "rawQueryString": "",
        "headers": {"host": "localhost", "content-type": "application/json"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "local", "domainName": "localhost", "domainPrefix": "local",
            "authorizer": {"jwt": {
                "claims": {"sub": "bench", "tenant_id": "default", "roles": "supervisor"}, "scopes": null
            }},
            "http": {
                "method": "POST", "path": "/workflows/single/transitions", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "bench"
            },
            "requestId": "bench", "routeKey": "POST /workflows/{workflow_id}/transitions", "stage": "$default",
            "time": "23/Nov/2026:08:15:00 +0000", "timeEpoch": 1_795_421_700_000_i64
        },
        "isBase64Encoded": false,
        "pathParameters": {"workflow_id": "single"},
        "body": json!({"target_state": target, "reason": "measuring"}).to_string()
    })
}

/// Serves the Runtime API (AWS Lambda developer guide, "Using the Lambda runtime API") and gives its address.
async fn serve(api: Api) -> Result<String> {
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(answered))
        .route("/2018-06-01/runtime/init/error", post(answered))
        .with_state(api);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address.to_string())
}

async fn next(State(api): State<Api>) -> impl IntoResponse {
    if api.polled.send(Instant::now()).await.is_err() {
        return StatusCode::GONE.into_response();
    }
    let Some(event) = api.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "32472144000000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:local:000000000000:function:bench"),
        ("content-type", "application/json"),
    ];
    (headers, event.to_string()).into_response()
}

async fn answered(State(api): State<Api>, body: Bytes) -> StatusCode {
    let answer = serde_json::from_slice(&body).unwrap_or(Value::Null);
    // Fails only when the measurement is over.
    let _gone = api.answers.send(answer).await;
    StatusCode::ACCEPTED
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, bytes, spawn_to_first_poll, transition, transition_cpu_ms, peak_memory_mib } = self;
        writeln!(f, "One function, on a stub of the Runtime API and the embedded database")?;
        writeln!(f, "  {} ({bytes} bytes)", function.display())?;
        writeln!(f, "  start to first poll        {spawn_to_first_poll}")?;
        writeln!(f, "  request-state-transition   {transition}")?;
        write!(f, "  a transition takes {transition_cpu_ms:.2} ms of its processor; at most {peak_memory_mib:.1} MiB")
    }
}
