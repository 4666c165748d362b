//! A history that is longer than one turn checks: the same turn continues, and the recovery comes to its end.

use alims_domain::hash_chain::BreakKind;
use alims_domain::lifecycle::State;
use alims_domain::limits::{CHECKED_AT_ONCE_MAX, CHECKED_VERSIONS_MAX, RECOVERY_TURNS_MAX};
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::{OutcomeStatus, StepKind};
use alims_domain::stored_version::StoredVersion;
use alims_operations::PublishPorts;
use alims_operations::recovery_step::recovery_step;
use alims_testing::builders::{a_created, a_key, a_move, version};
use alims_testing::{Faulty, RulesThatAllow, Script};

use crate::support::site::{Site, carried_out, claimed, recovering, status, steps};

/// So many versions, of which the last one failed.
fn long(parts: usize) -> Vec<StoredVersion> {
    let mut chain = vec![a_created("w")];
    for number in 0..parts * CHECKED_VERSIONS_MAX {
        chain.push(a_move(chain.last().unwrap(), if number % 2 == 0 { State::Active } else { State::Failed }));
    }
    chain
}

fn holding(chain: &[StoredVersion]) -> Site {
    let site = Site::default();
    chain.iter().for_each(|stored| site.log.overwrite(stored.clone()));
    site
}

#[tokio::test]
async fn every_turn_of_a_recovery_of_a_long_history_reads_a_bounded_part_and_it_ends_like_any_other() {
    let chain = long(3);
    let (site, last) = (holding(&chain), u64::try_from(chain.len()).unwrap());
    // All but the last of them were published.
    site.index.overwrite(IndexEntry::from(&chain[chain.len() - 2].event));
    let script = Script::default();
    let Site { index, bus, .. } = site.clone();
    let log = Faulty::new(site.log.clone(), &script);
    let ports = recovering(PublishPorts { log, index, bus }, RulesThatAllow);
    let mut document = claimed(&site, last, 1).await;
    let (mut calls, mut all) = (0, 0);
    while document.next != Next::End {
        let before = document.clone();
        document = recovery_step(&ports, before.clone()).await.unwrap();
        let reads = script.calls().len() - calls;
        assert!(reads <= CHECKED_VERSIONS_MAX / CHECKED_AT_ONCE_MAX + 20, "{reads} reads of {:?}", before.next);
        (calls, all) = (script.calls().len(), all + 1);
        assert!(document.checked.is_none() || document.next == before.next, "an unfinished turn continues");
    }
    assert_eq!(status(&document), OutcomeStatus::Recovered);
    assert!(all > 9 && document.turns < RECOVERY_TURNS_MAX, "{all} calls, {} turns", document.turns);
    assert!(steps(&document).starts_with(&[StepKind::Assessed, StepKind::RulesAllowed, StepKind::Reactivated]));
    assert_eq!(site.head().version, version(last + 1));
}

#[tokio::test]
async fn a_break_in_a_later_part_is_quarantined() {
    let chain = long(2);
    let last = u64::try_from(chain.len()).unwrap();
    for broken in [2, last - 1] {
        let site = holding(&chain);
        site.log.damage(&a_key("w"), version(broken), "a bit fell over");
        let ended = carried_out(&site.with(RulesThatAllow), claimed(&site, last, 1).await, 0).await.unwrap();
        let outcome = ended.outcome.clone().unwrap();
        assert_eq!((outcome.status, outcome.fault), (OutcomeStatus::Quarantined, Some(BreakKind::Unreadable)));
        assert_eq!(outcome.broken_at_version, Some(version(broken)));
    }
}

#[tokio::test]
async fn the_parts_of_a_turn_do_not_use_up_the_turns_of_a_recovery() {
    let chain = long(3);
    let (site, last) = (holding(&chain), u64::try_from(chain.len()).unwrap());
    site.index.overwrite(IndexEntry::from(&chain[chain.len() - 2].event));
    // Just enough for a recovery without interruptions.
    let document = RecoveryDocument { turns: RECOVERY_TURNS_MAX - 5, ..claimed(&site, last, 1).await };
    let ended = carried_out(&site.with(RulesThatAllow), document, 0).await.unwrap();
    assert_eq!((status(&ended), ended.turns), (OutcomeStatus::Recovered, RECOVERY_TURNS_MAX + 1));
}
