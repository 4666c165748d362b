//! What was seen of a workflow as a trace for `spec/OutsideWorkflowManager.tla`.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::answers::{Kind, Outcome};
use super::recording::{Seen, is_version, number, text};
use crate::tla::{Makers, Trace};

/// A version that no workflow has: no history is as long.
const ANY: u64 = 9999;

/// A request, what it was answered, and what the history says of it.
struct Call<'a> {
    kind: Kind,
    subject: &'a str,
    route: &'a str,
    key: Option<&'a str>,
    body: &'a Value,
    outcome: Outcome,
    /// The version it made.
    made: Option<u64>,
    /// The refusal of it that was kept: the version it was decided on.
    refused: Option<u64>,
}

impl Call<'_> {
    fn expected(&self) -> u64 {
        let named = if self.kind == Kind::Signature { "version" } else { "expected_version" };
        number(&self.body[named])
    }

    fn has_key_of(&self, other: &Self) -> bool {
        self.key.is_some() && (self.key, self.subject) == (other.key, other.subject)
    }

    fn repeats(&self, other: &Self) -> bool {
        self.has_key_of(other) && (self.route, self.body) == (other.route, other.body)
    }

    fn target(&self) -> String {
        let named = self.outcome.state.clone().filter(|_| self.kind == Kind::Look);
        let fixed = if self.kind == Kind::Create { "CREATED".to_owned() } else { text(&self.body["target_state"]) };
        named.unwrap_or(fixed)
    }

    /// Whether it names data: then it changes them, or it would not be refused in a final state.
    fn changes(&self) -> bool {
        let data = ["metadata", "labels", "due_at", "assignee"];
        self.kind == Kind::Amendment && data.iter().any(|member| self.body.get(member).is_some())
    }

    /// What it did with what it read, and which versions it can have found as the newest.
    fn reading(&self) -> (&'static str, u64, u64) {
        let Outcome { word, version, events, .. } = &self.outcome;
        let (version, shown) = (*version, events.len() as u64);
        let deciding = matches!(self.kind, Kind::Create | Kind::Transition | Kind::Amendment | Kind::Signature);
        match (self.kind, *word) {
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
            (_, "invalid" | "closed") => ("refuse", version, version),
            (Kind::Transition | Kind::Amendment | Kind::Signature, "refused" | "denied") => {
                self.refused.map_or(("refuse", 1, ANY), |at| ("refuse", at, at))
            }
            (_, "refused" | "denied") => ("refuse", 0, ANY),
            (_, "not-found") => ("not-found", 0, 0),
            (_, "quarantined") => ("quarantined", 1, ANY),
            // Its caller never learned of it, but it was kept.
            _ => self.refused.map_or(("nothing", 0, 0), |at| ("refuse", at, ANY)),
        }
    }

    fn summary(&self, same: &[usize], rivals: &[usize]) -> Value {
        let (then, lo, hi) = self.reading();
        json!({
            "kind": self.kind.word(), "to": self.target(), "changes": self.changes(), "expected": self.expected(),
            "same": same, "rivals": rivals,
            "then": then, "lo": lo, "hi": hi, "outcome": self.outcome.word,
        })
    }
}

/// The calls of a workflow, numbered from 1 on.
struct Calls<'a> {
    /// By the names that their callers gave them.
    numbers: BTreeMap<&'a str, usize>,
    /// By what versions and refusals keep of the request. A batch names a workflow once, so this is one call of it.
    makers: BTreeMap<&'a str, usize>,
    calls: Vec<Call<'a>>,
}

impl<'a> Calls<'a> {
    fn of(seen: &'a [(usize, Seen)], history: &[Value]) -> Self {
        let mut all = Self { numbers: BTreeMap::new(), makers: BTreeMap::new(), calls: Vec::new() };
        for (_, seen) in seen {
            match seen {
                Seen::Asked { call, correlation, subject, route, key, body, .. } => {
                    let mut of_it = history.iter().filter(|item| item["correlation_id"] == correlation.as_str());
                    let made = |item: &&Value| is_version(item) && item["event_type"] != "WorkflowRecovered";
                    all.calls.push(Call {
                        kind: Kind::of(route),
                        subject,
                        route,
                        key: key.as_deref(),
                        body,
                        outcome: Outcome::none(),
                        made: of_it.clone().find(made).map(|item| number(&item["version"])),
                        refused: of_it.find(|item| !is_version(item)).map(|item| number(&item["version"])),
                    });
                    all.numbers.insert(call, all.calls.len());
                    all.makers.insert(correlation, all.calls.len());
                }
                Seen::Answered { call, status, body } => {
                    let asked = &mut all.calls[all.numbers[call.as_str()] - 1];
                    asked.outcome = Outcome::of(asked.kind, asked.route, *status, body);
                }
                _ => {}
            }
        }
        all
    }

