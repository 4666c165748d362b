//! The sweep of due dates: each workflow that is open at its due date is recorded once, whatever else happens.

mod bounded;
mod faults;

use alims_domain::event::{EventType, WorkflowEvent};
use alims_domain::identifiers::EventId;
use alims_domain::lifecycle::State;
use alims_domain::overdue::{KeptOverdue, Overdue};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::BreakFound;
use alims_domain::stored_version::StoredVersion;
use alims_operations::ports::{Ids, OverdueLog, QuarantineLog};
use alims_operations::sweep_deadlines::{Ports, Swept, sweep_deadlines};
use alims_testing::builders::{a_break, a_created, a_key, a_quarantine, a_release, at, sealed, version};
use alims_testing::{FixedClock, MemoryIndex, MemoryLog};
use std::sync::Arc;

use crate::IDS;

/// When the sweeps of these tests run, unless they say otherwise.
pub(crate) const NOW: i64 = 3_600_000;

#[derive(Clone, Default)]
pub(crate) struct Bench {
    pub(crate) log: MemoryLog,
    pub(crate) index: MemoryIndex,
}

impl Bench {
    pub(crate) fn sweeping(&self, now: i64) -> Ports<MemoryLog, MemoryIndex> {
        let Self { log, index } = self.clone();
        Ports { log, index, clock: Arc::new(FixedClock::new(at(now))), ids: Arc::new(IDS.clone()) }
    }

    pub(crate) async fn swept_at(&self, now: i64) -> Swept {
        sweep_deadlines(&self.sweeping(now)).await.unwrap()
    }

    async fn swept(&self) -> Swept {
        self.swept_at(NOW).await
    }

    /// Adds a version in this state and with this due date, and publishes it.
    pub(crate) fn at(&self, id: &str, state: State, due_at: Option<i64>) {
        self.unpublished(id, state, due_at);
        self.publish(id);
    }

    /// Adds a version in this state and with this due date; the index is not told.
    pub(crate) fn unpublished(&self, id: &str, state: State, due_at: Option<i64>) {
        let before = self.head(id);
        let (event, number) = match &before {
            None => (a_created(id).event, version(1)),
            Some(before) => (before.event.clone(), before.event.version.next().unwrap()),
        };
        self.log.overwrite(sealed(WorkflowEvent {
            event_id: EventId(IDS.fresh()),
            event_type: EventType::WorkflowAmended,
            version: number,
            to_state: state,
            due_at: due_at.map(at),
            ..event
        }));
    }

    /// The index says what the newest version says.
    pub(crate) fn publish(&self, id: &str) {
        self.index.overwrite(IndexEntry::from(&self.head(id).unwrap().event));
    }

    pub(crate) fn head(&self, id: &str) -> Option<StoredVersion> {
        self.log.entries(&a_key(id)).0.pop()
    }

    /// The due dates that the log has records of.
    pub(crate) async fn recorded(&self, id: &str) -> Vec<i64> {
        let start = at(0).unix_millis();
        self.records(id).await.iter().map(|record| record.due_at.unix_millis() - start).collect()
    }

    pub(crate) async fn records(&self, id: &str) -> Vec<Overdue> {
        let kept = self.log.overdue(&a_key(id), None, 100).await.unwrap();
        kept.into_iter().filter_map(|it| if let KeptOverdue::Overdue(it) = it { Some(*it) } else { None }).collect()
    }
}

#[tokio::test]
async fn a_workflow_that_is_open_at_its_due_date_is_recorded_once_and_no_other_is() {
    let bench = Bench::default();
    for state in State::ALL {
        bench.at(&format!("late-{state}"), state, Some(1000));
        bench.at(&format!("now-{state}"), state, Some(NOW));
        bench.at(&format!("in-time-{state}"), state, Some(NOW + 1));
        bench.at(&format!("never-{state}"), state, None);
    }
    for noted in [8, 0, 0] {
        let swept = bench.swept().await;
        assert_eq!((swept.due, swept.noted.len(), swept.finished), (8, noted, true), "{swept:?}");
        assert_eq!((swept.left, swept.failed.len(), swept.round_age_seconds), (0, 0, 0));
    }
    for state in State::ALL {
        let expected = |due_at: i64| if state.is_closed() { vec![] } else { vec![due_at] };
        assert_eq!(bench.recorded(&format!("late-{state}")).await, expected(1000));
        assert_eq!(bench.recorded(&format!("now-{state}")).await, expected(NOW));
        for other in ["in-time", "never"] {
            assert_eq!(bench.recorded(&format!("{other}-{state}")).await, [0_i64; 0]);
        }
    }
    let record = bench.records("late-PAUSED").await.remove(0);
    assert_eq!((record.current_state, record.timestamp), (State::Paused, at(NOW)));
}

