//! What this machine must be and have, and its installation where Debian has it.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::step::say;

/// The programs, and the package of Debian that has each.
const PROGRAMS: [(&str, &str); 7] = [
    ("dockerd", "docker.io"),
    ("containerd", "containerd"),
    ("ip", "iproute2"),
    ("unshare", "util-linux"),
    ("mount", "mount"),
    ("tar", "tar"),
    ("curl", "curl"),
];

/// Whether everything is there; what Debian has is installed.
///
/// # Errors
/// A sentence that says what is missing.
pub(super) fn met() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("containers of this machine's own binaries need Linux".to_owned());
    }
    if !is_root() {
        return Err("an engine of its own needs root; run it as root, or in a container with --privileged".to_owned());
    }
    let packages: Vec<&str> = missing().into_iter().map(|(_, package)| package).collect();
    if !packages.is_empty() && has("apt-get") {
        say(&format!("  sam-local: installing {} …", packages.join(", ")));
        install(&packages);
    }
    let missing: Vec<String> =
        missing().into_iter().map(|(program, package)| format!("{program} (Debian: {package})")).collect();
    if !missing.is_empty() {
        return Err(format!("these programs are missing: {}", missing.join(", ")));
    }
    namespaces().map_err(|why| format!("the system refuses what a container engine needs ({why}); allow --privileged"))
}

/// Does once what an engine does: makes namespaces, a mount and a bridge. Root in a container may do none of it.
fn namespaces() -> Result<(), String> {
    const TRIED: &str = "mount -t tmpfs tmpfs /run && ip link set lo up && ip link add probe type bridge";
    let mut tried = in_namespaces("sh".as_ref());
    let output = tried.args(["-c", TRIED]).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said.lines().next().unwrap_or("no reason given").to_owned()) }
}

fn missing() -> Vec<(&'static str, &'static str)> {
    PROGRAMS.into_iter().filter(|(program, _)| !has(program)).collect()
}

fn has(program: &str) -> bool {
    folders().any(|folder| folder.join(program).is_file())
}

/// Where programs are looked for. Debian keeps servers where not every user's path looks.
fn folders() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let own: Vec<PathBuf> = env::split_paths(&path).collect();
    own.into_iter().chain(["/usr/sbin".into(), "/sbin".into()])
}

/// A command in new namespaces for network, mounts and processes, which ends when this program's child does.
pub(super) fn in_namespaces(program: &OsStr) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]).arg(program);
    if let Ok(path) = env::join_paths(folders()) {
        unshare.env("PATH", path);
    }
    unshare
}

/// The lists of packages may be missing or old; then they are fetched. What is missing at the end is seen by the caller.
fn install(packages: &[&str]) {
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
        apt.status().is_ok_and(|status| status.success())
    };
    let install = [&["install", "--yes", "--quiet", "--no-install-recommends"], packages].concat();
    if !apt(&install) && apt(&["update", "--quiet"]) {
        apt(&install);
    }
}

/// The effective user is the second number of the line.
fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    user.and_then(|ids| ids.split_whitespace().nth(1)) == Some("0")
}
