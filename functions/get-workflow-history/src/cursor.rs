//! The cursors of a history: bound to the workflow, and to whether the page shows refusals.

use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_edge::cursor::Cursors;
use alims_operations::get_workflow_history::HistoryPosition;
use serde::{Deserialize, Serialize};

use crate::route::ROUTE;

/// Makes and reads the cursors of one history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryCursors(Cursors);

impl HistoryCursors {
    /// The cursors of this workflow's history, with or without refusals.
    #[must_use]
    pub fn of(key: &WorkflowKey, include_refusals: bool) -> Self {
        let WorkflowKey { tenant_id, workflow_id } = key;
        Self(Cursors::of(&ROUTE, tenant_id, &(workflow_id, include_refusals)))
    }

    /// The cursor of the page after this position.
    #[must_use]
    pub fn seal(&self, position: HistoryPosition) -> String {
        let HistoryPosition { version, refusal } = position;
        self.0.seal(&HistoryPlace { version, refusal })
    }

    /// The position in a cursor; none when it is not a cursor of this history.
    #[must_use]
    pub fn open(&self, cursor: &str) -> Option<HistoryPosition> {
        let HistoryPlace { version, refusal } = self.0.open(cursor)?;
        Some(HistoryPosition { version, refusal })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryPlace {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<EventId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::identifiers::TenantId;
    use alims_operations::get_workflow_history::HistoryQuery;

    fn tenant(name: &str) -> TenantId {
        name.parse().expect("a tenant")
    }

    /// A history, and for each part that its cursors are bound to a history that differs in exactly that part.
    fn histories() -> Vec<(String, HistoryCursors)> {
        let of = |key: &WorkflowKey, query: &HistoryQuery| {
            // A new member is either bound like `include_refusals` and varied below, or says where the page begins.
            let HistoryQuery { include_refusals, after: _, limit: _ } = query;
            HistoryCursors::of(key, *include_refusals)
        };
        let query = |include_refusals| HistoryQuery { include_refusals, after: HistoryPosition::default(), limit: 1 };
        let ours = WorkflowKey { tenant_id: tenant("lab"), workflow_id: "wf-1".parse().expect("an id") };
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
        let queries = histories();
        for (what, ours) in &queries {
            let cursor = ours.seal(HistoryPosition::default());
            for (other, theirs) in &queries {
                let opened = theirs.open(&cursor).is_some();
                assert_eq!(opened, what == other, "the cursor of {what}, held against {other}");
            }
        }
    }

    #[test]
    fn a_place_comes_back_from_its_cursor_as_it_was() {
        let key = WorkflowKey { tenant_id: tenant("lab"), workflow_id: "wf-1".parse().expect("an id") };
        let history = HistoryCursors::of(&key, true);
        let refusal = "019ab0b2-1f00-7000-8000-000000000001".to_owned().try_into().expect("an id");
        for (version, refusal) in [(None, None), (Some(Version::FIRST), None), (None, Some(refusal))] {
            let place = HistoryPosition { version, refusal };
            assert_eq!(history.open(&history.seal(place)), Some(place));
        }
    }
}
