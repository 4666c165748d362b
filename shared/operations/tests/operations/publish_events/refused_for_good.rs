//! Events that the bus never accepts: a dead letter at once, which holds up nothing but its own workflow.

use alims_operations::ports::RefusedEvent;
use alims_operations::publish_events::StreamRecord;
use alims_testing::builders::{a_key, a_refusal};
use alims_testing::{MemoryDeadLetters, NextPut};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::assert_complete;
use crate::publishing;
use crate::support::stream::{filled, first_appearances, publish_events, ring};

/// What was counted while this recorder was there.
fn counted(recorder: &DebuggingRecorder, name: &str) -> u64 {
    let counted = recorder.snapshotter().snapshot().into_vec().into_iter();
    let named = counted.filter(|(key, ..)| key.key().name() == name).map(|(.., value)| match value {
        DebugValue::Counter(number) => number,
        other @ (DebugValue::Gauge(_) | DebugValue::Histogram(_)) => panic!("{name} is {other:?}"),
    });
    named.sum()
}

#[tokio::test]
async fn the_dead_letter_names_the_event_and_later_ones_wait_until_the_bus_takes_it() {
    let (log, versions) = filled(&[3, 2]).await;
    let ports = publishing(&log);
    let dead_letters = MemoryDeadLetters::default();
    let unwanted = &versions[1].event;
    ports.bus.never_accepts(unwanted.event_id);
    let recorder = DebuggingRecorder::new();
    let batch: Vec<StreamRecord> = (0..5).map(|at| ring(&versions[at], at)).collect();
    let published = {
        let _installed = metrics::set_default_local_recorder(&recorder);
        publish_events(&ports, &dead_letters, batch).await
    };
    assert_eq!((published.accepted, published.failed.len()), (3, 0), "{published:?}");
    let refused =
        RefusedEvent { event_id: unwanted.event_id, version: Some(unwanted.version), code: "MalformedDetail".into() };
    let letters = dead_letters.all();
    let told: Vec<_> = letters.iter().map(|it| (it.sequence_number.as_str(), it.key.clone(), &it.refused)).collect();
    // Those of versions 2 and 3: no further notification may come for either.
    let w = a_key("w-00").to_string();
    assert_eq!(told, [("1", w.clone(), &Some(refused.clone())), ("2", w, &Some(refused))]);
    assert!(letters[0].why.contains("version 2") && letters[0].why.contains("refused on purpose"), "{letters:?}");
    assert_eq!(counted(&recorder, "EventsRefused"), 1);
    let seen = first_appearances(&ports.bus);
    assert_eq!((&seen[&a_key("w-00")], &seen[&a_key("w-01")]), (&vec![1], &vec![1, 2]));
    let reached: Vec<u64> = ports.index.all().iter().map(|entry| entry.published_version.get()).collect();
    assert_eq!(reached, [1, 2], "the index says what is on the bus");

    // The cause is gone: any later notification brings the workflow up to date.
    ports.bus.accepts_all();
    let published = publish_events(&ports, &dead_letters, vec![ring(&versions[2], 9)]).await;
    assert_eq!((published.accepted, published.failed.len(), published.dead.len()), (2, 0, 0));
    assert_complete(&ports.bus, &ports.index, &[3, 2]);
}

#[tokio::test]
async fn a_notification_that_comes_again_makes_the_same_dead_letter_and_puts_nothing_else() {
    let (log, versions) = filled(&[2]).await;
    let ports = publishing(&log);
    ports.bus.never_accepts(versions[0].event.event_id);
    for round in 1..=3 {
        let dead_letters = MemoryDeadLetters::default();
        let published = publish_events(&ports, &dead_letters, vec![ring(&versions[1], 1)]).await;
        assert_eq!((published.accepted, published.failed.len(), dead_letters.all().len()), (0, 0, 1), "{round}");
        assert_eq!(dead_letters.all()[0].refused.as_ref().unwrap().event_id, versions[0].event.event_id);
        assert_eq!(ports.bus.calls().len(), round, "one call each time");
    }
    assert_eq!((ports.bus.accepted().len(), ports.index.all().len()), (0, 0));
}

#[tokio::test]
async fn an_event_without_a_version_is_a_dead_letter_and_the_others_are_published() {
    let ports = publishing(&filled(&[]).await.0);
    let dead_letters = MemoryDeadLetters::default();
    let refusals = ["a", "b", "c"].map(|id| a_refusal(&a_key(id)));
    ports.bus.then(NextPut::RefuseForGood(vec![1]));
    let batch = refusals.iter().enumerate().map(|(number, refusal)| StreamRecord::Refusal {
        sequence_number: number.to_string(),
        refusal: Box::new(refusal.clone()),
    });
    let published = publish_events(&ports, &dead_letters, batch.collect()).await;
    assert_eq!((published.accepted, published.failed.len()), (2, 0));
    let [letter] = &dead_letters.all()[..] else { panic!("{:?}", dead_letters.all()) };
    let refused = letter.refused.as_ref().unwrap();
    assert_eq!((letter.sequence_number.as_str(), refused.event_id, refused.version), ("1", refusals[1].event_id, None));
}
