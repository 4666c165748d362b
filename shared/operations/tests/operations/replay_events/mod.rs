//! Replays: published events again, in order, and nothing that was not published before.

mod released;

use alims_domain::bus_event::BusEvent;
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::identifiers::Version;
use alims_domain::limits::REPLAYED_EVENTS_MAX;
use alims_domain::projection::IndexEntry;
use alims_domain::refusal::RefusalCode;
use alims_domain::stored_version::StoredVersion;
use alims_operations::replay_events::{self, Replay, ReplayEventsError, replay_events};
use alims_operations::{PublishPorts, Quarantined};
use alims_testing::builders::{a_key, at, version};
use alims_testing::{
    CallFault, EverybodyMay, Faulty, FixedClock, MemoryBus, MemoryIndex, MemoryLog, NextPut, NobodyMay, Script,
};
use std::sync::Arc;

use crate::support::stream::filled;
use crate::{IDS, alice};

/// The workflow that [`filled`] makes of one length.
const W: &str = "w-00";

pub(crate) fn replaying<L, I, B>(log: L, index: I, bus: B) -> replay_events::Ports<L, I, B> {
    let (policy, clock) = (Arc::new(EverybodyMay), Arc::new(FixedClock::new(at(0))));
    replay_events::Ports { publishing: PublishPorts { log, index, bus }, policy, clock, ids: Arc::new(IDS.clone()) }
}

/// One workflow with so many versions, of which so many are published; the bus is empty.
async fn published(versions: usize, published: usize) -> replay_events::Ports<MemoryLog, MemoryIndex, MemoryBus> {
    let (log, stored) = filled(&[versions]).await;
    let index = MemoryIndex::default();
    if let Some(last) = published.checked_sub(1) {
        index.overwrite(IndexEntry::from(&stored[last].event));
    }
    replaying(log, index, MemoryBus::default())
}

type InMemory = replay_events::Ports<MemoryLog, MemoryIndex, MemoryBus>;

async fn replay(ports: &InMemory, from: u64) -> Result<Replay, ReplayEventsError> {
    replay_events(ports, &alice(), &W.parse().unwrap(), version(from)).await
}

pub(crate) fn is_replay(event: &BusEvent) -> bool {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap();
    detail["replay"] == true
}

/// The versions on the bus, all of them replayed.
fn replayed(bus: &MemoryBus) -> Vec<u64> {
    let accepted = bus.accepted();
    assert!(accepted.iter().all(is_replay), "{accepted:?}");
    accepted.iter().filter_map(|event| event.version).map(Version::get).collect()
}

#[tokio::test]
async fn events_come_again_in_order_one_a_call_and_the_index_is_left_alone() {
    let script = Script::default();
    let ports = published(7, 7).await;
    let PublishPorts { log, index, bus } = ports.publishing.clone();
    let ports = replaying(log, Faulty::new(index, &script), bus.clone());
    let replay = replay_events(&ports, &alice(), &W.parse().unwrap(), version(3)).await.unwrap();
    assert_eq!(replay, Replay { from: version(3), to: version(7), events: 5, next: None });
    assert_eq!(replayed(&bus), [3, 4, 5, 6, 7]);
    assert!(bus.calls().iter().all(|call| call.len() == 1));
    assert_eq!(script.calls(), ["index.entries"]);
}

#[tokio::test]
async fn a_version_that_waits_for_its_first_appearance_is_not_replayed() {
    let ports = published(5, 3).await;
    assert_eq!(replay(&ports, 2).await.unwrap().to, version(3));
    assert_eq!(replayed(&ports.publishing.bus), [2, 3]);
    for from in [4, 5, 6] {
        let error = replay(&ports, from).await.unwrap_err();
        let (at, out) = (version(5), Some(version(3)));
        assert!(
            matches!(error, ReplayEventsError::NotPublished { head, published } if head == at && published == out),
            "{from}: {error:?}"
        );
    }
    // Whoever lost the entry took the knowledge of what is published with it.
    ports.publishing.index.remove(&a_key(W));
    let error = replay(&ports, 1).await.unwrap_err();
    assert!(matches!(error, ReplayEventsError::NotPublished { published: None, .. }), "{error:?}");
    assert_eq!(ports.publishing.bus.accepted().len(), 2);
}

