//! SHA-256 hashes and the canonical JSON (RFC 8785) that they cover.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

use crate::invalid::InvalidValue;

/// A SHA-256 in 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[0-9a-f]{64}$"))]
#[serde(try_from = "String", into = "String")]
pub struct ChainHash(String);

impl ChainHash {
    /// The previous hash of version 1: 64 zeros.
    #[must_use]
    pub fn genesis() -> Self {
        Self("0".repeat(64))
    }

    /// The hash of any bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// A SHA-256 that was computed elsewhere.
    #[must_use]
    pub fn of_digest(digest: [u8; 32]) -> Self {
        Self(hex::encode(digest))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ChainHash {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text))
        } else {
            Err(InvalidValue::new("must be 64 lower-case hexadecimal digits"))
        }
    }
}

impl From<ChainHash> for String {
    fn from(hash: ChainHash) -> Self {
        hash.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value has no canonical JSON. Values from the edge always have one, so this is a bug or a damaged store.
#[derive(Debug, thiserror::Error)]
#[error("no canonical JSON")]
pub struct NotCanonical(#[from] serde_json::Error);

/// Canonical JSON (RFC 8785). Only [`canonical_json`] makes it, so no other text can be hashed in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalJson(Vec<u8>);

impl CanonicalJson {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The canonical JSON (RFC 8785) of a value.
///
/// # Errors
/// When the value holds a number that RFC 8785 cannot carry.
pub fn canonical_json<T: Serialize>(value: &T) -> Result<CanonicalJson, NotCanonical> {
    Ok(CanonicalJson(serde_json_canonicalizer::to_vec(value)?))
}
