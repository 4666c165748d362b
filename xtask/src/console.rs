//! The console: its packages from the lock file, its types and unit tests, its build compared with the committed one,
//! and its pages in a real browser.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use clap::Args;

use crate::debian;
use crate::node::NEEDED;
use crate::step::say;
use crate::tools::checked;
use crate::workspace::{Build, Workspace};

/// Where Debian and its relatives keep the browser; `ALIMS_CHROMIUM` names another one.
const CHROMIUM: &str = "/usr/bin/chromium";

/// What is asked of the console.
#[derive(Args)]
pub(crate) struct Asked {
    /// Write the build to console/dist instead of comparing it.
    #[arg(long)]
    write: bool,
    /// Leave out the tests in a browser.
    #[arg(long)]
    no_browser: bool,
}

impl Asked {
    pub(crate) const IN_CI: Self = Self { write: false, no_browser: false };
}

/// Checks the console, or writes its build.
///
/// # Errors
/// When there is no Node.js, a check fails, or the committed build is not the one of its sources.
pub(crate) fn check(workspace: &Workspace, asked: &Asked) -> anyhow::Result<()> {
    let console = Console::install(workspace)?;
    console.npm(&["run", "types"])?;
    let built = workspace.target.join("console-dist");
    let outputs = built.to_string_lossy();
    console.npm(&["run", "build", "--", "--emptyOutDir", "--outDir", &outputs])?;
    let committed = console.folder.join("dist");
    if asked.write {
        return replace(&built, &committed);
    }
    console.npm(&["run", "unit"])?;
    let differences = differences(&files(&built)?, &files(&committed)?);
    anyhow::ensure!(
        differences.is_empty(),
        "console/dist is not the build of its sources; run `cargo xtask console --write`:\n{}",
        differences.join("\n")
    );
    if asked.no_browser {
        return Ok(());
    }
    console.in_browser(workspace)
}

struct Console {
    folder: PathBuf,
    log: PathBuf,
}

impl Console {
    /// Installs what the lock file names, unless it is there.
    fn install(workspace: &Workspace) -> anyhow::Result<Self> {
        let tools = workspace.target.join("tools");
        fs::create_dir_all(&tools)?;
        let console = Self { folder: workspace.root.join("console"), log: tools.join("console-node.log") };
        checked(Command::new("node").arg("--version").stdin(Stdio::null()), &console.log).context(NEEDED)?;
        let lock = fs::read_to_string(console.folder.join("package-lock.json"))?;
        // Written last: an interrupted installation is done again.
        let installed = console.folder.join("node_modules").join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|text| text == lock) {
            return Ok(console);
        }
        console
            .npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .with_context(|| format!("the packages come from npm's registry, which could not be reached; {NEEDED}"))?;
        fs::write(&installed, lock)?;
        Ok(console)
    }

    fn npm(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut npm = Command::new("npm");
        npm.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        checked(&mut npm, &self.log)
    }

    /// Plays the pages against a server of their own.
    fn in_browser(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let browser = std::env::var_os("ALIMS_CHROMIUM").map_or_else(|| PathBuf::from(CHROMIUM), PathBuf::from);
        if !browser.is_file()
            && let Err(why) = install_browser()
        {
            say(&format!("the pages are not tested: {} is not there; {why}", browser.display()));
            return Ok(());
        }
        let mut npm = Command::new("npm");
        npm.args(["run", "browser"]).current_dir(&self.folder).stdin(Stdio::null());
        npm.env("ALIMS_LOCAL", workspace.built(Build::Development, "alims-local"));
        npm.env("ALIMS_CHROMIUM", browser);
        checked(&mut npm, &self.log)
    }
}

/// Installs Debian's browser where root may, as CI does.
fn install_browser() -> Result<(), String> {
    if std::env::var_os("ALIMS_CHROMIUM").is_some() {
        return Err("ALIMS_CHROMIUM names another one, so Debian's is not installed".to_owned());
    }
    say("  console: installing chromium …");
    debian::install(&["chromium"]).map_err(|why| format!("Debian's package chromium cannot be installed: {why}"))
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(each) = folders.pop() {
        let entries = fs::read_dir(&each).with_context(|| format!("{} cannot be read", each.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder)?.to_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

/// What differs, file by file.
fn differences(built: &BTreeMap<PathBuf, Vec<u8>>, committed: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<String> {
    let missing = built.iter().filter_map(|(path, bytes)| match committed.get(path) {
        None => Some(format!("{} is not committed", path.display())),
        Some(other) => (other != bytes).then(|| format!("{} differs", path.display())),
    });
    let left = committed.keys().filter(|path| !built.contains_key(*path));
    missing.chain(left.map(|path| format!("{} is not built any more", path.display()))).collect()
}

fn replace(built: &Path, committed: &Path) -> anyhow::Result<()> {
    if committed.exists() {
        fs::remove_dir_all(committed).with_context(|| format!("{} cannot be removed", committed.display()))?;
    }
    for (path, bytes) in files(built)? {
        let to = committed.join(path);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(to, bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_differs_by_what_is_missing_changed_or_left() {
        let of = |files: &[(&str, &str)]| {
            files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect::<BTreeMap<_, _>>()
        };
        let built = of(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert!(differences(&built, &built).is_empty());
        let committed = of(&[("a", "1"), ("b", "other"), ("d", "4")]);
        assert_eq!(
            differences(&built, &committed),
            ["b differs", "c is not committed", "d is not built any more"].map(str::to_owned)
        );
    }
}
