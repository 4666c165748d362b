//! What a call did, and its lines.

use alims_domain::lifecycle::State;

use super::Writer;
use crate::recording::{Answer, What};

/// What one call did, all of it.
#[derive(Default)]
pub(super) struct Doing<'a> {
    asked: Option<&'a What>,
    read: Option<(u64, Option<&'a str>)>,
    record: Option<(usize, usize)>,
    first_version: Option<&'a str>,
    pub(super) append: Option<&'a What>,
    pub(super) refusal: Option<&'a str>,
    refusal_ended: bool,
    told: Option<Answer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Move,
    Look,
}

impl<'a> Doing<'a> {
    /// Takes a line of it into account.
    pub(super) fn did(&mut self, what: &'a What) {
        match what {
            What::Asked { .. } => self.asked = Some(what),
            What::Read { version, event_id } => self.read = Some((*version, event_id.as_deref())),
            What::RecordRead { found, released } => self.record = Some((*found, *released)),
            What::VersionsRead { events, .. } => self.first_version = events.first().map(String::as_str),
            What::AppendBegun { .. } => self.append = Some(what),
            What::RefusalBegun { event_id } => self.refusal = Some(event_id),
            What::RefusalKept | What::RefusalUnknown => self.refusal_ended = true,
            What::Told { answer, .. } => self.told = Some(*answer),
            _ => {}
        }
    }

    /// The key of its request.
    fn key(&self) -> Option<&str> {
        match self.asked {
            Some(What::Asked { key, .. }) => key.as_deref(),
            _ => None,
        }
    }

    /// What it saw of the record of quarantines beside the version that it decided on.
    fn beside(&self) -> Option<(usize, usize)> {
        self.record.filter(|_| self.kind() == Some(Kind::Move) && self.then() != Some("not-found"))
    }

    fn kind(&self) -> Option<Kind> {
        match self.asked {
            Some(What::Asked { target: None, .. }) => Some(Kind::Look),
            Some(What::Asked { target: Some(State::Created), .. }) => Some(Kind::Create),
            Some(What::Asked { .. }) => Some(Kind::Move),
            _ => None,
        }
    }

    /// What it did after it had read, in the words of the specification; none when nothing came of it at all.
    pub(super) fn then(&self) -> Option<&'static str> {
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
            (_, Answer::Quarantined) => Some("quarantined"),
            (_, Answer::Standing | Answer::StorageUnavailable) => None,
        }
    }

    /// Whether it is a creation that was answered from a version that was there already.
    fn met_itself(&self) -> bool {
        self.kind() == Some(Kind::Create) && self.append.is_none() && self.then() == Some("append")
    }
}

impl Writer<'_> {
    pub(super) fn info(&self, actor: &str, number: i64) -> String {
        let doing = &self.doings[actor];
        let kind = match doing.kind() {
            Some(Kind::Create) => "create",
            Some(Kind::Look) => "look",
            Some(Kind::Move) | None => "move",
        };
        let target = match doing.asked {
            Some(What::Asked { target, .. }) => *target,
            _ => None,
        };
        // Calls with one key are one request.
        let same = |other: &str| doing.key().is_some() && self.doings[other].key() == doing.key();
        let same = self.calls.iter().filter(|(other, _)| same(other)).map(|(_, number)| *number);
        let same: Vec<String> = same.filter(|other| *other != number).map(|other| other.to_string()).collect();
        let same = same.join(", ");
        let (version, event) = doing.read.unwrap_or_default();
        let event = event.map_or(0, |event| self.maker(event));
        let to = target.map_or("", State::as_str);
        let then = doing.then().unwrap_or_default();
        let (found, released) = doing.beside().unwrap_or_default();
        let beside = if self.altered.is_empty() || doing.beside().is_none() { "FALSE" } else { "TRUE" };
        format!(
            r#"[kind |-> "{kind}", to |-> "{to}", same |-> {{{same}}}, n |-> {version}, e |-> {event}, beside |-> {beside}, found |-> {found}, released |-> {released}, then |-> "{then}"]"#
        )
    }

    pub(super) fn lines_of_call(&self, what: &What, x: i64, doing: &Doing<'_>) -> Vec<String> {
        let create = doing.kind() == Some(Kind::Create);
        let plain = |kind: &str| format!(r#"[k |-> "{kind}", x |-> {x}]"#);
        let ended = |kind: &str, r: &str| format!(r#"[k |-> "{kind}", x |-> {x}, r |-> "{r}"]"#);
        let taken = |id: &str| format!(r#"[k |-> "append-end", x |-> {x}, r |-> "taken", e |-> {}]"#, self.maker(id));
        let mut lines = Vec::new();
        match what {
            What::ReadBegun => lines.push(plain("read-begin")),
            What::Read { .. } => lines.push(plain("read-end")),
            What::RecordRead { .. } => lines.push(plain("record-end")),
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
                let from = from.map_or("NOWHERE", State::as_str);
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
}
