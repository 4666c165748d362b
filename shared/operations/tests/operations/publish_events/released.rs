//! The publisher passes over what was released, also when a notification comes late.

use alims_domain::hash_chain::BreakKind;
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::outcome::Trigger;
use alims_domain::recovery::{RecoveryPlan, plan};
use alims_domain::stored_version::StoredVersion;
use alims_operations::assess;
use alims_operations::ports::QuarantineLog;
use alims_operations::release_workflow::{self, ReleaseRequest, release_workflow};
use alims_operations::request_state_transition::request_state_transition;
use alims_testing::builders::{a_call, a_key, a_quarantine, at, version};
use alims_testing::{EverybodyMay, FixedClock, MemoryDeadLetters};
use std::sync::Arc;

use crate::support::released::{InMemory, W, on_the_bus, published, with_released_gap};
use crate::support::stream::{publish_events, ring};
use crate::{IDS, alice, allowing, to};

#[tokio::test]
async fn the_publisher_passes_over_a_released_gap() {
    for fault in [BreakKind::Missing, BreakKind::Unreadable] {
        let ports = with_released_gap(fault).await;
        ports.index.remove(&a_key(W));
        let last = ports.log.entries(&a_key(W)).0.pop().unwrap();
        let done = publish_events(&ports, &MemoryDeadLetters::default(), vec![ring(&last, 0)]).await;
        assert_eq!((done.failed, done.dead), (vec![], vec![]), "{fault:?}");
        assert_eq!(on_the_bus(&ports), [1, 2, 4, 5]);
    }
}

/// The end of the log is cut behind version 3, while the index says that version 5 is published; a release covers that.
async fn with_released_loss() -> (InMemory, Vec<StoredVersion>) {
    let (ports, stored) = published(5).await;
    ports.log.remove(&a_key(W), version(4));
    ports.log.remove(&a_key(W), version(5));
    let findings = assess(&ports.log, &ports.index, &a_key(W)).await.unwrap();
    let RecoveryPlan::Quarantine(lost) = plan(&findings, Trigger::Sweep) else { panic!("not found") };
    ports.log.record_quarantine(&a_quarantine(&a_key(W), &lost)).await.unwrap();
    let (policy, clock) = (Arc::new(EverybodyMay), Arc::new(FixedClock::new(at(90_000))));
    let (log, index) = (ports.log.clone(), ports.index.clone());
    let releasing = release_workflow::Ports { log, index, policy, clock, ids: Arc::new(IDS.clone()) };
    let request = ReleaseRequest { breaks: [lost.id()].into(), reason: "gone for good".parse().unwrap() };
    release_workflow(&releasing, &a_call("sue"), &W.parse().unwrap(), &request).await.unwrap();
    (ports, stored)
}

/// A stream hands a record over for a day. One of a lost version may come before anything was made in its place, and after.
#[tokio::test]
async fn a_late_notification_of_a_lost_version_publishes_nothing_and_is_no_dead_letter() {
    let letters = MemoryDeadLetters::default();
    for late in [&[3][..], &[4], &[3, 4]] {
        let (ports, lost) = with_released_loss().await;
        let records = || late.iter().map(|at| ring(&lost[*at], *at)).collect();
        let done = publish_events(&ports, &letters, records()).await;
        assert_eq!((done.accepted, done.failed, done.dead), (0, vec![], vec![]), "{late:?}");
        assert_eq!(ports.index.all()[0].published_version, version(3));
        let target = ports.log.entries(&a_key(W)).0[2].event.to_state.allowed_transitions()[0];
        let failure = (target == alims_domain::lifecycle::State::Failed).then(|| unreachable!("not the first of any"));
        let request = alims_operations::request_state_transition::TransitionRequest { failure, ..to(target) };
        let made = request_state_transition(&allowing(&ports.log), &alice(), &W.parse().unwrap(), &request).await;
        let made = made.unwrap().event;
        let done = publish_events(&ports, &letters, records()).await;
        assert_eq!((done.failed, done.dead), (vec![], vec![]), "{late:?}");
        let own = ports.log.entries(&a_key(W)).0.pop().unwrap();
        publish_events(&ports, &letters, vec![ring(&own, 9)]).await;
        let events: Vec<_> = ports.bus.accepted().iter().map(|event| event.event_id).collect();
        assert_eq!(events, [made.event_id], "the lost versions are not on the bus, and the new one is there once");
        assert_eq!(ports.index.all(), [IndexEntry::from(&made)]);
        // What was made after the release and is lost before it is published is another loss.
        ports.log.remove(&a_key(W), version(4));
        let mut later = own;
        later.event.version = version(5);
        later.event.timestamp = at(100_000);
        let done = publish_events(&ports, &letters, vec![ring(&later, 10)]).await;
        assert_eq!(done.dead.len(), 1, "{done:?}");
    }
}
