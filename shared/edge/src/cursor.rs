//! Cursors: the start of the next page, opaque to the caller and valid for one query of one tenant only.
//!
//! A cursor holds no secret and grants nothing: a forged one shows only what the query shows anyway. Its digest lets
//! the service reject an altered cursor or one of another query, which would otherwise silently give a wrong page.

use alims_domain::identifiers::TenantId;
use alims_domain::invalid::InvalidValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::route::Route;

/// The first byte of a cursor. The service rejects a cursor with another layout.
const LAYOUT: u8 = 1;
/// The length of the digest in a cursor, in bytes.
const DIGEST_BYTES: usize = 16;
/// The maximum length of a cursor in bytes; a longer text is not a cursor.
const CURSOR_BYTES_MAX: usize = 1024;

/// The error for a cursor that cannot be used.
#[must_use]
pub fn not_ours() -> InvalidValue {
    InvalidValue::new("must be the next_cursor of a page of this very query, unchanged")
}

/// Makes and reads the cursors of one query: a digest of the query's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursors(Sha256Bytes);

type Sha256Bytes = [u8; 32];

impl Cursors {
    /// The cursors of an operation's query, which `members` distinguish from every other query.
    ///
    /// As JSON, no two lists of members look the same, and an absent member differs from an empty one. Each member has
    /// its stored form, which does not change when a text for people changes.
    #[must_use]
    pub fn of<T: Serialize>(route: &Route, tenant_id: &TenantId, members: &T) -> Self {
        let query = (route.name, tenant_id, members);
        Self(Sha256::digest(serde_json::to_vec(&query).unwrap_or_default()).into())
    }

    /// Makes the cursor of a position: layout, digest and position, in base64 for a query string.
    #[must_use]
    pub fn seal<T: Serialize>(&self, place: &T) -> String {
        let place = serde_json::to_vec(place).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([&[LAYOUT], self.digest(&place).as_slice(), &place].concat())
    }

    /// Reads the position from a cursor; none when it is not one of this query.
    #[must_use]
    pub fn open<T: for<'de> Deserialize<'de>>(&self, cursor: &str) -> Option<T> {
        if cursor.len() > CURSOR_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (layout, rest) = bytes.split_first()?;
        let (digest, place) = rest.split_at_checked(DIGEST_BYTES)?;
        let ours = *layout == LAYOUT && digest == self.digest(place);
        ours.then(|| serde_json::from_slice(place).ok())?
    }

    fn digest(&self, place: &[u8]) -> Vec<u8> {
        let digest = Sha256::new().chain_update([LAYOUT]).chain_update(self.0).chain_update(place).finalize();
        digest.into_iter().take(DIGEST_BYTES).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;
    use proptest::prelude::*;

    static ONE: Route = Route { name: "one", operation_id: "one", method: Method::GET, path: "/one" };
    static OTHER: Route = Route { name: "other", operation_id: "other", method: Method::GET, path: "/other" };

    fn cursors_of(route: &Route) -> Cursors {
        Cursors::of(route, &"lab".parse().expect("a tenant"), &("a", 1))
    }

    #[test]
    fn a_cursor_is_bound_to_its_operation_when_all_else_is_the_same() {
        let cursor = cursors_of(&ONE).seal(&1);
        assert_eq!(cursors_of(&ONE).open(&cursor), Some(1));
        assert_eq!(cursors_of(&OTHER).open::<u8>(&cursor), None);
    }

    proptest! {
        #[test]
        fn a_cursor_with_a_changed_character_is_refused(place in any::<prop::sample::Index>(), other in "[A-Za-z0-9_-]") {
            let cursors = cursors_of(&ONE);
            let cursor = cursors.seal(&12345);
            let place = place.index(cursor.len());
            let mut altered = cursor.clone();
            altered.replace_range(place..=place, &other);
            prop_assert_eq!(cursors.open::<u32>(&altered).is_some(), altered == cursor);
        }

        #[test]
        fn no_text_that_somebody_makes_up_opens(text in ".{0,200}") {
            prop_assert_eq!(cursors_of(&ONE).open::<u32>(&text), None);
        }
    }
}
