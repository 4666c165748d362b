//! The member names that a caller's JSON may have, and a JSON reader that gives no name a special meaning.
//!
//! `serde_json` has private names. If an object begins with one of them, every program built with the feature
//! `raw_value` or `arbitrary_precision` anywhere in its dependencies reads it as something else: as a number, or as
//! JSON text within the JSON. Readers would lose or misread such a member. So the service rejects these names: see
//! `docs/decisions/member-names.md`.

use jsonptr::PointerBuf;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The reserved prefix: no member of a caller's JSON may begin with it, at any depth.
pub const RESERVED_PREFIX: &str = "$serde_json::private::";

/// Whether a member name is reserved.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED_PREFIX)
}

/// The place of the first member with a reserved name.
pub(crate) fn reserved_in(object: &Map<String, Value>) -> Option<PointerBuf> {
    object.iter().find_map(|(name, value)| {
        let below = if is_reserved(name) { Some(PointerBuf::new()) } else { reserved_below(value) };
        below.map(|pointer| pointer.with_leading_token(name.as_str()))
    })
}

fn reserved_below(value: &Value) -> Option<PointerBuf> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| reserved_below(item).map(|pointer| pointer.with_leading_token(index))),
        Value::Object(members) => reserved_in(members),
    }
}

/// An object exactly as written. `serde_json` would interpret private names while it reads a [`Value`], and the
/// original could not be recovered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectAsWritten(pub Map<String, Value>);

impl<'de> Deserialize<'de> for ObjectAsWritten {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_map(AsWritten)? {
            Value::Object(members) => Ok(Self(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(D::Error::custom("not an object"))
            }
        }
    }
}

/// Any value exactly as written.
struct ValueAsWritten(Value);

impl<'de> Deserialize<'de> for ValueAsWritten {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsWritten).map(Self)
    }
}

struct AsWritten;

impl<'de> Visitor<'de> for AsWritten {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Value, S::Error> {
        let mut items = Vec::new();
        while let Some(ValueAsWritten(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Value, M::Error> {
        let mut members = Map::new();
        while let Some((name, ValueAsWritten(value))) = map.next_entry::<String, _>()? {
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}
