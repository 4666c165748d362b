//! Cursors: where the next page begins, opaque to the caller and good for one query of one tenant only.
//!
//! A cursor holds no secret and grants nothing: whoever makes one up sees what the query would show anyway. Its
//! digest is there so that a cursor that was altered, or belongs to another query, is refused and does not silently
//! give a wrong page.

use alims_core::identifiers::{EventId, InvalidValue, TenantId, Version, WorkflowId, WorkflowKey};
use alims_core::operations::get_workflow_history::HistoryPosition;
use alims_core::operations::list_workflows::ListFilter;
use alims_core::ports::IndexPosition;
use alims_core::timestamp::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::operations::{GET_WORKFLOW_HISTORY, LIST_WORKFLOWS};

/// What the first byte of a cursor says. A cursor of another layout is refused, not guessed at.
const LAYOUT: u8 = 1;
/// How much of the digest a cursor carries.
const DIGEST_BYTES: usize = 16;
/// Longer texts are no cursors of this service.
const CURSOR_BYTES_MAX: usize = 1024;

/// Makes and reads the cursors of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCursors(Binding);

impl ListCursors {
    /// The cursors of the list that these filters give in this tenant.
    #[must_use]
    pub fn of(tenant_id: &TenantId, filter: &ListFilter) -> Self {
        let ListFilter { state, workflow_type, created_by, updated_after, updated_before } = filter;
        Self(Binding::of(&[
            Some(LIST_WORKFLOWS.name.to_owned()),
            Some(tenant_id.to_string()),
            state.map(|state| state.to_string()),
            workflow_type.as_ref().map(ToString::to_string),
            created_by.as_ref().map(ToString::to_string),
            updated_after.map(|at| at.to_string()),
            updated_before.map(|at| at.to_string()),
        ]))
    }

    /// The cursor of the page after this position.
    #[must_use]
    pub fn seal(&self, position: &IndexPosition) -> String {
        let IndexPosition { updated_at, workflow_id } = position.clone();
        self.0.seal(&ListPlace { updated_at, workflow_id })
    }

    /// The position in a cursor; none when it is not one of these.
    #[must_use]
    pub fn open(&self, cursor: &str) -> Option<IndexPosition> {
        let ListPlace { updated_at, workflow_id } = self.0.open(cursor)?;
        Some(IndexPosition { updated_at, workflow_id })
    }
}

/// Makes and reads the cursors of one history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryCursors(Binding);

impl HistoryCursors {
    /// The cursors of this workflow's history, with or without refusals.
    #[must_use]
    pub fn of(key: &WorkflowKey, include_refusals: bool) -> Self {
        Self(Binding::of(&[
            Some(GET_WORKFLOW_HISTORY.name.to_owned()),
            Some(key.tenant_id.to_string()),
            Some(key.workflow_id.to_string()),
            include_refusals.then(|| "refusals".to_owned()),
        ]))
    }

    /// The cursor of the page after this position.
    #[must_use]
    pub fn seal(&self, position: HistoryPosition) -> String {
        let HistoryPosition { version, refusal } = position;
        self.0.seal(&HistoryPlace { version, refusal })
    }

    /// The position in a cursor; none when it is not one of these.
    #[must_use]
    pub fn open(&self, cursor: &str) -> Option<HistoryPosition> {
        let HistoryPlace { version, refusal } = self.0.open(cursor)?;
        Some(HistoryPosition { version, refusal })
    }
}

/// What the caller is told of a cursor that cannot be used.
pub(crate) fn not_ours() -> InvalidValue {
    InvalidValue::new("must be the next_cursor of a page of this very query, unchanged")
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListPlace {
    updated_at: Timestamp,
    workflow_id: WorkflowId,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryPlace {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<EventId>,
}

/// What a cursor is bound to: a digest of the query it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Binding(Sha256Bytes);

type Sha256Bytes = [u8; 32];

impl Binding {
    /// As JSON no two lists of parts look the same, and a part that is absent is not one that is empty.
    fn of(parts: &[Option<String>]) -> Self {
        Self(Sha256::digest(serde_json::to_vec(parts).unwrap_or_default()).into())
    }

    /// Layout, digest and place, in base64 for a query string.
    fn seal<T: Serialize>(&self, place: &T) -> String {
        let place = serde_json::to_vec(place).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([&[LAYOUT], self.digest(&place).as_slice(), &place].concat())
    }

    fn open<T: for<'de> Deserialize<'de>>(&self, cursor: &str) -> Option<T> {
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
    use alims_core::lifecycle::State;
    use proptest::prelude::*;

    fn tenant(name: &str) -> TenantId {
        name.parse().expect("a tenant")
    }

    fn key(workflow_id: &str) -> WorkflowKey {
        WorkflowKey { tenant_id: tenant("lab"), workflow_id: workflow_id.parse().expect("an id") }
    }

    fn position() -> IndexPosition {
        IndexPosition {
            updated_at: "2026-11-23T08:15:00.000Z".parse().expect("an instant"),
            workflow_id: "wf-1".parse().expect("an id"),
        }
    }

    #[test]
    fn a_cursor_opens_for_its_own_query_and_for_no_other() {
        let active = ListFilter { state: Some(State::Active), ..ListFilter::default() };
        let cursors = ListCursors::of(&tenant("lab"), &active);
        let cursor = cursors.seal(&position());
        assert_eq!(cursors.open(&cursor), Some(position()));
        assert_eq!(ListCursors::of(&tenant("other"), &active).open(&cursor), None);
        assert_eq!(ListCursors::of(&tenant("lab"), &ListFilter::default()).open(&cursor), None);

        let place = HistoryPosition { version: Some(Version::FIRST), refusal: None };
        let history = HistoryCursors::of(&key("wf-1"), true);
        let cursor = history.seal(place);
        assert_eq!(history.open(&cursor), Some(place));
        assert_eq!(HistoryCursors::of(&key("wf-1"), false).open(&cursor), None);
        assert_eq!(HistoryCursors::of(&key("wf-2"), true).open(&cursor), None);
        assert_eq!(cursors.open(&cursor), None);
    }

    proptest! {
        #[test]
        fn a_cursor_with_a_changed_character_is_refused(place in any::<prop::sample::Index>(), other in "[A-Za-z0-9_-]") {
            let cursors = ListCursors::of(&tenant("lab"), &ListFilter::default());
            let cursor = cursors.seal(&position());
            let place = place.index(cursor.len());
            let mut altered = cursor.clone();
            altered.replace_range(place..=place, &other);
            prop_assert_eq!(cursors.open(&altered).is_some(), altered == cursor);
        }

        #[test]
        fn no_text_that_somebody_makes_up_opens(text in ".{0,200}") {
            prop_assert_eq!(ListCursors::of(&tenant("lab"), &ListFilter::default()).open(&text), None);
        }
    }
}
