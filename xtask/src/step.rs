//! One command of several: how it is shown, run and repeated by hand.

use std::ffi::OsString;
use std::fmt;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::workspace::Workspace;

/// A command to be run at the workspace's root.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Its name for people.
    pub(crate) name: String,
    program: OsString,
    arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
}

impl Step {
    /// A call of the cargo that runs this program.
    pub(crate) fn cargo(name: &str, arguments: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            program: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            environment: Vec::new(),
        }
    }

    /// The one build that everything shares: any other choice of packages or targets would unify other features of the
    /// dependencies, and build these again.
    pub(crate) fn build_of_everything(name: &str) -> Self {
        Self::cargo(name, &["build", "--workspace", "--all-targets"])
    }

    /// A call of a program of this workspace that is built already.
    pub(crate) fn built(name: &str, program: OsString, arguments: &[&str]) -> Self {
        Self { program, ..Self::cargo(name, arguments) }
    }

    /// The same with more arguments.
    pub(crate) fn with(mut self, arguments: &[String]) -> Self {
        self.arguments.extend_from_slice(arguments);
        self
    }

    /// The same with a variable set.
    pub(crate) fn environment(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// The process to start, at the workspace's root and without input.
    pub(crate) fn command(&self, workspace: &Workspace) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(self.environment.iter().copied());
        command.current_dir(&workspace.root).stdin(Stdio::null());
        command
    }

    /// Runs it with this program's output and no input, so that nothing waits for a person.
    ///
    /// # Errors
    /// When it cannot be started or ends with anything but success; the message is the command that repeats it.
    pub(crate) fn run(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let mut command = self.command(workspace);
        let status = command.status().with_context(|| format!("{} could not be started", self.name))?;
        anyhow::ensure!(status.success(), "{} failed ({status}); to repeat it: {self}", self.name);
        Ok(())
    }

    /// Runs it with this program's output and input, for a program that asks.
    ///
    /// # Errors
    /// As [`Step::run`].
    pub(crate) fn run_with_input(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let mut command = self.command(workspace);
        let status = command.stdin(Stdio::inherit()).status();
        let status = status.with_context(|| format!("{} could not be started", self.name))?;
        anyhow::ensure!(status.success(), "{} failed ({status}); to repeat it: {self}", self.name);
        Ok(())
    }

    /// Replaces this program with the command, in the caller's folder: Ctrl-C and the exit code are then the command's
    /// own.
    ///
    /// # Errors
    /// When it cannot be started. Otherwise it does not return, except on systems where a program cannot replace
    /// another.
    pub(crate) fn take_over(&self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(self.environment.iter().copied());
        #[cfg(unix)]
        let ended: std::io::Result<std::process::ExitStatus> =
            Err(std::os::unix::process::CommandExt::exec(&mut command));
        #[cfg(not(unix))]
        let ended = command.status();
        let status = ended.with_context(|| format!("{} could not be started", self.name))?;
        anyhow::ensure!(status.success(), "{} failed ({status})", self.name);
        Ok(())
    }
}

impl fmt::Display for Step {
    /// As one would type it at the workspace's root.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}='{value}' ")?;
        }
        let program = std::path::Path::new(&self.program);
        let is_cargo = program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("cargo"));
        if is_cargo {
            f.write_str("cargo")?
        } else {
            write!(f, "{}", program.display())?
        }
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// Whether cargo has this command, built in or installed.
pub(crate) fn cargo_has(workspace: &Workspace, name: &str) -> bool {
    let mut command = Step::cargo(name, &[name, "--version"]).command(workspace);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Prints a line for the user.
#[allow(clippy::print_stdout, reason = "a command line speaks on standard output")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Says what went wrong, the outermost reason first.
#[allow(clippy::print_stderr, reason = "a command line complains on standard error")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("\nerror: {error:#}");
}
