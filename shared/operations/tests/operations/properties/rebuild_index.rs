//! A rebuild beside publishers, users and other rebuilds: nothing is lost, nothing comes out of order or goes back.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    Advanced, EventBus, IndexCount, IndexEntries, IndexPage, IndexQuery, LogWalk, QuarantineLog, StoreError,
    WorkflowIndex, WorkflowLog, entry_of,
};
use alims_operations::{Anomaly, PublishPorts, RebuildOptions, rebuild_index};
use alims_testing::builders::{a_move, sealed};
use alims_testing::{CallFault, Faulty, MemoryIndex, MemoryLog, Script};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::task::yield_now;

use crate::rebuild_index::{Entry, History, after, go_on, history, key, past};
use crate::support::stream::{Polite, deliver, next_put, ring};

/// An index that fails the test when an entry goes back.
#[derive(Clone)]
struct OnlyForward(MemoryIndex);

impl OnlyForward {
    async fn watched<R>(&self, key: &WorkflowKey, write: impl Future<Output = R>) -> R {
        let published = async || entry_of(self, key).await.unwrap();
        let before = published().await;
        let answer = write.await;
        let after = published().await;
        let version = |entry: &Option<IndexEntry>| entry.as_ref().map(|entry| entry.published_version);
        assert!(version(&after) >= version(&before), "{before:?} became {after:?}");
        answer
    }
}

impl WorkflowIndex for OnlyForward {
    async fn entries(&self, keys: &[WorkflowKey]) -> Result<IndexEntries, StoreError> {
        self.0.entries(keys).await
    }

    async fn advance_keeping(&self, entry: &IndexEntry, kept: &Labels) -> Result<Advanced, StoreError> {
        self.watched(&entry.key, self.0.advance_keeping(entry, kept)).await
    }

    async fn mark_quarantined(&self, key: &WorkflowKey, created_at: Timestamp) -> Result<(), StoreError> {
        self.0.mark_quarantined(key, created_at).await
    }

    async fn repair(&self, entry: &IndexEntry, seen: Option<&IndexEntry>) -> Result<Advanced, StoreError> {
        self.watched(&entry.key, self.0.repair(entry, seen)).await
    }

    async fn list(&self, query: &IndexQuery) -> Result<IndexPage, StoreError> {
        self.0.list(query).await
    }

    async fn count(&self, tenant_id: &TenantId, state: State, reads_max: usize) -> Result<IndexCount, StoreError> {
        self.0.count(tenant_id, state, reads_max).await
    }
}

/// Histories of which everything old is published, and how many versions of each workflow are old.
fn histories() -> impl Strategy<Value = (usize, Vec<History>)> {
    let one = |old: usize| {
        (1_usize..9)
            .prop_flat_map(move |versions| (old.min(versions)..=versions).prop_map(move |to| (versions, to)))
            .prop_flat_map(|(versions, published)| {
                // A claim beyond what is published makes the publisher itself leave events out.
                let lower = (1..=published.max(1) as u64).prop_map(Entry::Claiming);
                let entry = prop_oneof![Just(Entry::Right), Just(Entry::Lost), Just(Entry::Spoilt), lower];
                entry.prop_map(move |entry| history(versions, published, entry))
            })
    };
    (0_usize..6).prop_flat_map(move |old| (Just(old), vec(one(old), 1..8)))
}

fn fault() -> impl Strategy<Value = CallFault> {
    prop_oneof![Just(CallFault::BeforeEffect), Just(CallFault::AfterEffect)]
}

/// Rebuilds until nothing is left to do another time.
async fn rebuilt<L: WorkflowLog + QuarantineLog + LogWalk, I: WorkflowIndex, B: EventBus>(
    ports: &PublishPorts<L, I, B>,
    options: &RebuildOptions,
) {
    for _ in 0..100 {
        if let Ok(rebuilt) = rebuild_index(ports, options, go_on).await {
            let later = |anomaly: &Anomaly| matches!(anomaly, Anomaly::NotDone(_));
            let left: Vec<_> = rebuilt.findings.iter().filter(|finding| !later(&finding.anomaly)).collect();
            assert!(left.is_empty(), "{left:?}");
            if rebuilt.findings_total == 0 {
                return;
            }
        }
        yield_now().await;
    }
    panic!("it never comes to its end");
}

/// Somebody who moves workflows on, which makes young versions, and the stream that rings for them.
async fn moved_on<I: WorkflowIndex + Clone, B: EventBus + Clone>(
    ports: &PublishPorts<MemoryLog, I, B>,
    workflows: usize,
    moves: &[usize],
    young: Timestamp,
) {
    for number in moves {
        let head = ports.log.head(&key(number % workflows)).await.unwrap().unwrap();
        if let Some(to) = head.event.to_state.allowed_transitions().into_iter().next() {
            let moved = a_move(&head, to).event;
            let next = sealed(WorkflowEvent { timestamp: moved.timestamp.max(young), ..moved });
            ports.log.append(&next).await.unwrap();
            yield_now().await;
            deliver(ports, vec![ring(&next, *number)]).await;
        }
    }
}

proptest! {
    #![proptest_config(super::cases(128))]

    #[test]
    fn a_rebuild_beside_publishers_and_users_loses_no_event_and_sets_no_entry_back(
        (old, histories) in histories(),
        rung in vec((0_usize..8, 0_usize..9), 0..20),
        batch in 1_usize..6,
        moves in vec(0_usize..8, 0..6),
        puts in vec(next_put(), 0..10),
        index_faults in vec((0_usize..30, fault()), 0..4),
        (rebuilds, part, workflows_at_once, segments) in (1_usize..3, 1_usize..9, 1_usize..5, 1_u16..4),
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let past = past(&histories).await;
            let script = Script::default();
            puts.into_iter().for_each(|put| past.bus.then(put));
            index_faults.into_iter().for_each(|(call, fault)| script.fail(call, fault));
            let ports = PublishPorts {
                log: past.log.clone().walking_at_most(part),
                index: Polite(Faulty::new(OnlyForward(past.index.clone()), &script)),
                bus: Polite(past.bus.clone()),
            };
            // Notifications of what was not published yet, in any order, some of them never.
            let version_of = |(workflow, version): &(usize, usize)| {
                let chain = past.chains.get(*workflow)?;
                chain.get(histories[*workflow].published..)?.get(*version)
            };
            let notifications: Vec<_> =
                rung.iter().filter_map(version_of).enumerate().map(|(at, version)| ring(version, at)).collect();
            let publisher = async {
                for records in notifications.chunks(batch) {
                    deliver(&ports, records.to_vec()).await;
                }
            };
            let options = RebuildOptions { published_before: after(old), workflows_at_once, segments, dry_run: false };
            let rebuilds = futures_util::future::join_all((0..rebuilds).map(|_| rebuilt(&ports, &options)));
            tokio::join!(publisher, moved_on(&ports, histories.len(), &moves, after(old).unwrap()), rebuilds);
            past.assert_in_order();
        });
    }
}
