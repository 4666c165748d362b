//! What a version changed: old and new values, compared with the version that it continues from.

use jsonptr::PointerBuf;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

use crate::event::WorkflowEvent;
use crate::identifiers::Version;
use crate::json::same;
use crate::limits::{CHANGES_BYTES_MAX, CHANGES_SHOWN_MAX};

/// One value that a version changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ValueChange {
    /// The place in the workflow's state, as a JSON pointer (RFC 6901), such as `/metadata/results`.
    pub pointer: String,
    /// The value before; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// The value after; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// What a version changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VersionChanges {
    /// The version.
    pub version: Version,
    /// The version with which it is compared; absent for version 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<Version>,
    /// Each value that differs, in the order of the names. A remark changes none.
    pub changes: Vec<ValueChange>,
    /// Whether there are more changes than are shown.
    pub truncated: bool,
}

impl VersionChanges {
    /// Compares a version with the one that it continues from; version 1 with a workflow that has nothing.
    #[must_use]
    pub fn between(before: Option<&WorkflowEvent>, after: &WorkflowEvent) -> Self {
        let mut found = Found { changes: Vec::new(), bytes: 0, truncated: false };
        let (from, to) = (before.map(shown).unwrap_or_default(), shown(after));
        found.compare(&PointerBuf::default(), &from, &to);
        Self {
            version: after.version,
            compared_with: before.map(|before| before.version),
            changes: found.changes,
            truncated: found.truncated,
        }
    }
}

/// The version that a version continues from; none for version 1.
#[must_use]
pub fn continues_from(event: &WorkflowEvent) -> Option<Version> {
    match &event.resumes {
        Some(resumes) => Some(resumes.from_version),
        None => event.version.get().checked_sub(1).and_then(|before| before.try_into().ok()),
    }
}

/// The part of the state that versions change.
fn shown(event: &WorkflowEvent) -> Map<String, Value> {
    let mut shown = match serde_json::to_value(event.data()) {
        Ok(Value::Object(data)) => data,
        Ok(_) | Err(_) => Map::new(),
    };
    shown.insert("current_state".to_owned(), json!(event.to_state));
    // A label that is added is shown as a label and not as the first of all labels.
    shown.entry("labels").or_insert_with(|| json!({}));
    shown
}

struct Found {
    changes: Vec<ValueChange>,
    bytes: usize,
    truncated: bool,
}

impl Found {
    /// Compares two objects member by member. Lists are values: an item that is inserted would change all behind it.
    fn compare(&mut self, place: &PointerBuf, from: &Map<String, Value>, to: &Map<String, Value>) {
        // In the order of the names: whether a map keeps another order depends on the features of other crates.
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for name in names {
            if self.truncated {
                return;
            }
            let (from, to) = (from.get(name), to.get(name));
            // A place is long where names are: only one that differs is worth its text.
            if from == to || from.zip(to).is_some_and(|(from, to)| same(from, to)) {
                continue;
            }
            let (is_outermost, place) = (place.is_root(), place.with_trailing_token(name));
            match (from, to) {
                (Some(Value::Object(from)), Some(Value::Object(to))) => self.compare(&place, from, to),
                (None, Some(Value::Object(to))) if is_outermost => self.compare(&place, &Map::new(), to),
                (from, to) => self.add(&place, from, to),
            }
        }
    }

    fn add(&mut self, place: &PointerBuf, from: Option<&Value>, to: Option<&Value>) {
        let change = ValueChange { pointer: place.to_string(), from: from.cloned(), to: to.cloned() };
        self.bytes = self.bytes.saturating_add(serde_json::to_vec(&change).map_or(usize::MAX, |json| json.len()));
        if self.changes.len() >= CHANGES_SHOWN_MAX || self.bytes > CHANGES_BYTES_MAX {
            self.truncated = true;
        } else {
            self.changes.push(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(from: &Value, to: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        let mut found = Found { changes: Vec::new(), bytes: 0, truncated: false };
        found.compare(&PointerBuf::default(), from.as_object().unwrap(), to.as_object().unwrap());
        assert!(!found.truncated);
        found.changes.into_iter().map(|change| (change.pointer, change.from, change.to)).collect()
    }

    #[test]
    fn each_value_that_differs_is_shown_with_its_place() {
        let from = json!({"metadata": {"a": 1, "b": {"c": [1, 2], "d": null}, "e/~": "x"}, "due_at": "t"});
        let to = json!({"metadata": {"a": 1, "b": {"c": [1, 3], "d": false}, "f": {"g": 1}}});
        let mut expected = vec![
            ("/metadata/b/c".to_owned(), Some(json!([1, 2])), Some(json!([1, 3]))),
            ("/metadata/b/d".to_owned(), Some(Value::Null), Some(json!(false))),
            ("/metadata/f".to_owned(), None, Some(json!({"g": 1}))),
            ("/metadata/e~1~0".to_owned(), Some(json!("x")), None),
            ("/due_at".to_owned(), Some(json!("t")), None),
        ];
        let mut changes = found(&from, &to);
        expected.sort_by(|one, other| one.0.cmp(&other.0));
        changes.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_number_that_is_written_otherwise_is_no_change() {
        assert_eq!(found(&json!({"n": 1, "in": {"a": [7]}}), &json!({"n": 1.0, "in": {"a": [7.0]}})), []);
        assert_eq!(found(&json!({"n": 1}), &json!({"n": 1.5})).len(), 1);
    }

    #[test]
    fn what_is_shown_is_bounded_in_number_and_in_size() {
        let none = Map::new();
        let members = |count: usize, value: &Value| -> Map<String, Value> {
            (0..count).map(|number| (format!("m{number:03}"), value.clone())).collect()
        };
        for (to, shown) in [
            (members(CHANGES_SHOWN_MAX, &json!(1)), CHANGES_SHOWN_MAX),
            (members(CHANGES_SHOWN_MAX + 1, &json!(1)), CHANGES_SHOWN_MAX),
            (members(9, &json!("x".repeat(CHANGES_BYTES_MAX / 8))), 7),
        ] {
            let mut found = Found { changes: Vec::new(), bytes: 0, truncated: false };
            found.compare(&PointerBuf::default(), &none, &to);
            assert_eq!((found.changes.len(), found.truncated), (shown, to.len() > shown));
        }
    }
}
