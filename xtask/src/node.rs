//! Tools from npm in `target/tools`: every version is pinned and checked by its hash.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::tools::checked;
use crate::workspace::Workspace;

const MANIFEST: &str = include_str!("contract/package.json");
/// Every package with its hash, made by `npm install --package-lock-only`.
const LOCK: &str = include_str!("contract/package-lock.json");
/// What is said when Node.js is missing.
pub(crate) const NEEDED: &str =
    "Node.js 20.19 or later with npm is needed (Debian: nodejs, npm; or https://nodejs.org)";

/// The packages, installed.
pub(crate) struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// Installs them, unless they are there.
    ///
    /// # Errors
    /// When there is no Node.js, npm's registry is not reachable, or a download has another hash.
    pub(crate) fn install(workspace: &Workspace) -> anyhow::Result<Self> {
        let tools = workspace.target.join("tools");
        let folder = tools.join("contract-node");
        fs::create_dir_all(&tools)?;
        let log = tools.join("contract-node.log");
        checked(Command::new("node").arg("--version").stdin(Stdio::null()), &log).context(NEEDED)?;
        // Written last: an interrupted installation is done again.
        let installed = folder.join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|text| text == LOCK) {
            return Ok(Self { folder });
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
        }
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), MANIFEST)?;
        fs::write(folder.join("package-lock.json"), LOCK)?;
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).stdin(Stdio::null());
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        checked(&mut npm, &log)
            .with_context(|| format!("the packages come from npm's registry, which could not be reached; {NEEDED}"))?;
        fs::write(&installed, LOCK)?;
        Ok(Self { folder })
    }

    /// A program of the packages.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join("node_modules").join(".bin").join(program));
        command.stdin(Stdio::null());
        command.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
        command
    }
}