    /// Who made what an item of the history is; 0 when no call is named in it.
    fn maker(&self, item: &Value) -> usize {
        self.makers.get(text(&item["correlation_id"]).as_str()).copied().unwrap_or_default()
    }

    fn summaries(&self) -> Vec<Value> {
        let others = |call: &Call<'_>, chosen: &dyn Fn(&Call<'_>) -> bool| -> Vec<usize> {
            let others = (1..).zip(&self.calls).filter(|(_, other)| !std::ptr::eq(*other, call) && chosen(other));
            others.map(|(number, _)| number).collect()
        };
        let summary = |call: &Call<'_>| {
            let same = others(call, &|other| call.repeats(other));
            let rivals = others(call, &|other| call.has_key_of(other) && !call.repeats(other));
            call.summary(&same, &rivals)
        };
        self.calls.iter().map(summary).collect()
    }
}

/// The trace of what was seen of one workflow.
#[must_use]
pub fn trace(seen: &[(usize, Seen)]) -> Trace {
    let history: &[Value] = seen
        .iter()
        .find_map(|(_, seen)| if let Seen::History { items, .. } = seen { Some(items.as_slice()) } else { None })
        .unwrap_or_default();
    let calls = Calls::of(seen, history);
    let versions: Vec<&Value> = history.iter().filter(|item| is_version(item)).collect();
    // A version without a call in it has an unknown maker, unless a recovery made it.
    let made = versions.iter().filter_map(|version| {
        let recovered = version["event_type"] == "WorkflowRecovered";
        let maker = if recovered { 0 } else { Some(calls.maker(version)).filter(|number| *number > 0)? };
        Some((text(&version["event_id"]), i64::try_from(maker).unwrap_or_default()))
    });
    let makers = Makers(made.collect());
    let log: Vec<i64> = versions.iter().map(|version| makers.of(&text(&version["event_id"]))).collect();
    let mut lines = Vec::new();
    for (place, seen) in seen {
        let read = match seen {
            Seen::Asked { call, .. } => vec![json!({"what": "asked", "x": calls.numbers[call.as_str()]})],
            Seen::Answered { call, .. } => {
                let number = calls.numbers[call.as_str()];
                let Outcome { version, events, .. } = &calls.calls[number - 1].outcome;
                vec![json!({"what": "answered", "x": number, "version": version, "events": makers.of_all(events)})]
            }
            Seen::Received { detail, archived } => {
                let again = if detail["replay"] == true { "again" } else { "first" };
                vec![json!({
                    "what": "received", "version": number(&detail["version"]),
                    "event_id": makers.of(&text(&detail["event_id"])), "how": if *archived { "archive" } else { again },
                })]
            }
            Seen::History { .. } => {
                let kept = json!({"what": "refusals", "kept": refusals(history, &calls)});
                // The refusals of a workflow that was not created are shown to no reader.
                let kept = Some(kept).filter(|_| !versions.is_empty());
                let (log, end) = (json!({"what": "log"}), json!({"what": "all-received"}));
                std::iter::once(log).chain(kept).chain([end]).collect()
            }
        };
        lines.extend(read.into_iter().map(|line| (*place, line)));
    }
    let name = seen.iter().find_map(|(_, seen)| seen.workflow()).unwrap_or_default();
    Trace { name, summary: json!({"calls": calls.summaries(), "log": log}), lines }
}

/// Whose refusals were kept. That a recovery was denied concerns nothing here: it goes its own way.
fn refusals(history: &[Value], calls: &Calls<'_>) -> Vec<usize> {
    let denied = |item: &&Value| item["operation"] == "recover-workflow" && item["code"] == "rule-violation";
    history.iter().filter(|item| !is_version(item) && !denied(item)).map(|item| calls.maker(item)).collect()
}
