//! A replay beside publishers and other replays: no version appears first by a replay.

use alims_domain::projection::IndexEntry;
use alims_operations::replay_events::{ReplayEventsError, replay_events};
use alims_testing::builders::{a_key, version};
use alims_testing::{MemoryBus, MemoryIndex};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::alice;
use crate::replay_events::{is_replay, replaying};
use crate::support::released::W;
use crate::support::stream::{Polite, deliver, filled, first_appearances, next_put, ring};

proptest! {
    #![proptest_config(super::cases(128))]

    #[test]
    fn a_replay_puts_no_event_that_did_not_appear_before_whatever_runs_beside_it(
        length in 1_usize..9,
        batches in vec(vec(0_usize..8, 1..4), 0..6),
        from in vec(vec(1_u64..10, 1..6), 1..4),
        puts in vec(next_put(), 0..12),
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let (log, stored) = filled(&[length]).await;
            let (index, bus) = (MemoryIndex::default(), MemoryBus::default());
            puts.into_iter().for_each(|put| bus.then(put));
            let ports = replaying(log, Polite(index.clone()), Polite(bus.clone()));
            // The publisher hears of versions in any order and of the last one at the end; meanwhile others replay.
            let publisher = async {
                for batch in batches.iter().chain([&vec![length - 1]]) {
                    let rung = batch.iter().zip(0..).map(|(version, number)| ring(&stored[version % length], number));
                    deliver(&ports.publishing, rung.collect()).await;
                }
            };
            let replayers = from.iter().map(async |from| {
                for from in from {
                    match replay_events(&ports, &alice(), &W.parse().unwrap(), version(*from)).await {
                        Ok(replay) => assert_eq!(replay.events, replay.to.get() - replay.from.get() + 1),
                        Err(ReplayEventsError::NotPublished { .. } | ReplayEventsError::Interrupted { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
            futures_util::future::join(publisher, futures_util::future::join_all(replayers)).await;
            let accepted = bus.accepted();
            for (place, event) in accepted.iter().enumerate().filter(|(_, event)| is_replay(event)) {
                let before = &accepted[..place];
                assert!(before.iter().any(|before| before.event_id == event.event_id && !is_replay(before)), "{event:?}");
            }
            assert_eq!(first_appearances(&bus)[&a_key(W)], (1..=length as u64).collect::<Vec<_>>());
            assert_eq!(index.all(), [IndexEntry::from(&stored[length - 1].event)]);
        });
    }
}
