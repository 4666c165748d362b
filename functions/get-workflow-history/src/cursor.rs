//! The cursors of a history: bound to the workflow, and to the kinds of entries that the page includes.

use alims_domain::identifiers::WorkflowKey;
use alims_edge::cursor::Cursors;
use alims_operations::get_workflow_history::{HistoryPosition, Include};

use crate::route::ROUTE;

/// Makes and reads the cursors of one history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryCursors(Cursors);

impl HistoryCursors {
    /// The cursors of this workflow's history with these kinds of entries.
    #[must_use]
    pub fn of(key: &WorkflowKey, include: Include) -> Self {
        let WorkflowKey { tenant_id, workflow_id } = key;
        Self(Cursors::of(&ROUTE, tenant_id, &(workflow_id, include)))
    }

    /// The cursor of the page after this position.
    #[must_use]
    pub fn seal(&self, position: HistoryPosition) -> String {
        self.0.seal(&position)
    }

    /// The position in a cursor; none when it is not a cursor of this history.
    #[must_use]
    pub fn open(&self, cursor: &str) -> Option<HistoryPosition> {
        self.0.open(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::identifiers::TenantId;
    use alims_domain::quarantine::QuarantineEntry;
    use alims_operations::get_workflow_history::{HistoryItem, HistoryQuery, Unreadable};
    use alims_testing::builders::{a_break, a_created, a_quarantine, a_refusal, a_release, an_overdue, at, version};

    fn tenant(name: &str) -> TenantId {
        name.parse().expect("a tenant")
    }

    /// A history, and for each part that its cursors are bound to a history that differs in exactly that part.
    fn histories() -> Vec<(String, HistoryCursors)> {
        let of = |key: &WorkflowKey, query: &HistoryQuery| {
            // A new member is either bound like `include` and varied below, or says where the page begins.
            let HistoryQuery { include, after: _, limit: _ } = query;
            HistoryCursors::of(key, *include)
        };
        let query = |include| HistoryQuery { include, after: HistoryPosition::default(), limit: 1 };
        let none = Include::default();
        let ours = WorkflowKey { tenant_id: tenant("lab"), workflow_id: "wf-1".parse().expect("an id") };
        let another = WorkflowKey { tenant_id: tenant("other"), workflow_id: "wf-2".parse().expect("an id") };
        let WorkflowKey { tenant_id, workflow_id } = another;
        [
            ("a history", of(&ours, &query(none))),
            ("a history of another tenant", of(&WorkflowKey { tenant_id, ..ours.clone() }, &query(none))),
            ("a history of another workflow", of(&WorkflowKey { workflow_id, ..ours.clone() }, &query(none))),
            ("a history with refusals", of(&ours, &query(Include { refusals: true, ..none }))),
            ("a history with quarantines", of(&ours, &query(Include { quarantines: true, ..none }))),
            ("a history with changes", of(&ours, &query(Include { changes: true, ..none }))),
            ("a history with recoveries", of(&ours, &query(Include { recoveries: true, ..none }))),
            ("a history with due dates", of(&ours, &query(Include { overdue: true, ..none }))),
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
        let history = HistoryCursors::of(&key, Include::default());
        let content = a_break(2).content;
        let entry = |entry| match entry {
            QuarantineEntry::Quarantined(entry) => HistoryItem::Quarantined(Box::new(entry)),
            QuarantineEntry::Released(entry) => HistoryItem::Released(Box::new(entry)),
        };
        let items = [
            HistoryItem::Version(Box::new(a_created("wf-1").event)),
            HistoryItem::Refusal(Box::new(a_refusal(&key))),
            entry(a_quarantine(&key, &a_break(2))),
            entry(a_release(&key, &a_break(2))),
            HistoryItem::Overdue(Box::new(an_overdue(&key, at(1000)))),
            HistoryItem::Unreadable(Unreadable::Quarantine { version: Some(version(2)), content }),
        ];
        // Each alone, and then all of them together, which is the longest.
        let mut all =
            HistoryPosition { recovery: Some((version(9_999_999_999), u32::MAX)), ..HistoryPosition::default() };
        for item in &items {
            all = all.behind(item);
            for place in [HistoryPosition::default().behind(item), all] {
                assert_eq!(history.open(&history.seal(place)), Some(place));
            }
        }
    }
}
