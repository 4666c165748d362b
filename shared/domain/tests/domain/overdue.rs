//! Which workflow is overdue, and what the record of it says.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::EventId;
use alims_domain::lifecycle::State;
use alims_domain::overdue::Overdue;
use alims_testing::builders::{a_created, at};
use uuid::Uuid;

fn head(state: State, due_at: Option<i64>) -> WorkflowEvent {
    WorkflowEvent { to_state: state, due_at: due_at.map(at), ..a_created("w").event }
}

fn overdue(head: &WorkflowEvent, due_at: i64, now: i64) -> Option<Overdue> {
    Overdue::of(head, at(due_at), EventId(Uuid::nil()), at(now))
}

#[test]
fn a_workflow_is_overdue_from_its_due_date_on_as_long_as_its_work_has_not_ended() {
    for state in State::ALL {
        let head = head(state, Some(1000));
        assert_eq!(overdue(&head, 1000, 999), None, "{state:?}");
        for now in [1000, 1001, 1_000_000] {
            assert_eq!(overdue(&head, 1000, now).is_some(), !state.is_closed(), "{state:?} {now}");
        }
    }
}

#[test]
fn a_workflow_without_this_due_date_is_not_overdue_by_it() {
    for due_at in [None, Some(999), Some(1001)] {
        assert_eq!(overdue(&head(State::Active, due_at), 1000, 2000), None, "{due_at:?}");
    }
}

#[test]
fn the_record_says_what_the_version_says() {
    let head = WorkflowEvent { assignee: Some("bob".parse().unwrap()), ..head(State::Paused, Some(1000)) };
    let record = overdue(&head, 1000, 1500).unwrap();
    assert_eq!((record.key(), record.version, record.current_state), (head.key(), head.version, State::Paused));
    assert_eq!((record.due_at, record.timestamp, record.assignee), (at(1000), at(1500), head.assignee));
}
