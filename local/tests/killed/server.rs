//! The server as a process of its own, and a client of it.

use reqwest::{Client, Method};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long what follows may take before it is called lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A client of the server.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) http: Client,
}

impl Caller {
    /// The answer; none when the server was gone before it came.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    pub(crate) async fn get(&self, path: &str) -> Option<(u16, Value)> {
        self.send(Method::GET, path, None).await
    }

    /// A request with an idempotency key.
    pub(crate) async fn post_once(&self, path: &str, body: &Value, key: &str) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token).json(body);
        let answer = request.header("idempotency-key", key).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.send(Method::POST, path, Some(body)).await
    }
}

pub(crate) fn client_of_this_machine() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

pub(crate) async fn until(met: impl Fn() -> bool) {
    let wait = async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it never came to that");
}

/// Starts the server, and returns it and its address.
pub(crate) async fn start(data: &Path) -> (Child, String) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_alims-local"))
        .args(["--port", "0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let base = loop {
        let line = lines.next_line().await.unwrap().expect("the server ended before it was ready");
        if let Some(base) = line.trim().strip_prefix("listening on ") {
            break base.to_owned();
        }
    };
    // What it goes on to print is read, or it would wait for somebody to read it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (server, base)
}

/// A token of alice, who is supervisor and auditor.
pub(crate) async fn token(data: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alims-local"));
    let command = command.args(["token", "--sub", "alice", "--role", "supervisor", "--role", "auditor", "--data"]);
    let output = command.arg(data).output().await.unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
