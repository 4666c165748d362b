//! Idempotency: each version carries the keys of the last accepted requests, so a repeated request takes effect once.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

use crate::hashing::{NotCanonical, canonical_json};
use crate::identifiers::{IdempotencyKey, PrincipalId, TenantId, Version, WorkflowId};
use crate::limits::REMEMBERED_REQUESTS_MAX;
use crate::stored_name::{Part, StoredName, digest, half_digest};

/// One accepted request that carried a key. Both texts are 32 hexadecimal digits: half a SHA-256, to keep items small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedRequest {
    /// The hash of the principal and its key: a key has no meaning for another principal.
    pub key: String,
    /// The hash of the request's content.
    pub request: String,
    /// The version that it made.
    pub version: Version,
}

/// A request with an idempotency key, ready for lookup and storage. Both texts are as in [`AcceptedRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatableRequest {
    key: String,
    request: String,
}

/// The result of a lookup of a repeatable request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Not among the remembered requests: never accepted, or accepted too long ago.
    No,
    /// Accepted before: it made this version.
    Accepted(Version),
    /// The key belongs to another request.
    KeyReused,
}

impl RepeatableRequest {
    /// Identifies a request by its principal's key and by `what`, the content that makes two requests equal.
    ///
    /// # Errors
    /// When `what` has no canonical JSON.
    pub fn new<T: Serialize>(principal: &PrincipalId, key: &IdempotencyKey, what: &T) -> Result<Self, NotCanonical> {
        Ok(Self {
            key: half_digest(&[Part::of(principal), Part::of(key)]),
            request: half_digest(&[Part::canonical_json(&canonical_json(what)?)]),
        })
    }

    /// Whether another request carried the same key of the same principal, and was another one.
    #[must_use]
    pub fn reuses_the_key_of(&self, other: &Self) -> bool {
        self.key == other.key && self.request != other.request
    }

    /// Looks it up among the accepted requests.
    #[must_use]
    pub fn known_in(&self, accepted: &[AcceptedRequest]) -> Known {
        accepted.iter().find(|known| known.key == self.key).map_or(Known::No, |known| {
            if known.request == self.request { Known::Accepted(known.version) } else { Known::KeyReused }
        })
    }
}

/// Names the principal's key, so that a repeated request meets what the first one made. The name never changes: it is a
/// part of stored keys.
impl StoredName for RepeatableRequest {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.key)
    }
}

/// The requests that the next version remembers: those of the last version, and the current one if it carries a key.
#[must_use]
pub fn remember(
    accepted: &[AcceptedRequest],
    request: Option<&RepeatableRequest>,
    version: Version,
) -> Vec<AcceptedRequest> {
    let new = request.map(|r| AcceptedRequest { key: r.key.clone(), request: r.request.clone(), version });
    let kept = REMEMBERED_REQUESTS_MAX - usize::from(new.is_some());
    let forgotten = accepted.len().saturating_sub(kept);
    accepted.iter().skip(forgotten).cloned().chain(new).collect()
}

/// The id of a workflow whose creator gave an idempotency key but no id. The same three inputs give the same id.
#[must_use]
pub fn derived_workflow_id(tenant: &TenantId, principal: &PrincipalId, key: &IdempotencyKey) -> WorkflowId {
    let digest = digest(&[Part::of(tenant), Part::of(principal), Part::of(key)]);
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    WorkflowId::from(Uuid::new_v8(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(key: &str, what: &str) -> Option<RepeatableRequest> {
        RepeatableRequest::new(&"alice".parse().ok()?, &key.parse().ok()?, &what).ok()
    }

    #[test]
    fn the_last_sixteen_are_remembered_oldest_forgotten_first() {
        let mut accepted = Vec::new();
        for number in 1..=20 {
            let version = Version::try_from(number).unwrap_or(Version::FIRST);
            accepted = remember(&accepted, request(&format!("k{number}"), "x").as_ref(), version);
        }
        assert_eq!(accepted.len(), REMEMBERED_REQUESTS_MAX);
        assert_eq!(request("k4", "x").map(|r| r.known_in(&accepted)), Some(Known::No));
        assert_eq!(request("k5", "x").map(|r| r.known_in(&accepted)), Version::try_from(5).ok().map(Known::Accepted));
        assert_eq!(request("k20", "y").map(|r| r.known_in(&accepted)), Some(Known::KeyReused));
        assert_eq!(remember(&accepted, None, Version::LAST), accepted);
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        let [ab, c, a, bc] = ["ab", "c", "a", "bc"].map(Part::literal);
        assert_ne!(digest(&[ab, c]), digest(&[a, bc]));
    }
}
