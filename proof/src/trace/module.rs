//! The module that TLC reads.

use std::fmt::Write as _;

use super::Trace;

/// The module `Recorded` with these traces.
///
/// # Panics
/// Never: a text can be written to.
#[must_use]
pub fn module(traces: &[Trace], telling: bool) -> String {
    let calls = traces.iter().map(|trace| trace.calls.len()).max().unwrap_or_default();
    let publishers = traces.iter().map(|trace| trace.publishers).max().unwrap_or_default();
    let mut text = String::from("---- MODULE Recorded ----\nEXTENDS TraceWorkflowManager\n");
    writeln!(text, "RecordedCallsMax == {}", calls.max(1)).unwrap();
    writeln!(text, "RecordedPublishersMax == {}", publishers.max(1)).unwrap();
    let turns = traces.iter().map(|trace| trace.turns.len()).max().unwrap_or_default();
    let alterations = traces.iter().map(|trace| trace.alterations).max().unwrap_or_default();
    writeln!(text, "RecordedTurnsMax == {}", turns.max(1)).unwrap();
    writeln!(text, "RecordedAlterationsMax == {alterations}").unwrap();
    writeln!(text, "RecordedTelling == {}", if telling { "TRUE" } else { "FALSE" }).unwrap();
    for (trace, number) in traces.iter().zip(1..) {
        let lines: Vec<&str> = trace.lines.iter().map(|(_, line)| line.as_str()).collect();
        writeln!(text, "\\* {} of the run {}", trace.workflow, trace.run).unwrap();
        let [calls, turns] = [&trace.calls, &trace.turns].map(|infos| infos.join(",\n    "));
        let releases: Vec<String> = trace.releases.iter().map(|about| format!("[{about}]")).collect();
        let altered = if trace.alterations > 0 { "TRUE" } else { "FALSE" };
        writeln!(text, "Trace{number} == [calls |-> <<\n    {calls}>>,\n  turns |-> <<\n    {turns}>>,").unwrap();
        writeln!(text, "  releases |-> <<{}>>, altered |-> {altered},", releases.join(", ")).unwrap();
        writeln!(text, "  lines |-> <<\n    {}>>]", lines.join(",\n    ")).unwrap();
    }
    let names: Vec<String> = (1..=traces.len()).map(|number| format!("Trace{number}")).collect();
    writeln!(text, "RecordedTraces == <<{}>>\n====", names.join(", ")).unwrap();
    text
}
