//! A replay passes over what was released.

use alims_domain::hash_chain::BreakKind;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::BreakFound;
use alims_operations::replay_events::{self, replay_events};
use alims_testing::builders::{a_key, at, version};
use alims_testing::{EverybodyMay, FixedClock, MemoryLog};
use std::sync::Arc;

use crate::support::released::{W, on_the_bus, published, release, with_released_gap};
use crate::{IDS, alice};

#[tokio::test]
async fn a_replay_passes_over_a_released_gap() {
    for fault in [BreakKind::Missing, BreakKind::Unreadable] {
        for (from, expected) in [(1, &[1, 2, 4, 5][..]), (2, &[2, 4, 5]), (3, &[4, 5]), (4, &[4, 5]), (5, &[5])] {
            let publishing = with_released_gap(fault).await;
            let (policy, clock) = (Arc::new(EverybodyMay), Arc::new(FixedClock::new(at(0))));
            let ports = replay_events::Ports { publishing, policy, clock, ids: Arc::new(IDS.clone()) };
            let replay = replay_events(&ports, &alice(), &W.parse().unwrap(), version(from)).await.unwrap();
            assert_eq!(replay.events, expected.len() as u64, "{fault:?} from {from}");
            assert_eq!(on_the_bus(&ports.publishing), expected, "{fault:?} from {from}");
        }
    }
}

#[tokio::test]
async fn a_replay_passes_over_a_released_head() {
    let (publishing, stored) = published(5).await;
    publishing.log.damage(&a_key(W), version(5), "a bit fell over");
    let content = MemoryLog::content_of_damaged("a bit fell over");
    release(&publishing.log, &BreakFound::unreadable(version(5), content)).await;
    publishing.index.overwrite(IndexEntry::from(&stored[3].event));
    let (policy, clock) = (Arc::new(EverybodyMay), Arc::new(FixedClock::new(at(0))));
    let ports = replay_events::Ports { publishing, policy, clock, ids: Arc::new(IDS.clone()) };
    let replay = replay_events(&ports, &alice(), &W.parse().unwrap(), version(3)).await.unwrap();
    assert_eq!((replay.events, on_the_bus(&ports.publishing)), (2, vec![3, 4]));
}
