//! What was seen of a workflow as a trace: the module `Recorded`, for `spec/OutsideWorkflowManager.tla`.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::answers::{Kind, Told, is_version};
use super::seen::{Seen, Workflow, number, text};

/// A version that nobody has: no history is as long.
const ANY: u64 = 9999;

/// What was seen of one workflow, in the words of the specification.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Of which.
    pub workflow: Workflow,
    /// The calls, from 1 on.
    calls: Vec<String>,
    /// Who made each version.
    makers: Vec<String>,
    /// The lines, each with the place in the recording that it came from.
    pub lines: Vec<(usize, String)>,
}

/// A request, what it was answered, and what the history says of it.
struct Call<'a> {
    kind: Kind,
    subject: &'a str,
    route: &'a str,
    key: Option<&'a str>,
    body: &'a Value,
    told: Option<Told>,
    /// The version it made.
    made: Option<u64>,
    /// The refusal of it that was kept: the version it was decided on.
    refused: Option<u64>,
}

impl Call<'_> {
    fn expected(&self) -> u64 {
        number(&self.body["expected_version"])
    }

    fn has_key_of(&self, other: &Self) -> bool {
        self.key.is_some() && (self.key, self.subject) == (other.key, other.subject)
    }

    fn repeats(&self, other: &Self) -> bool {
        self.has_key_of(other) && (self.route, self.body) == (other.route, other.body)
    }

    fn target(&self) -> String {
        let named = self.told.as_ref().filter(|_| self.kind == Kind::Look).and_then(|told| told.state.clone());
        let fixed = if self.kind == Kind::Create { "CREATED".to_owned() } else { text(&self.body["target_state"]) };
        named.unwrap_or(fixed)
    }

    /// What it did with what it read, and which versions it can have found as the newest.
    fn reading(&self) -> (&'static str, u64, u64) {
        let word = self.told.as_ref().map_or("nothing", |told| told.word);
        let version = self.told.as_ref().map_or(0, |told| told.version);
        let shown = self.told.as_ref().map_or(0, |told| told.events.len() as u64);
        let deciding = matches!(self.kind, Kind::Create | Kind::Move);
        match (self.kind, word) {
            (Kind::Look, "seen") => ("see", version, version),
            (Kind::Look, "versions") => ("count", shown, shown),
            (Kind::Look, "sound") => ("sound", 0, ANY),
            (_, "reused") => ("reused", 0, ANY),
            _ if !deciding => ("nothing", 0, 0),
            // A creation looks at nothing before it appends.
            (Kind::Create, "accepted" | "conflict") => ("append", 0, ANY),
            _ if self.made.is_some() => ("append", self.made.unwrap_or(1) - 1, self.made.unwrap_or(1) - 1),
            (_, "accepted") => ("accepted", version, ANY),
            (_, "conflict") if self.expected() > 0 => ("conflict", version, version),
            (_, "conflict") => ("append", version.saturating_sub(1), version.saturating_sub(1)),
            (_, "invalid") => ("refuse", version, version),
            (Kind::Move, "refused" | "denied") => self.refused.map_or(("refuse", 1, ANY), |at| ("refuse", at, at)),
            (_, "refused" | "denied") => ("refuse", 0, ANY),
            (_, "not-found") => ("not-found", 0, 0),
            (_, "quarantined") => ("quarantined", 1, ANY),
            // Nobody was told, but it was kept.
            _ => self.refused.map_or(("nothing", 0, 0), |at| ("refuse", at, ANY)),
        }
    }

    fn shown(&self, same: &[usize], rivals: &[usize]) -> String {
        let (then, lo, hi) = self.reading();
        let told = self.told.as_ref().map_or("nothing", |told| told.word);
        format!(
            r#"[kind |-> "{}", to |-> "{}", expected |-> {}, same |-> {}, rivals |-> {}, then |-> "{then}", lo |-> {lo}, hi |-> {hi}, told |-> "{told}"]"#,
            self.kind.word(),
            self.target(),
            self.expected(),
            set(same),
            set(rivals)
        )
    }
}

