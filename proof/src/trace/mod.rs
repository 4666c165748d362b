//! What was recorded of a workflow as a trace for `spec/TraceWorkflowManager.tla`.
//!
//! A line is read as it was recorded; whose doing it is becomes a number, and so do identities: that of the call that made
//! them, or the negative number of a recovery's turn. Beside the lines stands what a call or a turn did altogether.

mod actor;
mod calls;
mod turns;

use alims_domain::hashing::ChainHash;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::recording::{Broken, Line, What};
use crate::run::Load;
use crate::tla::{Makers, Trace};
use actor::by;
use calls::Calls;
use turns::Turns;

/// The trace of one workflow of one run.
#[must_use]
pub fn trace(recorded: &[(usize, Line)]) -> Trace {
    let mut writer = Writer::new(recorded);
    let mut lines = Vec::new();
    for (place, line) in recorded {
        lines.extend(writer.read(line).into_iter().map(|read| (*place, read)));
    }
    let name = recorded.first().map(|(_, Line { run, workflow, .. })| {
        let usual = Load::USUAL_OPERATIONS;
        format!("{workflow} of the run with the seed {run}; to repeat it: --seed {run} --operations {usual}")
    });
    let alteration = |content: &str| writer.alteration(content);
    let beside = !writer.altered.is_empty();
    let summary = json!({
        "calls": writer.calls.summaries(&writer.makers, beside),
        "turns": writer.turns.summaries(alteration),
        "releases": writer.releases,
        "publishers": writer.publishers.values().collect::<Vec<_>>(),
        "alterations": writer.altered,
    });
    Trace { name: name.unwrap_or_default(), summary, lines }
}

/// The specification's `Told`: what is added to the number of an alteration for the break that the stream shows.
const TOLD: usize = 1000;

/// Reads the lines of one workflow, one after the other.
struct Writer<'a> {
    calls: Calls<'a>,
    turns: Turns<'a>,
    /// Who made an event, a version's hash, a refusal.
    makers: Makers,
    kept_refusals: Vec<&'a str>,
    /// What was stored after each alteration, in their order, and what the stream shows of each.
    altered: Vec<&'a str>,
    shown: Vec<&'a str>,
    /// Publishers that record what the stream shows, and of which alteration.
    showing: BTreeMap<&'a str, i64>,
    /// What each release is about, and the last of each person.
    releases: Vec<Value>,
    releasing: BTreeMap<&'a str, usize>,
    /// Publishers that have something to do, numbered, and up to where each was notified.
    publishers: BTreeMap<&'a str, usize>,
    notified: BTreeMap<&'a str, u64>,
}

