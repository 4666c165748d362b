//! The page with what each function waits for, and that it fits into its time.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context as _;

use super::function::{Function, Wait};
use crate::workspace::Workspace;

/// The page.
pub(crate) const PAGE: &str = "docs/timeouts.md";
/// What stands before the tables stays as it is.
const TABLES: &str = "<!-- tables -->\n";
/// What the work on a request has, in milliseconds. A test compares it with the limits.
const REQUEST_MS: u32 = 23_500;

impl Wait {
    const ALL: [Self; 8] =
        [Self::Log, Self::Index, Self::Rules, Self::Starter, Self::Bus, Self::Exports, Self::Begins, Self::Making];

    /// The name, what it is, and how long its adapter lets it take with all its tries. A test compares the milliseconds
    /// with the adapters.
    const fn described(self) -> (&'static str, &'static str, u32) {
        match self {
            Self::Log => ("log", "a read or a write of the log", 3000),
            Self::Index => ("index", "a read or a write of the index", 3000),
            Self::Rules => ("rules", "a judgement of the rules, with the largest `RulesEngineDeadlineMs`", 5400),
            Self::Starter => ("starter", "a call of the state machine's service", 4000),
            Self::Bus => ("bus", "events put on the bus", 6000),
            Self::Exports => ("exports", "a read or a write of the bucket of exports", 2000),
            Self::Begins => ("begins", "no call: so long a batch goes on to begin transitions", 8000),
            Self::Making => ("making", "no call: so long a request makes an export before a job continues", 5000),
        }
    }
}

/// The page, its tables made anew.
///
/// # Errors
/// When it is missing or has no place for tables, or a function waits longer than it has.
pub(crate) fn page(workspace: &Workspace, functions: &[Function]) -> anyhow::Result<String> {
    let text = fs::read_to_string(workspace.root.join(PAGE)).with_context(|| format!("{PAGE} is missing"))?;
    let (before, _) = text.split_once(TABLES).with_context(|| format!("{PAGE} has no place for its tables"))?;
    let mut page = format!("{before}{TABLES}\n| call | what it is | at most |\n|---|---|---|\n");
    for (name, what, millis) in Wait::ALL.map(Wait::described) {
        writeln!(page, "| `{name}` | {what} | {} |", seconds(millis))?;
    }
    page.push_str("\n| function | waits for, one after another | together | has |\n|---|---|---|---|\n");
    for function in functions.iter().filter(|function| function.request.is_some()) {
        let waits: Vec<String> = function.waits.iter().map(|wait| format!("`{}`", wait.described().0)).collect();
        let waits = if waits.is_empty() { "nothing".to_owned() } else { waits.join(", ") };
        let together: u32 = function.waits.iter().map(|wait| wait.described().2).sum();
        let name = &function.name;
        anyhow::ensure!(function.timeout_seconds.is_none(), "{name}: a request has the time of all requests");
        anyhow::ensure!(together < REQUEST_MS, "{name} waits for {together} ms, and a request has {REQUEST_MS} ms");
        writeln!(page, "| `{name}` | {waits} | {} | {} |", seconds(together), seconds(REQUEST_MS))?;
    }
    Ok(page)
}

fn seconds(millis: u32) -> String {
    format!("{} s", f64::from(millis) / 1000.0)
}
