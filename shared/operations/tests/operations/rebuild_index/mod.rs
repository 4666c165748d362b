//! Rebuilding the index: what is put in order and what is left.

mod interrupted;
mod segments;

use alims_domain::bus_event::BusEvent;
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::identifiers::WorkflowKey;
use alims_domain::limits::FINDINGS_MAX;
use alims_domain::projection::IndexEntry;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{EventBus, IndexQuery, QuarantineLog, WorkflowIndex, WorkflowLog};
use alims_operations::{Anomaly, PublishPorts, RebuildOptions, Rebuilt, rebuild_index};
use alims_testing::builders::{a_break, a_chain, a_key, a_list, a_quarantine, a_refusal, a_release, at, version};
use alims_testing::{Faulty, MemoryBus, MemoryIndex, MemoryLog, NextPut, Script};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::publishing;
use crate::support::newer::newer_in;
use crate::support::released::{W, on_the_bus, with_released_gap};
use crate::support::stream::first_appearances;

/// What became of an index entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Entry {
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
pub(crate) struct History {
    pub(crate) versions: usize,
    pub(crate) published: usize,
    pub(crate) entry: Entry,
}

pub(crate) fn history(versions: usize, published: usize, entry: Entry) -> History {
    History { versions, published, entry }
}

/// The stores after these histories, and each workflow's versions.
pub(crate) struct Past {
    pub(crate) log: MemoryLog,
    pub(crate) index: MemoryIndex,
    pub(crate) bus: MemoryBus,
    pub(crate) chains: Vec<Vec<StoredVersion>>,
}

pub(crate) async fn past(histories: &[History]) -> Past {
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
                    // With another hash than the log has at that version it would be a witness of a loss.
                    let named = usize::try_from(claimed).ok().and_then(|claimed| chain.get(claimed - 1));
                    let head_hash = named.map_or_else(|| right.head_hash.clone(), |named| named.event.hash.clone());
                    index.overwrite(IndexEntry { published_version: version(claimed), head_hash, ..right });
                }
            }
        }
        chains.push(chain);
    }
    Past { log, index, bus, chains }
}

pub(crate) fn key(number: usize) -> WorkflowKey {
    a_key(&format!("w-{number:02}"))
}

/// The instant after which a chain's versions are young, when so many of them are old.
pub(crate) fn after(old: usize) -> Option<Timestamp> {
    Some(at(i64::try_from(old).unwrap() * 1000))
}

pub(crate) fn options(published_before: Option<Timestamp>) -> RebuildOptions {
    RebuildOptions { published_before, workflows_at_once: 3, segments: 1, dry_run: false }
}

pub(crate) fn go_on(_: &Rebuilt) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

impl Past {
    pub(crate) fn ports(&self) -> PublishPorts<MemoryLog, MemoryIndex, MemoryBus> {
        PublishPorts { log: self.log.clone(), index: self.index.clone(), bus: self.bus.clone() }
    }

    /// The same ports, failing by a script.
    pub(crate) fn faulty(
        &self,
        script: &Script,
    ) -> PublishPorts<Faulty<MemoryLog>, Faulty<MemoryIndex>, Faulty<MemoryBus>> {
        PublishPorts {
            log: Faulty::new(self.log.clone().walking_at_most(2), script),
            index: Faulty::new(self.index.clone(), script),
            bus: Faulty::new(self.bus.clone(), script),
        }
    }

    pub(crate) async fn rebuild(&self, published_before: Option<Timestamp>) -> Rebuilt {
        rebuild_index(&self.ports(), &options(published_before), go_on).await.unwrap()
    }

    /// What is on the bus of one workflow, in order, repetitions and all.
    pub(crate) fn on_the_bus(&self, number: usize) -> Vec<u64> {
        let of_it = self.bus.accepted().into_iter().filter(|event| event.key == key(number));
        of_it.map(|event| event.version.unwrap().get()).collect()
    }

