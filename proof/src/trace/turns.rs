//! What the turns of recoveries did, each altogether.
//!
//! A turn that does something is a recovery of the specification. What it does may rest upon what earlier turns of its
//! execution saw: upon the look of the last assessment, and upon the verdict of the rules. Between the two the failed
//! workflow may be amended. Then the rules are asked about the amended one, and that is the look that counts.

use alims_domain::recovery::document::Next;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::actor::by;
use crate::recording::{Broken, Line, What};

/// What one turn did.
#[derive(Default)]
struct Turn<'a> {
    /// What it asked for, when it asked for a version.
    append: Option<(u64, &'a str, &'a str)>,
    /// What it asked for first and last, when it put events.
    puts: Option<(u64, u64)>,
    quarantine: Option<&'a Broken>,
    read: u64,
    /// At which version the rules denied what it asked for.
    denied: Option<u64>,
    refusal: Option<&'a str>,
    ended: Option<Next>,
}

impl Turn<'_> {
    fn does_something(&self) -> bool {
        self.append.is_some() || self.puts.is_some() || self.quarantine.is_some() || self.denied.is_some()
    }
}

/// All turns of all recoveries of one workflow.
pub(super) struct Turns<'a> {
    by_actor: BTreeMap<&'a str, Turn<'a>>,
    /// The numbers of those that did something, and who has which.
    numbers: BTreeMap<&'a str, i64>,
    order: Vec<&'a str>,
    /// Which of them rest upon what a turn saw, and upon what the rules answered it.
    looks: BTreeMap<&'a str, Vec<i64>>,
    /// Who looked in order to ask the rules, at another version than the assessment before.
    asking: BTreeSet<&'a str>,
    verdicts: BTreeMap<&'a str, Vec<i64>>,
}

impl<'a> Turns<'a> {
    pub(super) fn of(recorded: &'a [(usize, Line)]) -> Self {
        let mut all = Self {
            by_actor: BTreeMap::new(),
            numbers: BTreeMap::new(),
            order: Vec::new(),
            looks: BTreeMap::new(),
            asking: BTreeSet::new(),
            verdicts: BTreeMap::new(),
        };
        // By execution: its last look, with the version that it saw, and its last question to the rules.
        let mut assessed: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
        let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
        for (_, line) in recorded.iter().filter(|(_, line)| by(&line.actor) == "turn") {
            let actor = line.actor.as_str();
            let execution = actor.split('.').next().unwrap_or_default();
            let turn = all.by_actor.entry(actor).or_default();
            let did_nothing = !turn.does_something();
            match &line.what {
                What::Read { version, .. } => turn.read = *version,
                What::RulesAllow | What::RulesDeny => {
                    if matches!(line.what, What::RulesDeny) {
                        turn.denied = Some(turn.read);
                    }
                    if assessed.get(execution).is_some_and(|(_, version)| *version != turn.read) {
                        assessed.insert(execution, (actor, turn.read));
                        all.asking.insert(actor);
                    }
                    asked.insert(execution, actor);
                }
                What::RefusalBegun { event_id } => turn.refusal = Some(event_id),
                What::AppendBegun { version, event_id, hash, .. } => turn.append = Some((*version, event_id, hash)),
                What::PutBegun { version, .. } => {
                    turn.puts = Some((turn.puts.map_or(*version, |(first, _)| first), *version));
                }
                What::QuarantineBegun(broken) => turn.quarantine = Some(broken),
                What::TurnEnded { next } => {
                    turn.ended = Some(*next);
                    if *next == Next::AskRules {
                        assessed.insert(execution, (actor, turn.read));
                    }
                }
                _ => {}
            }
            if did_nothing && turn.does_something() {
                let (publishes, quarantines) = (turn.puts.is_some(), turn.quarantine.is_some());
                all.order.push(actor);
                let number = i64::try_from(all.order.len()).unwrap_or_default();
                all.numbers.insert(actor, number);
                let looked = if publishes { Some(actor) } else { assessed.get(execution).map(|(looked, _)| *looked) };
                if let Some(looked) = looked.filter(|_| !quarantines) {
                    all.looks.entry(looked).or_default().push(number);
                }
                if let Some(asked) = asked.get(execution).filter(|_| !quarantines && !publishes) {
                    all.verdicts.entry(asked).or_default().push(number);
                }
            }
        }
        all
    }

    /// Who made which event and which hash. A version that several turns may have made is the first one's. Refusals of
    /// recoveries are in no variable of the specification: their maker is 0.
    pub(super) fn made(&self) -> BTreeMap<String, i64> {
        let refusals = self.by_actor.values().filter_map(|turn| turn.refusal);
        let mut made: BTreeMap<String, i64> = refusals.map(|refusal| (refusal.to_owned(), 0)).collect();
        for (actor, number) in self.order.iter().zip(1..) {
            if let Some((_, event_id, hash)) = self.by_actor[actor].append {
                let first = *made.entry(event_id.to_owned()).or_insert(-number);
                made.insert(hash.to_owned(), first);
            }
        }
        made
    }

    /// The number of a turn, and 0 of one that did nothing.
    pub(super) fn number(&self, actor: &str) -> i64 {
        self.numbers.get(actor).copied().unwrap_or_default()
    }

    /// The turns that rest upon what this one saw.
    pub(super) fn looking_by(&self, actor: &str) -> &[i64] {
        self.looks.get(actor).map_or(&[], Vec::as_slice)
    }

    /// Whether it looked in order to ask the rules: it reads no index.
    pub(super) fn looks_to_ask(&self, actor: &str) -> bool {
        self.asking.contains(actor)
    }

    /// The turns that rest upon what the rules answered to this one.
    pub(super) fn judged_by(&self, actor: &str) -> &[i64] {
        self.verdicts.get(actor).map_or(&[], Vec::as_slice)
    }

    /// The refusal that a turn kept.
    pub(super) fn refusal_of(&self, actor: &str) -> Option<&'a str> {
        self.by_actor.get(actor)?.refusal
    }

    /// What TLC is to know of each turn, whose breaks are numbered so.
    pub(super) fn summaries(&self, alteration: impl Fn(&str) -> usize) -> Vec<Value> {
        let made = self.made();
        let summary = |actor: &&str| {
            let turn = &self.by_actor[actor];
            if let Some((version, event_id, _)) = turn.append {
                json!({"does": "bring-back", "version": version - 1, "e": -made[event_id]})
            } else if let Some((first, last)) = turn.puts {
                let arrived = if turn.ended == Some(Next::Confirm) { last } else { 0 };
                json!({"does": "publish", "version": first - 1, "e": 0, "arrived": arrived, "past": last})
            } else if let Some(Broken { version, content }) = turn.quarantine {
                json!({"does": "quarantine", "version": version, "e": 0, "content": alteration(content)})
            } else {
                json!({"does": "bring-back", "version": turn.denied, "e": 0})
            }
        };
        self.order.iter().map(summary).collect()
    }
}
