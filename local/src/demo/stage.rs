//! The demo's server: a separate process, so that the demo can kill it.

use alims_operations::ports::Clock;
use alims_runtime::SystemClock;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::args::JudgesArgs;
use crate::folder::DataFolder;
use crate::key::SigningKey;
use crate::person::Person;
use crate::token::{self, ISSUER_DEFAULT, LIFETIME_DEFAULT_S, TokenRequest};

/// How long a server may take to start or to stop.
const SERVER_TIMEOUT: Duration = Duration::from_secs(30);

/// A data folder, and the server that runs on it.
pub(super) struct Stage {
    data: TempDir,
    judges: JudgesArgs,
    server: Child,
    base: String,
}

/// Whether a server publishes the events of accepted requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Events {
    Published,
    /// As if it were always killed before it comes to that.
    Held,
}

impl Stage {
    /// A new data folder and a server on it.
    pub(super) async fn set(judges: JudgesArgs) -> Result<Self> {
        let mut data = tempfile::Builder::new();
        data.prefix("alims-demo-");
        #[cfg(unix)]
        data.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let data = data.tempdir()?;
        let (server, base) = start(&data, &judges, Events::Published).await?;
        Ok(Self { data, judges, server, base })
    }

    /// A person with these roles.
    pub(super) fn person(&self, sub: &str, roles: &[&str]) -> Result<Person> {
        let key = SigningKey::load_or_create(&DataFolder::open(self.data.path())?)?;
        let request = TokenRequest {
            sub: sub.to_owned(),
            tenant: "default".to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            scopes: Vec::new(),
            lifetime_s: LIFETIME_DEFAULT_S,
        };
        Person::new(&self.base, token::issue(&key, ISSUER_DEFAULT, &request, SystemClock.now())?)
    }

    /// Kills the server as a power cut does: SIGKILL, which no process can prepare for.
    pub(super) async fn kill(&mut self) -> Result<()> {
        self.server.kill().await.context("the server could not be killed")
    }

    /// Ends the server in good order, if it runs, and starts one on the same data.
    pub(super) async fn restart(&mut self, events: Events) -> Result<()> {
        self.end().await?;
        (self.server, self.base) = start(&self.data, &self.judges, events).await?;
        Ok(())
    }

    /// Ends the server in good order.
    pub(super) async fn end(&mut self) -> Result<()> {
        drop(self.server.stdin.take());
        let ended = tokio::time::timeout(SERVER_TIMEOUT, self.server.wait()).await;
        ended.context("the server does not end")?.context("the server did not end well")?;
        Ok(())
    }
}

async fn start(data: &TempDir, judges: &JudgesArgs, events: Events) -> Result<(Child, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--port", "0", "--until-stdin-closes", "--data"]).arg(data.path());
    for (flag, folder) in [("--rules", &judges.rules), ("--policies", &judges.policies)] {
        if let Some(folder) = folder {
            command.arg(flag).arg::<&PathBuf>(folder);
        }
    }
    if events == Events::Held {
        command.arg("--hold-events");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut server = command.spawn().context("the server could not be started")?;
    let mut lines = BufReader::new(server.stdout.take().context("no output")?).lines();
    let mut errors = BufReader::new(server.stderr.take().context("no error output")?).lines();
    let ready = async {
        while let Some(line) = lines.next_line().await? {
            if let Some(base) = line.strip_prefix("listening on ") {
                return Ok(base.to_owned());
            }
        }
        bail!("the server did not start: {}", errors.next_line().await?.unwrap_or_default())
    };
    let base = tokio::time::timeout(SERVER_TIMEOUT, ready).await.context("the server does not start")??;
    // No one needs the rest of the server's output, but a full pipe would block the server.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    tokio::spawn(async move { while let Ok(Some(_)) = errors.next_line().await {} });
    Ok((server, base))
}
