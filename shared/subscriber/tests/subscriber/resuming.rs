//! Events that go on from an earlier version, because those between cannot be read and were released.

use alims_domain::event::{Resumes, WorkflowEvent};
use alims_domain::hashing::ChainHash;
use alims_subscriber::{Event, Gap, Inbox, Received};
use alims_testing::builders::{a_chain, sealed};

use crate::{at, delivered, key};

/// The events of versions 1 to 6, of which the fifth goes on from the second.
fn resumed() -> Vec<Event> {
    let mut chain = a_chain(&key("default", "w"), 6, 7);
    let resumes = Resumes { from_version: chain[1].event.version, passed_over: ChainHash::of(b"what is stored") };
    chain[4] = sealed(WorkflowEvent { resumes: Some(resumes), ..chain[4].event.clone() });
    chain.iter().map(delivered).collect()
}

fn applied(inbox: &mut Inbox, event: &Event) -> Vec<u64> {
    match inbox.receive(event.clone(), at(0)) {
        Ok(Received::Apply(events)) => events.into_iter().filter_map(|event| event.version).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_resuming_event_follows_any_version_from_the_one_it_goes_on_from() {
    for published in [2, 3, 4] {
        let (mut inbox, events) = (Inbox::default(), resumed());
        for (event, version) in events[..published].iter().zip(1..) {
            assert_eq!(applied(&mut inbox, event), [version]);
        }
        assert_eq!(applied(&mut inbox, &events[4]), [5], "after version {published}");
        assert_eq!((inbox.gaps(), applied(&mut inbox, &events[5])), (vec![], vec![6]));
        // What was passed over and comes late is past.
        assert_eq!(inbox.receive(events[3].clone(), at(1)), Ok(Received::Past));
    }
}

#[test]
fn a_resuming_event_waits_for_the_version_it_goes_on_from_and_for_no_later_one() {
    let (mut inbox, events) = (Inbox::default(), resumed());
    assert_eq!(applied(&mut inbox, &events[0]), [1]);
    for early in [&events[4], &events[5], &events[3]] {
        assert_eq!(inbox.receive(early.clone(), at(7)), Ok(Received::Waits));
    }
    let missing: Vec<Gap> = inbox.gaps();
    let versions: Vec<_> = missing.iter().map(|gap| gap.versions.clone()).collect();
    assert_eq!(versions, [2..=3], "version 4 waits, and 2 and 3 lie before it");
    // Version 4 was published before it became unreadable. Whoever has not applied it goes past it.
    assert_eq!(applied(&mut inbox, &events[1]), [2, 5, 6]);
    assert_eq!((inbox.waiting(), inbox.gaps()), (0, vec![]));
}

#[test]
fn a_resuming_event_alone_lacks_nothing_after_the_version_it_goes_on_from() {
    let (mut inbox, events) = (Inbox::default(), resumed());
    assert_eq!(applied(&mut inbox, &events[0]), [1]);
    assert_eq!(inbox.receive(events[4].clone(), at(7)), Ok(Received::Waits));
    let workflow = events[0].workflow.clone();
    assert_eq!(inbox.gaps(), [Gap { workflow, versions: 2..=2, since: at(7) }]);
}

#[test]
fn an_event_does_not_resume_from_itself_or_from_nothing() {
    let good = resumed().remove(4).detail;
    for from in ["0", "5", "6", "-1", "\"2\"", "null"] {
        let odd = good.replace(r#""from_version":2"#, &format!(r#""from_version":{from}"#));
        assert_ne!(odd, good);
        assert!(Event::from_detail(&odd).is_err(), "{from}");
    }
}
