//! What the calls did, each altogether.

use alims_domain::lifecycle::State;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::actor::by;
use crate::asking::Wish;
use crate::recording::{Answer, Line, What};
use crate::tla::Makers;

/// What one call did, all of it.
#[derive(Default)]
pub(super) struct Call<'a> {
    wish: Option<&'a Wish>,
    key: Option<&'a str>,
    read: Option<(u64, Option<&'a str>)>,
    record: Option<(usize, usize)>,
    append: Option<(&'a str, &'a str)>,
    pub(super) refusal: Option<&'a str>,
    pub(super) refusal_ended: bool,
    answer: Option<Answer>,
}

impl<'a> Call<'a> {
    fn did(&mut self, what: &'a What) {
        match what {
            What::Asked { wish, key } => (self.wish, self.key) = (wish.as_ref(), key.as_deref()),
            What::Read { version, event_id } => self.read = Some((*version, event_id.as_deref())),
            What::RecordRead { found, released } => self.record = Some((*found, *released)),
            What::AppendBegun { event_id, hash, .. } => self.append = Some((event_id, hash)),
            What::RefusalBegun { event_id } => self.refusal = Some(event_id),
            What::RefusalKept | What::RefusalUnknown => self.refusal_ended = true,
            What::Responded { answer, .. } => self.answer = Some(*answer),
            _ => {}
        }
    }

    pub(super) fn is_creation(&self) -> bool {
        self.wish == Some(&Wish::Creation)
    }

    fn kind(&self) -> &'static str {
        match self.wish {
            None => "look",
            Some(Wish::Creation) => "create",
            Some(Wish::Move(_) | Wish::ChangingMove(..)) => "move",
            Some(Wish::Signature(..)) => "sign",
            Some(Wish::Remark | Wish::Change(_)) => "amend",
        }
    }

    /// Whether it decides on the newest version.
    fn decides_on_a_head(&self) -> bool {
        matches!(self.kind(), "move" | "amend" | "sign")
    }

    /// The name that it leaves in the data; none when it changes none.
    fn change(&self) -> &'a str {
        if let Some(Wish::Change(name) | Wish::ChangingMove(_, name)) = self.wish { name } else { "" }
    }

    /// The version that it signs; 0 when it signs none.
    fn names(&self) -> u64 {
        if let Some(Wish::Signature(_, version)) = self.wish { *version } else { 0 }
    }

    /// What it saw of the record of quarantines beside the version that it decided on.
    fn beside(&self) -> Option<(usize, usize)> {
        self.record.filter(|_| self.decides_on_a_head() && self.then() != Some("not-found"))
    }

    /// What it did after it had read, in the words of the specification; none when nothing came of it at all.
    fn then(&self) -> Option<&'static str> {
        let kind = self.kind();
        if kind == "look" {
            return matches!(self.answer?, Answer::Standing | Answer::NotFound).then_some("look");
        }
        if self.decides_on_a_head() {
            self.read?;
        }
        if self.append.is_some() {
            return Some("append");
        }
        if self.refusal.is_some() {
            return Some("refuse");
        }
        match (kind, self.answer?) {
            (_, Answer::Refused) => Some("refuse"),
            (_, Answer::RulesUnavailable) => Some("unavailable"),
            // Answered from what was read: the append would have been refused.
            ("create", Answer::Accepted | Answer::Conflict) => Some("append"),
            // Known by its key.
            (_, Answer::Accepted) => Some("accepted"),
            (_, Answer::Conflict) => Some("conflict"),
            (_, Answer::NotFound) => Some("not-found"),
            (_, Answer::Quarantined) => Some("quarantined"),
            (_, Answer::Standing | Answer::StorageUnavailable) => None,
        }
    }
}

/// All calls of one workflow.
pub(super) struct Calls<'a> {
    by_actor: BTreeMap<&'a str, Call<'a>>,
    /// Those of which something came, in the order in which they were asked: their place is their number.
    counting: Vec<&'a str>,
}

impl<'a> Calls<'a> {
    pub(super) fn of(recorded: &'a [(usize, Line)]) -> Self {
        let (mut by_actor, mut order) = (BTreeMap::<&str, Call<'_>>::new(), Vec::new());
        for (_, line) in recorded.iter().filter(|(_, line)| by(&line.actor) == "call") {
            if matches!(line.what, What::Asked { .. }) {
                order.push(line.actor.as_str());
            }
            by_actor.entry(&line.actor).or_default().did(&line.what);
        }
        let counting = order.into_iter().filter(|actor| by_actor[actor].then().is_some()).collect();
        Self { by_actor, counting }
    }

    /// The number of a call, and 0 of one of which nothing came.
    pub(super) fn number(&self, actor: &str) -> i64 {
        let place = self.counting.iter().position(|other| *other == actor);
        place.and_then(|place| i64::try_from(place + 1).ok()).unwrap_or_default()
    }

    /// A call of which something came, and its number.
    pub(super) fn counting(&self, actor: &str) -> Option<(i64, &Call<'a>)> {
        let number = self.number(actor);
        (number > 0).then(|| (number, &self.by_actor[actor]))
    }

    /// Who made which event, hash and refusal.
    pub(super) fn made(&self) -> BTreeMap<String, i64> {
        let mut made = BTreeMap::new();
        for (actor, number) in self.counting.iter().zip(1..) {
            let Call { append, refusal, .. } = &self.by_actor[actor];
            let ids = append.iter().flat_map(|(event_id, hash)| [*event_id, *hash]).chain(*refusal);
            made.extend(ids.map(|id| (id.to_owned(), number)));
        }
        made
    }

    /// What TLC is to know of each call; whether what they saw of quarantines matters is said of all.
    pub(super) fn summaries(&self, makers: &Makers, quarantines_matter: bool) -> Vec<Value> {
        let summary = |actor: &&str| {
            let call = &self.by_actor[actor];
            // Calls with one key are one request.
            let same = |other: &&&str| *other != actor && call.key.is_some() && self.by_actor[**other].key == call.key;
            let same: Vec<i64> = self.counting.iter().filter(same).map(|other| self.number(other)).collect();
            let (n, event) = call.read.unwrap_or_default();
            let (found, released) = call.beside().unwrap_or_default();
            json!({
                "kind": call.kind(), "to": call.wish.and_then(Wish::target).map_or("", State::as_str),
                "change": call.change(), "names": call.names(), "same": same, "n": n,
                "e": event.map_or(0, |event| makers.of(event)),
                "beside": quarantines_matter && call.beside().is_some(), "found": found, "released": released,
                "then": call.then().unwrap_or_default(), "appends": call.append.is_some(),
            })
        };
        self.counting.iter().map(summary).collect()
    }
}
