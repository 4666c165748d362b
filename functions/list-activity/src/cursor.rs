//! The cursors of a walk over activity: bound to the filters.

use alims_domain::identifiers::TenantId;
use alims_edge::cursor::Cursors;
use alims_operations::list_activity::{ActivityFilter, ActivityPlace};

use crate::route::ROUTE;

/// Makes and reads the cursors of one walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityCursors(Cursors);

impl ActivityCursors {
    /// The cursors of this tenant's activity with these filters.
    #[must_use]
    pub fn of(tenant_id: &TenantId, filter: &ActivityFilter) -> Self {
        Self(Cursors::of(&ROUTE, tenant_id, filter))
    }

    /// The cursor of the page at this place.
    #[must_use]
    pub fn seal(&self, place: &ActivityPlace) -> String {
        self.0.seal(place)
    }

    /// The place in a cursor; none when it is not a cursor of this walk.
    #[must_use]
    pub fn open(&self, cursor: &str) -> Option<ActivityPlace> {
        self.0.open(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::activity::ActivityKind;
    use alims_operations::ports::ActivityPosition;
    use alims_testing::builders::at;

    fn tenant(name: &str) -> TenantId {
        name.parse().expect("a tenant")
    }

    /// The longest one: a workflow and a sort key of the greatest length.
    fn a_place() -> ActivityPlace {
        let entry = Some(format!("{}#q#{}", "w".repeat(128), "0".repeat(140)));
        ActivityPlace { from: at(0), to: at(2), after: ActivityPosition { at: at(1), entry } }
    }

    /// A walk, and for each part that its cursors are bound to a walk that differs in exactly that part.
    fn walks() -> Vec<(&'static str, ActivityCursors)> {
        let filter = ActivityFilter::default();
        // A new filter must be varied below.
        let ActivityFilter { from: _, to: _, principal: _, kind: _ } = &filter;
        let lab = |filter: ActivityFilter| ActivityCursors::of(&tenant("lab"), &filter);
        vec![
            ("a walk", lab(filter.clone())),
            ("of another tenant", ActivityCursors::of(&tenant("other"), &filter)),
            ("from", lab(ActivityFilter { from: Some(at(0)), ..filter.clone() })),
            ("to", lab(ActivityFilter { to: Some(at(0)), ..filter.clone() })),
            ("principal", lab(ActivityFilter { principal: "alice".parse().ok(), ..filter.clone() })),
            ("kind", lab(ActivityFilter { kind: Some(ActivityKind::WorkflowCreated), ..filter })),
        ]
    }

    #[test]
    fn a_cursor_opens_for_its_own_query_and_for_none_that_differs_in_one_member() {
        let walks = walks();
        for (what, ours) in &walks {
            let cursor = ours.seal(&a_place());
            for (other, theirs) in &walks {
                let opened = theirs.open(&cursor).is_some();
                assert_eq!(opened, what == other, "the cursor of {what}, held against {other}");
            }
        }
    }

    #[test]
    fn a_place_comes_back_from_its_cursor_as_it_was() {
        let walk = ActivityCursors::of(&tenant("lab"), &ActivityFilter::default());
        let day = ActivityPlace { after: ActivityPosition { at: at(1), entry: None }, ..a_place() };
        for place in [a_place(), day] {
            assert_eq!(walk.open(&walk.seal(&place)), Some(place));
        }
    }
}
