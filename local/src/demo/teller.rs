//! The demo's output: for a person during the run, or for a program at the end.

use serde::Serialize;
use std::io::Write;

use crate::printable::printable;

/// How one scenario went.
#[derive(Debug, Serialize)]
struct Told {
    scenario: &'static str,
    holds: bool,
    steps: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Prints scenarios, step by step.
pub(super) struct Teller {
    json: bool,
    told: Vec<Told>,
}

impl Teller {
    pub(super) fn new(json: bool) -> Self {
        Self { json, told: Vec::new() }
    }

    fn print(&self, line: &str) {
        if !self.json {
            // A closed standard output ends the telling, not the demo.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }

    /// Something that belongs to no scenario.
    pub(super) fn aside(&self, line: &str) {
        self.print(line);
    }

    /// A scenario begins.
    pub(super) fn begin(&mut self, scenario: &'static str, about: &str) {
        let number = self.told.len() + 1;
        self.print(&format!("\n{number}. {about}"));
        self.told.push(Told { scenario, holds: false, steps: Vec::new(), why: None });
    }

    /// Something was done and held.
    pub(super) fn ok(&mut self, step: &str) {
        self.print(&format!("   ✓ {}", printable(step)));
        if let Some(told) = self.told.last_mut() {
            told.steps.push(step.to_owned());
        }
    }

    /// More about the step before.
    pub(super) fn detail(&self, line: &str) {
        self.print(&format!("       {}", printable(line)));
    }

    /// The scenario is over.
    pub(super) fn end(&mut self, outcome: Result<(), String>) {
        if let Err(why) = &outcome {
            self.print(&format!("   ✗ {}", printable(why)));
        }
        if let Some(told) = self.told.last_mut() {
            told.holds = outcome.is_ok();
            told.why = outcome.err();
        }
    }

    /// The demo is over: whether every scenario held.
    pub(super) fn conclude(self) -> bool {
        let broken: Vec<&str> = self.told.iter().filter(|told| !told.holds).map(|told| told.scenario).collect();
        let holds = broken.is_empty();
        if self.json {
            let report = serde_json::json!({ "holds": holds, "scenarios": self.told });
            let _ = writeln!(std::io::stdout(), "{report:#}");
        } else if holds {
            self.print("\nAll five scenarios hold.");
        } else {
            self.print(&format!("\nThese scenarios do not hold: {}", broken.join(", ")));
        }
        holds
    }
}
