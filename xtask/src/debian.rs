//! Packages of Debian: what the tests need of a machine is installed where that is possible.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Installs packages. The lists of packages may be missing or old; then they are fetched.
///
/// # Errors
/// Why not: no `apt-get`, no root, or what `apt-get` said last.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    if !has("apt-get") {
        return Err("there is no apt-get".to_owned());
    }
    if !is_root() {
        return Err("this user is not root".to_owned());
    }
    let install = [&["install", "--yes", "--quiet", "--no-install-recommends"], packages].concat();
    if apt(&install).is_ok() {
        return Ok(());
    }
    apt(&["update", "--quiet"])?;
    apt(&install)
}

fn apt(arguments: &[&str]) -> Result<(), String> {
    let mut apt = Command::new("apt-get");
    apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    let output = apt.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().last().unwrap_or("no reason given").to_owned())
}

/// Whether a program of this name is there.
pub(crate) fn has(program: &str) -> bool {
    folders().any(|folder| folder.join(program).is_file())
}

/// Where programs are looked for. Debian keeps servers where not every user's path looks.
pub(crate) fn folders() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let own: Vec<PathBuf> = env::split_paths(&path).collect();
    own.into_iter().chain(["/usr/sbin".into(), "/sbin".into()])
}

/// The effective user is the second number of the line.
pub(crate) fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    user.and_then(|ids| ids.split_whitespace().nth(1)) == Some("0")
}
