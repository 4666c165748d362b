//! What the turns of recoveries did, and their lines.
//!
//! A turn that does something is a recovery of the specification. What it does may rest upon what earlier turns of its
//! execution saw: upon the look of the last assessment, and upon the verdict of the rules.

use alims_domain::recovery::document::Next;
use std::collections::BTreeMap;

use super::Writer;
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
    repair: u64,
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
    /// Which of them rest upon what a turn saw, and upon what the rules told it.
    looks: BTreeMap<&'a str, Vec<i64>>,
    verdicts: BTreeMap<&'a str, Vec<i64>>,
    refused: Vec<&'a str>,
}

impl<'a> Turns<'a> {
    pub(super) fn of(recorded: &[(usize, &'a Line)]) -> Self {
        let mut all = Self {
            by_actor: BTreeMap::new(),
            numbers: BTreeMap::new(),
            order: Vec::new(),
            looks: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            refused: Vec::new(),
        };
        // By execution: its last assessment and its last question to the rules.
        let mut assessed: BTreeMap<&str, &str> = BTreeMap::new();
        let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
        for (_, line) in recorded.iter().filter(|(_, line)| line.actor.starts_with('v')) {
            let actor = line.actor.as_str();
            let execution = actor.split('.').next().unwrap_or_default();
            let turn = all.by_actor.entry(actor).or_default();
            let did_nothing = !turn.does_something();
            match &line.what {
                What::Read { version, .. } => turn.read = *version,
                What::RulesAllow => {
                    asked.insert(execution, actor);
                }
                What::RulesDeny => {
                    turn.denied = Some(turn.read);
                    asked.insert(execution, actor);
                }
                What::RefusalBegun { event_id } => {
                    turn.refusal = Some(event_id);
                    all.refused.push(event_id);
                }
                What::AppendBegun { version, event_id, hash, .. } => turn.append = Some((*version, event_id, hash)),
                What::PutBegun { version, .. } => {
                    turn.puts = Some((turn.puts.map_or(*version, |(first, _)| first), *version));
                }
                What::QuarantineBegun(broken) => turn.quarantine = Some(broken),
                What::RepairBegun { version } => turn.repair = *version,
                What::TurnEnded { next } => {
                    turn.ended = Some(*next);
                    if *next == Next::AskRules {
                        assessed.insert(execution, actor);
                    }
                }
                _ => {}
            }
            if did_nothing && turn.does_something() {
                let (publishes, quarantines) = (turn.puts.is_some(), turn.quarantine.is_some());
                all.order.push(actor);
                let number = i64::try_from(all.order.len()).unwrap_or_default();
                all.numbers.insert(actor, number);
                let looked = if publishes { Some(actor) } else { assessed.get(execution).copied() };
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

    /// Who made which event and which hash. A version that several turns may have made is the first one's.
    pub(super) fn made(&self) -> BTreeMap<&'a str, i64> {
        let mut made: BTreeMap<&str, i64> = BTreeMap::new();
        for (actor, number) in self.order.iter().zip(1..) {
            if let Some((_, event_id, hash)) = self.by_actor[actor].append {
                let first = *made.entry(event_id).or_insert(-number);
                made.insert(hash, first);
            }
        }
        made
    }

    /// Whether it is a refusal of a recovery.
    pub(super) fn refused(&self, event_id: &str) -> bool {
        self.refused.contains(&event_id)
    }

    /// What TLC is to know of each turn, whose breaks are numbered so.
    pub(super) fn infos(&self, alteration: impl Fn(&str) -> usize) -> Vec<String> {
        let made = self.made();
        let info = |actor: &&str| {
            let turn = &self.by_actor[actor];
            let (does, v, n, e, past) = if let Some((version, event_id, _)) = turn.append {
                ("bring-back", version - 1, 0, -made[event_id], 0)
            } else if let Some((first, last)) = turn.puts {
                let arrived = if turn.ended == Some(Next::Confirm) { last } else { 0 };
                ("publish", first - 1, arrived, 0, last)
            } else if let Some(broken) = turn.quarantine {
                let n = u64::try_from(alteration(&broken.content)).unwrap_or_default();
                ("quarantine", broken.version, n, 0, 0)
            } else {
                ("bring-back", turn.denied.unwrap_or_default(), 0, 0, 0)
            };
            format!(r#"[does |-> "{does}", v |-> {v}, n |-> {n}, e |-> {e}, past |-> {past}]"#)
        };
        self.order.iter().map(info).collect()
    }
}

impl Writer<'_> {
    pub(super) fn lines_of_turn(&self, actor: &str, what: &What) -> Vec<String> {
        let turn = &self.turns.by_actor[actor];
        let x = -self.turns.numbers.get(actor).copied().unwrap_or_default();
        let ended = |kind: &str, r: &str| vec![format!(r#"[k |-> "{kind}", x |-> {x}, r |-> "{r}"]"#)];
        let judged = |r: &str| {
            let those = self.turns.verdicts.get(actor).into_iter().flatten();
            those.map(|number| format!(r#"[k |-> "judged", x |-> -{number}, r |-> "{r}"]"#)).collect()
        };
        match what {
            What::IndexRead { version } => {
                let mut lines = vec![format!(r#"[k |-> "index-read", x |-> 0, v |-> {version}]"#)];
                lines.extend(self.looking(actor, "look-begin"));
                lines
            }
            What::VersionsRead { .. } => self.versions_read(what).into_iter().collect(),
            What::RulesAllow => judged("allow"),
            What::RulesDeny => judged("deny"),
            What::RefusalKept => {
                let kept = turn.refusal.is_some_and(|refusal| self.kept_refusals.contains(&refusal));
                vec![format!(r#"[k |-> "kept", x |-> {x}, n |-> {}]"#, u8::from(kept))]
            }
            What::AppendBegun { version, event_type, from, to, previous_hash, .. } => {
                let from = from.map_or("NOWHERE", alims_domain::lifecycle::State::as_str);
                let (e, r) = (self.maker(previous_hash), event_type.as_str());
                vec![format!(
                    r#"[k |-> "append-begin", x |-> {x}, v |-> {version}, e |-> {e}, from |-> "{from}", to |-> "{to}", r |-> "{r}"]"#
                )]
            }
            What::Appended => ended("append-end", "ok"),
            What::AppendTaken { event_id } => {
                vec![format!(r#"[k |-> "append-end", x |-> {x}, r |-> "taken", e |-> {}]"#, self.maker(event_id))]
            }
            What::AppendUnknown => ended("append-end", "unknown"),
            What::QuarantineBegun(_) => self.quarantining(turn, &format!(r#"[k |-> "quarantine-begin", x |-> {x}"#)),
            What::Quarantined => self.quarantining(turn, &format!(r#"[k |-> "quarantine-end", x |-> {x}, r |-> "ok""#)),
            What::QuarantineUnknown => {
                self.quarantining(turn, &format!(r#"[k |-> "quarantine-end", x |-> {x}, r |-> "unknown""#))
            }
            What::Repaired => vec![format!(r#"[k |-> "repaired", x |-> 0, v |-> {}]"#, turn.repair)],
            What::TurnEnded { next } => {
                let published = (turn.puts.is_some() && *next == Next::Confirm)
                    .then(|| format!(r#"[k |-> "published", x |-> {x}]"#));
                let looked = if turn.puts.is_some() { Vec::new() } else { self.looking(actor, "look-end") };
                looked.into_iter().chain(published).collect()
            }
            what => self.line_of_carrier(x, what).into_iter().collect(),
        }
    }

    fn looking(&self, actor: &str, kind: &str) -> Vec<String> {
        let those = self.turns.looks.get(actor).into_iter().flatten();
        those.map(|number| format!(r#"[k |-> "{kind}", x |-> -{number}]"#)).collect()
    }

    fn quarantining(&self, turn: &Turn<'_>, line: &str) -> Vec<String> {
        let Some(broken) = turn.quarantine else { return Vec::new() };
        vec![format!("{line}, v |-> {}, n |-> {}]", broken.version, self.alteration(&broken.content))]
    }
}
