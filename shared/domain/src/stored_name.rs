//! Names in keys, hashes and digests. Once stored, such a name never changes.
//!
//! `Display` is for people and its text may change at any time, so it never gets here. Digests and store keys take a
//! [`Part`], and a part comes from a type with a stored name, from a literal, or from canonical JSON.

use sha2::{Digest, Sha256};
use std::borrow::Cow;

use crate::hashing::{CanonicalJson, ChainHash};

/// A value with a name that is safe to store permanently.
pub trait StoredName {
    /// The name. The same value has the same name in every release.
    fn stored_name(&self) -> Cow<'_, str>;
}

/// One part of a key or of a digest's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a>(Cow<'a, [u8]>);

impl<'a> Part<'a> {
    /// A fixed word of this program.
    #[must_use]
    pub const fn literal(word: &'static str) -> Self {
        Self(Cow::Borrowed(word.as_bytes()))
    }

    /// The stored name of a value.
    #[must_use]
    pub fn of(value: &'a impl StoredName) -> Self {
        Self(match value.stored_name() {
            Cow::Borrowed(name) => Cow::Borrowed(name.as_bytes()),
            Cow::Owned(name) => Cow::Owned(name.into_bytes()),
        })
    }

    /// Canonical JSON.
    #[must_use]
    pub fn canonical_json(json: &'a CanonicalJson) -> Self {
        Self(Cow::Borrowed(json.as_bytes()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Names a type by its `as_str`, which must never change.
macro_rules! named_as_str {
    ($($name:ty),+) => {$(
        impl $crate::stored_name::StoredName for $name {
            fn stored_name(&self) -> std::borrow::Cow<'_, str> {
                std::borrow::Cow::Borrowed(self.as_str())
            }
        }
    )+};
}
pub(crate) use named_as_str;

named_as_str!(ChainHash);

/// Half a SHA-256 of several parts, in 32 hexadecimal digits.
pub fn half_digest(parts: &[Part<'_>]) -> String {
    let mut text = hex::encode(digest(parts));
    text.truncate(32);
    text
}

/// A digest of several parts. No other division into parts has the same digest.
pub fn digest(parts: &[Part<'_>]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts.iter().map(Part::as_bytes) {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
