//! Lambda's Runtime API, as much of it as a function talks to: it hands out events and takes answers.
//!
//! The paths and headers are those of the AWS Lambda developer guide, "Using the Lambda runtime API".

use alims_testing::built_binary;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

/// How long a function may take to start and answer before it is called stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// One function's process, with a Runtime API of its own.
pub(crate) struct Function {
    /// Ends with the test.
    process: Child,
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Value>,
}

#[derive(Clone)]
struct Api {
    events: Arc<Mutex<mpsc::Receiver<Value>>>,
    answers: mpsc::Sender<Value>,
}

impl Function {
    /// Starts the binary of an operation with these settings, as Lambda would.
    pub(crate) async fn start(operation: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_with_log(operation, settings, Stdio::inherit()).await
    }

    /// Starts it and keeps what it logs, for [`Function::stop`].
    pub(crate) async fn start_and_listen(operation: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_with_log(operation, settings, Stdio::piped()).await
    }

    async fn start_with_log(operation: &str, settings: &[(&str, &str)], log: Stdio) -> Self {
        let (events, waiting) = mpsc::channel(1);
        let (given, answers) = mpsc::channel(1);
        let address = serve(Api { events: Arc::new(Mutex::new(waiting)), answers: given }).await;
        let process = command(operation, settings, &address.to_string()).stdout(log).spawn().unwrap();
        Self { process, events, answers }
    }

    /// Stops it, and gives the lines it has logged.
    pub(crate) async fn stop(mut self) -> Vec<Value> {
        self.process.start_kill().unwrap();
        let output = self.process.wait_with_output().await.unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts a binary that cannot work with these settings, and gives what it says before it ends.
    pub(crate) async fn start_and_fail(operation: &str, settings: &[(&str, &str)]) -> String {
        let ended = command(operation, settings, "127.0.0.1:9").stderr(Stdio::piped()).output();
        let output = tokio::time::timeout(PATIENCE, ended).await.expect("it goes on without its settings").unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Hands the function an event and waits for its answer.
    pub(crate) async fn invoke(&mut self, event: Value) -> Value {
        self.events.send(event).await.unwrap();
        let answer = tokio::time::timeout(PATIENCE, self.answers.recv()).await;
        answer.expect("the function did not answer in time").expect("the Runtime API is gone")
    }
}

fn command(operation: &str, settings: &[(&str, &str)], runtime_api: &str) -> Command {
    let mut command = Command::new(built_binary(operation).unwrap_or_else(|error| panic!("{error}")));
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", operation)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_LEVEL", "WARN")
        .env("AWS_REGION", "local")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn serve(api: Api) -> SocketAddr {
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
        .route("/2018-06-01/runtime/init/error", post(failed))
        .with_state(api);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

async fn next(State(api): State<Api>) -> Response {
    let Some(event) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "32472144000000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:local:000000000000:function:test"),
        ("content-type", "application/json"),
    ];
    (headers, event.to_string()).into_response()
}

async fn answered(State(api): State<Api>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    api.answers.send(serde_json::from_slice(&body).unwrap()).await.unwrap();
    StatusCode::ACCEPTED
}

/// A function that fails, at its start or at an event, says so in its answer here.
async fn failed(State(api): State<Api>, body: Bytes) -> StatusCode {
    let error = serde_json::from_slice(&body).unwrap_or(Value::Null);
    api.answers.send(serde_json::json!({ "failed": error })).await.unwrap();
    StatusCode::ACCEPTED
}
