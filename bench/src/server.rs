//! A laptop server started for one measurement, and the people who call it.

use alims_dynamodb::DynamoLog;
use alims_testing::built_binary;
use anyhow::{Context, Result, bail, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::config::{Credentials, SharedCredentialsProvider};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A running server with a data folder of its own.
pub(crate) struct Server {
    child: Child,
    base: String,
    data: TempDir,
    http: Client,
}

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Person {
    base: String,
    token: String,
    http: Client,
}

impl Server {
    /// Starts one on a free port and waits until it is ready.
    pub(crate) async fn start() -> Result<Self> {
        Self::with(&[]).await
    }

    /// The same, whose rules give no verdict while there is such a file.
    pub(crate) async fn start_with_switch(rules_down: &Path) -> Result<Self> {
        Self::with(&[OsStr::new("--rules-down-while"), rules_down.as_os_str()]).await
    }

    /// Ends it, and starts another one on the same data.
    pub(crate) async fn restarted(self) -> Result<Self> {
        let Self { mut child, data, .. } = self;
        child.kill().await.context("the server could not be ended")?;
        Self::on(data, &[]).await
    }

    /// Starts one with more arguments.
    pub(crate) async fn with(more: &[&OsStr]) -> Result<Self> {
        Self::on(tempfile::tempdir()?, more).await
    }

    async fn on(data: TempDir, more: &[&OsStr]) -> Result<Self> {
        let mut command = Command::new(binary()?);
        let (child, base) = ready(command.args(["--port", "0", "--data"]).arg(data.path()).args(more)).await?;
        Ok(Self { child, base, data, http: Client::new() })
    }

    /// Somebody with these roles.
    pub(crate) async fn person(&self, sub: &str, roles: &[&str]) -> Result<Person> {
        let roles = roles.iter().flat_map(|role| ["--role", role]);
        let output = Command::new(binary()?)
            .args(["token", "--sub", sub])
            .args(roles)
            .arg("--data")
            .arg(self.data.path())
            .output();
        let output = output.await?;
        ensure!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
        let token = String::from_utf8(output.stdout)?.trim().to_owned();
        Ok(Person { base: self.base.clone(), token, http: self.http.clone() })
    }

    /// Its log, past every rule of the service.
    pub(crate) fn log(&self) -> Result<DynamoLog> {
        let (id, secret) = self.database_key()?;
        let endpoints: Value = serde_json::from_slice(&std::fs::read(self.data.path().join("endpoints.json"))?)?;
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("bench"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(id, secret, None, None, "bench")))
            .endpoint_url(endpoints["dynamodb"].as_str().context("no address of the database")?)
            .build();
        let table = endpoints["log_table"].as_str().context("no name of the log")?;
        Ok(DynamoLog::new(alims_dynamodb::client(&config), table))
    }

    /// The id and the secret of the key of its database, from the file that AWS's tools share.
    pub(crate) fn database_key(&self) -> Result<(String, String)> {
        let text = std::fs::read_to_string(self.data.path().join("credentials"))?;
        let member = |name: &str| {
            let lines = text.lines().filter_map(|line| line.split_once('='));
            let value = lines.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned()).next();
            value.with_context(|| format!("no {name} in the credentials"))
        };
        Ok((member("aws_access_key_id")?, member("aws_secret_access_key")?))
    }

    /// The most memory the server ever held, in MiB, as the kernel counts it (`VmHWM`).
    pub(crate) fn peak_memory_mib(&self) -> Result<u64> {
        let pid = self.child.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024)
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("the server could not be ended")
    }
}

impl Person {
    /// Sends a request and gives the answer as it is.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response> {
        let request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        Ok(request.send().await?)
    }

    /// Sends a request that must succeed and gives the answer's body.
    pub(crate) async fn expect(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.send(method.clone(), path, body).await?;
        let status = answer.status();
        let body = answer.text().await?;
        if !status.is_success() {
            bail!("{method} {path}: {status} {body}");
        }
        Ok(serde_json::from_str(&body)?)
    }
}

/// A process that serves the rules over the contract of the remote engine, and where.
pub(crate) async fn rules_engine() -> Result<(Child, String)> {
    ready(Command::new(binary()?).args(["rules-engine", "--port", "0"])).await
}

/// Starts a process and waits until it says where it listens.
async fn ready(command: &mut Command) -> Result<(Child, String)> {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().context("the server could not be started")?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let base = loop {
        let line = lines.next_line().await?.context("the server ended before it was ready")?;
        if let Some(base) = line.trim().strip_prefix("listening on ") {
            break base.to_owned();
        }
    };
    // What the server goes on to print is read, or it would block on a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, base))
}

fn binary() -> Result<PathBuf> {
    Ok(built_binary("alims-local")?)
}
