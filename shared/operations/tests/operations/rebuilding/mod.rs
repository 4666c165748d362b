//! Rebuilding the index: what is put in order and what is left, interrupted anywhere, and beside everybody else.

mod beside_others;

use alims_domain::bus_event::BusEvent;
use alims_domain::hash_chain::Fault as ChainFault;
use alims_domain::identifiers::WorkflowKey;
use alims_domain::limits::FINDINGS_MAX;
use alims_domain::projection::IndexEntry;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{EventBus, WorkflowIndex, WorkflowLog};
use alims_operations::{Anomaly, Publishing, RebuildIndexError, RebuildOptions, Rebuilt, rebuild_index};
use alims_testing::builders::{a_chain, a_key, a_refusal, at, version};
use alims_testing::{Fault, Faulty, MemoryBus, MemoryIndex, MemoryLog, NextPut, Script};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::Poll;
use tokio::task::yield_now;

use crate::publishing::{Polite, first_appearances};

/// What became of an index entry.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    /// It is as the publisher left it.
    Right,
    /// It is gone.
    Lost,
    /// It names somebody else as the creator.
    Spoilt,
    /// It claims another version than it had.
    Claiming(u64),
}

/// One workflow: how many versions it has, how many of them were published, and what became of its entry.
#[derive(Clone, Copy, Debug)]
struct History {
    versions: usize,
    published: usize,
    entry: Entry,
}

fn history(versions: usize, published: usize, entry: Entry) -> History {
    History { versions, published, entry }
}

/// The stores after these histories, and each workflow's versions.
struct Past {
    log: MemoryLog,
    index: MemoryIndex,
    bus: MemoryBus,
    chains: Vec<Vec<StoredVersion>>,
}

async fn past(histories: &[History]) -> Past {
    let (log, index, bus) = (MemoryLog::default(), MemoryIndex::default(), MemoryBus::default());
    let mut chains = Vec::new();
    for (number, history) in histories.iter().enumerate() {
        let chain = a_chain(&key(number), history.versions, number as u64);
        for version in &chain {
            log.append(version).await.unwrap();
        }
        for version in &chain[..history.published] {
            bus.put(&[BusEvent::of_version(&version.event).unwrap()]).await.unwrap()[0].as_ref().unwrap();
            index.advance(&IndexEntry::from(&version.event)).await.unwrap();
        }
        if let Some(last) = chain[..history.published].last() {
            let right = IndexEntry::from(&last.event);
            match history.entry {
                Entry::Right => {}
                Entry::Lost => index.remove(&key(number)),
                Entry::Spoilt => index.overwrite(IndexEntry { created_by: "mallory".parse().unwrap(), ..right }),
                Entry::Claiming(claimed) => {
                    index.overwrite(IndexEntry { published_version: version(claimed), ..right });
                }
            }
        }
        chains.push(chain);
    }
    Past { log, index, bus, chains }
}

fn key(number: usize) -> WorkflowKey {
    a_key(&format!("w-{number:02}"))
}

/// The instant after which a chain's versions are young, when so many of them are old.
fn after(old: usize) -> Option<Timestamp> {
    Some(at(i64::try_from(old).unwrap() * 1000))
}

fn options(published_before: Option<Timestamp>) -> RebuildOptions {
    RebuildOptions { published_before, workflows_at_once: 3, dry_run: false }
}

fn go_on(_: &Rebuilt) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

impl Past {
    fn ports(&self) -> Publishing<MemoryLog, MemoryIndex, MemoryBus> {
        Publishing { log: self.log.clone(), index: self.index.clone(), bus: self.bus.clone() }
    }

    /// The same ports, failing by a script.
    fn faulty(&self, script: &Script) -> Publishing<Faulty<MemoryLog>, Faulty<MemoryIndex>, Faulty<MemoryBus>> {
        Publishing {
            log: Faulty::new(self.log.clone().walking_at_most(2), script),
            index: Faulty::new(self.index.clone(), script),
            bus: Faulty::new(self.bus.clone(), script),
        }
    }

