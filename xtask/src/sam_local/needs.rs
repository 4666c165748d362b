//! What this machine must be and have, and its installation where Debian has it.

use std::env;
use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::debian::{folders, has, install, is_root};
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
        // What is still missing is named below.
        if let Err(why) = install(&packages) {
            say(&format!("  sam-local: {why}"));
        }
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

/// A command in new namespaces for network, mounts and processes, which ends when this program's child does.
pub(super) fn in_namespaces(program: &OsStr) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]).arg(program);
    if let Ok(path) = env::join_paths(folders()) {
        unshare.env("PATH", path);
    }
    unshare
}
