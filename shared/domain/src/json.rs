//! JSON objects that callers attach to a workflow, with bounds on size and depth and without reserved names.

use jsonptr::PointerBuf;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits::{JSON_DEPTH_MAX, METADATA_BYTES_MAX, VALIDATION_CONTEXT_BYTES_MAX};
use crate::member_names::{ObjectAsWritten, reserved_in};

/// Why a JSON object was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonRefused {
    /// As compact JSON it exceeds its size limit.
    #[error("{what} would be {bytes} bytes of JSON; the limit is {limit_bytes}")]
    TooLarge {
        /// Which object: `metadata` or `validation_context`.
        what: &'static str,
        /// Its size in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit_bytes: usize,
    },
    /// It is nested deeper than [`JSON_DEPTH_MAX`].
    #[error("{what} is nested deeper than {JSON_DEPTH_MAX} levels")]
    TooDeep {
        /// Which object.
        what: &'static str,
    },
    /// A member has a reserved name: see [`crate::member_names`].
    #[error("{what} has a reserved name at {pointer}")]
    ReservedName {
        /// Which object.
        what: &'static str,
        /// The first such member.
        pointer: PointerBuf,
    },
}

/// The laboratory's own data on a workflow: an object of at most 65536 bytes of compact JSON and 32 levels.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = Object))]
#[serde(try_from = "ObjectAsWritten")]
pub struct Metadata(Map<String, Value>);

/// Two are equal when they have one canonical form: `7` and `7.0` are the same number.
impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        same_objects(&self.0, &other.0)
    }
}

impl Metadata {
    /// Checks an object and makes it metadata.
    ///
    /// # Errors
    /// When it is too large or too deep, or has a reserved name.
    pub fn new(object: Map<String, Value>) -> Result<Self, JsonRefused> {
        bounded("metadata", object, METADATA_BYTES_MAX).map(Self)
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Applies a merge patch (RFC 7396): it replaces members, and `null` removes one.
    ///
    /// # Errors
    /// When the result is too large or too deep, or has a reserved name. A patch that only removes such a member is
    /// accepted.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, JsonRefused> {
        let mut document = Value::Object(self.0.clone());
        json_patch::merge(&mut document, &Value::Object(patch.clone()));
        match document {
            // What only writes a number in another way changes nothing, not even how it is written.
            Value::Object(object) if same_objects(&object, &self.0) => Ok(self.clone()),
            Value::Object(object) => Self::new(object),
            // An object patched by an object is an object; any other result cannot be stored.
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Ok(self.clone()),
        }
    }
}

/// The caller's input for the rules on one transition: an object of at most 16384 bytes of compact JSON and 32 levels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = Object))]
#[serde(try_from = "ObjectAsWritten")]
pub struct ValidationContext(Map<String, Value>);

impl ValidationContext {
    /// Checks an object and makes it a validation context.
    ///
    /// # Errors
    /// When it is too large or too deep, or has a reserved name.
    pub fn new(object: Map<String, Value>) -> Result<Self, JsonRefused> {
        bounded("validation_context", object, VALIDATION_CONTEXT_BYTES_MAX).map(Self)
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// Whether two values are the same, whatever the order of members and however a number is written. Hashes, idempotency keys
/// and exports know a number by its canonical form (RFC 8785), the double: a difference that they do not have could be
/// made past the service, and must not end a signature.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => same_objects(one, other),
        (_, _) => one == other,
    }
}

fn same_objects(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    one.len() == other.len() && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
}

/// The constructor checked size and depth of a stored or sent value when it was made. The bounds may have differed
/// then.
impl TryFrom<ObjectAsWritten> for Metadata {
    type Error = JsonRefused;

    fn try_from(ObjectAsWritten(object): ObjectAsWritten) -> Result<Self, JsonRefused> {
        without_reserved_names("metadata", object).map(Self)
    }
}

/// As for [`Metadata`].
impl TryFrom<ObjectAsWritten> for ValidationContext {
    type Error = JsonRefused;

    fn try_from(ObjectAsWritten(object): ObjectAsWritten) -> Result<Self, JsonRefused> {
        without_reserved_names("validation_context", object).map(Self)
    }
}