#[tokio::test]
async fn an_index_that_is_ahead_of_the_log_stops_a_replay() {
    let ports = published(3, 3).await;
    let mut ahead = ports.publishing.index.all().remove(0);
    ahead.published_version = version(9);
    ports.publishing.index.overwrite(ahead);
    // What the log has may have been made in place of what was published.
    let error = replay(&ports, 3).await.unwrap_err();
    let lost = Break { at: version(4), fault: BreakKind::Missing };
    assert!(matches!(&error, ReplayEventsError::Quarantined(Quarantined(found)) if *found == lost), "{error:?}");
    assert!(matches!(replay(&ports, 4).await, Err(ReplayEventsError::NotPublished { .. })));
    assert_eq!(replayed(&ports.publishing.bus), Vec::<u64>::new());
}

#[tokio::test]
async fn a_long_history_is_replayed_piece_by_piece() {
    let length = 2 * REPLAYED_EVENTS_MAX + 1;
    let ports = published(usize::try_from(length).unwrap(), usize::try_from(length).unwrap()).await;
    let (mut next, mut pieces) = (Some(Version::FIRST), Vec::new());
    while let Some(from) = next {
        let replay = replay(&ports, from.get()).await.unwrap();
        pieces.push(replay.events);
        next = replay.next;
    }
    assert_eq!(pieces, [REPLAYED_EVENTS_MAX, REPLAYED_EVENTS_MAX, 1]);
    assert_eq!(replayed(&ports.publishing.bus), (1..=length).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_entry_that_is_refused_ends_it_and_says_where_to_go_on() {
    for failure in [NextPut::RefuseEntries(vec![0]), NextPut::FailBeforeEffect, NextPut::FailAfterEffect] {
        let ports = published(4, 4).await;
        ports.publishing.bus.then(NextPut::Accept);
        ports.publishing.bus.then(failure.clone());
        let Err(ReplayEventsError::Interrupted { next, .. }) = replay(&ports, 2).await else { panic!("{failure:?}") };
        assert_eq!(next, version(3), "{failure:?}");
        assert_eq!(ports.publishing.bus.calls().len(), 2, "nothing is put after what was not confirmed");
        assert_eq!(replay(&ports, next.get()).await.unwrap().to, version(4));
        let expected: &[u64] = if failure == NextPut::FailAfterEffect { &[2, 3, 3, 4] } else { &[2, 3, 4] };
        assert_eq!(replayed(&ports.publishing.bus), expected, "{failure:?}");
    }
}

/// Every call a replay makes, failed before and after its effect: gone on with, it has put all, in order.
#[tokio::test]
async fn a_replay_that_failed_at_any_step_and_goes_on_puts_everything_in_order() {
    let attempt = async |script: &Script| {
        let PublishPorts { log, index, bus } = published(5, 4).await.publishing;
        let indexed = index.all();
        let ports =
            replaying(Faulty::new(log, script), Faulty::new(index.clone(), script), Faulty::new(bus.clone(), script));
        let mut next = Some(version(2));
        let mut asked = 0;
        while let Some(from) = next {
            asked += 1;
            assert!(asked < 3, "one fault must not need a third request");
            next = match replay_events(&ports, &alice(), &W.parse().unwrap(), from).await {
                Ok(replay) => replay.next,
                Err(ReplayEventsError::Interrupted { next, .. }) => Some(next),
                Err(ReplayEventsError::Store(_)) => Some(from),
                Err(error) => panic!("{error}"),
            };
        }
        let mut seen = replayed(&bus);
        assert!(seen.is_sorted(), "{seen:?}");
        seen.dedup();
        assert_eq!(seen, [2, 3, 4]);
        assert_eq!(index.all(), indexed);
    };
    let script = Script::default();
    attempt(&script).await;
    let calls = script.calls().len();
    assert_eq!(calls, 9, "{:?}", script.calls());
    for call in 0..calls {
        for fault in CallFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

#[tokio::test]
async fn a_broken_range_is_not_replayed_at_all() {
    let broken = async |spoil: fn(&MemoryLog, StoredVersion), fault: BreakKind| {
        let ports = published(5, 5).await;
        let log = &ports.publishing.log;
        spoil(log, log.entries(&a_key(W)).0[2].clone());
        // Version 3 is within the range of the first, and what the range of the second is bound to.
        for from in [1, 4] {
            let error = replay(&ports, from).await.unwrap_err();
            let at = Break { at: version(3), fault };
            assert!(
                matches!(&error, ReplayEventsError::Quarantined(Quarantined(found)) if *found == at),
                "{from}: {error:?}"
            );
        }
        assert_eq!(ports.publishing.bus.calls(), Vec::<Vec<BusEvent>>::new());
    };
    let alter = |log: &MemoryLog, mut stored: StoredVersion| {
        stored.event.requested_by = "mallory".parse().unwrap();
        log.overwrite(stored);
    };
    broken(alter, BreakKind::Altered).await;
    broken(|log, stored| log.remove(&a_key(W), stored.event.version), BreakKind::Missing).await;
    broken(|log, stored| log.damage(&a_key(W), stored.event.version, "a bit fell over"), BreakKind::Unreadable).await;
}

#[tokio::test]
async fn a_version_that_does_not_follow_from_the_one_before_the_range_is_not_put() {
    let ports = published(3, 3).await;
    let log = &ports.publishing.log;
    let mut forged = log.entries(&a_key(W)).0[1].event.clone();
    forged.requested_by = "mallory".parse().unwrap();
    // Sound by itself: only what comes after it shows that it is another one.
    log.overwrite(alims_testing::builders::sealed(forged));
    let error = replay(&ports, 3).await.unwrap_err();
    let unlinked = Break { at: version(3), fault: BreakKind::Unlinked };
    assert!(matches!(&error, ReplayEventsError::Quarantined(Quarantined(found)) if *found == unlinked), "{error:?}");
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_reported_only_to_callers_who_may_replay() {
    let mut ports = published(3, 3).await;
    ports.publishing.log.damage(&a_key(W), version(3), "a bit fell over");
    let error = replay(&ports, 1).await.unwrap_err();
    assert!(
        matches!(&error, ReplayEventsError::Quarantined(Quarantined(found)) if found.at == version(3)),
        "{error:?}"
    );
    ports.policy = Arc::new(NobodyMay);
    assert!(matches!(replay(&ports, 1).await, Err(ReplayEventsError::Forbidden(_))));
    assert_eq!(ports.publishing.log.entries(&a_key(W)).1[0].version, None);
}

#[tokio::test]
async fn a_refused_replay_is_kept_as_one_that_moves_nothing_and_puts_nothing() {
    let mut ports = published(3, 3).await;
    ports.policy = Arc::new(NobodyMay);
    assert!(matches!(replay(&ports, 1).await, Err(ReplayEventsError::Forbidden(_))));
    let kept = ports.publishing.log.entries(&a_key(W)).1.remove(0);
    assert_eq!((kept.operation.as_str(), kept.code), ("replay-events", RefusalCode::Forbidden));
    assert_eq!((kept.version, kept.target_state), (Some(version(3)), None));
    assert!(ports.publishing.bus.calls().is_empty());
    // Such a caller gets the same answer about a missing workflow, and the log keeps that refusal too.
    let unknown = async |ports: &InMemory| replay_events(ports, &alice(), &"v".parse().unwrap(), Version::FIRST).await;
    assert!(matches!(unknown(&ports).await, Err(ReplayEventsError::Forbidden(_))));
    assert_eq!(ports.publishing.log.entries(&a_key("v")).1.len(), 1);
    ports.policy = Arc::new(EverybodyMay);
    assert!(matches!(unknown(&ports).await, Err(ReplayEventsError::NotFound)));
}

#[tokio::test]
async fn a_refusal_that_cannot_be_kept_is_no_answer() {
    let ports = published(3, 3).await;
    // The calls are: read the head, record the refusal.
    let script = Script::failing(1, CallFault::BeforeEffect);
    let PublishPorts { log, index, bus } = ports.publishing;
    let mut ports = replaying(Faulty::new(log, &script), index, bus);
    ports.policy = Arc::new(NobodyMay);
    let answer = replay_events(&ports, &alice(), &W.parse().unwrap(), Version::FIRST).await;
    assert!(matches!(answer, Err(ReplayEventsError::Store(_))), "{answer:?}");
}
