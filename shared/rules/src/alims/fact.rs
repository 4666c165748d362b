//! The engine's input for a transition: one flat fact, because its conditions name fields and not paths.

use alims_domain::ruling::RulesQuestion;
use serde_json::{Map, Value};

use crate::remote::contract::TransitionQuestion;

/// The attributes of the fact: the members of the question by path, such as `transition.metadata.review.conclusion`.
///
/// Lists stay lists. A dot or a backslash within a name gets a backslash before it, so that no member a caller makes up
/// can pass for another.
pub(super) fn attributes(question: &RulesQuestion<'_>) -> Result<Map<String, Value>, serde_json::Error> {
    let mut flat = Map::new();
    flatten(String::new(), serde_json::to_value(TransitionQuestion::from(question))?, &mut flat);
    Ok(flat)
}

/// Keep an object without members; otherwise an empty object would look like an absent one.
fn flatten(path: String, value: Value, flat: &mut Map<String, Value>) {
    let Value::Object(members) = value else {
        flat.insert(path, value);
        return;
    };
    if members.is_empty() {
        flat.insert(path, Value::Object(members));
        return;
    }
    for (name, member) in members {
        let name = name.replace('\\', "\\\\").replace('.', "\\.");
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        flatten(path, member, flat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_named_by_their_path_and_none_can_pass_for_another() {
        let mut flat = Map::new();
        let value = json!({"a": {"b": 1, "c": {"d": null}, "e": {}}, "a.b": 2, "a\\.b": 3, "f": [{"g": 4}], "": 5});
        flatten(String::new(), value, &mut flat);
        let expected = json!({
            "a.b": 1, "a.c.d": null, "a.e": {}, "a\\.b": 2, "a\\\\\\.b": 3, "f": [{"g": 4}], "": 5
        });
        assert_eq!(Value::Object(flat), expected);
    }
}
