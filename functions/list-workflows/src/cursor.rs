//! The cursors of a list: bound to the tenant and to every filter.

use alims_domain::identifiers::{TenantId, WorkflowId};
use alims_domain::timestamp::Timestamp;
use alims_edge::cursor::Cursors;
use alims_operations::list_workflows::ListFilter;
use alims_operations::ports::{EntryFilter, IndexPosition};
use serde::{Deserialize, Serialize};

use crate::route::ROUTE;

/// Makes and reads the cursors of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCursors(Cursors);

impl ListCursors {
    /// The cursors of the list with these filters in this tenant.
    #[must_use]
    pub fn of(tenant_id: &TenantId, filter: &ListFilter) -> Self {
        let ListFilter { entries, overdue, quarantined, order } = filter;
        let EntryFilter {
            states,
            workflow_type,
            created_by,
            assignee,
            labels,
            due_before,
            overdue_at,
            created_after,
            created_before,
            updated_after,
            updated_before,
        } = entries;
        let which = (states, workflow_type, created_by, assignee, labels);
        let when = (due_before, overdue_at, created_after, created_before, updated_after, updated_before);
        Self(Cursors::of(&ROUTE, tenant_id, &(which, when, overdue, quarantined, order)))
    }

    /// The cursor of the page after this position.
    #[must_use]
    pub fn seal(&self, position: &IndexPosition) -> String {
        let IndexPosition { at, workflow_id } = position.clone();
        self.0.seal(&ListPlace { at, workflow_id })
    }

    /// The position in a cursor; none when it is not a cursor of this list.
    #[must_use]
    pub fn open(&self, cursor: &str) -> Option<IndexPosition> {
        let ListPlace { at, workflow_id } = self.0.open(cursor)?;
        Some(IndexPosition { at, workflow_id })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListPlace {
    at: Timestamp,
    workflow_id: WorkflowId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::lifecycle::State;
    use alims_operations::ports::ListOrder;

    fn tenant(name: &str) -> TenantId {
        name.parse().expect("a tenant")
    }

    fn position() -> IndexPosition {
        IndexPosition { at: instant("23"), workflow_id: "wf-1".parse().expect("an id") }
    }

    fn instant(day: &str) -> Timestamp {
        format!("2026-11-{day}T08:15:00.000Z").parse().expect("an instant")
    }

    /// A filter with a value of each member, drawn from one letter.
    fn filter(state: State, letter: &str, day: &str) -> ListFilter {
        let at = Some(instant(day));
        let entries = EntryFilter {
            states: [state].into(),
            workflow_type: letter.parse().ok(),
            created_by: letter.parse().ok(),
            assignee: letter.parse().ok(),
            labels: vec![(letter.parse().expect("a name"), letter.parse().expect("a value"))],
            due_before: at,
            overdue_at: None,
            created_after: at,
            created_before: at,
            updated_after: at,
            updated_before: at,
        };
        ListFilter { entries, overdue: true, quarantined: true, order: ListOrder::Created }
    }

    /// A list, and for each part that a list's cursors are bound to a list that differs in exactly that part.
    fn lists() -> Vec<(String, ListCursors)> {
        let (lab, ours) = (tenant("lab"), filter(State::Active, "a", "21"));
        let mut lists = vec![
            ("a list".to_owned(), ListCursors::of(&lab, &ours)),
            ("a list of another tenant".to_owned(), ListCursors::of(&tenant("other"), &ours)),
            ("not overdue".to_owned(), ListCursors::of(&lab, &ListFilter { overdue: false, ..ours.clone() })),
            ("not quarantined".to_owned(), ListCursors::of(&lab, &ListFilter { quarantined: false, ..ours.clone() })),
        ];
        for order in [ListOrder::Due, ListOrder::Updated] {
            lists.push((format!("{order:?}"), ListCursors::of(&lab, &ListFilter { order, ..ours.clone() })));
        }
        let both = [State::Active, State::Failed].into();
        let of = |entries| ListCursors::of(&lab, &ListFilter { entries, ..ours.clone() });
        let two_states = EntryFilter { states: both, ..ours.entries.clone() };
        lists.push(("two states".to_owned(), of(two_states)));
        let ours = &ours.entries;
        for (how, replaced) in [("another", filter(State::Failed, "b", "20").entries), ("no", EntryFilter::default())] {
            // Every member is named, so a new one does not compile before it has its list here.
            let EntryFilter {
                states,
                workflow_type,
                created_by,
                assignee,
                labels,
                due_before,
                overdue_at: _,
                created_after,
                created_before,
                updated_after,
                updated_before,
            } = replaced;
            let differing = [
                ("states", EntryFilter { states, ..ours.clone() }),
                ("workflow_type", EntryFilter { workflow_type, ..ours.clone() }),
                ("created_by", EntryFilter { created_by, ..ours.clone() }),
                ("assignee", EntryFilter { assignee, ..ours.clone() }),
                ("labels", EntryFilter { labels, ..ours.clone() }),
                ("due_before", EntryFilter { due_before, ..ours.clone() }),
                ("created_after", EntryFilter { created_after, ..ours.clone() }),
                ("created_before", EntryFilter { created_before, ..ours.clone() }),
                ("updated_after", EntryFilter { updated_after, ..ours.clone() }),
                ("updated_before", EntryFilter { updated_before, ..ours.clone() }),
            ];
            lists.extend(differing.map(|(what, entries)| (format!("{how} {what}"), of(entries))));
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
