//! The cursors of a verification: bound to the workflow.
//!
//! A caller can make one up. It only says where the next page begins; the page says so too, and claims nothing about what
//! comes before.

use alims_domain::identifiers::WorkflowKey;
use alims_edge::cursor::Cursors;
use alims_operations::verify_workflow_history::Reached;

use crate::route::ROUTE;

/// Makes and reads the cursors of one verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationCursors(Cursors);

impl VerificationCursors {
    /// The cursors of this workflow's verification.
    #[must_use]
    pub fn of(key: &WorkflowKey) -> Self {
        Self(Cursors::of(&ROUTE, &key.tenant_id, &key.workflow_id))
    }

    /// The cursor of the page that continues from here.
    #[must_use]
    pub fn seal(&self, reached: &Reached) -> String {
        self.0.seal(reached)
    }

    /// The position in a cursor; none when it is not a cursor of this verification.
    #[must_use]
    pub fn open(&self, cursor: &str) -> Option<Reached> {
        self.0.open(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::hash_chain::Checked;
    use alims_operations::verify_workflow_history::KeptPosition;
    use alims_testing::builders::{a_created, a_key_of};

    #[test]
    fn a_cursor_opens_for_its_own_workflow_and_comes_back_as_it_was() {
        let of = |tenant: &str, id: &str| VerificationCursors::of(&a_key_of(&tenant.parse().expect("a tenant"), id));
        let checked = Checked::from(&a_created("wf-1").event);
        for kept in [None, Some(KeptPosition::default())] {
            let reached = Reached { checked: checked.clone(), kept };
            let cursor = of("lab", "wf-1").seal(&reached);
            assert_eq!(of("lab", "wf-1").open(&cursor), Some(reached));
            assert_eq!(of("lab", "wf-2").open(&cursor), None);
            assert_eq!(of("other", "wf-1").open(&cursor), None);
        }
    }
}
