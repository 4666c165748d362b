//! The index entry as the last witness of a cut end: the newest versions are deleted past the service, and the workflow
//! is moved on from what is left.

use alims_domain::hash_chain::BreakKind;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_domain::stored_version::StoredVersion;
use alims_operations::ports::QuarantineLog;
use alims_operations::publish_events::StreamRecord;
use alims_operations::replay_events::ReplayEventsError;
use alims_operations::request_state_transition::request_state_transition;
use alims_operations::verify_workflow_history::Verification;
use alims_operations::{Anomaly, DecisionPorts, PublishPorts, RebuildOptions, rebuild_index};
use alims_testing::builders::{a_key, at, version};
use alims_testing::{Faulty, FixedClock, MemoryDeadLetters, RulesThatAllow, Script};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::release_workflow::released;
use crate::replay_events::replaying;
use crate::support::faults::each_step_failed;
use crate::support::site::{Site, assert_quarantined, moved, recovered, rung, versions_of, w};
use crate::support::stream::{publish_events, ring};
use crate::verify_workflow_history::verifying;
use crate::{alice, allowing, to};

/// How a workflow whose version 3 is published was cut, and how often it was moved after that.
#[derive(Clone, Copy, Debug)]
struct Cut {
    left: u64,
    anew: usize,
}

/// Every way to cut it and go on, and where the index shows it.
const CUTS: [(Cut, u64, BreakKind); 6] = [
    (Cut { left: 2, anew: 1 }, 3, BreakKind::Replaced),
    (Cut { left: 2, anew: 2 }, 3, BreakKind::Replaced),
    (Cut { left: 1, anew: 1 }, 3, BreakKind::Missing),
    (Cut { left: 1, anew: 2 }, 3, BreakKind::Replaced),
    (Cut { left: 1, anew: 3 }, 3, BreakKind::Replaced),
    (Cut { left: 2, anew: 3 }, 3, BreakKind::Replaced),
];

/// Moves the workflow at this instant.
async fn moved_at(site: &Site, target: State, millis: i64) {
    let ports = DecisionPorts { clock: Arc::new(FixedClock::new(at(millis))), ..allowing(&site.log) };
    request_state_transition(&ports, &alice(), &w(), &to(target)).await.unwrap();
}

impl Cut {
    /// The site with what was made anew.
    async fn made(self) -> (Site, Vec<StoredVersion>) {
        let site = Site::torn(&[State::Active, State::Paused]).await;
        rung(&site, &versions_of(&site)).await;
        for gone in self.left + 1..=3 {
            site.log.remove(&a_key("w"), version(gone));
        }
        let path = [State::Active, State::Paused, State::Active, State::Paused, State::Active];
        let from = usize::try_from(self.left - 1).unwrap();
        for (target, millis) in path[from..from + self.anew].iter().zip((50_000..).step_by(1000)) {
            moved_at(&site, *target, millis).await;
        }
        let anew = versions_of(&site).split_off(usize::try_from(self.left).unwrap());
        (site, anew)
    }
}

fn records(versions: &[StoredVersion]) -> Vec<StreamRecord> {
    versions.iter().zip(0..).map(|(stored, number)| ring(stored, number)).collect()
}

