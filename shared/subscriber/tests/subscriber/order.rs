//! The inbox delivery by delivery: what is applied, what waits, what is told.

use alims_domain::bus_event::BusEvent;
use alims_domain::event::{EventType, WorkflowEvent};
use alims_domain::lifecycle::State;
use alims_subscriber::{
    Conflict, Event, Gap, Inbox, NotStarted, NotTaken, Position, REFUSALS_REMEMBERED_MAX, Received, Started,
};
use alims_testing::builders::{a_chain, a_move, a_refusal, sealed};

use crate::{at, delivered, events, key, known_as, replayed};

/// Another event that claims to be the same version.
fn rival(event: &Event) -> Event {
    let other = events(&event.workflow.workflow_id, 20).into_iter().find(|other| other.version == event.version);
    other.unwrap()
}

fn refused(workflow_id: &str) -> Event {
    let refusal = a_refusal(&key("default", workflow_id));
    Event::from_detail(&BusEvent::of_refusal(&refusal).unwrap().detail).unwrap()
}

#[test]
fn an_event_in_order_is_applied_at_once_and_one_that_comes_again_is_a_duplicate() {
    let (mut inbox, events) = (Inbox::default(), events("w", 5));
    for event in &events {
        assert_eq!(inbox.receive(event.clone(), at(0)), Ok(Received::Apply(vec![event.clone()])));
        assert_eq!(inbox.receive(event.clone(), at(0)), Ok(Received::Duplicate));
    }
    // Which event an older version was is forgotten.
    assert_eq!(inbox.receive(events[3].clone(), at(0)), Ok(Received::Past));
    assert_eq!((inbox.gaps(), inbox.waiting()), (vec![], 0));
}

#[test]
fn an_event_that_comes_too_early_waits_and_follows_the_missing_one() {
    let (mut inbox, events) = (Inbox::default(), events("w", 4));
    for early in [&events[3], &events[1], &events[2], &events[3]] {
        assert_eq!(inbox.receive(early.clone(), at(0)), Ok(Received::Waits));
    }
    assert_eq!(inbox.waiting(), 3);
    assert_eq!(inbox.receive(events[0].clone(), at(0)), Ok(Received::Apply(events.clone())));
    assert_eq!(inbox.waiting(), 0);
    let position = inbox.positions().next().unwrap().1;
    assert_eq!(*position, Position { version: 4, event_id: Some(events[3].event_id.clone()) });
}

#[test]
fn a_gap_says_what_is_missing_and_since_when() {
    let (mut inbox, events) = (Inbox::default(), events("w", 9));
    let workflow = &events[0].workflow;
    let gap = |versions, since| Gap { workflow: workflow.clone(), versions, since: at(since) };
    for (version, second) in [(1, 0), (9, 10), (5, 20), (9, 30)] {
        let _ = inbox.receive(events[version - 1].clone(), at(second)).unwrap();
    }
    // The lower part as well is known to be missing since version 9 came.
    assert_eq!(inbox.gaps(), [gap(2..=4, 10), gap(6..=8, 10)]);
    let _ = inbox.receive(events[6].clone(), at(40)).unwrap();
    let _ = inbox.receive(events[1].clone(), at(40)).unwrap();
    assert_eq!(inbox.gaps(), [gap(3..=4, 10), gap(6..=6, 10), gap(8..=8, 10)]);
}

#[test]
fn a_replayed_event_is_the_event_it_repeats_and_closes_a_gap_like_it() {
    let chain = a_chain(&key("default", "w"), 3, 1);
    let mut inbox = Inbox::default();
    assert!(matches!(inbox.receive(delivered(&chain[0]), at(0)), Ok(Received::Apply(_))));
    assert_eq!(inbox.receive(delivered(&chain[2]), at(0)), Ok(Received::Waits));
    assert_eq!(inbox.receive(replayed(&chain[0]), at(0)), Ok(Received::Duplicate));
    assert_eq!(inbox.receive(replayed(&chain[2]), at(0)), Ok(Received::Waits));
    let apply = vec![replayed(&chain[1]), delivered(&chain[2])];
    assert_eq!(inbox.receive(replayed(&chain[1]), at(0)), Ok(Received::Apply(apply)));
}

#[test]
fn two_events_for_one_version_are_told_and_the_first_one_stays() {
    let (mut inbox, events) = (Inbox::default(), events("w", 3));
    let _ = inbox.receive(events[0].clone(), at(0)).unwrap();
    let _ = inbox.receive(events[2].clone(), at(0)).unwrap();
    // The one was handed out, the other waits.
    for known in [&events[0], &events[2]] {
        let rival = rival(known);
        let conflict = Conflict {
            workflow: known.workflow.clone(),
            version: known.version.unwrap(),
            first: known.event_id.clone(),
            other: rival.event_id.clone(),
        };
        assert_eq!(inbox.receive(rival, at(0)), Err(NotTaken::Conflict(conflict)));
    }
    let apply = vec![events[1].clone(), events[2].clone()];
    assert_eq!(inbox.receive(events[1].clone(), at(0)), Ok(Received::Apply(apply)));
}

