//! What must never be seen, each made from what was: none of it may be accepted.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::answers::is_version;
use super::seen::{Seen, number};

/// What was seen of one workflow, each line with its place in the recording.
pub type Lines = Vec<(usize, Seen)>;

/// A lie about one workflow.
pub struct Lie {
    /// What it claims.
    pub name: &'static str,
    /// Tells it; nothing when the workflow has no occasion for it.
    pub tell: fn(&Lines) -> Option<Lines>,
}

/// All of them.
pub const LIES: [Lie; 6] = [
    Lie { name: "an acknowledged write is missing from the history", tell: lose },
    Lie { name: "two callers win one version", tell: win_twice },
    Lie { name: "one version is skipped at the queue", tell: skip },
    Lie { name: "two events are swapped at the queue", tell: swap },
    Lie { name: "a read shows what was before an acknowledged write", tell: look_back },
    Lie { name: "a refusal that was answered is not kept", tell: forget },
];

/// The places of the events that came for the first time, in that order.
fn first_appearances(lines: &Lines) -> Vec<usize> {
    let mut newest = 0;
    let mut found = Vec::new();
    for (place, (_, seen)) in lines.iter().enumerate() {
        if let Seen::Received { detail, .. } = seen
            && number(&detail["version"]) > newest
        {
            newest = number(&detail["version"]);
            found.push(place);
        }
    }
    found
}

fn skip(lines: &Lines) -> Option<Lines> {
    let [first, _, ..] = first_appearances(lines)[..] else { return None };
    let Seen::Received { detail: skipped, .. } = &lines[first].1 else { return None };
    let kept = |(_, seen): &&(usize, Seen)| !matches!(seen, Seen::Received { detail, .. } if detail["event_id"] == skipped["event_id"]);
    Some(lines.iter().filter(kept).cloned().collect())
}

fn swap(lines: &Lines) -> Option<Lines> {
    let [first, second, ..] = first_appearances(lines)[..] else { return None };
    let mut lines = lines.clone();
    let seen = lines[first].1.clone();
    lines[first].1 = std::mem::replace(&mut lines[second].1, seen);
    Some(lines)
}

/// The newest version is gone, and with it its event.
fn lose(lines: &Lines) -> Option<Lines> {
    let mut lines = lines.clone();
    let history = lines.iter().position(|(_, seen)| matches!(seen, Seen::History { .. }))?;
    let Seen::History { items, .. } = &mut lines[history].1 else { return None };
    let newest = items.iter().rposition(is_version)?;
    let lost = items.remove(newest);
    let acknowledged = |(_, seen): &(usize, Seen)| matches!(seen, Seen::Answered { call, status: 200 | 201, .. } if lost["correlation_id"] == call.as_str());
    if newest == 0 || !lines.iter().any(acknowledged) {
        return None;
    }
    lines.retain(|(_, seen)| !matches!(seen, Seen::Received { detail, .. } if detail["event_id"] == lost["event_id"]));
    Some(lines)
}

/// Whoever lost a race is told what the winner was told.
fn win_twice(lines: &Lines) -> Option<Lines> {
    let mut won: BTreeMap<u64, Value> = BTreeMap::new();
    for (place, (_, seen)) in lines.iter().enumerate() {
        let Seen::Answered { status, body, .. } = seen else { continue };
        match (status, body["code"].as_str()) {
            (200, _) if body["event"].is_object() => {
                won.insert(number(&body["event"]["version"]), body.clone());
            }
            (409, Some("version-conflict")) => {
                let Some(told) = won.get(&number(&body["version"])) else { continue };
                let mut lines = lines.clone();
                if let Seen::Answered { status, body, .. } = &mut lines[place].1 {
                    (*status, *body) = (200, told.clone());
                }
                return Some(lines);
            }
            _ => {}
        }
    }
    None
}

/// A read that was asked for after a write was acknowledged shows the version before it, as another read did.
fn look_back(lines: &Lines) -> Option<Lines> {
    let mut acknowledged = 0;
    let mut since: BTreeMap<&str, u64> = BTreeMap::new();
    for (place, (_, seen)) in lines.iter().enumerate() {
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
                    let mut lines = lines.clone();
                    if let Seen::Answered { body, .. } = &mut lines[place].1 {
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

fn state_at(lines: &Lines, version: u64) -> Option<Value> {
    let history =
        lines.iter().find_map(|(_, seen)| if let Seen::History { items, .. } = seen { Some(items) } else { None });
    let item = history?.iter().find(|item| is_version(item) && item["version"] == version)?;
    Some(item["to_state"].clone())
}

fn forget(lines: &Lines) -> Option<Lines> {
    let mut lines = lines.clone();
    let history = lines.iter().position(|(_, seen)| matches!(seen, Seen::History { .. }))?;
    let Seen::History { items, .. } = &mut lines[history].1 else { return None };
    let moves = |item: &Value| !is_version(item) && item["operation"] == "request-state-transition";
    let kept = items.iter().position(moves)?;
    items.remove(kept);
    Some(lines)
}
