//! The output and the processes of a check: in the foreground, or in parallel to other parts of the suite.

use std::io::Read as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;

use crate::step::say;

/// A check's way to the person, and the hold on the process that it waits for.
#[derive(Debug)]
pub(crate) struct Session {
    /// The output of a parallel check: it is shown as a whole, so that it does not mix with other output.
    kept: Option<Mutex<String>>,
    process: Mutex<Process>,
}

#[derive(Debug)]
enum Process {
    None,
    Running(Child),
    /// No other may start.
    Stopped,
}

impl Session {
    /// Prints at once.
    pub(crate) const fn foreground() -> Self {
        Self { kept: None, process: Mutex::new(Process::None) }
    }

    /// Keeps the output, and runs at a low priority.
    pub(crate) const fn beside_others() -> Self {
        Self { kept: Some(Mutex::new(String::new())), process: Mutex::new(Process::None) }
    }

    /// Says a line, or keeps it.
    pub(crate) fn say(&self, line: &str) {
        match &self.kept {
            None => say(line),
            Some(kept) => locked(kept).extend([line, "\n"]),
        }
    }

    /// The kept output.
    pub(crate) fn said(&self) -> String {
        self.kept.as_ref().map(|kept| locked(kept).clone()).unwrap_or_default()
    }

    /// A command of this session; its arguments are still to come.
    pub(crate) fn command(&self, program: &str) -> Command {
        if self.kept.is_some() && cfg!(unix) {
            let mut command = Command::new("nice");
            command.args(["-n", "19", program]);
            return command;
        }
        Command::new(program)
    }

    /// Runs a command to its end. Gives how it ended, and its standard output.
    ///
    /// # Errors
    /// When it cannot be started, or the session was stopped.
    pub(crate) fn run(&self, command: &mut Command) -> anyhow::Result<(ExitStatus, String)> {
        let mut output = {
            let mut process = locked(&self.process);
            anyhow::ensure!(!matches!(*process, Process::Stopped), "stopped, because another part failed");
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
            let output = child.stdout.take().context("the standard output is not there")?;
            *process = Process::Running(child);
            output
        };
        let mut said = Vec::new();
        // Read without the lock, so that the process can be stopped meanwhile.
        output.read_to_end(&mut said)?;
        let mut process = locked(&self.process);
        let Process::Running(child) = &mut *process else { anyhow::bail!("stopped, because another part failed") };
        let status = child.wait()?;
        *process = Process::None;
        Ok((status, String::from_utf8_lossy(&said).into_owned()))
    }

    /// Ends the process that runs, and lets no other start.
    pub(crate) fn stop(&self) {
        let before = std::mem::replace(&mut *locked(&self.process), Process::Stopped);
        if let Process::Running(mut child) = before {
            let _ended_already = child.kill();
            let _status = child.wait();
        }
    }
}

/// The content of a mutex, even if a holder of the lock panicked: what these hold is complete at any time.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_session_beside_others_keeps_its_lines() {
        let session = Session::beside_others();
        session.say("one");
        session.say("two");
        assert_eq!(session.said(), "one\ntwo\n");
    }

    #[test]
    fn a_session_gives_the_exit_code_and_the_output_of_a_command() {
        let session = Session::beside_others();
        let (status, said) = session.run(session.command("sh").args(["-c", "echo heard; exit 12"])).unwrap();
        assert_eq!((status.code(), said.as_str()), (Some(12), "heard\n"));
    }

    #[test]
    fn a_stopped_session_ends_its_process_and_starts_no_other() {
        let session = Session::beside_others();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| session.run(session.command("sleep").arg("600")));
            while !matches!(*locked(&session.process), Process::Running(_)) {
                thread::yield_now();
            }
            session.stop();
            assert!(waiting.join().unwrap().is_err());
        });
        assert!(session.run(&mut session.command("true")).is_err());
    }
}