/// The index entry of what was published, which no operation may overwrite.
fn witness(site: &Site) -> IndexEntry {
    let mut entries = site.index.all();
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

async fn quarantines(site: &Site) -> Vec<QuarantineEntry> {
    site.log.quarantine(&a_key("w")).await.unwrap().entries
}

/// Recovers the workflow as a person asks, at its newest version.
async fn recovers(site: &Site, attempt: u32) -> OutcomeStatus {
    let newest = versions_of(site).last().unwrap().event.version;
    recovered(site, newest.get(), attempt).await
}

/// The break is recorded once, with the hash that was published, and nothing was published or overwritten.
async fn assert_kept(site: &Site, before: &IndexEntry, broken_at: u64, fault: BreakKind) {
    assert_eq!(&witness(site), before);
    let entries = quarantines(site).await;
    let [QuarantineEntry::Quarantined(recorded)] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((recorded.broken_at_version, recorded.fault), (version(broken_at), fault));
    assert_eq!(recorded.published_hash.as_ref(), Some(&before.head_hash));
    let stored = versions_of(site).into_iter().find(|stored| stored.event.version == version(broken_at));
    assert!(stored.is_none_or(|stored| recorded.content == stored.event.hash), "the record has both hashes");
    let published: Vec<u64> = site.bus.accepted().iter().filter_map(|event| event.version).map(Version::get).collect();
    assert_eq!(published, [1, 2, 3]);
    assert_quarantined(moved(site, State::Cancelled).await, broken_at, fault);
}

#[tokio::test]
async fn the_publisher_quarantines_what_was_made_in_place_of_published_versions() {
    for (cut, broken_at, fault) in CUTS {
        // All records in one batch, and only the last one, as the others may come late.
        for only_last in [false, true] {
            let (site, anew) = cut.made().await;
            let before = witness(&site);
            let batch = records(&anew[if only_last { anew.len() - 1 } else { 0 }..]);
            let ports = site.with(RulesThatAllow).publishing;
            let letters = MemoryDeadLetters::default();
            for _ in 0..2 {
                let done = publish_events(&ports, &letters, batch.clone()).await;
                assert_eq!((done.accepted, done.failed), (0, vec![]), "{cut:?}");
                assert_eq!(done.dead.len(), batch.len(), "{cut:?}");
            }
            assert_kept(&site, &before, broken_at, fault).await;
        }
    }
}

#[tokio::test]
async fn a_publisher_that_fails_at_any_step_keeps_the_witness_and_the_stream_comes_again() {
    for (cut, broken_at, fault) in CUTS {
        each_step_failed(async |script: &Script| {
            let (site, anew) = cut.made().await;
            let before = witness(&site);
            let failing = PublishPorts {
                log: Faulty::new(site.log.clone(), script),
                index: Faulty::new(site.index.clone(), script),
                bus: Faulty::new(site.bus.clone(), script),
            };
            let letters = MemoryDeadLetters::default();
            let done = publish_events(&failing, &letters, records(&anew)).await;
            assert_eq!(witness(&site), before);
            if !done.failed.is_empty() {
                let again = publish_events(&site.with(RulesThatAllow).publishing, &letters, records(&anew)).await;
                assert_eq!(again.failed, []);
            }
            assert_kept(&site, &before, broken_at, fault).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_recovery_quarantines_it_and_does_not_rebuild_the_index() {
    for (cut, broken_at, fault) in CUTS {
        let (site, _) = cut.made().await;
        let before = witness(&site);
        assert_eq!(recovers(&site, 1).await, OutcomeStatus::Quarantined, "{cut:?}");
        assert_kept(&site, &before, broken_at, fault).await;
        assert_eq!(recovers(&site, 2).await, OutcomeStatus::Quarantined, "{cut:?}");
        assert_kept(&site, &before, broken_at, fault).await;
    }
}

async fn verified(site: &Site) -> Verification {
    let ports =
        alims_operations::verify_workflow_history::Ports { index: site.index.clone(), ..verifying(site.log.clone()) };
    alims_operations::verify_workflow_history::verify_workflow_history(&ports, &alice(), &w(), None).await.unwrap()
}

#[tokio::test]
async fn a_verification_a_replay_and_a_rebuild_report_it_and_change_nothing() {
    for (cut, broken_at, fault) in CUTS {
        let (site, _) = cut.made().await;
        let before = witness(&site);
        let found = verified(&site).await;
        assert_eq!(found.broken.map(|broken| (broken.at, broken.fault)), Some((version(broken_at), fault)), "{cut:?}");
        assert_eq!(found.published_hash.as_ref(), Some(&before.head_hash));

        let replays = replaying(site.log.clone(), site.index.clone(), site.bus.clone());
        let replayed = alims_operations::replay_events::replay_events(&replays, &alice(), &w(), Version::FIRST).await;
        assert!(matches!(&replayed, Err(ReplayEventsError::Quarantined(it)) if it.0.fault == fault), "{replayed:?}");

        let options = RebuildOptions { published_before: None, workflows_at_once: 1, segments: 1, dry_run: false };
        let publishing = site.with(RulesThatAllow).publishing;
        let rebuilt = rebuild_index(&publishing, &options, |_| ControlFlow::Continue(())).await.unwrap();
        assert_eq!((rebuilt.repaired, rebuilt.published, rebuilt.findings.len()), (0, 0, 1), "{cut:?}");
        let reported = &rebuilt.findings[0].anomaly;
        if fault == BreakKind::Replaced {
            let stored = versions_of(&site)[2].event.hash.clone();
            let published = before.head_hash.clone();
            assert_eq!(reported, &Anomaly::Replaced { version: version(3), published, stored });
        } else {
            assert!(matches!(reported, Anomaly::AheadOfLog { .. }), "{reported:?}");
        }
        assert_eq!(witness(&site), before);
        assert_eq!(site.bus.accepted().len(), 3);
    }
}

/// All that the log holds was published after this, and the index says so.
fn assert_caught_up(site: &Site) {
    let versions = versions_of(site);
    let events: Vec<_> = site.bus.accepted().iter().map(|event| event.event_id).collect();
    for stored in &versions {
        assert!(events.contains(&stored.event.event_id), "version {} is not on the bus", stored.event.version);
    }
    assert_eq!(witness(site), IndexEntry::from(&versions.last().unwrap().event));
}

#[tokio::test]
async fn a_release_lets_the_workflow_go_on_and_what_stands_in_the_log_is_published() {
    for (cut, broken_at, _) in CUTS {
        for by_recovery in [true, false] {
            let (site, _) = cut.made().await;
            let before = witness(&site);
            recovers(&site, 1).await;
            released(&site, "sue", "compared with the event archive").await.unwrap();
            if by_recovery {
                assert_eq!(recovers(&site, 2).await, OutcomeStatus::Recovered, "{cut:?}");
                assert_caught_up(&site);
            }
            moved_at(&site, State::Cancelled, 95_000).await;
            rung(&site, &versions_of(&site)[versions_of(&site).len() - 1..]).await;
            if !by_recovery && broken_at > versions_of(&site).len() as u64 {
                recovers(&site, 2).await;
            }
            if !by_recovery && versions_of(&site).len() == 3 {
                // The index names a version with this number already: a recovery, or the sweep, puts it in order.
                assert_eq!(recovers(&site, 3).await, OutcomeStatus::Recovered, "{cut:?}");
            }
            assert_caught_up(&site);
            assert_eq!(recovers(&site, 4).await, OutcomeStatus::AlreadyConsistent, "{cut:?}");
            // The record keeps both hashes, and verification shows the break for ever.
            let found = verified(&site).await;
            assert_eq!(found.broken.map(|broken| broken.at), Some(version(broken_at)));
            assert_eq!(found.published_hash, Some(before.head_hash));
        }
    }
}
