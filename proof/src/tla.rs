//! From recorded values to the module that TLC reads.
//!
//! A value becomes TLA+ the way it becomes JSON: its fields a record, its list a sequence. The distribution of TLC that is
//! pinned reads no JSON, so the module holds the values themselves.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A number that no call has: the maker of what no call made.
const UNKNOWN: i64 = 999_999;

/// What was recorded of one workflow, as TLC reads it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Which workflow of which run.
    pub name: String,
    /// What is known of the whole, by name: `calls` for example.
    pub summary: Value,
    /// The lines, each with its place in the recording, from 0 on.
    pub lines: Vec<(usize, Value)>,
}

/// Who made an event, or whatever else has an identity. TLC knows makers by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Makers(pub BTreeMap<String, i64>);

impl Makers {
    /// Who made this.
    #[must_use]
    pub fn of(&self, id: &str) -> i64 {
        self.0.get(id).copied().unwrap_or(UNKNOWN)
    }

    /// Who made each of these.
    #[must_use]
    pub fn of_all(&self, ids: &[String]) -> Vec<i64> {
        ids.iter().map(|id| self.of(id)).collect()
    }
}

/// A value in TLA+. No text of ours has a character that TLA+ would want escaped.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name} |-> {}", text(value)));
            format!("[{}]", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("<<{}>>", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Bool(holds) => holds.to_string().to_uppercase(),
        other => other.to_string(),
    }
}

/// The module `Recorded`: it judges what the module `RecordedData` holds. TLC works through the modules in this order, so
/// that the traces are values before any definition refers to them. Else TLC looks for variables in all of them, once for
/// each definition that does, which takes longer than the check.
#[must_use]
pub fn module(judge: &str) -> String {
    format!("---- MODULE Recorded ----\nEXTENDS RecordedData, {judge}\n====\n")
}

/// The module `RecordedData`: these traces. TLC is to print how far it can explain each when that is asked for.
///
/// # Panics
/// Never: a text can be written to.
#[must_use]
pub fn data(traces: &[Trace], explaining: bool) -> String {
    let mut module = "---- MODULE RecordedData ----\nEXTENDS Integers\n".to_owned();
    writeln!(module, "RecordedExplaining == {}", text(&explaining.into())).unwrap();
    for (trace, number) in traces.iter().zip(1..) {
        let lines: Vec<String> = trace.lines.iter().map(|(_, line)| text(line)).collect();
        writeln!(module, "\\* {}", trace.name).unwrap();
        writeln!(module, "Trace{number} == [summary |-> {},", text(&trace.summary)).unwrap();
        writeln!(module, "  lines |-> <<\n    {}>>]", lines.join(",\n    ")).unwrap();
    }
    let names: Vec<String> = (1..=traces.len()).map(|number| format!("Trace{number}")).collect();
    writeln!(module, "RecordedTraces == <<{}>>\n====", names.join(", ")).unwrap();
    module
}
