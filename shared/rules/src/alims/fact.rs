//! The engine's input for a transition: one flat fact, because its conditions name fields and not paths.

use alims_domain::ruling::RulesQuestion;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io;

use crate::remote::contract::{QUESTION_BYTES_MAX, TransitionQuestion};

/// The size of a fact's attributes in JSON, in bytes: as much as a question in its own form may have.
///
/// Each attribute repeats its whole path, so that a few kilobytes of metadata could make hundreds of megabytes.
pub(super) const ATTRIBUTES_BYTES_MAX: usize = QUESTION_BYTES_MAX;
/// The path of the attributes that name the requester's roles one by one: a condition that looks for a role in the list
/// of all roles would also find it as a part of another role's name.
pub(super) const ROLE: &str = "actor.role";

/// Why there is no fact for a question.
#[derive(Debug)]
pub(super) enum Unfit {
    /// Its attributes would have more than [`ATTRIBUTES_BYTES_MAX`] bytes.
    TooLarge,
    /// A bug.
    NotJson(serde_json::Error),
}

/// The attributes of the fact: the members of the question by path, such as `transition.metadata.review.conclusion`,
/// and `actor.role.<role>` with the text `true` for each role of the requester.
///
/// Lists stay lists. A dot or a backslash within a name gets a backslash before it, so that no member a caller makes up
/// can pass for another.
///
/// # Errors
/// [`Unfit::TooLarge`], as soon as that is certain.
pub(super) fn attributes(question: &RulesQuestion<'_>) -> Result<Map<String, Value>, Unfit> {
    let mut flat = Flat { attributes: Map::new(), room: ATTRIBUTES_BYTES_MAX };
    let whole = serde_json::to_value(TransitionQuestion::from(question)).map_err(Unfit::NotJson)?;
    flat.add(String::new(), whole)?;
    for role in &question.actor.roles {
        flat.put(below(ROLE, role), Value::from("true"))?;
    }
    Ok(flat.attributes)
}

/// The attributes so far, and how many bytes more there may be.
struct Flat {
    attributes: Map<String, Value>,
    room: usize,
}

impl Flat {
    /// Keeps an object without members; otherwise an empty object would look like an absent one.
    fn add(&mut self, path: String, value: Value) -> Result<(), Unfit> {
        let Value::Object(members) = value else {
            return self.put(path, value);
        };
        if members.is_empty() {
            return self.put(path, Value::Object(members));
        }
        members.into_iter().try_for_each(|(name, member)| self.add(below(&path, &name), member))
    }

    fn put(&mut self, path: String, value: Value) -> Result<(), Unfit> {
        // A colon and a comma.
        let bytes = json_bytes(&path)?.saturating_add(json_bytes(&value)?).saturating_add(2);
        self.room = self.room.checked_sub(bytes).ok_or(Unfit::TooLarge)?;
        self.attributes.insert(path, value);
        Ok(())
    }
}

fn below(path: &str, name: &str) -> String {
    let name = name.replace('\\', "\\\\").replace('.', "\\.");
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

fn json_bytes(value: &impl Serialize) -> Result<usize, Unfit> {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, value).map_err(Unfit::NotJson)?;
    Ok(counter.0)
}

/// Counts what is written, and keeps nothing of it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flat(value: Value, room: usize) -> Result<Flat, Unfit> {
        let mut flat = Flat { attributes: Map::new(), room };
        flat.add(String::new(), value).map(|()| flat)
    }

    #[test]
    fn members_are_named_by_their_path_and_none_can_pass_for_another() {
        let value = json!({"a": {"b": 1, "c": {"d": null}, "e": {}}, "a.b": 2, "a\\.b": 3, "f": [{"g": 4}], "": 5});
        let expected = json!({
            "a.b": 1, "a.c.d": null, "a.e": {}, "a\\.b": 2, "a\\\\\\.b": 3, "f": [{"g": 4}], "": 5
        });
        assert_eq!(Value::Object(flat(value, 1000).expect("it fits").attributes), expected);
    }

    #[test]
    fn the_size_of_attributes_is_that_of_their_json() {
        for value in [json!({"a": {"b": 1, "ä\n\"": [true, null, 1.5]}, "c.d\\": "\u{1}x"}), json!({"a": {}})] {
            let attributes = flat(value.clone(), 1000).expect("it fits").attributes;
            // The braces are counted with the name and the commas with the attributes, the last one too.
            let bytes = Value::Object(attributes).to_string().len() - 1;
            assert_eq!(flat(value.clone(), bytes).expect("it fits").room, 0);
            assert!(matches!(flat(value, bytes - 1), Err(Unfit::TooLarge)));
        }
    }

    #[test]
    fn attributes_are_not_built_beyond_their_limit() {
        let members: Map<String, Value> = (0..3000).map(|n| (n.to_string(), json!(n))).collect();
        let mut flat = Flat { attributes: Map::new(), room: 100_000 };
        let refused = flat.add(String::new(), json!({"K".repeat(30_000): members}));
        assert!(matches!(refused, Err(Unfit::TooLarge)));
        assert_eq!(flat.attributes.len(), 3, "of 3000");
    }
}