#[test]
fn tenants_workflows_of_one_id_have_nothing_to_do_with_each_other() {
    let (one, other) = (a_chain(&key("one", "w"), 2, 1), a_chain(&key("other", "w"), 2, 1));
    let mut inbox = Inbox::default();
    assert!(matches!(inbox.receive(delivered(&one[0]), at(0)), Ok(Received::Apply(_))));
    assert_eq!(inbox.receive(delivered(&other[1]), at(0)), Ok(Received::Waits));
    assert!(matches!(inbox.receive(delivered(&one[1]), at(0)), Ok(Received::Apply(_))));
    let gap = Gap { workflow: known_as(&other[0].event.key()), versions: 1..=1, since: at(0) };
    assert_eq!(inbox.gaps(), [gap]);
    let mut refusal = refused("w");
    let _ = inbox.receive(refusal.clone(), at(0)).unwrap();
    refusal.workflow.tenant_id = "other".to_owned();
    assert!(matches!(inbox.receive(refusal, at(0)), Ok(Received::Apply(_))));
}

#[test]
fn a_refused_attempt_passes_once_whatever_waits() {
    let (mut inbox, events, refusal) = (Inbox::new(1), events("w", 2), refused("w"));
    assert_eq!(inbox.receive(events[1].clone(), at(0)), Ok(Received::Waits));
    assert_eq!(inbox.receive(refusal.clone(), at(0)), Ok(Received::Apply(vec![refusal.clone()])));
    assert_eq!(inbox.receive(refusal, at(0)), Ok(Received::Duplicate));
    assert_eq!(inbox.positions().count(), 0);
    assert_eq!(inbox.waiting(), 1);
}

#[test]
fn the_last_refused_attempts_are_remembered_and_no_more() {
    let mut inbox = Inbox::default();
    let refusals: Vec<Event> = (0..=REFUSALS_REMEMBERED_MAX).map(|_| refused("w")).collect();
    for refusal in &refusals {
        assert!(matches!(inbox.receive(refusal.clone(), at(0)), Ok(Received::Apply(_))));
    }
    assert_eq!(inbox.receive(refusals[1].clone(), at(0)), Ok(Received::Duplicate));
    assert!(matches!(inbox.receive(refusals[0].clone(), at(0)), Ok(Received::Apply(_))));
}

#[test]
fn a_full_inbox_says_so_and_the_next_event_in_line_makes_room() {
    let (mut inbox, events, other) = (Inbox::new(2), events("w", 4), events("v", 2));
    assert_eq!(inbox.receive(events[3].clone(), at(0)), Ok(Received::Waits));
    assert_eq!(inbox.receive(other[1].clone(), at(0)), Ok(Received::Waits));
    let full = |event: &Event| {
        let (workflow, version) = (event.workflow.clone(), event.version.unwrap());
        Err(NotTaken::Full { waiting_max: 2, workflow, version })
    };
    assert_eq!(inbox.receive(events[2].clone(), at(0)), full(&events[2]));
    // What waits already may come again.
    assert_eq!(inbox.receive(events[3].clone(), at(0)), Ok(Received::Waits));
    assert_eq!(inbox.receive(events[0].clone(), at(0)), Ok(Received::Apply(vec![events[0].clone()])));
    assert_eq!(inbox.receive(other[0].clone(), at(0)), Ok(Received::Apply(other)));
    assert_eq!(inbox.receive(events[2].clone(), at(0)), Ok(Received::Waits));
    assert_eq!(inbox.receive(events[1].clone(), at(0)), Ok(Received::Apply(events[1..].to_vec())));
}

#[test]
fn a_late_start_passes_over_the_versions_before_it() {
    let (mut inbox, events) = (Inbox::default(), events("w", 7));
    let workflow = events[0].workflow.clone();
    for early in [3, 5, 6] {
        assert_eq!(inbox.receive(events[early - 1].clone(), at(0)), Ok(Received::Waits));
    }
    // The state was read at version 4: version 3 is history now, and version 5 is next.
    let started = inbox.start_after(workflow.clone(), Position::at(4));
    let expected = Started { apply: events[4..6].to_vec(), passed_over: vec![events[2].clone()] };
    assert_eq!(started, Ok(expected));
    assert_eq!((inbox.gaps(), inbox.waiting()), (vec![], 0));
    assert_eq!(inbox.receive(events[3].clone(), at(0)), Ok(Received::Past));
    assert_eq!(inbox.receive(events[6].clone(), at(0)), Ok(Received::Apply(vec![events[6].clone()])));
    let behind = NotStarted::Behind { workflow: workflow.clone(), reached: 7 };
    assert_eq!(inbox.start_after(workflow, Position::at(6)), Err(behind));
}

