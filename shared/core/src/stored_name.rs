//! Names that are stored: in a key, in a hash, in a digest. Once written, such a name never changes.
//!
//! `Display` is for people and may be reworded at any time, so it never gets here: digests and the keys of the stores take
//! a [`Part`], and a part is made from a type that has a stored name, from a literal, or from canonical JSON.

use std::borrow::Cow;

use crate::chain::{CanonicalJson, ChainHash, Fault};
use crate::identifiers::{EventId, IdempotencyKey, PrincipalId, TenantId, Version, WorkflowId};
use crate::lifecycle::State;
use crate::timestamp::Timestamp;

/// A value with a name that may be stored for ever.
pub trait StoredName {
    /// The name. The same value has the same one in every release.
    fn stored_name(&self) -> Cow<'_, str>;
}

/// One part of a key or of what is digested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a>(Cow<'a, [u8]>);

impl<'a> Part<'a> {
    /// A word of this program's own, fixed where it stands.
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

macro_rules! named_as_str {
    ($($name:ty),+) => {$(
        impl StoredName for $name {
            fn stored_name(&self) -> Cow<'_, str> {
                Cow::Borrowed(self.as_str())
            }
        }
    )+};
}
named_as_str!(
    ChainHash,
    Fault,
    IdempotencyKey,
    PrincipalId,
    State,
    TenantId,
    WorkflowId,
    crate::identifiers::RecoveryId
);

/// In decimal digits, as many as it takes.
impl StoredName for Version {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Owned(self.get().to_string())
    }
}

/// Lower case with hyphens.
impl StoredName for EventId {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Owned(String::from(*self))
    }
}

/// The form that JSON has.
impl StoredName for Timestamp {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Owned(String::from(*self))
    }
}
