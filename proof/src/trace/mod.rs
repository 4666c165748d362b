//! From a recording to the module that TLC reads: a trace for each workflow of each run.
//!
//! `spec/TraceWorkflowManager.tla` says what each line claims. Who is who is numbered anew in each trace, and ids and
//! hashes become the number of the call that made them, or the negative number of a recovery's turn.

mod calls;
mod module;
mod turns;

use std::collections::BTreeMap;

use crate::recording::{Line, What};
use calls::Doing;
pub use module::module;
use turns::Turns;

/// A number that no call has: what nobody made.
const NOBODY: i64 = 999_999;

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
    turns: Vec<String>,
    releases: Vec<String>,
    alterations: usize,
    publishers: usize,
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
    calls: BTreeMap<&'a str, i64>,
    turns: Turns<'a>,
    /// Who made an event, a version's hash, a refusal.
    made: BTreeMap<&'a str, i64>,
    kept_refusals: Vec<&'a str>,
    /// What was stored after each alteration, in their order.
    altered: Vec<&'a str>,
    /// What each release is about, and which of them somebody is at.
    releases: Vec<String>,
    releasing: BTreeMap<&'a str, usize>,
    publishers: BTreeMap<&'a str, i64>,
    rung: BTreeMap<&'a str, u64>,
    lines: Vec<(usize, String)>,
}

