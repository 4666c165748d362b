//! From a recording to the module that TLC reads: a trace for each workflow of each run.
//!
//! `spec/TraceWorkflowManager.tla` says what each line claims. Who is who is numbered anew in each trace, and ids and
//! hashes become the number of the call that made them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::recording::{Answer, Line, What};

/// A number that no call has: what nobody made.
const NOBODY: usize = 999_999;

/// One workflow of one run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The run's seed.
    pub run: u64,
    /// The workflow.
    pub workflow: String,
    /// Its lines, each with the number of the recorded line it comes from, counted from 0 over the whole recording.
    pub lines: Vec<(usize, String)>,
    calls: Vec<String>,
    publishers: usize,
}

/// What one call did, all of it.
#[derive(Default)]
struct Doing<'a> {
    asked: Option<&'a What>,
    read: Option<(u64, Option<&'a str>)>,
    first_version: Option<&'a str>,
    append: Option<&'a What>,
    refusal: Option<&'a str>,
    refusal_ended: bool,
    told: Option<Answer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Move,
    Look,
}

impl Doing<'_> {
    fn kind(&self) -> Option<Kind> {
        match self.asked {
            Some(What::Asked { target: None, .. }) => Some(Kind::Look),
            Some(What::Asked { target: Some(alims_core::lifecycle::State::Created), .. }) => Some(Kind::Create),
            Some(What::Asked { .. }) => Some(Kind::Move),
            _ => None,
        }
    }

    /// What it did after it had read, in the words of the specification; none when nothing came of it at all.
    fn then(&self) -> Option<&'static str> {
        let kind = self.kind()?;
        if kind == Kind::Look {
            return matches!(self.told?, Answer::Standing | Answer::NotFound).then_some("look");
        }
        if kind == Kind::Move {
            self.read?;
        }
        if self.append.is_some() {
            return Some("append");
        }
        if self.refusal.is_some() {
            return Some("refuse");
        }
        match (kind, self.told?) {
            (_, Answer::Refused) => Some("refuse"),
            (_, Answer::RulesUnavailable) => Some("unavailable"),
            // Answered from what was read: the append would have been refused.
            (Kind::Create, Answer::Accepted | Answer::Conflict) => Some("append"),
            // Known by its key.
            (_, Answer::Accepted) => Some("accepted"),
            (_, Answer::Conflict) => Some("conflict"),
            (_, Answer::NotFound) => Some("not-found"),
            (_, Answer::Standing | Answer::StorageUnavailable) => None,
        }
    }

    /// Whether it is a creation that was answered from a version that was there already.
    fn met_itself(&self) -> bool {
        self.kind() == Some(Kind::Create) && self.append.is_none() && self.then() == Some("append")
    }
}

/// The traces of a recording, in the order in which their workflows appear.
#[must_use]
pub fn traces(recording: &[Line]) -> Vec<Trace> {
    let mut order = Vec::new();
    let mut of: BTreeMap<(u64, &str), Vec<(usize, &Line)>> = BTreeMap::new();
    for (number, line) in recording.iter().enumerate() {
        let name = (line.run, line.workflow.as_str());
        of.entry(name).or_insert_with(|| {
            order.push(name);
            Vec::new()
        });
        of.entry(name).or_default().push((number, line));
    }
    order.into_iter().map(|name| Writer::new(&of[&name]).write(name)).collect()
}

/// Writes one trace.
struct Writer<'a> {
    recorded: &'a [(usize, &'a Line)],
    doings: BTreeMap<&'a str, Doing<'a>>,
    /// The numbers of calls that count, by actor.
    calls: BTreeMap<&'a str, usize>,
    /// The call that made an event, a version's hash, a refusal.
    made: BTreeMap<&'a str, usize>,
    kept_refusals: Vec<&'a str>,
    publishers: BTreeMap<&'a str, usize>,
    rung: BTreeMap<&'a str, u64>,
    lines: Vec<(usize, String)>,
}

