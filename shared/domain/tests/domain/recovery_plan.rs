//! The plan, row by row: what is found, who asked, what was released.

use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{BreakFound, QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::outcome::Trigger;
use alims_domain::recovery::{
    Findings, PublishAfter, RecoveryPlan, Repairs, is_the_same_failure, is_to_be_reactivated, joined_since, plan,
};
use alims_domain::workflow_data::WorkflowData;
use alims_testing::builders::{a_break, a_created, a_key, a_move, a_quarantine, a_release, an_amendment, version};

const AUTOMATIC: [Trigger; 2] = [Trigger::Failure, Trigger::Sweep];

fn found(head: State, indexed_at: Option<u64>) -> Findings {
    let created = a_created("w");
    let active = a_move(&created, State::Active);
    let versions = match head {
        State::Created => vec![created],
        State::Active => vec![created, active],
        State::Paused | State::Completed | State::Failed | State::Cancelled => {
            let last = a_move(&active, head);
            vec![created, active, last]
        }
    };
    let claimed = indexed_at.map(|at| versions[usize::try_from(at).unwrap() - 1].event.clone());
    let log = Ok(versions.last().unwrap().event.clone());
    let quarantine = QuarantineRecord::default();
    let (end, indexed) = (versions.last().unwrap().event.version, claimed.as_ref().map(IndexEntry::from));
    Findings { log, end, end_hash: None, indexed, claimed, quarantine, unreadable_recoveries: Vec::new() }
}

fn recorded(entries: Vec<QuarantineEntry>) -> QuarantineRecord {
    QuarantineRecord { entries, unreadable: Vec::new() }
}

fn asked(findings: &Findings) -> RecoveryPlan {
    plan(findings, Trigger::Request)
}

fn repairs(rebuild_index: bool, publish: Option<Option<u64>>, reactivate: bool) -> RecoveryPlan {
    let publish = publish.map(|after| PublishAfter(after.map(version)));
    RecoveryPlan::Repair(Repairs { rebuild_index, publish, reactivate })
}

#[test]
fn a_workflow_in_order_is_left_alone_terminal_or_not() {
    for (head, at) in [(State::Created, 1), (State::Active, 2), (State::Completed, 3), (State::Cancelled, 3)] {
        assert_eq!(asked(&found(head, Some(at))), RecoveryPlan::AlreadyConsistent, "{head}");
    }
}

#[test]
fn a_failed_workflow_is_to_be_reactivated() {
    assert_eq!(asked(&found(State::Failed, Some(3))), repairs(false, None, true));
}

#[test]
fn an_amended_failure_is_still_that_failure_and_another_one_is_not() {
    let active = a_move(&a_created("w"), State::Active);
    let failed = a_move(&active, State::Failed);
    let amended = an_amendment(&an_amendment(&failed, failed.event.data()), WorkflowData::default());
    let again = a_move(&a_move(&amended, State::Active), State::Failed);
    for (head, claimed_at, is_the_same) in [
        (&failed, 3, true),
        (&failed, 2, false),
        (&amended, 3, true),
        (&amended, 4, true),
        (&amended, 5, true),
        (&amended, 2, false),
        (&again, 5, false),
        (&again, 3, false),
        (&again, 7, true),
    ] {
        let (head, end) = (&head.event, head.event.version);
        assert!(is_to_be_reactivated(head, Trigger::Sweep), "{end}");
        assert_eq!(is_the_same_failure(head, end, version(claimed_at)), is_the_same, "{end}, claimed at {claimed_at}");
        assert_eq!(joined_since(Some(head), end) <= version(claimed_at), is_the_same, "{end}, claimed at {claimed_at}");
    }
    // The newest version is unreadable and released: what it was is not known.
    assert!(!is_the_same_failure(&amended.event, version(6), version(5)));
    assert!(is_the_same_failure(&amended.event, version(6), version(6)));
    assert_eq!(joined_since(Some(&amended.event), version(6)), version(6));
    assert_eq!(joined_since(Some(&active.event), version(2)), version(2));
    assert_eq!(joined_since(None, version(2)), version(2));
    // A workflow that works stands in no failure, however long it has worked.
    let remarked = an_amendment(&active, active.event.data());
    assert_eq!(joined_since(Some(&remarked.event), version(3)), version(3));
}

#[test]
fn versions_that_were_not_published_are_to_be_published() {
    assert_eq!(asked(&found(State::Completed, Some(1))), repairs(false, Some(Some(1)), false));
    assert_eq!(asked(&found(State::Failed, Some(2))), repairs(false, Some(Some(2)), true));
}

#[test]
fn a_missing_index_entry_is_rebuilt_and_everything_published_again() {
    assert_eq!(asked(&found(State::Active, None)), repairs(true, Some(None), false));
}

#[test]
fn an_index_entry_that_says_something_else_is_rebuilt() {
    let mut wrong = found(State::Active, Some(2));
    wrong.indexed.as_mut().unwrap().current_state = State::Completed;
    assert_eq!(asked(&wrong), repairs(true, Some(None), false));
}

/// The index keeps another hash of the version that it names than the log has.
fn replaced(at: u64) -> (Findings, BreakFound) {
    let mut replaced = found(State::Completed, Some(at));
    let published = ChainHash::of(b"what was published");
    replaced.indexed.as_mut().unwrap().head_hash = published.clone();
    let stored = replaced.claimed.as_ref().unwrap().hash.clone();
    let expected =
        BreakFound { published: Some(published), ..BreakFound::new(version(at), BreakKind::Replaced, stored) };
    (replaced, expected)
}

#[test]
fn a_version_with_another_hash_than_was_published_is_a_break_and_no_repair() {
    for at in 1..=3 {
        let (findings, expected) = replaced(at);
        for trigger in [Trigger::Request, Trigger::Failure, Trigger::Sweep] {
            assert_eq!(plan(&findings, trigger), RecoveryPlan::Quarantine(expected.clone()), "{at}");
        }
    }
}

#[test]
fn what_a_change_has_left_is_recorded_beside_it_and_the_change_holds_when_nothing_is_left() {
    let changed = BreakFound::new(version(1), BreakKind::Changed, ChainHash::of(b"the record of the stream"));
    let key = a_key("w");
    let record = || recorded(vec![a_quarantine(&key, &changed)]);
    for trigger in [Trigger::Request, Trigger::Failure, Trigger::Sweep] {
        let sound = Findings { quarantine: record(), ..found(State::Failed, Some(1)) };
        assert_eq!(plan(&sound, trigger), RecoveryPlan::Quarantine(changed.clone()));
        let altered = BreakFound::new(version(2), BreakKind::Altered, ChainHash::of(b"x"));
        let broken = Findings { log: Err(altered.clone()), ..sound.clone() };
        assert_eq!(plan(&broken, trigger), RecoveryPlan::Quarantine(altered.clone()));
        let (replaced, expected) = replaced(3);
        let replaced = Findings { quarantine: record(), ..replaced };
        assert_eq!(plan(&replaced, trigger), RecoveryPlan::Quarantine(expected));
        // A break that is recorded already comes first, as without a change.
        let both = recorded(vec![a_quarantine(&key, &changed), a_quarantine(&key, &altered)]);
        assert_eq!(plan(&Findings { quarantine: both, ..sound }, trigger), RecoveryPlan::Quarantine(altered));
    }
    let released = recorded(vec![a_quarantine(&key, &changed), a_release(&key, &changed)]);
    let released = Findings { quarantine: released, ..found(State::Completed, Some(3)) };
    assert_eq!(asked(&released), RecoveryPlan::AlreadyConsistent);
}

#[test]
fn a_replaced_version_that_was_released_is_published_from_the_beginning_and_another_is_not() {
    let (findings, expected) = replaced(3);
    let key = a_key("w");
    let record = recorded(vec![a_quarantine(&key, &expected), a_release(&key, &expected)]);
    let released = Findings { quarantine: record, ..findings };
    assert_eq!(asked(&released), repairs(true, Some(None), false));
    let mut other = released.clone();
    other.indexed.as_mut().unwrap().head_hash = ChainHash::of(b"another was published");
    assert!(matches!(asked(&other), RecoveryPlan::Quarantine(_)));
    let mut again = released;
    again.claimed.as_mut().unwrap().hash = ChainHash::of(b"replaced once more");
    assert!(matches!(asked(&again), RecoveryPlan::Quarantine(_)));
}

#[test]
fn what_was_made_in_place_of_a_released_loss_is_no_new_break() {
    let ahead = ahead();
    let RecoveryPlan::Quarantine(lost) = asked(&ahead) else { panic!("not quarantined") };
    let key = a_key("w");
    let record = recorded(vec![a_quarantine(&key, &lost), a_release(&key, &lost)]);
    let mut grown = found(State::Completed, Some(3));
    grown.indexed.clone_from(&ahead.indexed);
    grown.end = version(9);
    grown.claimed.as_mut().unwrap().version = version(9);
    grown.claimed.as_mut().unwrap().hash = ChainHash::of(b"made in its place");
    assert!(matches!(asked(&grown), RecoveryPlan::Quarantine(found) if found.fault == BreakKind::Replaced));
    assert_eq!(asked(&Findings { quarantine: record, ..grown }), repairs(true, Some(None), false));
}

#[test]
fn a_failure_that_is_not_called_retryable_is_reactivated_only_when_a_person_asks() {
    let retryable = found(State::Failed, Some(3));
    let mut lasting = retryable.clone();
    let head: &mut WorkflowEvent = lasting.log.as_mut().unwrap();
    head.failure.as_mut().unwrap().retryable = false;
    lasting.claimed = lasting.log.clone().ok();
    assert_eq!(asked(&lasting), repairs(false, None, true));
    for trigger in AUTOMATIC {
        assert_eq!(plan(&retryable, trigger), repairs(false, None, true));
        assert_eq!(plan(&lasting, trigger), RecoveryPlan::AlreadyConsistent, "{trigger:?}");
    }
}

/// The index claims version 9 of a workflow that is at version 2.
fn ahead() -> Findings {
    let mut ahead = found(State::Active, Some(2));
    ahead.indexed.as_mut().unwrap().published_version = version(9);
    ahead.claimed = None;
    ahead
}

#[test]
fn an_index_ahead_of_the_log_is_the_witness_of_lost_versions() {
    let ahead = ahead();
    let RecoveryPlan::Quarantine(lost) = asked(&ahead) else { panic!("not quarantined") };
    assert_eq!((lost.at, lost.fault), (version(3), BreakKind::Missing));
    let published = ahead.indexed.unwrap().head_hash;
    assert_eq!(lost.published, Some(published), "the record keeps it when the index is taken back");
}

#[test]
fn a_loss_that_was_released_is_made_good_in_the_index_and_another_is_not() {
    let ahead = ahead();
    let RecoveryPlan::Quarantine(lost) = asked(&ahead) else { panic!("not quarantined") };
    let key = a_key("w");
    let record = recorded(vec![a_quarantine(&key, &lost), a_release(&key, &lost)]);
    let released = Findings { quarantine: record.clone(), ..ahead };
    assert_eq!(asked(&released), repairs(true, Some(None), false));
    // The log has grown since, and the index still bears witness of the same loss.
    let mut later = found(State::Completed, None);
    later.indexed = released.indexed.clone();
    assert_eq!(asked(&Findings { quarantine: record, ..later }), repairs(true, Some(None), false));
    let mut other = released;
    other.indexed.as_mut().unwrap().published_version = version(8);
    assert!(matches!(asked(&other), RecoveryPlan::Quarantine(_)));
}

#[test]
fn a_broken_chain_is_quarantined_whatever_else_is_wrong() {
    for fault in
        [BreakKind::Missing, BreakKind::Altered, BreakKind::Unreadable, BreakKind::Unlinked, BreakKind::Foreign]
    {
        let broken = BreakFound::new(version(2), fault, ChainHash::of(b"x"));
        let findings = Findings { log: Err(broken.clone()), ..found(State::Failed, None) };
        for trigger in [Trigger::Request, Trigger::Failure, Trigger::Sweep] {
            assert_eq!(plan(&findings, trigger), RecoveryPlan::Quarantine(broken.clone()));
        }
    }
}

#[test]
fn a_recorded_break_stays_in_force_until_it_is_released_found_again_or_not() {
    let key = a_key("w");
    for state in [State::Active, State::Failed] {
        let mut findings = found(state, Some(2));
        findings.quarantine = recorded(vec![a_quarantine(&key, &a_break(2))]);
        assert_eq!(asked(&findings), RecoveryPlan::Quarantine(a_break(2)));
        findings.quarantine.entries.push(a_release(&key, &a_break(2)));
        assert!(!matches!(asked(&findings), RecoveryPlan::Quarantine(_)));
    }
}
