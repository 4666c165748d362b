//! A container engine of its own, in the namespaces of this process.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::e2e::architecture;
use crate::tools::checked;

use super::place::Place;

/// The address of this machine on the engine's bridge. The network is this process's own, so every address is free.
pub(super) const BRIDGE: &str = "172.17.0.1";
/// Where the engine listens. `/run` is this process's own too.
pub(super) const SOCKET: &str = "/run/docker.sock";
/// The parent of the containers' control groups, which the kernel does not take away with the namespaces.
const CGROUP: &str = "alims-sam-local";
/// Where the kernel shows control groups.
const CGROUPS: &str = "/sys/fs/cgroup";
/// How long the engine may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait between two looks.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A running engine. It ends with the namespaces.
pub(super) struct Engine {
    _process: Child,
}

impl Engine {
    /// Starts the engine, and makes the base image of the archive.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn start(place: &Place) -> anyhow::Result<Self> {
        let log = place.log("engine");
        // So the engine meets nothing of another one there, and leaves nothing.
        checked(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/run"]), &log)?;
        checked(Command::new("ip").args(["link", "set", "lo", "up"]), &log)?;
        let file = File::options().create(true).append(true).open(&log)?;
        let mut dockerd = Command::new("dockerd");
        dockerd.args(["--host", &format!("unix://{SOCKET}"), "--bip", &format!("{BRIDGE}/16")]);
        // Without rules of a firewall and without a way out: all that containers reach is this machine.
        dockerd.args(["--iptables=false", "--ip6tables=false", "--ip-masq=false"]);
        // The driver that works on every file system, and that of control groups that asks no other service.
        dockerd.args(["--storage-driver=vfs", "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", CGROUP]);
        dockerd.arg("--data-root").arg(place.path("run/engine"));
        dockerd.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let mut process = dockerd.spawn().context("dockerd could not be started")?;
        let begun = Instant::now();
        while !get("/_ping") {
            let ended = process.try_wait()?;
            anyhow::ensure!(ended.is_none(), "dockerd ended; see {}", log.display());
            anyhow::ensure!(begun.elapsed() < START_TIMEOUT, "dockerd does not answer after {START_TIMEOUT:?}");
            pause();
        }
        import(&place.path("run/base.tar"), &log)?;
        Ok(Self { _process: process })
    }
}

/// Whether the engine answers a request well.
fn get(path: &str) -> bool {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--output", "/dev/null", "--unix-socket", SOCKET]);
    curl.arg(format!("http://engine{path}")).stdin(Stdio::null()).stderr(Stdio::null());
    curl.status().is_ok_and(|status| status.success())
}

/// Makes an image under the name that SAM CLI looks for (Docker Engine API, "Create an image").
fn import(archive: &Path, log: &Path) -> anyhow::Result<()> {
    let image = format!("fromSrc=-&repo=public.ecr.aws/lambda/provided&tag=al2023-{}", architecture()?);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--unix-socket", SOCKET, "--request", "POST", "--upload-file"]);
    curl.arg(archive).arg(format!("http://engine/images/create?{image}"));
    checked(&mut curl, log).context("the base image cannot be made")
}

/// Removes the control groups of containers, which are empty once these are gone. The engine makes them below the group
/// of this process, in each hierarchy.
pub(super) fn clear_cgroups() {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    // A line is `number:controllers:/path` (cgroups(7)).
    let own: BTreeSet<&str> = own.lines().filter_map(|line| line.splitn(3, ':').nth(2)).collect();
    for hierarchy in folders_in(Path::new(CGROUPS)).chain([CGROUPS.into()]) {
        for parent in own.iter().map(|path| hierarchy.join(path.trim_start_matches('/')).join(CGROUP)) {
            for group in folders_in(&parent).chain([parent.clone()]) {
                let _gone_or_in_use = fs::remove_dir(group);
            }
        }
    }
}

fn folders_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir())
}

/// Waits a little.
pub(super) fn pause() {
    #[expect(clippy::disallowed_methods, reason = "there is nothing to wait for but another look")]
    std::thread::sleep(LOOK_EVERY);
}