/// The trace of what was seen of one workflow.
#[must_use]
pub fn trace(workflow: &Workflow, seen: &[(usize, Seen)]) -> Trace {
    let history: &[Value] = seen
        .iter()
        .find_map(|(_, seen)| if let Seen::History { items, .. } = seen { Some(items.as_slice()) } else { None })
        .unwrap_or_default();
    let versions: Vec<&Value> = history.iter().filter(|item| is_version(item)).collect();
    let (names, calls) = calls_of(seen, history);
    let maker = |version: &Value| {
        let recovered = version["event_type"] == "WorkflowRecovered";
        let number = names.get(text(&version["correlation_id"]).as_str()).copied();
        if recovered { 0 } else { number.unwrap_or(calls.len() + 1) }
    };
    let event = |id: &Value| versions.iter().find(|version| version["event_id"] == *id).map(|version| maker(version));
    // An event that is none of the history's was made by nobody.
    let sequence = |ids: &[String]| -> String {
        let makers: Vec<String> =
            ids.iter().map(|id| event(&id.as_str().into()).unwrap_or(calls.len() + 1).to_string()).collect();
        format!("<<{}>>", makers.join(", "))
    };
    let mut lines = Vec::new();
    for (place, seen) in seen {
        let line = match seen {
            Seen::Asked { call, .. } => format!(r#"[k |-> "asked", x |-> {}]"#, names[call.as_str()]),
            Seen::Answered { call, .. } => {
                let number = names[call.as_str()];
                let Some(told) = &calls[number - 1].told else { continue };
                format!(r#"[k |-> "told", x |-> {number}, v |-> {}, s |-> {}]"#, told.version, sequence(&told.events))
            }
            Seen::Received { detail, archived } => {
                let e = event(&detail["event_id"]).unwrap_or(calls.len() + 1);
                let v = number(&detail["version"]);
                let how = if *archived {
                    "archive"
                } else if detail["replay"] == true {
                    "again"
                } else {
                    "first"
                };
                format!(r#"[k |-> "seen", v |-> {v}, e |-> {e}, r |-> "{how}"]"#)
            }
            Seen::History { .. } => {
                lines.push((*place, r#"[k |-> "log"]"#.to_owned()));
                // Nobody is shown the refusals of a workflow that there is not.
                if !versions.is_empty() {
                    lines.push((*place, format!(r#"[k |-> "refusals", s |-> <<{}>>]"#, refusals(history, &names))));
                }
                r#"[k |-> "all-seen"]"#.to_owned()
            }
        };
        lines.push((*place, line));
    }
    let shown = |(place, call): (usize, &Call<'_>)| {
        let others = |chosen: &dyn Fn(&Call<'_>) -> bool| -> Vec<usize> {
            (1..).zip(&calls).filter(|(number, other)| number - 1 != place && chosen(other)).map(|(n, _)| n).collect()
        };
        call.shown(
            &others(&|other| call.repeats(other)),
            &others(&|other| call.has_key_of(other) && !call.repeats(other)),
        )
    };
    let makers = versions.iter().map(|version| maker(version).to_string()).collect();
    Trace { workflow: workflow.clone(), calls: calls.iter().enumerate().map(shown).collect(), makers, lines }
}

fn calls_of<'a>(seen: &'a [(usize, Seen)], history: &[Value]) -> (BTreeMap<&'a str, usize>, Vec<Call<'a>>) {
    let (mut names, mut calls) = (BTreeMap::new(), Vec::<Call<'a>>::new());
    for (_, seen) in seen {
        match seen {
            Seen::Asked { call, subject, route, key, body, .. } => {
                let of_it = |item: &&Value| item["correlation_id"] == call.as_str();
                let version = |item: &Value| number(&item["version"]);
                let made = |item: &&Value| of_it(item) && is_version(item) && item["event_type"] != "WorkflowRecovered";
                let refused = |item: &&Value| of_it(item) && !is_version(item);
                calls.push(Call {
                    kind: Kind::of(route),
                    subject,
                    route,
                    key: key.as_deref(),
                    body,
                    told: None,
                    made: history.iter().find(made).map(version),
                    refused: history.iter().find(refused).map(version),
                });
                names.insert(call.as_str(), calls.len());
            }
            Seen::Answered { call, status, body } => {
                let number = names[call.as_str()];
                let asked = &mut calls[number - 1];
                asked.told = Some(Told::by(asked.kind, asked.route, *status, body));
            }
            _ => {}
        }
    }
    (names, calls)
}

/// Whose refusals were kept. That a recovery was denied concerns nobody here: it goes its own way.
fn refusals(history: &[Value], names: &BTreeMap<&str, usize>) -> String {
    let denied = |item: &&Value| item["operation"] == "recover-workflow" && item["code"] == "rule-violation";
    let kept = history.iter().filter(|item| !is_version(item) && !denied(item));
    let number = |item: &Value| names.get(text(&item["correlation_id"]).as_str()).copied().unwrap_or(0).to_string();
    kept.map(number).collect::<Vec<_>>().join(", ")
}

fn set(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
    format!("{{{}}}", numbers.join(", "))
}

/// The module `Recorded` with these traces.
///
/// # Panics
/// Never: a text can be written to.
#[must_use]
pub fn module(traces: &[Trace], telling: bool) -> String {
    let calls = traces.iter().map(|trace| trace.calls.len()).max().unwrap_or_default();
    let mut text = String::from("---- MODULE Recorded ----\nEXTENDS OutsideWorkflowManager\n");
    writeln!(text, "RecordedCallsMax == {}", calls.max(1)).unwrap();
    writeln!(text, "RecordedTelling == {}", if telling { "TRUE" } else { "FALSE" }).unwrap();
    for (trace, number) in traces.iter().zip(1..) {
        let lines: Vec<&str> = trace.lines.iter().map(|(_, line)| line.as_str()).collect();
        let (calls, makers, lines) = (trace.calls.join(",\n    "), trace.makers.join(", "), lines.join(",\n    "));
        writeln!(text, "\\* {} of the tenant {}", trace.workflow.1, trace.workflow.0).unwrap();
        writeln!(text, "Trace{number} == [calls |-> <<\n    {calls}>>,").unwrap();
        writeln!(text, "  log |-> <<{makers}>>, lines |-> <<\n    {lines}>>]").unwrap();
    }
    let names: Vec<String> = (1..=traces.len()).map(|number| format!("Trace{number}")).collect();
    writeln!(text, "RecordedTraces == <<{}>>\n====", names.join(", ")).unwrap();
    text
}
