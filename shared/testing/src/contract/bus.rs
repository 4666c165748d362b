//! The contract of the event bus: each entry has its own result, and a failed call says nothing about any entry.

use alims_domain::bus_event::BusEvent;
use alims_domain::identifiers::TenantId;
use alims_domain::limits::{BUS_CALL_BYTES_MAX, BUS_CALL_ENTRIES_MAX, BUS_ENTRY_OVERHEAD_BYTES};
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{EntryRefused, EventBus};

use crate::NextPut;
use crate::builders::{a_created_of, a_fresh_tenant, a_key_of};

/// A bus with the service behind it, which a test looks at and commands.
pub trait BusStage {
    /// The adapter.
    fn bus(&self) -> &impl EventBus;

    /// This fake's events on the bus, oldest first, repetitions included.
    fn accepted(&self) -> Vec<OnTheBus>;

    /// How the service treats the next put, including the adapter's own retries of it.
    fn meet_next_put_with(&self, next: NextPut);
}

/// An event as it is on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnTheBus {
    /// The kind of event.
    pub detail_type: String,
    /// The event, byte by byte.
    pub detail: String,
    /// When it happened.
    pub at: Timestamp,
}

impl From<&BusEvent> for OnTheBus {
    fn from(event: &BusEvent) -> Self {
        Self { detail_type: event.detail_type.to_owned(), detail: event.detail.clone(), at: event.at }
    }
}

/// The creation of a workflow of this name.
fn an_event(tenant: &TenantId, workflow_id: &str) -> BusEvent {
    BusEvent::of_version(&a_created_of(&a_key_of(tenant, workflow_id)).event).unwrap()
}

/// The creations of as many workflows.
fn events(many: usize) -> Vec<BusEvent> {
    let tenant = a_fresh_tenant();
    (0..many).map(|n| an_event(&tenant, &format!("w-{n}"))).collect()
}

fn on_the_bus(events: &[BusEvent]) -> Vec<OnTheBus> {
    events.iter().map(OnTheBus::from).collect()
}

/// Nothing to put needs no service: one that would fail is not asked.
pub async fn a_call_without_entries_has_no_results(stage: impl BusStage) {
    stage.meet_next_put_with(NextPut::FailBeforeEffect);
    assert_eq!(stage.bus().put(&[]).await.unwrap(), []);
    assert_eq!(stage.accepted(), []);
}

/// One entry, some, and as many as a call may have: one result each, and each on the bus byte by byte.
pub async fn every_entry_is_confirmed_and_on_the_bus_as_it_was_put(stage: impl BusStage) {
    let mut expected = Vec::new();
    for many in [1, 3, BUS_CALL_ENTRIES_MAX] {
        let events = events(many);
        assert_eq!(stage.bus().put(&events).await.unwrap(), vec![Ok(()); many], "{many} entries");
        expected.extend(on_the_bus(&events));
        assert_eq!(stage.accepted(), expected, "{many} entries");
    }
}

