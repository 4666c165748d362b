//! The cursors of a list: bound to the tenant and to every filter.

use alims_domain::identifiers::{TenantId, WorkflowId};
use alims_domain::timestamp::Timestamp;
use alims_edge::cursor::Cursors;
use alims_operations::list_workflows::ListFilter;
use alims_operations::ports::IndexPosition;
use serde::{Deserialize, Serialize};

use crate::route::ROUTE;

/// Makes and reads the cursors of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCursors(Cursors);

impl ListCursors {
    /// The cursors of the list with these filters in this tenant.
    #[must_use]
    pub fn of(tenant_id: &TenantId, filter: &ListFilter) -> Self {
        let ListFilter { state, workflow_type, created_by, updated_after, updated_before } = filter;
        let members = (state, workflow_type, created_by, updated_after, updated_before);
        Self(Cursors::of(&ROUTE, tenant_id, &members))
    }

    /// The cursor of the page after this position.
    #[must_use]
    pub fn seal(&self, position: &IndexPosition) -> String {
        let IndexPosition { updated_at, workflow_id } = position.clone();
        self.0.seal(&ListPlace { updated_at, workflow_id })
    }

    /// The position in a cursor; none when it is not a cursor of this list.
    #[must_use]
    pub fn open(&self, cursor: &str) -> Option<IndexPosition> {
        let ListPlace { updated_at, workflow_id } = self.0.open(cursor)?;
        Some(IndexPosition { updated_at, workflow_id })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListPlace {
    updated_at: Timestamp,
    workflow_id: WorkflowId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::lifecycle::State;

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

    /// A list, and for each part that a list's cursors are bound to a list that differs in exactly that part.
    fn lists() -> Vec<(String, ListCursors)> {
        let (lab, ours) = (tenant("lab"), filter(State::Active, "sample", "alice", "21", "22"));
        let mut lists = vec![
            ("a list".to_owned(), ListCursors::of(&lab, &ours)),
            ("a list of another tenant".to_owned(), ListCursors::of(&tenant("other"), &ours)),
        ];
        let another = filter(State::Failed, "plate", "bob", "20", "23");
        for (how, replaced) in [("another", another), ("no", ListFilter::default())] {
            // Every member is named, so a new one does not compile before it has its list here.
            let ListFilter { state, workflow_type, created_by, updated_after, updated_before } = replaced;
            let differing = [
                ("state", ListFilter { state, ..ours.clone() }),
                ("workflow_type", ListFilter { workflow_type, ..ours.clone() }),
                ("created_by", ListFilter { created_by, ..ours.clone() }),
                ("updated_after", ListFilter { updated_after, ..ours.clone() }),
                ("updated_before", ListFilter { updated_before, ..ours.clone() }),
            ];
            let differing = differing.map(|(what, filter)| (format!("{how} {what}"), ListCursors::of(&lab, &filter)));
            lists.extend(differing);
        }
        lists
    }

    #[test]
    fn a_cursor_opens_for_its_own_query_and_for_none_that_differs_in_one_member() {
        let queries = lists();
        for (what, ours) in &queries {
            let cursor = ours.seal(&position());
            for (other, theirs) in &queries {
                let opened = theirs.open(&cursor).is_some();
                assert_eq!(opened, what == other, "the cursor of {what}, held against {other}");
            }
        }
    }

    #[test]
    fn a_place_comes_back_from_its_cursor_as_it_was() {
        let list = ListCursors::of(&tenant("lab"), &ListFilter::default());
        assert_eq!(list.open(&list.seal(&position())), Some(position()));
    }
}
