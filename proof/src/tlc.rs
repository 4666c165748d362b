//! TLC, asked which of the traces in a module `Recorded` it accepts.

use anyhow::Context as _;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::tla::{Trace, data, module};

/// How much memory TLC may take.
const HEAP_MAX: &str = "-Xmx4g";
/// How deep TLC may evaluate: a step of a trace is conditions within conditions.
const STACK_MAX: &str = "-Xss16m";
/// Where it keeps its states.
const STATES: &str = "states";

/// What all modules that judge stand on.
const STATE_MACHINE: &str = "WorkflowManager";

/// A module that judges traces, and its configuration.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// The module.
    pub module: &'static str,
    /// The file of the configuration.
    pub configuration: &'static str,
}

/// TLC, and where it works.
#[derive(Clone, Debug, clap::Args)]
pub struct Tlc {
    /// The jar of TLC.
    #[arg(long)]
    pub jar: PathBuf,
    /// The folder of the specification.
    #[arg(long)]
    pub spec: PathBuf,
    /// Where to work and to leave what was refused.
    #[arg(long)]
    pub out: PathBuf,
}

/// What TLC made of a module.
pub struct Judged {
    /// The numbers of the traces that it accepts.
    pub accepted: BTreeSet<usize>,
    /// How many lines of each trace it could explain at most, when that was asked for.
    pub explained: BTreeMap<usize, usize>,
    /// How many states it looked at.
    pub states: u64,
    /// What it complained about.
    pub complaint: String,
}

impl Tlc {
    /// Has traces judged, and shown how far each can be explained when that is asked for.
    ///
    /// # Errors
    /// When TLC cannot be had, or does not come to the end.
    pub fn judge(&self, judge: &Judge, traces: &[Trace], explaining: bool) -> anyhow::Result<Judged> {
        let modules = [STATE_MACHINE, judge.module].map(|name| format!("{name}.tla"));
        for name in modules.iter().map(String::as_str).chain([judge.configuration]) {
            fs::copy(self.spec.join(name), self.out.join(name)).with_context(|| format!("{name} cannot be read"))?;
        }
        fs::write(self.out.join("RecordedData.tla"), data(traces, explaining))?;
        fs::write(self.out.join("Recorded.tla"), module(judge.module))?;
        let output = self.run(judge.configuration)?;
        fs::write(self.out.join("tlc.log"), &output)?;
        // Of no use for the next module: the disk holds those of one at a time.
        let _none_left = fs::remove_dir_all(self.out.join(STATES));
        let numbers = |word: &str| -> Vec<Vec<usize>> {
            let opening = format!("<<\"{word}\", ");
            let inside = |line: &str| line.strip_prefix(&opening)?.strip_suffix(">>").map(str::to_owned);
            let found = output.lines().filter_map(inside);
            found.map(|text| text.split(", ").filter_map(|number| number.parse().ok()).collect()).collect()
        };
        // Whatever ends it early has left traces unread: then none counts as accepted.
        let over = output.contains("Model checking completed. No error has been found");
        let accepted = numbers("accepted").into_iter().filter_map(|found| found.first().copied());
        let said = output.lines().filter(|line| line.contains("rror") || line.contains("violated"));
        let mut explained = BTreeMap::new();
        for found in numbers("explained") {
            if let [trace, line] = found[..] {
                let most = explained.entry(trace).or_insert(line);
                *most = line.max(*most);
            }
        }
        Ok(Judged {
            accepted: if over { accepted.collect() } else { BTreeSet::new() },
            explained,
            states: distinct(&output),
            complaint: if over { String::new() } else { format!(": {}", said.collect::<Vec<_>>().join(" ")) },
        })
    }

    fn run(&self, configuration: &str) -> anyhow::Result<String> {
        let output = Command::new("java")
            .args(["-XX:+UseParallelGC", HEAP_MAX, STACK_MAX, "-cp"])
            .arg(&self.jar)
            .args(["tlc2.TLC", "-deadlock", "-workers", "2", "-metadir", STATES])
            .args(["-config", configuration, "Recorded.tla"])
            .current_dir(&self.out)
            .stdin(Stdio::null())
            .output()
            .context("a Java runtime is needed (Debian: default-jre-headless)")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        anyhow::ensure!(said.contains("TLC2"), "TLC did not start: {}", String::from_utf8_lossy(&output.stderr));
        Ok(said)
    }
}

fn distinct(output: &str) -> u64 {
    let Some((before, _)) = output.rsplit_once(" distinct states found") else { return 0 };
    let digits: Vec<char> = before.chars().rev().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    digits.iter().rev().filter(|c| c.is_ascii_digit()).collect::<String>().parse().unwrap_or_default()
}
