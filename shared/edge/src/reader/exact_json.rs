//! JSON without loss: it checks that every number is exact, every member occurs once, every text is valid Unicode, the
//! depth is bounded, and no name has a special meaning for a library.
//!
//! A parser that builds values discards the facts that are checked here: it rounds numbers and drops repeated members.
//! So this module walks the text itself; the parser only finds where each part begins and ends.

use alims_domain::member_names::{RESERVED_PREFIX, is_reserved};
use jsonptr::Pointer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;

use crate::reader::exact_number::exact_number;
use crate::reader::faults::Faults;

/// Reads a JSON text with at most `levels` levels of objects and lists.
///
/// None when it is not JSON. An invalid part is null in the value; the faults distinguish it from a real null.
pub fn read(text: &str, levels: usize, faults: &mut Faults) -> Option<Value> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => Some(value(raw.get(), Pointer::root(), levels, faults)),
        Err(error) => {
            faults.at(Pointer::root(), format!("is not JSON: {error}"));
            None
        }
    }
}

fn value(raw: &str, place: &Pointer, levels: usize, faults: &mut Faults) -> Value {
    match raw.bytes().next() {
        Some(b'{') => object(raw, place, levels, faults),
        Some(b'[') => list(raw, place, levels, faults),
        Some(b'-' | b'0'..=b'9') => match exact_number(raw) {
            Ok(number) => Value::Number(number),
            Err(fault) => at_fault(place, fault, faults),
        },
        // Texts, true, false and null lose nothing, but a text may contain half of a surrogate pair.
        _ => serde_json::from_str(raw).unwrap_or_else(|_half| at_fault(place, "must be valid Unicode text", faults)),
    }
}

fn object(raw: &str, place: &Pointer, levels: usize, faults: &mut Faults) -> Value {
    let Some(below) = levels.checked_sub(1) else {
        return at_fault(place, "is nested too deep; use fewer levels", faults);
    };
    let Ok(Members(members)) = serde_json::from_str::<Members<'_>>(raw) else {
        return at_fault(place, "has a field whose name is not valid Unicode text", faults);
    };
    let mut object = Map::new();
    for (name, raw) in members {
        let place = place.with_trailing_token(name.as_str());
        if is_reserved(&name) {
            faults.at(&place, format!("has a reserved name; use one that does not begin with {RESERVED_PREFIX}"));
        } else if object.contains_key(&name) {
            faults.at(&place, "appears more than once; send it once");
        } else {
            let value = value(raw.get(), &place, below, faults);
            object.insert(name, value);
        }
    }
    Value::Object(object)
}

fn list(raw: &str, place: &Pointer, levels: usize, faults: &mut Faults) -> Value {
    let Some(below) = levels.checked_sub(1) else {
        return at_fault(place, "is nested too deep; use fewer levels", faults);
    };
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw) else {
        return at_fault(place, "is not a list", faults);
    };
    let items = items.into_iter().enumerate();
    Value::Array(items.map(|(index, raw)| value(raw.get(), &place.with_trailing_token(index), below, faults)).collect())
}

fn at_fault(place: &Pointer, fault: impl Into<String>, faults: &mut Faults) -> Value {
    faults.at(place, fault);
    Value::Null
}

/// The members of an object in text order, repeated ones included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(All).map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;
    use proptest::prelude::*;

    fn pointers(text: &str) -> Vec<String> {
        let mut faults = Faults::default();
        let value = read(text, 3, &mut faults);
        match faults.conclude(|| value) {
            Err(Problem::MalformedRequest(faults)) => faults.into_iter().filter_map(|fault| fault.pointer).collect(),
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let text = r#"{"a": 1e999, "b": [1, 0.12345678901234567890], "c/d~": {"a": 1, "a": 2}, "e": "\ud800"}"#;
        assert_eq!(pointers(text), ["/a", "/b/1", "/c~1d~0/a", "/e"]);
        assert_eq!(pointers(r#"{"a": {"\ud800": 1}}"#), ["/a"]);
    }

    #[test]
    fn what_is_nested_too_deep_is_named_and_not_entered() {
        assert_eq!(pointers(r#"{"a": [{}]}"#), Vec::<String>::new());
        assert_eq!(pointers(r#"{"a": [{"b": []}]}"#), ["/a/0/b"]);
        assert_eq!(pointers(&"[".repeat(100_000)), [""]);
        assert_eq!(pointers(&format!("{}{}", "[".repeat(60_000), "]".repeat(60_000))), ["/0/0/0"]);
    }

    #[test]
    fn a_reserved_name_is_named_at_its_place_and_not_entered() {
        let text =
            r#"{"$serde_json::private::RawValue": "1", "a": [{"b": 1, "\u0024serde_json::private::Number": [1e999]}]}"#;
        assert_eq!(pointers(text), ["/$serde_json::private::RawValue", "/a/0/$serde_json::private::Number"]);
        assert_eq!(pointers(r#"{"$serde_json::private": "1", "a": {"$": {}}}"#), Vec::<String>::new());
    }

    #[test]
    fn a_text_that_is_not_json_is_told_where_it_breaks() {
        let mut faults = Faults::default();
        assert_eq!(read("{\n  \"a\": ?}", 3, &mut faults), None);
        let told = faults.conclude(|| Some(())).map_err(|problem| format!("{problem:?}"));
        assert!(told.is_err_and(|told| told.contains("line 2 column 8")));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_it_takes_serde_takes_too(text in "[\\[\\]{}\",:0-9eE.tfnul\\\\ ud-]{0,40}") {
            let mut faults = Faults::default();
            let value = read(&text, 8, &mut faults);
            if let Ok(value) = faults.conclude(|| value) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).ok().map(|v| numbers(&v)), Some(numbers(&value)));
            }
        }
    }

    /// The same value with every number as a double: the parser's results for `-0` and `1` differ only in kind.
    fn numbers(value: &Value) -> Value {
        match value {
            Value::Number(number) => number.as_f64().map(|n| n + 0.0).into(),
            Value::Array(items) => items.iter().map(numbers).collect(),
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), numbers(value))).collect(),
            Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
        }
    }
}
