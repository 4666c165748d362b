//! Reads the members of a JSON object one by one and continues after a fault, so that the answer lists every fault.

use alims_domain::identifiers::{LabelName, LabelValue, PrincipalId, Version};
use alims_domain::invalid::InvalidValue;
use alims_domain::json::{JsonRefused, Metadata, ValidationContext};
use alims_domain::labels::Labels;
use alims_domain::limits::{BREAKS_RELEASED_MAX, LABELS_MAX, LABELS_PATCHED_MAX};
use alims_domain::quarantine::BreakId;
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::Change;
use jsonptr::{Pointer, PointerBuf};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::reader::faults::Faults;
use crate::reader::token::is_text;

/// Reads one value, or reports its fault.
pub type Read<T> = fn(Value, &Pointer, &mut Faults) -> Option<T>;

/// An object from which each read takes a member.
#[derive(Debug)]
pub struct Fields {
    place: PointerBuf,
    members: Map<String, Value>,
}

impl Fields {
    /// Takes a value that must be an object.
    pub fn of(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Self> {
        Some(Self { place: place.to_buf(), members: object(value, place, faults)? })
    }

    /// Whether a member exists and was not taken yet.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The place of a member with this name, whether it exists or not.
    pub fn place_of(&self, name: &str) -> PointerBuf {
        self.place.with_trailing_token(name)
    }

    /// Reads an optional member. None when it is absent or invalid.
    pub fn optional<T>(&mut self, name: &str, read: Read<T>, faults: &mut Faults) -> Option<T> {
        let value = self.members.remove(name)?;
        read(value, &self.place_of(name), faults)
    }

    /// Reads a required member. None when it is invalid.
    pub fn required<T>(&mut self, name: &str, read: Read<T>, faults: &mut Faults) -> Option<T> {
        if !self.has(name) {
            faults.at(&self.place_of(name), "is required");
        }
        self.optional(name, read, faults)
    }

    /// Rejects unknown fields: otherwise a misspelt optional field would be ignored.
    pub fn finish(self, faults: &mut Faults) {
        for name in self.members.keys() {
            faults.at(&self.place_of(name), "is not a known field; remove it or correct its name");
        }
    }
}

/// A checked text.
pub fn text<T: FromStr<Err = InvalidValue>>(value: Value, place: &Pointer, faults: &mut Faults) -> Option<T> {
    if let Value::String(text) = value {
        text.parse().map_err(|invalid: InvalidValue| faults.at(place, invalid.to_string())).ok()
    } else {
        faults.at(place, "must be a string");
        None
    }
}

/// `true` or `false`.
pub fn boolean(value: Value, place: &Pointer, faults: &mut Faults) -> Option<bool> {
    if let Value::Bool(boolean) = value {
        Some(boolean)
    } else {
        faults.at(place, "must be true or false");
        None
    }
}

/// A version number. In JSON, `7.0` is an integer like `7`.
pub fn version(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Version> {
    // A whole double is written without a fraction.
    let whole = || value.as_f64().and_then(|number| number.to_string().parse().ok());
    let number = value.as_u64().or_else(whole).unwrap_or_default();
    Version::try_from(number).map_err(|invalid| faults.at(place, invalid.to_string())).ok()
}

/// An instant in any offset. One that the service could not return as the same instant is a fault.
pub fn instant(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Timestamp> {
    text(value, place, faults)
}

/// A person or a program of the laboratory. The service's own principals do no such work.
pub fn principal(value: Value, place: &Pointer, faults: &mut Faults) -> Option<PrincipalId> {
    let principal: PrincipalId = text(value, place, faults)?;
    if principal.is_reserved() {
        faults.at(place, "is a name of the service itself; name a person or a program of the laboratory");
        return None;
    }
    if !is_text(principal.as_str()) {
        faults.at(place, "must not begin with [, { or map[, because no token is accepted for such a name");
        return None;
    }
    Some(principal)
}

/// Labels: an object with a text for each name.
pub fn labels(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Labels> {
    let labels = each_label(value, place, faults, text)?;
    Labels::new(labels).map_err(|invalid| faults.at(place, invalid.to_string())).ok()
}

/// Reads an object with a value for each name of a label. None when there is any fault in it.
pub fn each_label<T>(
    value: Value,
    place: &Pointer,
    faults: &mut Faults,
    read: Read<T>,
) -> Option<BTreeMap<LabelName, T>> {
    let members = object(value, place, faults)?;
    let count = members.len();
    if count > LABELS_MAX {
        faults.at(place, format!("must have at most {LABELS_MAX} labels"));
        return None;
    }
    let mut labels = BTreeMap::new();
    for (name, value) in members {
        let place = place.with_trailing_token(name.as_str());
        let named = name.parse().map_err(|invalid: InvalidValue| {
            faults.at(&place, format!("has a name that {invalid}; correct the name of the label"));
        });
        let value = read(value, &place, faults);
        labels.extend(named.ok().zip(value));
    }
    (labels.len() == count).then_some(labels)
}

/// The ids of the breaks to release: at least one, each once.
pub fn breaks(value: Value, place: &Pointer, faults: &mut Faults) -> Option<BTreeSet<BreakId>> {
    let Value::Array(items) = value else {
        faults.at(place, "must be a list");
        return None;
    };
    if items.is_empty() || items.len() > BREAKS_RELEASED_MAX {
        faults.at(place, format!("must have 1 to {BREAKS_RELEASED_MAX} items"));
        return None;
    }
    let count = items.len();
    let named = |(index, item)| text(item, &place.with_trailing_token(index), faults);
    let read: Vec<BreakId> = items.into_iter().enumerate().filter_map(named).collect();
    let complete = read.len() == count;
    let breaks: BTreeSet<BreakId> = read.into_iter().collect();
    if complete && breaks.len() < count {
        faults.at(place, "must name each break once");
        return None;
    }
    complete.then_some(breaks)
}

/// Any object.
pub fn object(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Map<String, Value>> {
    if let Value::Object(object) = value {
        Some(object)
    } else {
        faults.at(place, "must be an object");
        None
    }
}

/// The laboratory's own data.
pub fn metadata(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Metadata> {
    let object = object(value, place, faults)?;
    Metadata::new(object).map_err(|refused| refuse(refused, place, faults)).ok()
}

/// A merge patch of the laboratory's own data, with the same bounds.
pub fn metadata_patch(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Map<String, Value>> {
    metadata(value, place, faults).map(|metadata| metadata.as_object().clone())
}

/// The caller's input for the rules.
pub fn validation_context(value: Value, place: &Pointer, faults: &mut Faults) -> Option<ValidationContext> {
    let object = object(value, place, faults)?;
    ValidationContext::new(object).map_err(|refused| refuse(refused, place, faults)).ok()
}

fn refuse(refused: JsonRefused, place: &Pointer, faults: &mut Faults) {
    match refused {
        JsonRefused::TooLarge { what, limit_bytes, .. } => faults.too_large(place, what, limit_bytes),
        JsonRefused::TooDeep { .. } => faults.at(place, refused.to_string()),
        JsonRefused::ReservedName { ref pointer, .. } => faults.at(&place.concat(pointer), refused.to_string()),
    }
}

/// A patch of the labels: a value replaces or adds a label, and null removes it.
pub fn labels_patch(
    value: Value,
    place: &Pointer,
    faults: &mut Faults,
) -> Option<BTreeMap<LabelName, Option<LabelValue>>> {
    let members = object(value, place, faults)?;
    if members.len() > LABELS_PATCHED_MAX {
        faults.at(place, format!("must name at most {LABELS_PATCHED_MAX} labels"));
        return None;
    }
    let count = members.len();
    let patched = members.into_iter().filter_map(|(name, value)| {
        let place = place.with_trailing_token(&name);
        let name: Option<LabelName> =
            name.parse().map_err(|invalid| faults.at(&place, format!("has a name that {invalid}"))).ok();
        let value = if value.is_null() { Some(None) } else { text(value, &place, faults).map(Some) };
        Some((name?, value?))
    });
    let patched: BTreeMap<_, _> = patched.collect();
    (patched.len() == count).then_some(patched)
}

/// What becomes of an instant: null removes it.
pub fn instant_patch(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Change<Timestamp>> {
    or_null(value, place, faults, text)
}

/// What becomes of a principal: null removes it.
pub fn principal_patch(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Change<PrincipalId>> {
    or_null(value, place, faults, principal)
}

fn or_null<T>(value: Value, place: &Pointer, faults: &mut Faults, read: Read<T>) -> Option<Change<T>> {
    if value.is_null() { Some(Change::Remove) } else { read(value, place, faults).map(Change::Set) }
}