impl<'a> Writer<'a> {
    fn new(recorded: &'a [(usize, Line)]) -> Self {
        let (mut kept_refusals, mut altered, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for (_, line) in recorded {
            match &line.what {
                What::Refusals { events } => kept_refusals.extend(events.iter().map(String::as_str)),
                What::Altered(broken) => altered.push(broken.content.as_str()),
                What::Shown(broken) => shown.push(broken.content.as_str()),
                _ => {}
            }
        }
        let (calls, turns) = (Calls::of(recorded), Turns::of(recorded));
        let mut made = turns.made();
        made.extend(calls.made());
        made.insert(ChainHash::genesis().to_string(), 0);
        Self {
            calls,
            turns,
            makers: Makers(made),
            kept_refusals,
            altered,
            shown,
            showing: BTreeMap::new(),
            releases: Vec::new(),
            releasing: BTreeMap::new(),
            publishers: BTreeMap::new(),
            notified: BTreeMap::new(),
        }
    }

    /// The number of the alteration that left this, or `Told` of the number of the one that the stream shows so; 0 when
    /// there is none.
    fn alteration(&self, content: &str) -> usize {
        let number = |those: &[&str]| those.iter().position(|other| *other == content).map(|place| place + 1);
        number(&self.altered).or_else(|| number(&self.shown).map(|shown| TOLD + shown)).unwrap_or_default()
    }

    fn is_kept(&self, refusal: Option<&str>) -> bool {
        refusal.is_some_and(|refusal| self.kept_refusals.contains(&refusal))
    }

    /// A signature with the number of the maker of the version that it is for.
    fn told(&self, signature: &Value) -> Value {
        let maker = self.makers.of(signature["hash"].as_str().unwrap_or_default());
        json!({"version": signature["version"], "hash": maker, "current": signature["current"]})
    }

    /// A line as it was recorded, but with numbers for identities.
    fn numbered(&self, line: &Line, x: i64) -> Map<String, Value> {
        let recorded = serde_json::to_value(&line.what).unwrap_or_default();
        let mut read = Map::new();
        for (name, value) in recorded.as_object().into_iter().flatten() {
            let value = match (name.as_str(), value) {
                ("event_id" | "previous_hash" | "hash", Value::String(id)) => self.makers.of(id).into(),
                ("events", Value::Array(ids)) => {
                    ids.iter().filter_map(Value::as_str).map(|id| self.makers.of(id)).collect()
                }
                ("signatures", Value::Array(told)) => told.iter().map(|signature| self.told(signature)).collect(),
                ("content", Value::String(content)) => self.alteration(content).into(),
                ("from" | "previous", Value::Null) => "NOWHERE".into(),
                (_, Value::Null) => 0.into(),
                _ => value.clone(),
            };
            read.insert(name.clone(), value);
        }
        read.insert("by".to_owned(), by(&line.actor).into());
        read.insert("x".to_owned(), x.into());
        read
    }

    /// What TLC reads for a line: nothing, when that is of no concern to the state machine.
    fn read(&mut self, line: &'a Line) -> Vec<Value> {
        let actor = line.actor.as_str();
        if let What::VersionsRead { events, .. } = &line.what
            && !events.is_empty()
        {
            let x = if by(actor) == "call" { self.calls.number(actor) } else { 0 };
            return vec![self.numbered(line, x).into()];
        }
        let whose = match by(actor) {
            "call" => return self.of_call(line).into_iter().collect(),
            "turn" => return self.of_turn(line),
            "publisher" => return self.of_publisher(line).into_iter().collect(),
            "person" => self.of_person(line),
            // What is put again was published: that is all there is to it.
            "replay" => matches!(line.what, What::PutBegun { .. }).then_some(0),
            _ => Some(1),
        };
        whose.map(|x| self.numbered(line, x).into()).into_iter().collect()
    }

    fn of_call(&self, line: &Line) -> Option<Value> {
        let (x, call) = self.calls.counting(&line.actor)?;
        let concerns = match &line.what {
            // A creation decides at once. Others decide when they have read.
            What::Asked { .. } => call.is_creation(),
            What::VersionsRead { .. } => false,
            // When it was killed before it learned what became of its refusal.
            What::RefusalBegun { .. } => !call.refusal_ended,
            _ => true,
        };
        let mut read = self.numbered(line, x);
        read.insert("kept".to_owned(), self.is_kept(call.refusal).into());
        concerns.then(|| read.into())
    }

    /// What a turn sees and what the rules tell it concerns the turns that rest upon it.
    fn of_turn(&self, line: &Line) -> Vec<Value> {
        let actor = line.actor.as_str();
        let mut read = self.numbered(line, self.turns.number(actor));
        match &line.what {
            What::RulesAllow | What::RulesDeny => {
                return self.turns.judged_by(actor).iter().map(|turn| self.numbered(line, *turn).into()).collect();
            }
            What::ReadBegun if !self.turns.looks_to_ask(actor) => return Vec::new(),
            What::ReadBegun | What::IndexRead { .. } | What::TurnEnded { .. } => {
                read.insert("looking".to_owned(), self.turns.looking_by(actor).into());
            }
            What::RefusalKept => {
                read.insert("kept".to_owned(), self.is_kept(self.turns.refusal_of(actor)).into());
            }
            What::TurnBegun { .. }
            | What::Read { .. }
            | What::RecordRead { .. }
            | What::VersionsRead { .. }
            | What::RefusalBegun { .. }
            | What::RefusalUnknown => return Vec::new(),
            _ => {}
        }
        vec![read.into()]
    }

    fn of_publisher(&mut self, line: &'a Line) -> Option<Value> {
        let actor = line.actor.as_str();
        match &line.what {
            What::Notified { last } => {
                self.notified.insert(actor, *last);
                None
            }
            What::IndexRead { version } => {
                let last = *self.notified.get(actor)?;
                // The entry is read once to publish, and may be read once more to mark it as quarantined.
                let last = if self.publishers.contains_key(actor) { 0 } else { last };
                let next = self.publishers.len() + 1;
                let x = if *version < last { *self.publishers.entry(actor).or_insert(next) } else { 0 };
                let mut read = self.numbered(line, i64::try_from(x).unwrap_or_default());
                read.insert("last".to_owned(), last.into());
                Some(read.into())
            }
            What::QuarantineBegun(Broken { content, .. }) => {
                let shown = i64::try_from(self.alteration(content).checked_sub(TOLD)?).ok()?;
                self.showing.insert(actor, shown);
                Some(self.numbered(line, shown).into())
            }
            What::Quarantined | What::QuarantineUnknown => Some(self.numbered(line, *self.showing.get(actor)?).into()),
            What::PutBegun { .. }
            | What::PutTaken
            | What::PutUnknown
            | What::PutUnwanted
            | What::AdvanceBegun { .. }
            | What::Advanced
            | What::AdvanceUnknown
            | What::Answered => {
                let x = *self.publishers.get(actor)?;
                Some(self.numbered(line, i64::try_from(x).unwrap_or_default()).into())
            }
            _ => None,
        }
    }

    fn of_person(&mut self, line: &'a Line) -> Option<i64> {
        let x = match &line.what {
            What::ReleaseBegun(Broken { version, content }) => {
                self.releases.push(json!({"version": version, "content": self.alteration(content)}));
                self.releasing.insert(&line.actor, self.releases.len());
                self.releases.len()
            }
            What::Released | What::ReleaseUnknown => *self.releasing.get(line.actor.as_str())?,
            _ => return None,
        };
        i64::try_from(x).ok()
    }
}