/// As many bytes as a call may have, in many entries and in one.
pub async fn the_largest_call_is_confirmed(stage: impl BusStage) {
    let mut expected = Vec::new();
    for many in [1, BUS_CALL_ENTRIES_MAX] {
        let mut events = events(many);
        for event in &mut events {
            let room = BUS_CALL_BYTES_MAX / many - BUS_ENTRY_OVERHEAD_BYTES;
            let around = r#"{"workflow_id":"w","text":""}"#.len();
            event.detail = format!(r#"{{"workflow_id":"w","text":"{}"}}"#, "x".repeat(room - around));
        }
        assert_eq!(stage.bus().put(&events).await.unwrap(), vec![Ok(()); many]);
        expected.extend(on_the_bus(&events));
    }
    assert!(stage.accepted() == expected, "an event is missing or changed");
}

/// The publisher repeats entries that it cannot know to be on the bus.
pub async fn an_entry_that_is_there_is_taken_again(stage: impl BusStage) {
    let events = events(2);
    for _ in 0..2 {
        assert_eq!(stage.bus().put(&events).await.unwrap(), [Ok(()), Ok(())]);
    }
    assert_eq!(stage.accepted(), [on_the_bus(&events), on_the_bus(&events)].concat());
}

/// A failure is an error as a whole, not a refusal of every entry; and it passes.
pub async fn a_call_that_fails_is_an_error_and_the_next_one_is_taken(stage: impl BusStage) {
    let events = events(3);
    stage.meet_next_put_with(NextPut::FailBeforeEffect);
    let outcome = stage.bus().put(&events).await;
    assert!(outcome.is_err(), "{outcome:?}");
    assert_eq!(stage.accepted(), []);
    stage.meet_next_put_with(NextPut::Accept);
    assert_eq!(stage.bus().put(&events).await.unwrap(), vec![Ok(()); 3]);
    assert_eq!(stage.accepted(), on_the_bus(&events));
}

/// At the beginning, in the middle, at the end, several, and all: each result has its entry's position.
pub async fn a_refused_entry_is_refused_in_its_place_and_the_others_are_taken(stage: impl BusStage) {
    let mut expected = Vec::new();
    for places in [vec![0], vec![1], vec![3], vec![0, 2], vec![0, 1, 2, 3]] {
        let events = events(4);
        stage.meet_next_put_with(NextPut::RefuseEntries(places.clone()));
        let results = stage.bus().put(&events).await.unwrap();
        let for_now = |place: &usize| matches!(results[*place], Err(EntryRefused::ForNow(_)));
        let refused: Vec<usize> = (0..results.len()).filter(for_now).collect();
        assert_eq!((results.len(), refused), (4, places.clone()));
        let taken: Vec<BusEvent> =
            (0..4).filter(|place| !places.contains(place)).map(|place| events[place].clone()).collect();
        expected.extend(on_the_bus(&taken));
        assert_eq!(stage.accepted(), expected, "{places:?} refused");
    }
}

/// The publisher puts such an entry no more, so that it must be no other.
pub async fn an_entry_that_is_never_taken_is_refused_for_good_and_the_others_are_taken(stage: impl BusStage) {
    let mut expected = Vec::new();
    for places in [vec![0], vec![2], vec![1, 3], vec![0, 1, 2, 3]] {
        let events = events(4);
        stage.meet_next_put_with(NextPut::RefuseForGood(places.clone()));
        let results = stage.bus().put(&events).await.unwrap();
        let for_good = |place: &usize| matches!(results[*place], Err(EntryRefused::ForGood(_)));
        let refused: Vec<usize> = (0..results.len()).filter(for_good).collect();
        assert_eq!((results.len(), refused), (4, places.clone()), "{results:?}");
        let taken: Vec<BusEvent> =
            (0..4).filter(|place| !places.contains(place)).map(|place| events[place].clone()).collect();
        assert!(taken.len() + places.len() == 4 && results.iter().filter(|it| it.is_ok()).count() == taken.len());
        expected.extend(on_the_bus(&taken));
        assert_eq!(stage.accepted(), expected, "{places:?} refused");
    }
}

/// Nothing is known of any entry, although all are there; they are confirmed when they are put again.
pub async fn a_lost_answer_is_an_error_although_the_entries_were_taken(stage: impl BusStage) {
    let events = events(2);
    stage.meet_next_put_with(NextPut::FailAfterEffect);
    let outcome = stage.bus().put(&events).await;
    assert!(outcome.is_err(), "{outcome:?}");
    // The adapter may have tried several times, and each try took them.
    let accepted = stage.accepted();
    assert!(!accepted.is_empty() && accepted.chunks(2).all(|call| call == on_the_bus(&events)), "{accepted:?}");
    stage.meet_next_put_with(NextPut::Accept);
    assert_eq!(stage.bus().put(&events).await.unwrap(), [Ok(()), Ok(())]);
}
