//! Cursors: where the next page begins, opaque to the caller and good for one query of one tenant only.
//!
//! A cursor holds no secret and grants nothing: whoever makes one up sees what the query would show anyway. Its
//! digest is there so that a cursor that was altered, or belongs to another query, is refused and does not silently
//! give a wrong page.

use alims_domain::identifiers::{EventId, TenantId, Version, WorkflowId, WorkflowKey};
use alims_domain::invalid::InvalidValue;
use alims_domain::timestamp::Timestamp;
use alims_operations::get_workflow_history::HistoryPosition;
use alims_operations::list_workflows::ListFilter;
use alims_operations::ports::IndexPosition;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::operations::{GET_WORKFLOW_HISTORY, LIST_WORKFLOWS, Operation};

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
        let members = (state, workflow_type, created_by, updated_after, updated_before);
        Self(Binding::of(&LIST_WORKFLOWS, tenant_id, &members))
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
        let WorkflowKey { tenant_id, workflow_id } = key;
        Self(Binding::of(&GET_WORKFLOW_HISTORY, tenant_id, &(workflow_id, include_refusals)))
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
    /// As JSON no two lists of members look the same, and a member that is absent is not one that is empty. Each has
    /// the form in which it is stored, which no change of a text for people changes.
    fn of<T: Serialize>(operation: &Operation, tenant_id: &TenantId, members: &T) -> Self {
        let query = (operation.name, tenant_id, members);
        Self(Sha256::digest(serde_json::to_vec(&query).unwrap_or_default()).into())
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
    use alims_domain::lifecycle::State;
    use alims_operations::get_workflow_history::HistoryQuery;
    use proptest::prelude::*;

    fn tenant(name: &str) -> TenantId {
        name.parse().expect("a tenant")
    }

    fn position() -> IndexPosition {
        IndexPosition {
            updated_at: "2026-11-23T08:15:00.000Z".parse().expect("an instant"),
            workflow_id: "wf-1".parse().expect("an id"),
        }
    }

    fn filter(state: State, workflow_type: &str, created_by: &str, from: &str, to: &str) -> ListFilter {
        ListFilter {
            state: Some(state),
            workflow_type: workflow_type.parse().ok(),
            created_by: created_by.parse().ok(),
            updated_after: format!("2026-11-{from}T08:15:00.000Z").parse().ok(),
            updated_before: format!("2026-11-{to}T08:15:00.000Z").parse().ok(),
        }
    }

    /// A list, and for each thing that a list's cursors are bound to a list that differs in exactly that.
    fn lists() -> Vec<(String, Binding)> {
        let (lab, ours) = (tenant("lab"), filter(State::Active, "sample", "alice", "21", "22"));
        let mut lists = vec![
            ("a list".to_owned(), ListCursors::of(&lab, &ours).0),
            ("a list of another tenant".to_owned(), ListCursors::of(&tenant("other"), &ours).0),
        ];
        let another = filter(State::Failed, "plate", "bob", "20", "23");
        for (how, replaced) in [("another", another), ("no", ListFilter::default())] {
            // Every member is named, so that a new one does not compile before it has its list here.
            let ListFilter { state, workflow_type, created_by, updated_after, updated_before } = replaced;
            let differing = [
                ("state", ListFilter { state, ..ours.clone() }),
                ("workflow_type", ListFilter { workflow_type, ..ours.clone() }),
                ("created_by", ListFilter { created_by, ..ours.clone() }),
                ("updated_after", ListFilter { updated_after, ..ours.clone() }),
                ("updated_before", ListFilter { updated_before, ..ours.clone() }),
            ];
            let differing = differing.map(|(what, filter)| (format!("{how} {what}"), ListCursors::of(&lab, &filter).0));
            lists.extend(differing);
        }
        lists
    }

    /// The same for histories.
    fn histories() -> Vec<(String, Binding)> {
        let of = |key: &WorkflowKey, query: &HistoryQuery| {
            // A new member is either bound as `include_refusals` is, and varied below, or says where the page begins.
            let HistoryQuery { include_refusals, after: _, limit: _ } = query;
            HistoryCursors::of(key, *include_refusals).0
        };
        let query = |include_refusals| HistoryQuery { include_refusals, after: HistoryPosition::default(), limit: 1 };
        let ours = WorkflowKey { tenant_id: tenant("lab"), workflow_id: position().workflow_id };
        let another = WorkflowKey { tenant_id: tenant("other"), workflow_id: "wf-2".parse().expect("an id") };
        let WorkflowKey { tenant_id, workflow_id } = another;
        [
            ("a history", of(&ours, &query(false))),
            ("a history of another tenant", of(&WorkflowKey { tenant_id, ..ours.clone() }, &query(false))),
            ("a history of another workflow", of(&WorkflowKey { workflow_id, ..ours.clone() }, &query(false))),
            ("a history with refusals", of(&ours, &query(true))),
        ]
        .map(|(what, binding)| (what.to_owned(), binding))
        .to_vec()
    }

    #[test]
    fn a_cursor_opens_for_its_own_query_and_for_none_that_differs_in_one_member() {
        let queries = [lists(), histories()].concat();
        for (what, ours) in &queries {
            // One kind of place for all of them, so that only what they are bound to can tell them apart.
            let cursor = ours.seal(&position().workflow_id);
            for (other, theirs) in &queries {
                let opened = theirs.open::<WorkflowId>(&cursor).is_some();
                assert_eq!(opened, what == other, "the cursor of {what}, held against {other}");
            }
        }
    }

    #[test]
    fn a_cursor_is_bound_to_its_operation_when_all_else_is_the_same() {
        let of = |operation| Binding::of(operation, &tenant("lab"), &());
        let cursor = of(&LIST_WORKFLOWS).seal(&1);
        assert_eq!(of(&LIST_WORKFLOWS).open(&cursor), Some(1));
        assert_eq!(of(&GET_WORKFLOW_HISTORY).open::<u8>(&cursor), None);
    }

    #[test]
    fn a_place_comes_back_from_its_cursor_as_it_was() {
        let list = ListCursors::of(&tenant("lab"), &ListFilter::default());
        assert_eq!(list.open(&list.seal(&position())), Some(position()));
        let key = WorkflowKey { tenant_id: tenant("lab"), workflow_id: position().workflow_id };
        let history = HistoryCursors::of(&key, true);
        let refusal = "019ab0b2-1f00-7000-8000-000000000001".to_owned().try_into().expect("an id");
        for (version, refusal) in [(None, None), (Some(Version::FIRST), None), (None, Some(refusal))] {
            let place = HistoryPosition { version, refusal };
            assert_eq!(history.open(&history.seal(place)), Some(place));
        }
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
