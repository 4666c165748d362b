//! What each version changed, compared with the version before it.

use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

use crate::report::text::shown;

/// How much of earlier versions is kept to show what the next one changed, in bytes of JSON.
const BEFORE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Changes of a version that are shown.
const CHANGES_MAX: usize = 100;
/// The members of a version that people change.
const DATA: [&str; 4] = ["metadata", "labels", "due_at", "assignee"];

/// One value that changed.
pub(super) struct Change {
    /// Its JSON pointer in the version.
    pub(super) pointer: String,
    /// What it was.
    pub(super) from: String,
    /// What it is.
    pub(super) to: String,
}

/// The changes of a version.
#[derive(Default)]
pub(super) struct Changed {
    /// The first of them.
    pub(super) shown: Vec<Change>,
    /// How many further ones there are.
    pub(super) further: usize,
    /// Whether they are all data of the version, because the version before it is not in the export or did not fit into
    /// memory.
    pub(super) is_whole: bool,
}

/// The data of the last version of each workflow, as long as there is room.
#[derive(Default)]
pub(super) struct Changes {
    before: HashMap<String, (u64, Map<String, Value>)>,
    bytes: usize,
}

impl Changes {
    /// What a version changed; its whole data if the version before it is not in the export. Other entries change
    /// nothing.
    pub(super) fn of(&mut self, workflow: &str, entry: &Map<String, Value>) -> Changed {
        if !entry.contains_key("previous_hash") {
            return Changed::default();
        }
        let version = entry.get("version").and_then(Value::as_u64).unwrap_or_default();
        let data: Map<String, Value> =
            DATA.iter().filter_map(|name| Some(((*name).to_owned(), entry.get(*name)?.clone()))).collect();
        let before = self.before.remove(workflow);
        let mut found = Changed::default();
        match &before {
            None if version == 1 => differ("", &Map::new(), &data, &mut found),
            Some((earlier, before)) if earlier.saturating_add(1) == version => differ("", before, &data, &mut found),
            Some(_) | None => {
                differ("", &Map::new(), &data, &mut found);
                found.is_whole = !found.shown.is_empty();
            }
        }
        self.bytes = self.bytes.saturating_sub(before.map_or(0, |(_, before)| size(&before)));
        let bytes = size(&data);
        if self.bytes.saturating_add(bytes) <= BEFORE_BYTES_MAX {
            self.bytes = self.bytes.saturating_add(bytes);
            self.before.insert(workflow.to_owned(), (version, data));
        }
        found
    }
}

/// Every value of the last version's metadata and labels, by its place.
pub(super) fn values(last: &Map<String, Value>) -> Changed {
    let kept = ["labels", "metadata"].into_iter().filter_map(|name| Some((name.to_owned(), last.get(name)?.clone())));
    let mut found = Changed::default();
    differ("", &Map::new(), &kept.collect(), &mut found);
    found
}

fn size(data: &Map<String, Value>) -> usize {
    serde_json::to_vec(data).map_or(0, |json| json.len())
}

/// Each value that differs. An object is compared member by member, also with nothing.
fn differ(place: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Changed) {
    let (none, nothing) = (Value::Null, Map::new());
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let pointer = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
        let (from, to) = (before.get(name), after.get(name));
        let empty = |value: Option<&Value>| value.is_some_and(|value| value.as_object().is_some_and(Map::is_empty));
        match (from.map_or(Some(&nothing), Value::as_object), to.map_or(Some(&nothing), Value::as_object)) {
            (Some(from_object), Some(to_object)) if !(empty(from) || empty(to)) => {
                differ(&pointer, from_object, to_object, found);
            }
            _ if from == to => {}
            // A workflow without metadata has an empty object from the beginning on.
            _ if place.is_empty() && from.is_none() && empty(to) => {}
            _ if found.shown.len() >= CHANGES_MAX => found.further = found.further.saturating_add(1),
            _ => {
                let (from, to) = (shown(from.unwrap_or(&none)), shown(to.unwrap_or(&none)));
                found.shown.push(Change { pointer, from, to });
            }
        }
    }
}
