//! A rule's conditions in words, for the people whose transition it refuses.
//!
//! The engine says only that a rule is not met. It compares texts, as Python writes each value, so that `true` is not
//! equal to the text `true` of a rule: a reason that does not say this does not help.

use serde_json::{Map, Value};

use super::fact::ROLE;

/// How many conditions a reason names.
const NAMED_MAX: usize = 4;
/// The length of a field or a value in a reason, in characters.
const PART_CHARS_MAX: usize = 60;

/// A condition that the engine understands, or may.
#[derive(Debug)]
struct Condition<'c> {
    field: &'c str,
    operator: &'c str,
    value: &'c str,
}

/// What is known here of the conditions of a rule that the engine found not met.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unmet {
    /// The conditions that are not met, or may not be.
    These(String),
    /// None: the engine cannot have seen the attributes.
    None,
    /// Its conditions have another form.
    Unknown,
}

/// What is not met of a rule's conditions by these attributes.
pub(super) fn unmet(conditions: &Value, attributes: &Map<String, Value>) -> Unmet {
    let Some(conditions) = read(conditions) else {
        return Unmet::Unknown;
    };
    let unmet: Vec<String> = conditions
        .iter()
        .filter(|condition| condition.holds(attributes) != Some(true))
        .map(|condition| condition.in_words(attributes))
        .collect();
    let more = unmet.len().saturating_sub(NAMED_MAX);
    let named = unmet.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("; ");
    match (unmet.is_empty(), more) {
        (true, _) => Unmet::None,
        (false, 0) => Unmet::These(named),
        (false, more) => Unmet::These(format!("{named}; and {more} more")),
    }
}

/// What is wrong with the conditions of a rule whatever is asked; each completes a sentence about the engine.
pub(super) fn doubts(conditions: &Value) -> Vec<String> {
    let doubt = |condition: Condition<'_>| match (condition.operator, condition.field) {
        ("IN_SET", field) => Some(format!("never finds IN_SET met, and the rule asks that of {field}")),
        ("CONTAINS", "actor.roles") => {
            let safe = format!("ask for {ROLE}.{} EQUALS true", condition.value);
            Some(format!("finds CONTAINS met by a part of another role's name: {safe}"))
        }
        _ => None,
    };
    read(conditions).unwrap_or_default().into_iter().filter_map(doubt).collect()
}

/// The conditions, if there are some and each has the known form.
fn read(conditions: &Value) -> Option<Vec<Condition<'_>>> {
    let conditions = conditions.as_array()?.iter().map(Condition::read).collect::<Option<Vec<_>>>();
    conditions.filter(|conditions| !conditions.is_empty())
}

impl<'c> Condition<'c> {
    fn read(condition: &'c Value) -> Option<Self> {
        let text = |name| condition.get(name)?.as_str();
        Some(Self { field: text("field")?, operator: text("operator")?, value: text("value")? })
    }

    /// Whether the engine must find it met; none where that is not certain.
    fn holds(&self, attributes: &Map<String, Value>) -> Option<bool> {
        let Some(attribute) = attributes.get(self.field) else {
            return Some(false);
        };
        let number = || attribute.as_f64().zip(self.value.parse::<f64>().ok().filter(|number| number.is_finite()));
        match self.operator {
            "EQUALS" => Some(text_of(attribute)? == self.value),
            "NOT_EQUALS" => Some(text_of(attribute)? != self.value),
            "CONTAINS" => Some(text_of(attribute)?.contains(self.value)),
            "GREATER_THAN" => number().map(|(given, wanted)| given > wanted),
            "LESS_THAN" => number().map(|(given, wanted)| given < wanted),
            _ => None,
        }
    }