    /// Everything is on the bus, first appearances in order, and the index says what the log says.
    pub(crate) fn assert_in_order(&self) {
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
async fn a_rebuild_publishes_and_changes_nothing_of_workflows_that_are_in_order() {
    let past = past(&[history(3, 3, Entry::Right), history(1, 1, Entry::Right)]).await;
    let (script, before) = (Script::default(), past.index.all());
    let rebuilt = rebuild_index(&past.faulty(&script), &options(None), go_on).await.unwrap();
    assert_eq!(rebuilt, Rebuilt { workflows: 2, segments_ended: 1, ..Rebuilt::default() });
    let calls = script.calls();
    assert_eq!(calls.iter().find(|call| ["index.advance", "bus.put"].contains(call)), None);
    // An earlier release wrote entries without a key that this one gives them.
    assert_eq!(calls.iter().filter(|call| **call == "index.repair").count(), before.len());
    assert_eq!(past.index.all(), before);
}

#[tokio::test]
async fn a_rebuild_marks_the_workflows_with_a_quarantine_in_force() {
    for (dry_run, released, expected) in [(false, false, 1), (false, true, 0), (true, false, 0)] {
        let past = past(&[history(3, 3, Entry::Right), history(1, 1, Entry::Right)]).await;
        let (key, found) = (key(1), a_break(1));
        past.log.record_quarantine(&a_quarantine(&key, &found)).await.unwrap();
        if released {
            past.log.record_quarantine(&a_release(&key, &found)).await.unwrap();
        }
        let options = RebuildOptions { dry_run, ..options(None) };
        rebuild_index(&past.ports(), &options, go_on).await.unwrap();
        let query = IndexQuery { quarantined: true, ..a_list(&key.tenant_id, 10) };
        let marked: Vec<_> = past.index.list(&query).await.unwrap().items.into_iter().map(|entry| entry.key).collect();
        assert_eq!(marked, vec![key; expected], "{dry_run} {released}");
    }
}

#[tokio::test]
async fn a_workflow_that_is_behind_is_published_from_its_entry_on_whatever_its_age() {
    for published_before in [None, after(1), after(5)] {
        let past = past(&[history(5, 2, Entry::Right)]).await;
        let rebuilt = past.rebuild(published_before).await;
        assert_eq!(
            rebuilt,
            Rebuilt { workflows: 1, caught_up: 1, published: 3, segments_ended: 1, ..Rebuilt::default() }
        );
        assert_eq!(past.on_the_bus(0), [1, 2, 3, 4, 5]);
        past.assert_in_order();
    }
}

#[tokio::test]
async fn the_age_of_a_version_says_whether_it_is_published_where_the_entry_is_lost() {
    for (old, again) in [(0, vec![1, 2, 3, 4]), (1, vec![2, 3, 4]), (3, vec![4]), (4, vec![]), (9, vec![])] {
        let past = past(&[history(4, 4, Entry::Lost)]).await;
        let rebuilt = past.rebuild(after(old)).await;
        let published = again.len() as u64;
        assert_eq!(
            rebuilt,
            Rebuilt { workflows: 1, repaired: 1, published, segments_ended: 1, ..Rebuilt::default() },
            "{old} are old"
        );
        assert_eq!(past.on_the_bus(0)[4..], again, "{old} are old");
        past.assert_in_order();
    }
}

#[tokio::test]
async fn every_version_is_published_again_when_an_operator_says_so() {
    let past = past(&[history(4, 0, Entry::Lost), history(2, 2, Entry::Spoilt)]).await;
    assert_eq!(past.rebuild(None).await.published, 6);
    past.assert_in_order();
}

#[tokio::test]
async fn a_spoilt_entry_counts_as_published_up_to_its_version_and_up_to_the_old_versions() {
    // Versions 3 to 5 were never published; the claims are the right one, one too low and one too high.
    for (entry, again) in [(Entry::Spoilt, 3..=5), (Entry::Claiming(1), 2..=5), (Entry::Claiming(4), 3..=5)] {
        let past = past(&[history(5, 2, entry)]).await;
        assert_eq!(past.rebuild(after(2)).await.repaired, 1, "{entry:?}");
        assert_eq!(past.on_the_bus(0)[2..], again.collect::<Vec<u64>>(), "{entry:?}");
        past.assert_in_order();
    }
}

#[tokio::test]
async fn a_broken_workflow_is_reported_and_left_and_holds_up_no_other() {
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
        ("default/w-00", 2, BreakKind::Missing),
        ("default/w-01", 3, BreakKind::Unreadable),
        ("default/w-02", 4, BreakKind::Altered),
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

#[tokio::test]
async fn a_rebuild_leaves_a_workflow_with_a_newer_version_and_goes_on() {
    let log = newer_in(3);
    let ports = publishing(&log);
    let options = RebuildOptions { published_before: None, workflows_at_once: 1, segments: 1, dry_run: false };
    let rebuilt = rebuild_index(&ports, &options, |_| ControlFlow::Continue(())).await.unwrap();
    assert_eq!((rebuilt.workflows, rebuilt.repaired, rebuilt.findings_total), (2, 1, 1));
    assert!(matches!(&rebuilt.findings[0].anomaly, Anomaly::WrittenByNewerRelease(_)), "{:?}", rebuilt.findings);
    assert_eq!(ports.index.all().len(), 1);
}

#[tokio::test]
async fn a_rebuild_passes_over_a_released_break_and_reports_it_no_more() {
    for fault in [BreakKind::Missing, BreakKind::Unreadable] {
        let ports = with_released_gap(fault).await;
        ports.index.remove(&a_key(W));
        let options = RebuildOptions { published_before: None, workflows_at_once: 1, segments: 1, dry_run: false };
        let rebuilt = rebuild_index(&ports, &options, |_| ControlFlow::Continue(())).await.unwrap();
        assert_eq!((rebuilt.findings, rebuilt.repaired), (vec![], 1), "{fault:?}");
        assert_eq!(on_the_bus(&ports), [1, 2, 4, 5]);
        assert_eq!(ports.index.all()[0].published_version, version(5));
        let again = rebuild_index(&ports, &options, |_| ControlFlow::Continue(())).await.unwrap();
        assert_eq!((again.findings, again.repaired, again.published), (vec![], 0, 0));
    }
}

#[test]
fn a_finding_of_a_rebuild_says_all_that_a_person_needs_to_find_it() {
    let ahead = |head: Option<u64>| Anomaly::AheadOfLog { published: version(9), head: head.map(version) };
    for (anomaly, told) in [
        (
            Anomaly::Broken(Break { at: version(2), fault: BreakKind::Missing }),
            "the stored history is broken at version 2: the version is missing",
        ),
        (ahead(Some(4)), "the index says that version 9 is published, and the log ends at 4"),
        (ahead(None), "the index says that version 9 is published, and the log has no version"),
        (Anomaly::Stray, "an entry of the log that is neither a version nor a refusal of a workflow"),
        (Anomaly::NotDone("it was down".to_owned()), "could not be put in order this time: it was down"),
    ] {
        assert_eq!(anomaly.to_string(), told);
    }
}