impl<'a> Writer<'a> {
    fn new(recorded: &'a [(usize, &'a Line)]) -> Self {
        let mut doings: BTreeMap<&str, Doing<'_>> = BTreeMap::new();
        let (mut order, mut kept_refusals, mut altered) = (Vec::new(), Vec::new(), Vec::new());
        for (_, line) in recorded {
            match &line.what {
                What::Refusals { events } => kept_refusals.extend(events.iter().map(String::as_str)),
                What::Altered(broken) => altered.push(broken.content.as_str()),
                What::Asked { .. } => order.push(line.actor.as_str()),
                _ => {}
            }
            if line.actor.starts_with('c') {
                doings.entry(&line.actor).or_default().did(&line.what);
            }
        }
        let counting: Vec<&str> = order.into_iter().filter(|actor| doings[actor].then().is_some()).collect();
        let calls: BTreeMap<&str, i64> = counting.into_iter().zip(1..).collect();
        let turns = Turns::of(recorded);
        let mut made = turns.made();
        for (actor, number) in &calls {
            if let Some(What::AppendBegun { event_id, hash, .. }) = doings[actor].append {
                made.insert(event_id.as_str(), *number);
                made.insert(hash.as_str(), *number);
            }
            if let Some(refusal) = doings[actor].refusal {
                made.insert(refusal, *number);
            }
        }
        Self {
            recorded,
            doings,
            calls,
            turns,
            made,
            kept_refusals,
            altered,
            releases: Vec::new(),
            releasing: BTreeMap::new(),
            publishers: BTreeMap::new(),
            rung: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    fn maker(&self, id: &str) -> i64 {
        self.made.get(id).copied().unwrap_or(NOBODY)
    }

    fn write(mut self, (run, workflow): (u64, &str)) -> Trace {
        for (number, line) in self.recorded.iter().copied() {
            for text in self.lines_of(line) {
                self.lines.push((number, text));
            }
        }
        let mut infos: Vec<(i64, String)> =
            self.calls.iter().map(|(actor, number)| (*number, self.info(actor, *number))).collect();
        infos.sort_unstable();
        Trace {
            run,
            workflow: workflow.to_owned(),
            calls: infos.into_iter().map(|(_, info)| info).collect(),
            turns: self.turns.infos(|content| self.alteration(content)),
            releases: self.releases,
            alterations: self.altered.len(),
            publishers: self.publishers.len(),
            lines: self.lines,
        }
    }

    fn lines_of(&mut self, line: &'a Line) -> Vec<String> {
        let actor = line.actor.as_str();
        match actor.as_bytes().first() {
            Some(b'c') => match self.calls.get(actor) {
                Some(number) => self.lines_of_call(&line.what, *number, &self.doings[actor]),
                None => self.versions_read(&line.what).into_iter().collect(),
            },
            Some(b'v') => self.lines_of_turn(actor, &line.what),
            Some(b'p') => self.line_of_publisher(actor, &line.what).into_iter().collect(),
            Some(b'h') => self.line_of_release(actor, &line.what).into_iter().collect(),
            Some(b'r') => match &line.what {
                What::PutBegun { version, event_id } => {
                    vec![format!(r#"[k |-> "replayed", x |-> 0, v |-> {version}, e |-> {}]"#, self.maker(event_id))]
                }
                what => self.versions_read(what).into_iter().collect(),
            },
            _ => self.line_of_the_world(&line.what).into_iter().collect(),
        }
    }

    /// The number of the alteration that left this; 0 when none did.
    fn alteration(&self, content: &str) -> usize {
        self.altered.iter().position(|other| *other == content).map_or(0, |place| place + 1)
    }

    fn line_of_release(&mut self, actor: &'a str, what: &'a What) -> Option<String> {
        let ended =
            |x: usize, r: &str| format!(r#"[k |-> "release-end", x |-> {x}, r |-> "{r}", {}]"#, self.releases[x - 1]);
        match what {
            What::ReleaseBegun(broken) => {
                let about = format!("v |-> {}, n |-> {}", broken.version, self.alteration(&broken.content));
                let line = format!(r#"[k |-> "release-begin", x |-> {}, {about}]"#, self.releases.len() + 1);
                self.releases.push(about);
                self.releasing.insert(actor, self.releases.len());
                Some(line)
            }
            What::Released => Some(ended(*self.releasing.get(actor)?, "ok")),
            What::ReleaseUnknown => Some(ended(*self.releasing.get(actor)?, "unknown")),
            _ => None,
        }
    }

    fn versions_read(&self, what: &What) -> Option<String> {
        let What::VersionsRead { from, events } = what else { return None };
        if events.is_empty() {
            return None;
        }
        let events = self.sequence(events);
        Some(format!(r#"[k |-> "versions", x |-> 0, v |-> {from}, s |-> {events}]"#))
    }

    fn sequence(&self, events: &[String]) -> String {
        let makers: Vec<String> = events.iter().map(|event| self.maker(event).to_string()).collect();
        format!("<<{}>>", makers.join(", "))
    }

    fn line_of_publisher(&mut self, actor: &'a str, what: &'a What) -> Option<String> {
        let next = i64::try_from(self.publishers.len()).unwrap_or_default() + 1;
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
            What::Answered => Some(format!(r#"[k |-> "answer", x |-> {x}]"#)),
            what => self.line_of_carrier(x, what),
        }
    }

    /// A line of one who brings events to the bus and moves the index: a publisher, or a turn of a recovery.
    fn line_of_carrier(&self, x: i64, what: &What) -> Option<String> {
        let ended = |kind: &str, r: &str| Some(format!(r#"[k |-> "{kind}", x |-> {x}, r |-> "{r}"]"#));
        match what {
            What::PutBegun { version, event_id } => {
                let e = self.maker(event_id);
                Some(format!(r#"[k |-> "put-begin", x |-> {x}, v |-> {version}, e |-> {e}]"#))
            }
            What::PutTaken => ended("put-end", "ok"),
            What::PutUnknown => ended("put-end", "unknown"),
            What::AdvanceBegun { version } => Some(format!(r#"[k |-> "advance-begin", x |-> {x}, v |-> {version}]"#)),
            What::Advanced => ended("advance-end", "ok"),
            What::AdvanceUnknown => ended("advance-end", "unknown"),
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
                // Those of recoveries are in no variable of the specification: see `kept`.
                let of_calls: Vec<String> = events.iter().filter(|event| !self.turns.refused(event)).cloned().collect();
                Some(format!(r#"[k |-> "refusals", x |-> 0, s |-> {}]"#, self.sequence(&of_calls)))
            }
            What::Altered(broken) => {
                let n = self.alteration(&broken.content);
                Some(format!(r#"[k |-> "alter", x |-> 0, v |-> {}, n |-> {n}]"#, broken.version))
            }
            What::RecordRead { found, released } => {
                Some(format!(r#"[k |-> "record", x |-> 0, v |-> {found}, n |-> {released}]"#))
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
