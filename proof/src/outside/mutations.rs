//! Mutations of what was seen into what must never be seen: none of them may be accepted.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::recording::{Seen, is_version, number};
use crate::check::Mutation;

/// All of them.
pub const MUTATIONS: [Mutation<Seen>; 6] = [
    Mutation { name: "an acknowledged write is missing from the history", mutate: lose },
    Mutation { name: "two callers win one version", mutate: win_twice },
    Mutation { name: "one version is skipped at the queue", mutate: skip },
    Mutation { name: "two events are swapped at the queue", mutate: swap },
    Mutation { name: "a read shows what was before an acknowledged write", mutate: look_back },
    Mutation { name: "a refusal that was answered is not kept", mutate: forget },
];

/// The places of the events that came for the first time, in that order.
fn first_appearances(lines: &[Seen]) -> Vec<usize> {
    let mut newest = 0;
    let mut found = Vec::new();
    for (place, seen) in lines.iter().enumerate() {
        if let Seen::Received { detail, .. } = seen
            && number(&detail["version"]) > newest
        {
            newest = number(&detail["version"]);
            found.push(place);
        }
    }
    found
}

fn skip(lines: &[Seen]) -> Option<Vec<Seen>> {
    let [first, _, ..] = first_appearances(lines)[..] else { return None };
    let Seen::Received { detail: skipped, .. } = &lines[first] else { return None };
    let kept =
        |seen: &&Seen| !matches!(seen, Seen::Received { detail, .. } if detail["event_id"] == skipped["event_id"]);
    Some(lines.iter().filter(kept).cloned().collect())
}

fn swap(lines: &[Seen]) -> Option<Vec<Seen>> {
    let [first, second, ..] = first_appearances(lines)[..] else { return None };
    let mut lines = lines.to_vec();
    let seen = lines[first].clone();
    lines[first] = std::mem::replace(&mut lines[second], seen);
    Some(lines)
}

/// The newest version is gone, and with it its event.
fn lose(lines: &[Seen]) -> Option<Vec<Seen>> {
    let mut lines = lines.to_vec();
    let history = lines.iter().position(|seen| matches!(seen, Seen::History { .. }))?;
    let Seen::History { items, .. } = &mut lines[history] else { return None };
    let newest = items.iter().rposition(is_version)?;
    let lost = items.remove(newest);
    let made = |seen: &Seen| match seen {
        Seen::Asked { call, correlation, .. } if lost["correlation_id"] == correlation.as_str() => Some(call.clone()),
        _ => None,
    };
    let maker = lines.iter().find_map(made)?;
    let acknowledged = |seen: &Seen| matches!(seen, Seen::Answered { call, status: 200 | 201, .. } if *call == maker);
    if newest == 0 || !lines.iter().any(acknowledged) {
        return None;
    }
    lines.retain(|seen| !matches!(seen, Seen::Received { detail, .. } if detail["event_id"] == lost["event_id"]));
    Some(lines)
}

/// The loser of a race is answered what the winner was answered.
fn win_twice(lines: &[Seen]) -> Option<Vec<Seen>> {
    let mut won: BTreeMap<u64, Value> = BTreeMap::new();
    for (place, seen) in lines.iter().enumerate() {
        let Seen::Answered { status, body, .. } = seen else { continue };
        match (status, body["code"].as_str()) {
            (200, _) if body["event"].is_object() => {
                won.insert(number(&body["event"]["version"]), body.clone());
            }
            (409, Some("version-conflict")) => {
                let Some(answer) = won.get(&number(&body["version"])) else { continue };
                let mut lines = lines.to_vec();
                if let Seen::Answered { status, body, .. } = &mut lines[place] {
                    (*status, *body) = (200, answer.clone());
                }
                return Some(lines);
            }
            _ => {}
        }
    }
    None
}

/// A read that was asked for after a write was acknowledged shows the version before it, as another read did.
fn look_back(lines: &[Seen]) -> Option<Vec<Seen>> {
    let mut acknowledged = 0;
    let mut since: BTreeMap<&str, u64> = BTreeMap::new();
    for (place, seen) in lines.iter().enumerate() {
        match seen {
            Seen::Asked { call, .. } => {
                since.insert(call, acknowledged);
            }
            Seen::Answered { status: 200, body, .. } if body["event"].is_object() => {
                acknowledged = acknowledged.max(number(&body["event"]["version"]));
            }
            Seen::Answered { call, status: 200, body } if body["current_state"].is_string() => {
                let version = number(&body["version"]);
                if version > 1 && since.get(call.as_str()) == Some(&version) {
                    let before = state_at(lines, version - 1)?;
                    let mut lines = lines.to_vec();
                    if let Seen::Answered { body, .. } = &mut lines[place] {
                        (body["version"], body["current_state"]) = (json!(version - 1), before);
                    }
                    return Some(lines);
                }
            }
            _ => {}
        }
    }
    None
}

fn state_at(lines: &[Seen], version: u64) -> Option<Value> {
    let history = lines.iter().find_map(|seen| if let Seen::History { items, .. } = seen { Some(items) } else { None });
    let item = history?.iter().find(|item| is_version(item) && item["version"] == version)?;
    Some(item["to_state"].clone())
}

fn forget(lines: &[Seen]) -> Option<Vec<Seen>> {
    let mut lines = lines.to_vec();
    let history = lines.iter().position(|seen| matches!(seen, Seen::History { .. }))?;
    let Seen::History { items, .. } = &mut lines[history] else { return None };
    let moves = |item: &Value| !is_version(item) && item["operation"] == "request-state-transition";
    let kept = items.iter().position(moves)?;
    items.remove(kept);
    Some(lines)
}
