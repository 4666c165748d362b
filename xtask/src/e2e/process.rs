//! Background processes that run while another command runs, and never longer.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::tools::Tools;

/// How long a server may take until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A process and all it starts. They go when this is dropped, and when this program dies in any way.
pub(crate) struct Background {
    keeper: Child,
}

impl Background {
    /// Starts a command with its output in a log.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(tools: &Tools, command: &Command, log: &Path) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let mut keeper = tools.python(include_str!("keeper.py"));
        keeper.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => keeper.env(name, value),
                None => keeper.env_remove(name),
            };
        }
        // Its input ends when this program does, however it ends: that is how the keeper knows.
        keeper.stdin(Stdio::piped()).stdout(file.try_clone()?).stderr(file);
        let keeper = keeper.spawn().with_context(|| format!("{:?} could not be started", command.get_program()))?;
        Ok(Self { keeper })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _gone = self.keeper.wait();
    }
}

/// A port that is free now.
///
/// # Errors
/// When there is none.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// Waits until a server listens on the port.
///
/// # Errors
/// When no server listens in time.
pub(crate) fn wait_until_listening(port: u16) -> anyhow::Result<()> {
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        anyhow::ensure!(begun.elapsed() < START_TIMEOUT, "nobody listens on port {port} after {START_TIMEOUT:?}");
        #[expect(clippy::disallowed_methods, reason = "there is nothing else to wait for than the port itself")]
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}
