//! The console: a thread of its own prints lines on standard output.
//!
//! A pipe without a reader must not block the service, so a task that prints a line never waits for it.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::printable::printable_line;

/// How many lines may wait to be printed. Beyond that a line is left out: the events' archive has them all.
const WAITING_LINES_MAX: usize = 1024;

/// A place to print lines.
#[derive(Clone)]
pub(crate) struct Console {
    lines: Option<SyncSender<String>>,
}

impl Console {
    /// Prints on the standard output.
    pub(crate) fn stdout() -> Self {
        let (lines, waiting) = sync_channel(WAITING_LINES_MAX);
        std::thread::spawn(move || print(&waiting));
        Self { lines: Some(lines) }
    }

    /// Prints nothing.
    pub(crate) fn silent() -> Self {
        Self { lines: None }
    }

    /// Prints when that is wanted.
    pub(crate) fn of(shown: bool) -> Self {
        if shown { Self::stdout() } else { Self::silent() }
    }

    /// Prints a line soon, or not at all when too many wait. Its text may come from outside.
    pub(crate) fn line(&self, line: &str) {
        if let Some(lines) = &self.lines {
            // A full or closed channel means that there is no reader. The line is not the only record of its content.
            let _ = lines.try_send(printable_line(line));
        }
    }
}

/// A closed pipe ends the printing and nothing else.
fn print(waiting: &Receiver<String>) {
    while let Ok(line) = waiting.recv() {
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}