    async fn rebuild(&self, published_before: Option<Timestamp>) -> Rebuilt {
        rebuild_index(&self.ports(), &options(published_before), go_on).await.unwrap()
    }

    /// What is on the bus of one workflow, in order, repetitions and all.
    fn on_the_bus(&self, number: usize) -> Vec<u64> {
        let of_it = self.bus.accepted().into_iter().filter(|event| event.key == key(number));
        of_it.map(|event| event.version.unwrap().get()).collect()
    }

    /// Everything is on the bus, first appearances in order, and the index says what the log says.
    fn assert_in_order(&self) {
        let seen = first_appearances(&self.bus);
        for key in self.log.keys() {
            let (versions, _) = self.log.entries(&key);
            assert_eq!(seen.get(&key), Some(&(1..=versions.len() as u64).collect()), "{key}");
        }
        let heads = self.log.keys().into_iter().map(|key| self.log.entries(&key).0.pop().unwrap());
        assert_eq!(self.index.all(), heads.map(|head| IndexEntry::from(&head.event)).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_is_in_order_is_only_read() {
    let past = past(&[history(3, 3, Entry::Right), history(1, 1, Entry::Right)]).await;
    let script = Script::default();
    let rebuilt = rebuild_index(&past.faulty(&script), &options(None), go_on).await.unwrap();
    assert_eq!(rebuilt, Rebuilt { workflows: 2, ..Rebuilt::default() });
    let written = |call: &&str| ["index.advance", "index.repair", "bus.put"].contains(call);
    assert_eq!(script.calls().iter().find(|call| written(call)), None);
}

#[tokio::test]
async fn what_lies_behind_is_published_from_where_its_entry_says_whatever_its_age() {
    for published_before in [None, after(1), after(5)] {
        let past = past(&[history(5, 2, Entry::Right)]).await;
        let rebuilt = past.rebuild(published_before).await;
        assert_eq!(rebuilt, Rebuilt { workflows: 1, caught_up: 1, published: 3, ..Rebuilt::default() });
        assert_eq!(past.on_the_bus(0), [1, 2, 3, 4, 5]);
        past.assert_in_order();
    }
}

#[tokio::test]
async fn where_the_entry_is_lost_age_says_what_is_published() {
    for (old, again) in [(0, vec![1, 2, 3, 4]), (1, vec![2, 3, 4]), (3, vec![4]), (4, vec![]), (9, vec![])] {
        let past = past(&[history(4, 4, Entry::Lost)]).await;
        let rebuilt = past.rebuild(after(old)).await;
        let published = again.len() as u64;
        assert_eq!(rebuilt, Rebuilt { workflows: 1, repaired: 1, published, ..Rebuilt::default() }, "{old} are old");
        assert_eq!(past.on_the_bus(0)[4..], again, "{old} are old");
        past.assert_in_order();
    }
}

#[tokio::test]
async fn nothing_counts_as_published_when_an_operator_says_so() {
    let past = past(&[history(4, 0, Entry::Lost), history(2, 2, Entry::Spoilt)]).await;
    assert_eq!(past.rebuild(None).await.published, 6);
    past.assert_in_order();
}

#[tokio::test]
async fn a_spoilt_entry_says_nothing_of_what_is_published_beyond_its_version_or_beyond_the_old() {
    // Versions 3 to 5 were never published; the claims are the right one, one too low and one too high.
    for (entry, again) in [(Entry::Spoilt, 3..=5), (Entry::Claiming(1), 2..=5), (Entry::Claiming(4), 3..=5)] {
        let past = past(&[history(5, 2, entry)]).await;
        assert_eq!(past.rebuild(after(2)).await.repaired, 1, "{entry:?}");
        assert_eq!(past.on_the_bus(0)[2..], again.collect::<Vec<u64>>(), "{entry:?}");
        past.assert_in_order();
    }
}

#[tokio::test]
async fn what_people_must_look_at_is_told_and_left_and_keeps_nobody_else() {
    let histories = [Entry::Right, Entry::Lost, Entry::Spoilt, Entry::Claiming(9), Entry::Lost];
    let past = past(&histories.map(|entry| history(4, 4, entry))).await;
    past.log.remove(&key(0), version(2));
    past.log.damage(&key(1), version(3), "a bit fell over");
    let mut forged = past.chains[2][3].clone();
    forged.event.requested_by = "mallory".parse().unwrap();
    past.log.overwrite(forged);
    past.log.record_refusal(&a_refusal(&a_key("never-created"))).await.unwrap();
    past.log.record_refusal(&a_refusal(&a_key("vanished"))).await.unwrap();
    past.index.overwrite(IndexEntry { key: a_key("vanished"), ..IndexEntry::from(&past.chains[0][0].event) });
    let index = past.index.clone();
    let before = index.all();
    let rebuilt = past.rebuild(after(9)).await;
    let told: BTreeMap<&str, &Anomaly> =
        rebuilt.findings.iter().map(|finding| (finding.key.as_str(), &finding.anomaly)).collect();
    for (workflow, at, fault) in [
        ("default/w-00", 2, ChainFault::Missing),
        ("default/w-01", 3, ChainFault::Unreadable),
        ("default/w-02", 4, ChainFault::Altered),
    ] {
        let Anomaly::Broken(broken) = told[workflow] else { panic!("{workflow}: {:?}", told[workflow]) };
        assert_eq!((broken.at, &broken.fault), (version(at), &fault), "{workflow}");
    }
    let ahead = Anomaly::AheadOfLog { published: version(9), head: Some(version(4)) };
    assert_eq!(told["default/w-03"], &ahead);
    assert_eq!(told["default/vanished"], &Anomaly::AheadOfLog { published: version(1), head: None });
    assert_eq!((rebuilt.findings_total, rebuilt.workflows, rebuilt.repaired, rebuilt.published), (5, 6, 1, 0));
    past.index.remove(&key(4));
    assert_eq!(index.all(), before, "only what was lost was written");
}

#[tokio::test]
async fn findings_without_number_are_counted_and_not_all_kept() {
    let past = past(&[]).await;
    for number in 0..FINDINGS_MAX + 2 {
        let chain = a_chain(&a_key(&format!("w-{number}")), 2, 1);
        past.log.append(&chain[1]).await.unwrap();
    }
    let rebuilt = past.rebuild(None).await;
    assert_eq!((rebuilt.findings.len(), rebuilt.findings_total), (FINDINGS_MAX, FINDINGS_MAX as u64 + 2));
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_tells_what_would_be_done() {
    let entries = [Entry::Right, Entry::Lost, Entry::Spoilt, Entry::Claiming(9)];
    let past = past(&entries.map(|entry| history(5, 3, entry))).await;
    let (index, bus) = (past.index.all(), past.bus.accepted());
    let dry = RebuildOptions { dry_run: true, ..options(after(1)) };
    let told = rebuild_index(&past.ports(), &dry, go_on).await.unwrap();
    assert_eq!((past.index.all(), past.bus.accepted()), (index, bus));
    assert_eq!(told, past.rebuild(after(1)).await);
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_is_a_finding_and_another_run_s_work() {
    let past = past(&[history(3, 1, Entry::Right), history(3, 1, Entry::Right)]).await;
    past.bus.then(NextPut::RefuseEntries(vec![0]));
    let rebuilt = past.rebuild(None).await;
    assert_eq!((rebuilt.findings_total, rebuilt.caught_up), (1, 1));
    assert!(matches!(&rebuilt.findings[0].anomaly, Anomaly::NotDone(why) if why.contains("refused on purpose")));
    assert_eq!(past.rebuild(None).await.findings_total, 0);
    past.assert_in_order();
}

/// Enough of everything, over several parts of the walk and with workflows that lie in more than one.
const ALL_SORTS: [History; 6] = [
    History { versions: 3, published: 3, entry: Entry::Right },
    History { versions: 5, published: 2, entry: Entry::Right },
    History { versions: 4, published: 3, entry: Entry::Lost },
    History { versions: 4, published: 2, entry: Entry::Spoilt },
    History { versions: 5, published: 3, entry: Entry::Claiming(2) },
    History { versions: 1, published: 1, entry: Entry::Lost },
];

/// How many versions of each of them are old; all of those were published.
const OLD: usize = 2;

#[tokio::test]
async fn a_workflow_that_lies_in_many_parts_of_the_walk_is_looked_at_once() {
    let past = past(&ALL_SORTS).await;
    let ports = Publishing { log: past.log.clone().walking_at_most(1), ..past.ports() };
    assert_eq!(rebuild_index(&ports, &options(after(OLD)), go_on).await.unwrap().workflows, 6);
    past.assert_in_order();
}

#[tokio::test]
async fn failed_at_any_step_and_begun_again_it_ends_the_same() {
    let attempt = async |script: &Script| {
        let past = past(&ALL_SORTS).await;
        let mut runs = 0;
        loop {
            runs += 1;
            match rebuild_index(&past.faulty(script), &options(after(OLD)), go_on).await {
                Ok(rebuilt) if rebuilt.findings_total == 0 => break,
                Ok(_) | Err(RebuildIndexError::Log(_) | RebuildIndexError::Index(_)) => {
                    assert!(runs < 3, "one fault must not need a third run");
                }
            }
        }
        past.assert_in_order();
    };
    let script = Script::default();
    attempt(&script).await;
    let calls = script.calls().len();
    assert!(calls > 30, "{:?}", script.calls());
    for call in 0..calls {
        for fault in Fault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}

/// Polls a future so many times at most and then drops it, as the end of a process does.
async fn killed_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(done) = polled {
            return Some(done);
        }
        // Who is polled within it is woken by the runtime.
        yield_now().await;
    }
    None
}

#[tokio::test]
async fn killed_at_any_step_and_begun_again_it_ends_the_same() {
    for polls in 1.. {
        let past = past(&ALL_SORTS).await;
        let ports = Publishing {
            log: past.log.clone().walking_at_most(4),
            index: Polite(past.index.clone()),
            bus: Polite(past.bus.clone()),
        };
        let ended = killed_after(polls, rebuild_index(&ports, &options(after(OLD)), go_on)).await.is_some();
        assert_eq!(past.rebuild(after(OLD)).await.findings_total, 0);
        past.assert_in_order();
        if ended {
            assert!(polls > 20, "{polls} polls: there was nothing to interrupt");
            return;
        }
    }
}

#[tokio::test]
async fn stopped_by_whoever_is_told_it_has_done_what_it_told_and_may_be_begun_again() {
    let mut told_at_most = 0;
    for stop_after in 1.. {
        let past = past(&ALL_SORTS).await;
        let ports = Publishing { log: past.log.clone().walking_at_most(4), ..past.ports() };
        let mut told = Vec::new();
        let stop = |rebuilt: &Rebuilt| {
            told.push(rebuilt.clone());
            if told.len() == stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let stopped = rebuild_index(&ports, &options(after(OLD)), stop).await.unwrap();
        assert!(told.len() <= stop_after);
        assert_eq!(told.last(), Some(&stopped));
        past.rebuild(after(OLD)).await;
        past.assert_in_order();
        if told.len() < stop_after {
            break;
        }
        told_at_most = stop_after;
    }
    assert!(told_at_most > 3, "{told_at_most}: it cannot be stopped in between");
}