#[tokio::test]
async fn an_index_behind_the_log_makes_no_record_that_the_log_does_not_bear_out() {
    let bench = Bench::default();
    for id in ["closed", "postponed", "undated", "moved"] {
        bench.at(id, State::Active, Some(1000));
    }
    bench.unpublished("closed", State::Completed, Some(1000));
    bench.unpublished("postponed", State::Active, Some(NOW + 1));
    bench.unpublished("undated", State::Active, None);
    bench.unpublished("moved", State::Active, Some(2000));
    // A workflow that the log does not have.
    bench.index.overwrite(IndexEntry { due_at: Some(at(1)), ..IndexEntry::from(&a_created("orphan").event) });
    let swept = bench.swept().await;
    assert_eq!((swept.due, swept.noted.len(), swept.failed.len(), swept.finished), (5, 0, 0, true), "{swept:?}");
    bench.publish("moved");
    assert_eq!(bench.swept().await.noted.len(), 1);
    assert_eq!(bench.recorded("moved").await, [2000]);
}

#[tokio::test]
async fn each_due_date_of_a_workflow_is_recorded_once_however_often_it_is_set() {
    let bench = Bench::default();
    for (due_at, recorded) in [
        (Some(1000), vec![1000]),
        (None, vec![1000]),
        (Some(1000), vec![1000]),
        (Some(2000), vec![1000, 2000]),
        (Some(NOW + 1), vec![1000, 2000]),
        (Some(1000), vec![1000, 2000]),
        (Some(500), vec![500, 1000, 2000]),
    ] {
        bench.at("w", State::Active, due_at);
        bench.swept().await;
        bench.swept().await;
        assert_eq!(bench.recorded("w").await, recorded, "{due_at:?}");
    }
    let first = bench.records("w").await;
    bench.at("w", State::Failed, Some(1000));
    bench.swept_at(NOW * 2).await;
    assert_eq!(bench.records("w").await, first, "the first record of a due date stays");
}

#[tokio::test]
async fn a_workflow_that_cannot_be_read_stops_no_other_and_is_recorded_when_it_can_be() {
    let bench = Bench::default();
    for id in ["altered", "fine", "newer", "unreadable"] {
        bench.at(id, State::Active, Some(1000));
    }
    let mut altered = bench.head("altered").unwrap();
    altered.event.due_at = Some(at(999));
    bench.log.overwrite(altered);
    bench.log.write_newer(&a_key("newer"), version(2), 2);
    bench.log.damage(&a_key("unreadable"), version(2), "a bit fell over");
    let swept = bench.swept().await;
    let failed: Vec<&str> = swept.failed.iter().map(|(key, _)| key.workflow_id.as_str()).collect();
    assert_eq!((failed, swept.noted.len(), swept.finished), (vec!["altered", "newer", "unreadable"], 1, true));
    assert_eq!(bench.recorded("fine").await, [1000]);
    // The newer release runs, and a supervisor releases the unreadable version.
    bench.log.remove(&a_key("newer"), version(2));
    let found = BreakFound::unreadable(version(2), MemoryLog::content_of_damaged("a bit fell over"));
    bench.log.record_quarantine(&a_quarantine(&a_key("unreadable"), &found)).await.unwrap();
    assert_eq!(bench.swept().await.noted.len(), 1);
    bench.log.record_quarantine(&a_release(&a_key("unreadable"), &found)).await.unwrap();
    assert_eq!(bench.swept().await.noted.len(), 1);
    assert_eq!((bench.recorded("newer").await, bench.recorded("unreadable").await), (vec![1000], vec![1000]));
}

/// Its work is late all the same.
#[tokio::test]
async fn a_quarantined_workflow_is_overdue_as_any_other() {
    let bench = Bench::default();
    bench.at("w", State::Active, Some(1000));
    bench.log.record_quarantine(&a_quarantine(&a_key("w"), &a_break(1))).await.unwrap();
    assert_eq!(bench.swept().await.noted.len(), 1);
    assert_eq!(bench.recorded("w").await, [1000]);
}

/// A clock ahead makes the record early, and none makes a second one.
#[tokio::test]
async fn clocks_that_differ_make_one_record_and_none_before_its_due_date() {
    let bench = Bench::default();
    bench.at("w", State::Active, Some(NOW));
    for (now, recorded) in [(NOW - 1, 0), (NOW - 60_000, 0), (NOW + 60_000, 1), (NOW - 1, 1), (NOW, 1), (NOW * 2, 1)] {
        bench.swept_at(now).await;
        assert_eq!(bench.recorded("w").await.len(), recorded, "at {now}");
    }
    let record = bench.records("w").await.remove(0);
    assert_eq!((record.due_at, record.timestamp), (at(NOW), at(NOW + 60_000)));
}
