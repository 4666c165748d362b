//! `cargo xtask schemathesis`: a tester that knows nothing but `openapi.yaml` calls a server of its own, and every answer
//! must be one that the contract shows.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::step::{Step, say};
use crate::tools::{Tools, checked};
use crate::workspace::{Build, Workspace};

/// The cases in CI, of all operations together.
pub(crate) const CASES: u32 = 2_000;
/// The checks of the tester, and why one of them is not asked for.
const CONFIG: &str = include_str!("schemathesis.toml");
const HOOKS: &str = include_str!("schemathesis_hooks.py");
/// The seed in CI: a run that fails can be repeated.
const SEED: u32 = 1;

/// What is to be run.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// About how many requests to generate, of all operations together.
    #[arg(long, default_value_t = CASES)]
    cases: u32,
    /// The seed; another one generates other requests.
    #[arg(long, default_value_t = SEED)]
    seed: u32,
}

impl Asked {
    /// As in CI.
    pub(crate) const IN_CI: Self = Self { cases: CASES, seed: SEED };
}

/// Builds the server and checks it.
///
/// # Errors
/// As [`check`].
pub(crate) fn build_and_check(workspace: &Workspace, asked: Asked) -> anyhow::Result<()> {
    // All of the workspace is named so that no dependency is built again with other features.
    Step::cargo("the server", &["build", "--workspace", "--bin", "alims-local"]).run(workspace)?;
    check(workspace, asked)
}

/// Checks the built server.
///
/// # Errors
/// What was found, with the request that shows it; or that the tester is not available.
pub(crate) fn check(workspace: &Workspace, asked: Asked) -> anyhow::Result<()> {
    let tools = Tools::install_contract(workspace)?;
    let folder = workspace.target.join("schemathesis");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    let (config, log) = (folder.join("schemathesis.toml"), folder.join("findings.log"));
    fs::write(&config, CONFIG)?;
    fs::write(folder.join("schemathesis_hooks.py"), HOOKS)?;
    let server = Server::start(workspace, &folder)?;
    let token = server.token(workspace)?;
    let operations = operations(workspace)?;
    let mut tester = tools.contract("schemathesis");
    tester.current_dir(&folder).arg("--config-file").arg(&config).arg("run").arg(workspace.root.join("openapi.yaml"));
    tester.args(["--url", &server.base, "--header", &format!("Authorization: Bearer {token}")]);
    tester.args(["--max-examples", &(asked.cases / operations).max(1).to_string()]);
    // A busy machine is no fault of the contract.
    tester.args(["--request-timeout", "60", "--seed", &asked.seed.to_string(), "--report", "junit"]);
    tester.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").env("PYTHONUNBUFFERED", "1");
    checked(&mut tester, &log).with_context(|| format!("schemathesis; to repeat it: {asked}"))?;
    let said = fs::read_to_string(&log).unwrap_or_default();
    said.lines().filter(|line| line.contains(" generated") || line.contains(" passed")).for_each(say);
    Ok(())
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cargo xtask schemathesis --cases {} --seed {}", self.cases, self.seed)
    }
}

/// The number of operations in the contract.
fn operations(workspace: &Workspace) -> anyhow::Result<u32> {
    let contract = fs::read_to_string(workspace.root.join("openapi.yaml")).context("openapi.yaml is missing")?;
    let operations = contract.lines().filter(|line| line.trim_start().starts_with("operationId:")).count();
    u32::try_from(operations.max(1)).context("too many operations")
}

/// A server with a data folder of its own. It ends when this is dropped, or when this program dies.
struct Server {
    process: Child,
    base: String,
    data: std::path::PathBuf,
}

impl Server {
    fn start(workspace: &Workspace, folder: &Path) -> anyhow::Result<Self> {
        let data = folder.join("data");
        let mut command = Command::new(workspace.built(Build::Development, "alims-local"));
        command.args(["--port", "0", "--until-stdin-closes", "--data"]).arg(&data);
        // A refused token is one of the cases, and not worth a line.
        command.env("RUST_LOG", "error");
        let log = fs::File::create(folder.join("server.log"))?;
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("the server says nothing")?).lines();
        let base = loop {
            let line = lines.next().context("the server ended before it was ready")??;
            if let Some(base) = line.strip_prefix("listening on ") {
                break base.to_owned();
            }
        };
        // What the server goes on to print is read, or it would leave lines out.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, base, data })
    }

    /// The token of a person who may do everything.
    fn token(&self, workspace: &Workspace) -> anyhow::Result<String> {
        let mut command = Command::new(workspace.built(Build::Development, "alims-local"));
        command.args(["token", "--sub", "tester", "--data"]).arg(&self.data);
        command.args(["analyst", "supervisor", "auditor"].iter().flat_map(|role| ["--role", role]));
        let output = command.output().context("no token")?;
        anyhow::ensure!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}
