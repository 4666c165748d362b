//! The hash of an item, by which one that cannot be read is known.

use alims_domain::hashing::ChainHash;
use serde_dynamo::{AttributeValue, Item};
use std::collections::{BTreeMap, BTreeSet};

/// Identifies an item: the SHA-256 of its attributes, keys included, in the order of their names. Each attribute is
/// preceded by its length and each value by the name of its type, so no other item has the same bytes.
pub(crate) fn item_hash(item: &Item) -> ChainHash {
    let mut bytes = Vec::new();
    hash_members(&mut bytes, item.iter());
    ChainHash::of(&bytes)
}

fn hash_members<'a>(bytes: &mut Vec<u8>, members: impl Iterator<Item = (&'a String, &'a AttributeValue)>) {
    let sorted: BTreeMap<_, _> = members.collect();
    hash_length(bytes, sorted.len());
    for (name, value) in sorted {
        hash_text(bytes, name.as_bytes());
        hash_value(bytes, value);
    }
}

fn hash_value(bytes: &mut Vec<u8>, value: &AttributeValue) {
    let mut sorted = |kind: &str, texts: Vec<&[u8]>| {
        let sorted: BTreeSet<_> = texts.into_iter().collect();
        hash_text(bytes, kind.as_bytes());
        hash_length(bytes, sorted.len());
        sorted.into_iter().for_each(|text| hash_text(bytes, text));
    };
    match value {
        AttributeValue::S(text) => sorted("S", vec![text.as_bytes()]),
        AttributeValue::N(number) => sorted("N", vec![number.as_bytes()]),
        AttributeValue::B(binary) => sorted("B", vec![binary]),
        AttributeValue::Bool(truth) => sorted("BOOL", vec![if *truth { b"true" } else { b"false" }]),
        AttributeValue::Null(_) => sorted("NULL", vec![]),
        AttributeValue::Ss(texts) => sorted("SS", texts.iter().map(String::as_bytes).collect()),
        AttributeValue::Ns(numbers) => sorted("NS", numbers.iter().map(String::as_bytes).collect()),
        AttributeValue::Bs(binaries) => sorted("BS", binaries.iter().map(Vec::as_slice).collect()),
        AttributeValue::M(members) => {
            hash_text(bytes, b"M");
            hash_members(bytes, members.iter());
        }
        AttributeValue::L(items) => {
            hash_text(bytes, b"L");
            hash_length(bytes, items.len());
            items.iter().for_each(|item| hash_value(bytes, item));
        }
    }
}

fn hash_text(bytes: &mut Vec<u8>, text: &[u8]) {
    hash_length(bytes, text.len());
    bytes.extend_from_slice(text);
}

fn hash_length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend_from_slice(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
}