impl<'a> Writer<'a> {
    fn new(recorded: &'a [(usize, &'a Line)]) -> Self {
        let mut doings: BTreeMap<&str, Doing<'_>> = BTreeMap::new();
        let mut order = Vec::new();
        let mut kept_refusals = Vec::new();
        for (_, line) in recorded {
            if let What::Refusals { events } = &line.what {
                kept_refusals.extend(events.iter().map(String::as_str));
            }
            if !line.actor.starts_with('c') {
                continue;
            }
            let doing = doings.entry(&line.actor).or_default();
            match &line.what {
                What::Asked { .. } => {
                    order.push(line.actor.as_str());
                    doing.asked = Some(&line.what);
                }
                What::Read { version, event_id } => doing.read = Some((*version, event_id.as_deref())),
                What::VersionsRead { events, .. } => doing.first_version = events.first().map(String::as_str),
                What::AppendBegun { .. } => doing.append = Some(&line.what),
                What::RefusalBegun { event_id } => doing.refusal = Some(event_id),
                What::RefusalKept | What::RefusalUnknown => doing.refusal_ended = true,
                What::Told { answer, .. } => doing.told = Some(*answer),
                _ => {}
            }
        }
        let counting: Vec<&str> = order.into_iter().filter(|actor| doings[actor].then().is_some()).collect();
        let calls: BTreeMap<&str, usize> = counting.into_iter().zip(1..).collect();
        let mut made = BTreeMap::new();
        for (actor, number) in &calls {
            if let Some(What::AppendBegun { event_id, hash, .. }) = doings[actor].append {
                made.insert(event_id.as_str(), *number);
                made.insert(hash.as_str(), *number);
            }
            if let Some(refusal) = doings[actor].refusal {
                made.insert(refusal, *number);
            }
        }
        let (publishers, rung, lines) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { recorded, doings, calls, made, kept_refusals, publishers, rung, lines }
    }

    fn maker(&self, id: &str) -> usize {
        self.made.get(id).copied().unwrap_or(NOBODY)
    }

    fn write(mut self, (run, workflow): (u64, &str)) -> Trace {
        for (number, line) in self.recorded.iter().copied() {
            for text in self.lines_of(line) {
                self.lines.push((number, text));
            }
        }
        let mut infos: Vec<(usize, String)> =
            self.calls.iter().map(|(actor, number)| (*number, self.info(actor, *number))).collect();
        infos.sort_unstable();
        let calls = infos.into_iter().map(|(_, info)| info).collect();
        Trace { run, workflow: workflow.to_owned(), lines: self.lines, calls, publishers: self.publishers.len() }
    }

    fn info(&self, actor: &str, number: usize) -> String {
        let doing = &self.doings[actor];
        let kind = match doing.kind() {
            Some(Kind::Create) => "create",
            Some(Kind::Look) => "look",
            Some(Kind::Move) | None => "move",
        };
        let (target, key) = match doing.asked {
            Some(What::Asked { target, key }) => (*target, key.as_deref()),
            _ => (None, None),
        };
        // Calls with one key are one request.
        let same = |other: &str| match self.doings[other].asked {
            Some(What::Asked { key: Some(other), .. }) => Some(other.as_str()) == key,
            _ => false,
        };
        let same = self.calls.iter().filter(|(other, _)| same(other)).map(|(_, number)| *number);
        let same: Vec<String> = same.filter(|other| *other != number).map(|other| other.to_string()).collect();
        let same = same.join(", ");
        let (version, event) = doing.read.unwrap_or_default();
        let event = event.map_or(0, |event| self.maker(event));
        let to = target.map_or("", alims_core::lifecycle::State::as_str);
        let then = doing.then().unwrap_or_default();
        format!(
            r#"[kind |-> "{kind}", to |-> "{to}", same |-> {{{same}}}, n |-> {version}, e |-> {event}, then |-> "{then}"]"#
        )
    }

    fn lines_of(&mut self, line: &'a Line) -> Vec<String> {
        let actor = line.actor.as_str();
        match actor.as_bytes().first() {
            Some(b'c') => match self.calls.get(actor) {
                Some(number) => self.lines_of_call(&line.what, *number, &self.doings[actor]),
                None => self.versions_read(&line.what).into_iter().collect(),
            },
            Some(b'p') => self.line_of_publisher(actor, &line.what).into_iter().collect(),
            Some(b'r') => match &line.what {
                What::PutBegun { version, event_id } => {
                    vec![format!(r#"[k |-> "replayed", x |-> 0, v |-> {version}, e |-> {}]"#, self.maker(event_id))]
                }
                what => self.versions_read(what).into_iter().collect(),
            },
            _ => self.line_of_the_world(&line.what).into_iter().collect(),
        }
    }

    fn lines_of_call(&self, what: &What, x: usize, doing: &Doing<'_>) -> Vec<String> {
        let create = doing.kind() == Some(Kind::Create);
        let plain = |kind: &str| format!(r#"[k |-> "{kind}", x |-> {x}]"#);
        let ended = |kind: &str, r: &str| format!(r#"[k |-> "{kind}", x |-> {x}, r |-> "{r}"]"#);
        let taken = |id: &str| format!(r#"[k |-> "append-end", x |-> {x}, r |-> "taken", e |-> {}]"#, self.maker(id));
        let mut lines = Vec::new();
        match what {
            What::ReadBegun => lines.push(plain("read-begin")),
            What::Read { .. } => lines.push(plain("read-end")),
            What::VersionsRead { .. } => {
                lines.extend(self.versions_read(what));
                if let (true, Some(there)) = (doing.met_itself(), doing.first_version) {
                    let begun = r#"v |-> 1, e |-> 0, from |-> "NOWHERE", to |-> "CREATED", r |-> "WorkflowCreated""#;
                    lines.push(plain("create"));
                    lines.push(format!(r#"[k |-> "append-begin", x |-> {x}, {begun}]"#));
                    lines.push(taken(there));
                }
            }
            What::AppendBegun { version, event_type, from, to, previous_hash, .. } => {
                let before = if *version == 1 { 0 } else { self.maker(previous_hash) };
                let from = from.map_or("NOWHERE", alims_core::lifecycle::State::as_str);
                lines.extend(create.then(|| plain("create")));
                lines.push(format!(
                    r#"[k |-> "append-begin", x |-> {x}, v |-> {version}, e |-> {before}, from |-> "{from}", to |-> "{to}", r |-> "{}"]"#,
                    event_type.as_str()
                ));
            }
            What::Appended => lines.push(ended("append-end", "ok")),
            What::AppendTaken { event_id } => lines.push(taken(event_id)),
            What::AppendUnknown => lines.push(ended("append-end", "unknown")),
            What::RefusalBegun { event_id } => {
                lines.extend(create.then(|| plain("create")));
                // The invocation was killed before it learned what became of it.
                lines.extend((!doing.refusal_ended).then(|| ended("refusal-end", self.unheard(event_id))));
            }
            What::RefusalKept => lines.push(ended("refusal-end", "ok")),
            What::RefusalUnknown => {
                lines.push(ended("refusal-end", self.unheard(doing.refusal.unwrap_or_default())));
            }
            What::Told { answer, version } => {
                lines.extend((create && doing.then() == Some("unavailable")).then(|| plain("create")));
                let answer = serde_json::to_value(answer).unwrap_or_default();
                let answer = answer.as_str().unwrap_or_default();
                lines.push(format!(r#"[k |-> "told", x |-> {x}, v |-> {version}, r |-> "{answer}"]"#));
            }
            _ => {}
        }
        lines
    }

    fn unheard(&self, refusal: &str) -> &'static str {
        if self.kept_refusals.contains(&refusal) { "kept unheard" } else { "unheard" }
    }

    fn versions_read(&self, what: &What) -> Option<String> {
        let What::VersionsRead { from, events } = what else { return None };
        let events = self.sequence(events);
        Some(format!(r#"[k |-> "versions", x |-> 0, v |-> {from}, s |-> {events}]"#))
    }

    fn sequence(&self, events: &[String]) -> String {
        let makers: Vec<String> = events.iter().map(|event| self.maker(event).to_string()).collect();
        format!("<<{}>>", makers.join(", "))
    }

    fn line_of_publisher(&mut self, actor: &'a str, what: &'a What) -> Option<String> {
        let next = self.publishers.len() + 1;
        match what {
            What::Rang { last } => {
                self.rung.insert(actor, *last);
                return None;
            }
            What::IndexRead { version } => {
                let last = self.rung.get(actor).copied()?;
                let x = if *version < last { *self.publishers.entry(actor).or_insert(next) } else { 0 };
                return Some(format!(r#"[k |-> "ring", x |-> {x}, v |-> {last}, e |-> {version}]"#));
            }
            What::VersionsRead { .. } => return self.versions_read(what),
            _ => {}
        }
        let x = *self.publishers.get(actor)?;
        match what {
            What::PutBegun { version, event_id } => {
                let e = self.maker(event_id);
                Some(format!(r#"[k |-> "put-begin", x |-> {x}, v |-> {version}, e |-> {e}]"#))
            }
            What::PutTaken => Some(format!(r#"[k |-> "put-end", x |-> {x}, r |-> "ok"]"#)),
            What::PutUnknown => Some(format!(r#"[k |-> "put-end", x |-> {x}, r |-> "unknown"]"#)),
            What::AdvanceBegun { version } => Some(format!(r#"[k |-> "advance-begin", x |-> {x}, v |-> {version}]"#)),
            What::Advanced => Some(format!(r#"[k |-> "advance-end", x |-> {x}, r |-> "ok"]"#)),
            What::AdvanceUnknown => Some(format!(r#"[k |-> "advance-end", x |-> {x}, r |-> "unknown"]"#)),
            What::Answered => Some(format!(r#"[k |-> "answer", x |-> {x}]"#)),
            _ => None,
        }
    }

    fn line_of_the_world(&self, what: &What) -> Option<String> {
        match what {
            What::Delivered { version, event_id, applied } => {
                let e = self.maker(event_id);
                Some(format!(r#"[k |-> "deliver", x |-> 1, v |-> {version}, e |-> {e}, n |-> {applied}]"#))
            }
            What::Log { events } => Some(format!(r#"[k |-> "log", x |-> 0, s |-> {}]"#, self.sequence(events))),
            What::Refusals { events } => {
                Some(format!(r#"[k |-> "refusals", x |-> 0, s |-> {}]"#, self.sequence(events)))
            }
            What::Index { version } => Some(format!(r#"[k |-> "index", x |-> 0, v |-> {version}]"#)),
            What::Bus { versions } => {
                let versions: Vec<String> = versions.iter().map(u64::to_string).collect();
                Some(format!(r#"[k |-> "bus", x |-> 0, s |-> <<{}>>]"#, versions.join(", ")))
            }
            _ => None,
        }
    }
}

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
    writeln!(text, "RecordedTelling == {}", if telling { "TRUE" } else { "FALSE" }).unwrap();
    for (trace, number) in traces.iter().zip(1..) {
        let lines: Vec<&str> = trace.lines.iter().map(|(_, line)| line.as_str()).collect();
        writeln!(text, "\\* {} of the run {}", trace.workflow, trace.run).unwrap();
        let (calls, lines) = (trace.calls.join(",\n    "), lines.join(",\n    "));
        writeln!(text, "Trace{number} == [calls |-> <<\n    {calls}>>,\n  lines |-> <<\n    {lines}>>]").unwrap();
    }
    let names: Vec<String> = (1..=traces.len()).map(|number| format!("Trace{number}")).collect();
    writeln!(text, "RecordedTraces == <<{}>>\n====", names.join(", ")).unwrap();
    text
}