    fn in_words(&self, attributes: &Map<String, Value>) -> String {
        let (field, value) = (short(self.field), short(self.value));
        let must = match self.operator {
            "EQUALS" => format!("{field} must be \"{value}\""),
            "NOT_EQUALS" => format!("{field} must be there and not be \"{value}\""),
            "CONTAINS" => format!("{field} must contain \"{value}\""),
            "GREATER_THAN" => format!("{field} must be more than {value}"),
            "LESS_THAN" => format!("{field} must be less than {value}"),
            "IN_SET" => format!("{field} must be one of \"{value}\""),
            other => format!("{field} {} \"{value}\"", short(other)),
        };
        // A text or a list is not shown: the caller may not be allowed to read it.
        match attributes.get(self.field) {
            None => format!("{must}, and it is absent"),
            Some(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => match text_of(value) {
                Some(text) => format!("{must}, and the engine reads \"{text}\""),
                None => must,
            },
            Some(_) => must,
        }
    }
}

/// The text that the engine compares; none for what Python writes in its own way at length.
fn text_of(attribute: &Value) -> Option<String> {
    match attribute {
        Value::Null => Some("None".to_owned()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Number(number) if number.is_f64() => number.as_f64().map(text_of_float),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The shortest digits, like Rust's; from 1e16 on and below 1e-4 with an exponent of at least two digits.
fn text_of_float(float: f64) -> String {
    let scientific = format!("{float:e}");
    let parts = scientific.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?)));
    match parts {
        Some((digits, exponent)) if !(-4..16).contains(&exponent) => format!("{digits}e{exponent:+03}"),
        _ => format!("{float:?}"),
    }
}

fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(PART_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What the real engine answered.
    const RECORDED: &str = include_str!("../../tests/elsewhere/alims_engine/comparisons.jsonl");

    #[test]
    fn what_is_certain_here_is_what_the_real_engine_answered() {
        let (mut certain, mut complaints) = (0, Vec::new());
        for line in RECORDED.lines() {
            let recorded: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| recorded.get(name).and_then(Value::as_str).unwrap_or_default();
            let condition = Condition { field: "field", operator: text("operator"), value: text("value") };
            let attribute = recorded.get("attribute").map(|value| ("field".to_owned(), value.clone()));
            let attributes = attribute.into_iter().collect();
            let Some(holds) = condition.holds(&attributes) else { continue };
            certain += 1;
            if recorded.get("result") != Some(&json!(holds)) {
                complaints.push(line);
            }
        }
        assert!(complaints.is_empty(), "{complaints:#?}");
        assert!(certain > 40, "{certain} are certain: this test sees too little");
    }

    fn told(field: &str, operator: &str, value: &str, attributes: Value) -> Unmet {
        let Value::Object(attributes) = attributes else { panic!("{attributes}") };
        unmet(&json!([{"field": field, "operator": operator, "value": value}]), &attributes)
    }

    #[test]
    fn a_condition_that_is_not_met_is_told_in_words() {
        let a = json!({"flag": true, "none": null, "n": 5.0, "text": "private", "list": ["x"]});
        for (field, operator, value, words) in [
            ("flag", "EQUALS", "true", "flag must be \"true\", and the engine reads \"True\""),
            ("none", "EQUALS", "null", "none must be \"null\", and the engine reads \"None\""),
            ("n", "EQUALS", "5", "n must be \"5\", and the engine reads \"5.0\""),
            ("n", "GREATER_THAN", "7", "n must be more than 7, and the engine reads \"5.0\""),
            ("n", "LESS_THAN", "x", "n must be less than x, and the engine reads \"5.0\""),
            ("gone", "NOT_EQUALS", "x", "gone must be there and not be \"x\", and it is absent"),
            ("text", "EQUALS", "other", "text must be \"other\""),
            ("list", "CONTAINS", "y", "list must contain \"y\""),
            ("text", "IN_SET", "a,b", "text must be one of \"a,b\""),
            ("text", "MATCHES", "p.*", "text MATCHES \"p.*\""),
        ] {
            assert_eq!(told(field, operator, value, a.clone()), Unmet::These(words.to_owned()));
        }
    }

    #[test]
    fn only_what_may_not_be_met_is_named_and_not_at_any_length() {
        let condition = |field: &str| json!({"field": field, "operator": "EQUALS", "value": "x".repeat(200)});
        let conditions: Vec<Value> = (0..8).map(|n| condition(&format!("f{n}"))).collect();
        let attributes = [("f0".to_owned(), json!("x".repeat(200)))].into_iter().collect();
        let Unmet::These(words) = unmet(&Value::from(conditions), &attributes) else { panic!("some are not met") };
        assert!(words.starts_with("f1 must be") && words.ends_with("; and 3 more"), "{words}");
        assert!(words.chars().count() < 700, "{words}");
    }

    #[test]
    fn conditions_of_another_form_are_unknown_and_none_can_be_unmet_of_those_that_all_hold() {
        let attributes = [("a".to_owned(), json!("x"))].into_iter().collect();
        let holds = json!({"field": "a", "operator": "EQUALS", "value": "x"});
        assert_eq!(unmet(&json!([holds]), &attributes), Unmet::None);
        for other in [json!(null), json!([]), json!("a == x"), json!([holds, {"field": "a"}]), json!([holds, 7])] {
            assert_eq!(unmet(&other, &attributes), Unmet::Unknown, "{other}");
        }
    }
}
