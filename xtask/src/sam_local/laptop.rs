//! A `cargo local` that serves containers and publishes nothing: what is on its bus a function put there.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use crate::workspace::{Build, Workspace};

use super::place::Place;

/// How long it may take to start, or an event to appear.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the sample events lead to on the bus: `publish-events` puts the first, and `replay-events` puts it again.
const EVENTS: [&str; 2] = ["WorkflowCreated", "WorkflowCreated"];

/// The version at which the sample events leave the workflow.
pub(super) const NEWEST_VERSION: u64 = 3;

/// A running server. It ends with its standard input.
pub(super) struct Laptop {
    process: Child,
    program: OsString,
    base: String,
    token: String,
    data: PathBuf,
    events: std::cell::RefCell<Vec<String>>,
    lines: Receiver<String>,
}

impl Laptop {
    /// Starts it, open to containers at `bridge`. With `functions_at` it calls the functions there.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn start(
        workspace: &Workspace,
        place: &Place,
        bridge: &str,
        functions_at: Option<&str>,
    ) -> anyhow::Result<Self> {
        let program = workspace.built(Build::Development, "alims-local");
        let data = place.path("run/laptop");
        let mut server = Command::new(&program);
        server.args(["--port", "0", "--hold-events", "--until-stdin-closes", "--containers", bridge, "--data"]);
        server.arg(&data).args(functions_at.iter().flat_map(|url| ["--functions-at", url]));
        server.stdin(Stdio::piped()).stdout(Stdio::piped());
        let log = std::fs::File::options().create(true).append(true).open(place.log("laptop"))?;
        let mut process = server.stderr(log).spawn().context("cargo local could not be started")?;
        let output = process.stdout.take().context("the standard output is not there")?;
        let (said, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _still_heard = said.send(line);
            }
        });
        let mut base = None;
        while base.is_none() {
            let line = lines.recv_timeout(PATIENCE).context("cargo local is never ready")?;
            base = line.strip_prefix("listening on ").map(str::to_owned);
        }
        let base = base.unwrap_or_default();
        let token = token(&program, &data, &["analyst", "supervisor", "auditor"])?;
        Ok(Self { process, program, base, token, data, events: std::cell::RefCell::default(), lines })
    }

    /// Stops it, so that another one may use its data folder.
    ///
    /// # Errors
    /// When it does not end well.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        drop(self.process.stdin.take());
        let status = self.process.wait()?;
        anyhow::ensure!(status.success(), "cargo local ended with {status}");
        Ok(())
    }

    /// A token with one role.
    ///
    /// # Errors
    /// When none is made.
    pub(super) fn token_of(&self, role: &str) -> anyhow::Result<String> {
        token(&self.program, &self.data, &[role])
    }

    /// Where its service is.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The environment file for `sam local`.
    pub(super) fn sam_environment(&self) -> PathBuf {
        self.data.join("sam-local.env.json")
    }

    /// The key of database and bus.
    pub(super) fn credentials(&self) -> PathBuf {
        self.data.join("credentials")
    }

    /// A token with the roles of analyst, supervisor and auditor.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Compares tables and bus with what the sample events lead to.
    ///
    /// # Errors
    /// What is otherwise.
    pub(super) fn holds_what_the_functions_did(&self) -> anyhow::Result<()> {
        let state = self.get("/workflows/sample-1")?;
        for (pointer, expected) in
            [("/current_state", Value::from("ACTIVE")), ("/version", Value::from(NEWEST_VERSION))]
        {
            anyhow::ensure!(state.pointer(pointer) == Some(&expected), "the workflow is not as it was left: {state}");
        }
        let listed = self.get("/workflows")?;
        let all = listed.get("items").and_then(Value::as_array).map(Vec::len);
        anyhow::ensure!(all == Some(1), "the index is not as it was left: {listed}");
        let begun = Instant::now();
        let mut events = self.events.borrow_mut();
        while events.len() < EVENTS.len() && begun.elapsed() < PATIENCE {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => events.extend(event_type(&line)),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        events.extend(self.lines.try_iter().filter_map(|line| event_type(&line)));
        anyhow::ensure!(*events == EVENTS, "the events on the bus are not those that were put: {events:?}");
        Ok(())
    }

    /// Asks the laptop's own service.
    fn get(&self, path: &str) -> anyhow::Result<Value> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--header"]);
        curl.arg(format!("Authorization: Bearer {}", self.token)).arg(format!("{}{path}", self.base));
        let output = curl.output().context("curl could not be started")?;
        anyhow::ensure!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// A token of the server with this data folder.
fn token(program: &OsStr, data: &Path, roles: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    command.args(["token", "--sub", "alice", "--data"]).arg(data).args(roles.iter().flat_map(|role| ["--role", role]));
    let output = command.output().context("cargo local could not be started")?;
    anyhow::ensure!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Of a line such as `event 1  WorkflowCreated  default/sample-1  …`.
fn event_type(line: &str) -> Option<String> {
    let mut words = line.strip_prefix("event ")?.split_whitespace();
    words.next()?.parse::<u64>().ok()?;
    words.next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_an_event_is_read_from_its_line_and_no_other_line_is_one() {
        let line = "event 12  WorkflowStateChanged  default/sample-1  CREATED → ACTIVE  by alice";
        assert_eq!(event_type(line).as_deref(), Some("WorkflowStateChanged"));
        for line in ["", "event", "event x WorkflowCreated", "  events    http://127.0.0.1:3000/events"] {
            assert_eq!(event_type(line), None, "{line}");
        }
    }
}