fn without_reserved_names(what: &'static str, object: Map<String, Value>) -> Result<Map<String, Value>, JsonRefused> {
    match reserved_in(&object) {
        Some(pointer) => Err(JsonRefused::ReservedName { what, pointer }),
        None => Ok(object),
    }
}

fn bounded(
    what: &'static str,
    object: Map<String, Value>,
    limit_bytes: usize,
) -> Result<Map<String, Value>, JsonRefused> {
    if object.values().any(|value| !within_depth(value, JSON_DEPTH_MAX - 1)) {
        return Err(JsonRefused::TooDeep { what });
    }
    let bytes = serde_json::to_string(&object).map_or(usize::MAX, |text| text.len());
    if bytes > limit_bytes {
        return Err(JsonRefused::TooLarge { what, bytes, limit_bytes });
    }
    without_reserved_names(what, object)
}

fn within_depth(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => levels > 0 && items.iter().all(|item| within_depth(item, levels - 1)),
        Value::Object(members) => levels > 0 && members.values().all(|member| within_depth(member, levels - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_patch_replaces_and_removes() {
        let before = Metadata(object(json!({"a": {"x": 1, "y": 2}, "b": [1]})));
        let after = before.patched(&object(json!({"a": {"x": null, "z": 3}, "b": "new"})));
        assert_eq!(after, Ok(Metadata(object(json!({"a": {"y": 2, "z": 3}, "b": "new"})))));
    }

    #[test]
    fn a_patch_may_not_grow_metadata_past_its_bound() {
        let before = Metadata(object(json!({"a": "x".repeat(40_000)})));
        let refused = before.patched(&object(json!({"b": "x".repeat(40_000)})));
        assert!(matches!(refused, Err(JsonRefused::TooLarge { limit_bytes: METADATA_BYTES_MAX, .. })));
    }

    #[test]
    fn data_are_the_same_when_their_numbers_are_the_same_however_they_are_written() {
        let whole = Metadata(object(json!({"a": [1, {"b": 2}], "zero": 0, "text": "1"})));
        let alike = Metadata(object(json!({"zero": 0, "text": "1", "a": [1, {"b": 2}]})));
        assert_eq!(whole, alike);
        let canonical = |data: &Metadata| crate::hashing::canonical_json(data).unwrap();
        for same in [
            json!({"a": [1.0, {"b": 2}], "zero": 0, "text": "1"}),
            json!({"a": [1, {"b": 2.0}], "zero": 0, "text": "1"}),
            json!({"a": [1, {"b": 2}], "zero": -0.0, "text": "1"}),
            json!({"a": [1, {"b": 2}], "zero": 0.0, "text": "1"}),
        ] {
            let same = Metadata(object(same));
            assert_eq!(whole, same);
            assert_eq!(canonical(&whole), canonical(&same), "one notion: a hash does not know them apart either");
            let patched = whole.patched(same.as_object()).unwrap();
            assert_eq!(patched.as_object(), whole.as_object(), "it stays as it was written");
        }
        for other in [
            json!({"a": [1.0000000000000002, {"b": 2}], "zero": 0, "text": "1"}),
            json!({"a": [1, {"b": 3}], "zero": 0, "text": "1"}),
            json!({"a": [{"b": 2}, 1], "zero": 0, "text": "1"}),
            json!({"a": [1, {"b": 2}, 1], "zero": 0, "text": "1"}),
            json!({"a": [1, {"b": 2}], "zero": null, "text": "1"}),
            json!({"a": [1, {"b": 2}], "zero": 0, "text": 1}),
            json!({"a": [1, {"b": 2}], "zero": 0}),
        ] {
            let other = Metadata(object(other));
            assert_ne!(whole, other);
            assert_ne!(canonical(&whole), canonical(&other));
        }
    }

    #[test]
    fn depth_is_counted_from_the_object_itself() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"in": inner}));
        assert!(Metadata::new(object(nested(JSON_DEPTH_MAX))).is_ok());
        assert_eq!(Metadata::new(object(nested(JSON_DEPTH_MAX + 1))), Err(JsonRefused::TooDeep { what: "metadata" }));
    }
}
