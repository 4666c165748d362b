//! Programs on a path, started for what they print and for no longer than a while.

use std::ffi::OsString;
use std::io::{ErrorKind, Read as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::version::Version;

/// A program that needs longer to say its version hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const SHOWN_CHARS: usize = 200;

/// The programs of a path.
pub(super) struct Programs {
    pub(super) path: OsString,
}

impl Programs {
    /// What a program prints, or why it is of no use.
    pub(super) fn output(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(program);
        command.args(arguments).env("PATH", &self.path).env("SAM_CLI_TELEMETRY", "0").env("AWS_PAGER", "");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            if error.kind() == ErrorKind::NotFound {
                format!("there is no {program} on the PATH")
            } else {
                format!("{program} cannot be started: {error}")
            }
        })?;
        let (sender, receiver) = mpsc::channel();
        let mut streams = (child.stdout.take(), child.stderr.take());
        thread::spawn(move || {
            let (mut said, mut complained) = (String::new(), String::new());
            let out = streams.0.as_mut().map(|stream| stream.read_to_string(&mut said));
            let err = streams.1.as_mut().map(|stream| stream.read_to_string(&mut complained));
            let read = [out, err].into_iter().flatten().all(|read| read.is_ok());
            // Where nobody waits any more, nothing is to be told.
            let _ = sender.send(read.then_some((said, complained)));
        });
        let answer = receiver.recv_timeout(ANSWER_WITHIN);
        if answer.is_err() {
            let _ended_already = child.kill();
        }
        let status = child.wait().map_err(|error| format!("{program} cannot be waited for: {error}"))?;
        let (said, complained) = match answer {
            Err(_) => return Err(format!("{program} did not answer within {} s", ANSWER_WITHIN.as_secs())),
            Ok(None) => return Err(format!("{program} does not print text")),
            Ok(Some(printed)) => printed,
        };
        if status.success() {
            return Ok(said);
        }
        let last = complained.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let last: String = last.chars().take(SHOWN_CHARS).collect();
        Err(format!("{program} is broken ({status}): {last}"))
    }

    /// The first line that a program prints.
    pub(super) fn first_line(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let said = self.output(program, arguments)?;
        let line = said.lines().map(str::trim).find(|line| !line.is_empty());
        line.map(str::to_owned).ok_or_else(|| format!("{program} is broken: it prints nothing"))
    }

    /// The version that a program prints.
    pub(super) fn version(&self, program: &str, arguments: &[&str]) -> Result<Version, String> {
        let said = self.first_line(program, arguments)?;
        Version::in_text(&said).ok_or_else(|| {
            format!(
                "{program} is broken: it has no version in {:?}",
                said.chars().take(SHOWN_CHARS).collect::<String>()
            )
        })
    }
}