#[test]
fn the_version_before_the_first_one_followed_is_past_whichever_event_it_was() {
    let (mut inbox, events) = (Inbox::default(), events("w", 3));
    assert_eq!(inbox.start_after(events[0].workflow.clone(), Position::at(2)), Ok(Started::default()));
    for event in [&events[1], &rival(&events[1]), &events[0]] {
        assert_eq!(inbox.receive(event.clone(), at(0)), Ok(Received::Past));
    }
    assert_eq!((inbox.gaps(), inbox.waiting()), (vec![], 0));
    assert_eq!(inbox.receive(events[2].clone(), at(0)), Ok(Received::Apply(vec![events[2].clone()])));
}

#[test]
fn a_position_that_was_kept_is_gone_on_from() {
    let events = events("w", 4);
    let mut first = Inbox::default();
    for event in &events[..2] {
        let _ = first.receive(event.clone(), at(0)).unwrap();
    }
    let kept = serde_json::to_string(&first.positions().collect::<Vec<_>>()).unwrap();
    let kept: Vec<(_, Position)> = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept[0].1, events[1].position().unwrap());

    let mut second = Inbox::default();
    // It may have received something before it was told.
    assert_eq!(second.receive(events[1].clone(), at(0)), Ok(Received::Waits));
    for (workflow, position) in kept {
        let started = second.start_after(workflow, position);
        assert_eq!(started, Ok(Started { apply: vec![], passed_over: vec![events[1].clone()] }));
    }
    assert_eq!(second.receive(events[1].clone(), at(0)), Ok(Received::Duplicate));
    assert!(matches!(second.receive(rival(&events[1]), at(0)), Err(NotTaken::Conflict(_))));
    assert_eq!(second.receive(events[2].clone(), at(0)), Ok(Received::Apply(vec![events[2].clone()])));
}

#[test]
fn a_position_that_contradicts_what_was_received_is_not_taken() {
    let (mut inbox, events) = (Inbox::default(), events("w", 3));
    let _ = inbox.receive(events[0].clone(), at(0)).unwrap();
    let _ = inbox.receive(events[2].clone(), at(0)).unwrap();
    for known in [&events[0], &events[2]] {
        let position = rival(known).position().unwrap();
        let started = inbox.start_after(known.workflow.clone(), position);
        assert!(matches!(started, Err(NotStarted::Conflict(_))), "{started:?}");
    }
    // The same position again changes nothing, and an identity that is known is not forgotten.
    assert_eq!(inbox.start_after(events[0].workflow.clone(), Position::at(1)), Ok(Started::default()));
    assert_eq!(inbox.receive(events[0].clone(), at(0)), Ok(Received::Duplicate));
    assert_eq!(inbox.waiting(), 1);
}

/// An amendment is a version like any other: it keeps the state and not the place.
#[test]
fn an_amendment_waits_for_the_version_before_it_and_holds_up_the_one_after_it() {
    let chain = a_chain(&key("default", "w"), 1, 7);
    let active = a_move(&chain[0], State::Active);
    let amended = sealed(WorkflowEvent {
        event_type: EventType::WorkflowAmended,
        version: active.event.version.next().unwrap(),
        from_state: Some(active.event.to_state),
        previous_state: active.event.from_state,
        assignee: Some("bob".parse().unwrap()),
        previous_hash: active.event.hash.clone(),
        event_id: a_chain(&key("default", "w"), 1, 8)[0].event.event_id,
        ..active.event.clone()
    });
    let moved = a_move(&amended, State::Paused);
    let [created, active, amended, moved] = [&chain[0], &active, &amended, &moved].map(delivered);
    assert_eq!((amended.event_type, amended.version), (alims_subscriber::EventType::WorkflowAmended, Some(3)));
    let mut inbox = Inbox::default();
    assert_eq!(inbox.receive(created.clone(), at(0)), Ok(Received::Apply(vec![created])));
    assert_eq!(inbox.receive(moved.clone(), at(1)), Ok(Received::Waits));
    assert_eq!(inbox.receive(amended.clone(), at(2)), Ok(Received::Waits));
    let gap = Gap { workflow: active.workflow.clone(), versions: 2..=2, since: at(1) };
    assert_eq!(inbox.gaps(), [gap]);
    let expected = vec![active.clone(), amended.clone(), moved];
    assert_eq!(inbox.receive(active, at(3)), Ok(Received::Apply(expected)));
    assert_eq!(inbox.receive(amended, at(4)), Ok(Received::Past));
}
