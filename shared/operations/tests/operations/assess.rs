//! Finding out how a workflow is: what the index claims is laid beside the log, and released breaks are passed over one
//! by one.

use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::{BreakKind, Checked};
use alims_domain::lifecycle::State;
use alims_domain::limits::{CHECKED_AT_ONCE_MAX, CHECKED_VERSIONS_MAX};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::BreakFound;
use alims_domain::recovery::Findings;
use alims_domain::stored_version::StoredVersion;
use alims_operations::ports::{QuarantineLog, RecoveryLog, WorkflowLog};
use alims_operations::{Assessed, assess, assess_part};
use alims_testing::builders::{a_chain, a_created, a_key, a_move, a_release, metadata, sealed, version, with_metadata};
use alims_testing::{CallFault, Faulty, MemoryIndex, MemoryLog, Script};
use serde_json::json;

fn chain(length: usize) -> Vec<StoredVersion> {
    a_chain(&a_key("w"), length, 7)
}

/// A log with these versions, whatever they are.
pub(crate) fn holding(versions: &[StoredVersion]) -> MemoryLog {
    let log = MemoryLog::default();
    versions.iter().for_each(|stored| log.overwrite(stored.clone()));
    log
}

async fn found<L: WorkflowLog + QuarantineLog + RecoveryLog>(log: &L, indexed: Option<IndexEntry>) -> Findings {
    let index = MemoryIndex::default();
    indexed.into_iter().for_each(|entry| index.overwrite(entry));
    assess(log, &index, &a_key("w")).await.unwrap()
}

/// What the walk found: how far the chain is sound, or where it breaks.
async fn walked<L: WorkflowLog + QuarantineLog + RecoveryLog>(log: &L) -> Result<WorkflowEvent, BreakFound> {
    found(log, None).await.log
}

/// Somebody releases what is found broken, which must be this.
async fn released(log: &MemoryLog, at: u64, fault: BreakKind) {
    let found = walked(log).await.unwrap_err();
    assert_eq!((found.at, found.fault), (version(at), fault));
    log.record_quarantine(&a_release(&a_key("w"), &found)).await.unwrap();
}

#[tokio::test]
async fn a_claim_of_the_index_is_shown_beside_the_version_of_the_log_that_it_names() {
    let chain = chain(3);
    let log = holding(&chain);
    for stored in &chain {
        let findings = found(&log, Some(IndexEntry::from(&stored.event))).await;
        assert_eq!(findings.claimed.as_ref(), Some(&stored.event));
        assert_eq!(findings.log.as_ref(), Ok(&chain[2].event));
    }
    let ahead = IndexEntry { published_version: version(4), ..IndexEntry::from(&chain[2].event) };
    assert_eq!(found(&log, Some(ahead)).await.claimed, None, "the log has no such version");
}

/// A sweep assesses every workflow, and of nearly all of them the index is level.
#[tokio::test]
async fn an_index_that_is_level_with_the_log_costs_no_further_read() {
    let chain = chain(3);
    let calls = async |indexed: Option<IndexEntry>| {
        let script = Script::default();
        found(&Faulty::new(holding(&chain), &script), indexed).await;
        script.calls().len()
    };
    let walk_alone = calls(None).await;
    assert_eq!(calls(Some(IndexEntry::from(&chain[2].event))).await, walk_alone);
    assert_eq!(calls(Some(IndexEntry::from(&chain[1].event))).await, walk_alone + 1);
}

/// The whole assessment takes several parts, each of which reads a bounded part of the log.
#[tokio::test]
async fn a_long_history_is_assessed_in_bounded_parts_past_its_released_breaks() {
    let long = CHECKED_VERSIONS_MAX + 60;
    let bound = u64::try_from(CHECKED_VERSIONS_MAX).unwrap();
    // The break lies before, at and behind the end of a part.
    for broken in [5, bound, bound + 1] {
        let mut chain = chain(long);
        chain[usize::try_from(broken).unwrap() - 1].event.metadata = metadata(&json!({"sample": "forged"}));
        let log = holding(&chain);
        released(&log, broken, BreakKind::Altered).await;
        let (script, index) = (Script::default(), MemoryIndex::default());
        let counted = Faulty::new(log, &script);
        let (mut checked, mut parts, mut calls) = (None, 0, 0);
        let findings = loop {
            parts += 1;
            match assess_part(&counted, &index, &a_key("w"), checked.take()).await.unwrap() {
                Assessed::Whole(findings) => break findings,
                Assessed::Interrupted(reached) => checked = Some(reached),
            }
            let reads = script.calls().len() - calls;
            assert!(reads <= CHECKED_VERSIONS_MAX / CHECKED_AT_ONCE_MAX + 10, "{reads} reads in one part");
            calls = script.calls().len();
        };
        assert_eq!((parts, findings.log.as_ref()), (2, Ok(&chain[long - 1].event)), "{broken}");
    }
}

/// What was altered behind a part that was checked is not built on: the check begins anew.
#[tokio::test]
async fn a_part_that_does_not_find_the_version_it_continues_from_begins_anew() {
    let chain = chain(20);
    let log = holding(&chain);
    let checked = Checked::from(&chain[9].event);
    let (mut altered, index) = (chain[9].clone(), MemoryIndex::default());
    altered.event.metadata = metadata(&json!({"sample": "forged"}));
    log.overwrite(altered);
    log.damage(&a_key("w"), version(3), "a bit fell over");
    let assessed = assess_part(&log, &index, &a_key("w"), Some(checked)).await.unwrap();
    let Assessed::Whole(findings) = assessed else { panic!("{assessed:?}") };
    assert_eq!(findings.log.unwrap_err().at, version(3));
}

#[tokio::test]
async fn a_released_newest_version_is_the_end_and_nothing_is_missed_behind_it() {
    let mut chain = chain(3);
    chain[2].event.metadata = metadata(&json!({"sample": "forged"}));
    let log = holding(&chain);
    released(&log, 3, BreakKind::Altered).await;
    assert_eq!(walked(&log).await.as_ref(), Ok(&chain[2].event));
}

#[tokio::test]
async fn a_version_released_as_not_following_must_still_be_followed_by_the_next() {
    // Moves: a signature would have to fit the forged data.
    let mut chain = vec![a_created("w")];
    for to in [State::Active, State::Paused, State::Active] {
        chain.push(a_move(chain.last().unwrap(), to));
    }
    // Each fits its own hash, and the one after it names the hash that it had.
    for forged in [1, 2] {
        chain[forged] = with_metadata(&chain[forged], &json!({"sample": "forged"}));
    }
    let log = holding(&chain);
    released(&log, 3, BreakKind::Unlinked).await;
    released(&log, 4, BreakKind::Unlinked).await;
    assert_eq!(walked(&log).await.as_ref(), Ok(&chain[3].event));
}

#[tokio::test]
async fn a_first_version_released_as_no_creation_does_not_hold_the_walk_for_ever() {
    let mut chain = chain(3);
    chain[0] = sealed(WorkflowEvent { to_state: State::Active, ..chain[0].event.clone() });
    let log = holding(&chain);
    released(&log, 1, BreakKind::Unlinked).await;
    // Far more calls than the walk has to make: whoever turns in a circle meets the fault.
    let bounded = Faulty::new(log, &Script::failing(50, CallFault::BeforeEffect));
    assert_eq!(walked(&bounded).await.as_ref(), Ok(&chain[2].event));
}
