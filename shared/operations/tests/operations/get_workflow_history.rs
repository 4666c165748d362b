//! Reading a history page by page, with the entries beside the versions and with what cannot be read in its place.

mod changes;

use alims_domain::access::Action;
use alims_domain::event::WorkflowEvent;
use alims_domain::hash_chain::BreakKind;
use alims_domain::identifiers::{EventId, Version};
use alims_domain::lifecycle::State;
use alims_domain::overdue::Overdue;
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_domain::refusal::Refusal;
use alims_domain::timestamp::Timestamp;
use alims_operations::create_workflow::create_workflow;
use alims_operations::get_workflow_history::{
    HistoryItem, HistoryPage, HistoryPosition, HistoryQuery, Include, Unreadable, get_workflow_history,
};
use alims_operations::ports::{AccessPolicy, OverdueLog, QuarantineLog, RecoveryLog, WorkflowLog};
use alims_operations::request_state_transition::request_state_transition;
use alims_operations::{DecisionPorts, ReadPorts, ReadWorkflowError};
use alims_testing::builders::{
    a_break, a_call, a_chain, a_claim, a_full_record, a_key, a_quarantine, a_refusal, a_release, an_overdue, at,
    version,
};
use alims_testing::contract::tampered::{Place, Tampered};
use alims_testing::{EverybodyMay, FixedClock, MemoryLog, NobodyMay, OnlyTheseMay, RulesThatAllow, RulesThatDeny};
use std::sync::Arc;
use uuid::Uuid;

use crate::release_workflow::released;
use crate::support::newer::{is_newer, newer_in};
use crate::support::site::{Site, alter, moved, recovered};
use crate::{alice, deciding, new, to};

pub(crate) const NOTHING: Include =
    Include { refusals: false, quarantines: false, recoveries: false, overdue: false, changes: false };
pub(crate) const REFUSALS: Include = Include { refusals: true, ..NOTHING };
pub(crate) const EVERYTHING: Include =
    Include { refusals: true, quarantines: true, recoveries: true, overdue: true, changes: true };

/// The kinds of entries that a history can have beside the versions, in their order at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Recovery,
    Refusal,
    Quarantine,
    Release,
    Overdue,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Recovery, Self::Refusal, Self::Quarantine, Self::Release, Self::Overdue];
}

pub(crate) fn events(versions: usize, seed: u64) -> Vec<WorkflowEvent> {
    a_chain(&a_key("w"), versions, seed).into_iter().map(|stored| stored.event).collect()
}

/// A log of so many versions.
pub(crate) async fn a_log(versions: usize, seed: u64) -> MemoryLog {
    let log = MemoryLog::default();
    for stored in a_chain(&a_key("w"), versions, seed) {
        log.append(&stored).await.unwrap();
    }
    log
}

/// Puts an entry beside the versions, made when this one was the newest. Each number is used once for a kind, and rises.
pub(crate) async fn put(log: &MemoryLog, kind: Kind, number: u32, newest: Version, timestamp: Timestamp) {
    let (key, event_id) = (a_key("w"), EventId(Uuid::from_u128(u128::from(number) + 1)));
    // The keys of quarantines are in another order than their instants.
    let found = a_break(1000 - u64::from(number));
    match kind {
        Kind::Refusal => {
            let requested_by = if number.is_multiple_of(2) { "alice" } else { "bob" }.parse().unwrap();
            let refusal = Refusal { event_id, timestamp, version: Some(newest), requested_by, ..a_refusal(&key) };
            log.record_refusal(&refusal).await.unwrap();
        }
        Kind::Recovery => {
            let mut claim = a_claim(&key, newest.get(), number + 1);
            claim.claimed_at = timestamp;
            log.claim_recovery(&claim).await.unwrap();
        }
        Kind::Quarantine => {
            let QuarantineEntry::Quarantined(mut entry) = a_quarantine(&key, &found) else { unreachable!() };
            (entry.event_id, entry.timestamp, entry.version) = (event_id, timestamp, Some(newest));
            log.record_quarantine(&QuarantineEntry::Quarantined(entry)).await.unwrap();
        }
        Kind::Release => {
            let QuarantineEntry::Released(mut entry) = a_release(&key, &found) else { unreachable!() };
            (entry.event_id, entry.timestamp, entry.version) = (event_id, timestamp, Some(newest));
            log.record_quarantine(&QuarantineEntry::Released(entry)).await.unwrap();
        }
        Kind::Overdue => {
            let due_at = at(i64::from(number));
            let record = Overdue { event_id, timestamp, version: newest, ..an_overdue(&key, due_at) };
            log.record_overdue(&record).await.unwrap();
        }
    }
}

pub(crate) async fn page(
    log: &MemoryLog,
    include: Include,
    after: HistoryPosition,
    limit: usize,
) -> Result<HistoryPage, ReadWorkflowError> {
    page_for(log, EverybodyMay, include, after, limit).await
}

/// The same for Alice under other policies.
pub(crate) async fn page_for(
    log: &MemoryLog,
    policy: impl AccessPolicy + 'static,
    include: Include,
    after: HistoryPosition,
    limit: usize,
) -> Result<HistoryPage, ReadWorkflowError> {
    let ports = ReadPorts { store: log.clone(), policy: Arc::new(policy) };
    let query = HistoryQuery { include, after, limit };
    get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await
}

/// All pages of this size, one after another. A page that is not full is the last one.
pub(crate) async fn pages(log: &MemoryLog, include: Include, limit: usize) -> Vec<HistoryItem> {
    let (mut seen, mut after) = (Vec::new(), Some(HistoryPosition::default()));
    while let Some(position) = after {
        let page = page(log, include, position, limit).await.unwrap();
        assert!(!page.items.is_empty() && (page.items.len() == limit || page.next.is_none()), "{page:?}");
        seen.extend(page.items);
        after = page.next;
    }
    seen
}

/// What the items are, in short.
async fn told(log: &MemoryLog, include: Include, limit: usize) -> Vec<String> {
    let told = |item: &HistoryItem| match item {
        HistoryItem::Version(event) => format!("version {}", event.version),
        HistoryItem::Refusal(_) => "refusal".to_owned(),
        HistoryItem::Quarantined(entry) => format!("quarantined {}", entry.broken_at_version),
        HistoryItem::Released(entry) => format!("released {}", entry.broken_at_version),
        HistoryItem::Recovery(kept) => format!("recovery at {}", kept.version),
        HistoryItem::Overdue(entry) => format!("overdue at {}", entry.version),
        HistoryItem::Unreadable(Unreadable::Version { version, .. }) => format!("unreadable {version}"),
        HistoryItem::Unreadable(Unreadable::Refusal { .. }) => "unreadable refusal".to_owned(),
        HistoryItem::Unreadable(Unreadable::Quarantine { .. }) => "unreadable quarantine".to_owned(),
        HistoryItem::Unreadable(Unreadable::Overdue { .. }) => "unreadable overdue".to_owned(),
    };
    pages(log, include, limit).await.iter().map(told).collect()
}

#[tokio::test]
async fn a_refusal_stands_behind_the_version_it_met_when_all_instants_are_equal() {
    let (log, clock) = (MemoryLog::default(), Arc::new(FixedClock::new(at(5))));
    let allowing = DecisionPorts { clock: clock.clone(), ..deciding(log.clone(), RulesThatAllow) };
    let denying = DecisionPorts { clock, ..deciding(log.clone(), RulesThatDeny) };
    let id = "w".parse().unwrap();
    create_workflow(&denying, &alice(), &new("w")).await.unwrap_err();
    create_workflow(&allowing, &alice(), &new("w")).await.unwrap();
    request_state_transition(&denying, &alice(), &id, &to(State::Active)).await.unwrap_err();
    request_state_transition(&allowing, &alice(), &id, &to(State::Active)).await.unwrap();
    request_state_transition(&denying, &alice(), &id, &to(State::Paused)).await.unwrap_err();
    request_state_transition(&allowing, &alice(), &id, &to(State::Paused)).await.unwrap();
    for limit in 1..8 {
        let expected = ["refusal", "version 1", "refusal", "version 2", "refusal", "version 3"];
        assert_eq!(told(&log, REFUSALS, limit).await, expected, "{limit} a page");
    }
}

#[tokio::test]
async fn a_quarantine_and_its_release_are_shown_with_who_and_why_between_the_versions() {
    let site = Site::torn(&[State::Active]).await;
    alter(&site, 1, "forged");
    assert_eq!(recovered(&site, 2, 1).await, OutcomeStatus::Quarantined);
    released(&site, "sue", "compared with the paper record").await.unwrap();
    // The clock of this move is a minute behind that of the recovery.
    moved(&site, State::Paused).await.unwrap();
    assert_eq!(recovered(&site, 3, 1).await, OutcomeStatus::Recovered);
    let quarantines = Include { quarantines: true, ..NOTHING };
    for limit in 1..9 {
        let all = ["recovery at 2", "quarantined 1", "released 1", "version 3", "recovery at 3"];
        assert_eq!(told(&site.log, EVERYTHING, limit).await[2..], all, "{limit} a page");
        let only = ["version 1", "version 2", "quarantined 1", "released 1", "version 3"];
        assert_eq!(told(&site.log, quarantines, limit).await, only, "{limit} a page");
    }
    let items = pages(&site.log, EVERYTHING, 100).await;
    let [HistoryItem::Recovery(kept), HistoryItem::Quarantined(found), HistoryItem::Released(release), ..] =
        &items[2..]
    else {
        panic!("{items:?}")
    };
    let why = String::from(release.reason.clone());
    assert_eq!((release.requested_by.as_str(), why.as_str()), ("sue", "compared with the paper record"));
    assert_eq!((found.fault, found.version, release.version), (BreakKind::Altered, Some(version(2)), found.version));
    let outcome = &kept.outcome.as_ref().unwrap().as_ref().unwrap().outcome;
    assert_eq!((outcome.status, outcome.broken_at_version), (OutcomeStatus::Quarantined, Some(version(1))));
    assert_eq!(kept.claim.as_ref().unwrap().as_ref().unwrap().requested_by.as_str(), "sue");
}

#[tokio::test]
async fn unreadable_entries_are_shown_as_such_and_do_not_stop_the_page() {
    let (log, key) = (a_log(3, 1).await, a_key("w"));
    for number in 0..4 {
        for kind in Kind::ALL {
            put(&log, kind, number, version(2), at(i64::from(number))).await;
        }
        log.record_recovery(&a_full_record(&a_claim(&key, 2, number + 1))).await.unwrap();
    }
    log.spoil(&key, Place::Claim(version(2), 1), "a").await;
    log.spoil(&key, Place::Outcome(version(2), 2), "b").await;
    log.take_out(&key, Place::Claim(version(2), 3)).await;
    log.spoil(&key, Place::Refusal(EventId(Uuid::from_u128(2))), "c").await;
    let entries = log.quarantine(&key).await.unwrap().entries;
    log.spoil(&key, Place::Quarantine(&entries[0]), "d").await;
    log.spoil(&key, Place::Quarantine(&entries[3]), "e").await;
    log.spoil(&key, Place::Overdue(at(1)), "f").await;
    let whole = pages(&log, EVERYTHING, 100).await;
    for limit in 1..20 {
        assert_eq!(pages(&log, EVERYTHING, limit).await, whole, "{limit} a page");
    }
    let kept = whole.iter().filter_map(|item| if let HistoryItem::Recovery(kept) = item { Some(kept) } else { None });
    let shape = kept.map(|kept| {
        let (claim, outcome) = (kept.claim.as_ref(), kept.outcome.as_ref());
        (kept.attempt, claim.map(Result::is_ok), outcome.map(Result::is_ok))
    });
    let expected = [
        (1, Some(false), Some(true)),
        (2, Some(true), Some(false)),
        (3, None, Some(true)),
        (4, Some(true), Some(true)),
    ];
    assert_eq!(shape.collect::<Vec<_>>(), expected);
    let unreadable = whole.iter().filter(|item| matches!(item, HistoryItem::Unreadable(_))).count();
    assert_eq!((whole.len(), unreadable), (3 + 4 + 4 + 8 + 4, 4), "{whole:?}");
}

#[tokio::test]
async fn each_kind_of_entry_needs_its_permission_and_no_other() {
    let log = a_log(2, 1).await;
    let all = [Action::GetWorkflowHistory, Action::GetWorkflowRefusals, Action::GetWorkflowRecovery];
    let kinds: [(Include, &[Action]); 6] = [
        (NOTHING, &all[..1]),
        // Without the action for all of them, the caller sees the own ones.
        (REFUSALS, &all[..1]),
        (Include { quarantines: true, ..NOTHING }, &[all[0], all[2]]),
        (Include { recoveries: true, ..NOTHING }, &[all[0], all[2]]),
        (Include { overdue: true, ..NOTHING }, &all[..1]),
        (EVERYTHING, &[all[0], all[2]]),
    ];
    for (include, needed) in kinds {
        for missing in all {
            let policy = Arc::new(OnlyTheseMay(all.into_iter().filter(|action| *action != missing).collect()));
            let ports = ReadPorts { store: log.clone(), policy };
            let query = HistoryQuery { include, after: HistoryPosition::default(), limit: 10 };
            let answer = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await;
            let refused = matches!(&answer, Err(ReadWorkflowError::Forbidden(it)) if it.action == missing.as_str());
            assert_eq!(refused, needed.contains(&missing), "{include:?} without {missing:?}: {answer:?}");
            assert_eq!(answer.is_ok(), !refused, "{include:?} without {missing:?}");
        }
    }
}

#[tokio::test]
async fn a_release_is_still_shown_when_every_version_is_gone() {
    let site = Site::torn(&[State::Active]).await;
    alter(&site, 1, "forged");
    recovered(&site, 2, 1).await;
    released(&site, "sue", "compared").await.unwrap();
    site.log.remove(&a_key("w"), version(1));
    site.log.remove(&a_key("w"), version(2));
    for limit in 1..5 {
        let expected = ["recovery at 2", "quarantined 1", "released 1"];
        assert_eq!(told(&site.log, EVERYTHING, limit).await, expected);
    }
    let without = page(&site.log, NOTHING, HistoryPosition::default(), 10).await;
    assert!(matches!(without, Err(ReadWorkflowError::NotFound)), "{without:?}");
}

/// It does not say which version it met.
#[tokio::test]
async fn an_unreadable_refusal_stands_where_its_instant_is_and_not_before_an_unreadable_version() {
    let (log, events) = (a_log(4, 1).await, events(4, 1));
    assert!(events[1].timestamp > events[0].timestamp, "else this test shows nothing");
    let millis = u128::try_from(events[0].timestamp.unix_millis()).unwrap();
    let event_id = EventId(Uuid::from_u128((millis << 80) | (0x7000 << 64) | 1));
    log.record_refusal(&Refusal { event_id, ..a_refusal(&a_key("w")) }).await.unwrap();
    log.spoil(&a_key("w"), Place::Refusal(event_id), "a bit fell over").await;
    for limit in 1..6 {
        let expected = ["version 1", "unreadable refusal", "version 2", "version 3", "version 4"];
        assert_eq!(told(&log, REFUSALS, limit).await, expected);
    }
    log.damage(&a_key("w"), version(2), "a bit fell over");
    for limit in 1..6 {
        let expected = ["version 1", "unreadable 2", "unreadable refusal", "version 3", "version 4"];
        assert_eq!(told(&log, REFUSALS, limit).await, expected);
    }
}

/// It does not say which version it met.
#[tokio::test]
async fn an_unreadable_record_of_a_due_date_stands_where_the_due_date_is() {
    let (log, events) = (a_log(4, 1).await, events(4, 1));
    assert!(events[2].timestamp > events[1].timestamp, "else this test shows nothing");
    let due_at = events[1].timestamp;
    log.record_overdue(&an_overdue(&a_key("w"), due_at)).await.unwrap();
    log.spoil(&a_key("w"), Place::Overdue(due_at), "a bit fell over").await;
    let include = Include { overdue: true, ..NOTHING };
    for limit in 1..6 {
        let expected = ["version 1", "version 2", "unreadable overdue", "version 3", "version 4"];
        assert_eq!(told(&log, include, limit).await, expected);
    }
}

#[tokio::test]
async fn a_refused_creation_is_shown_to_those_who_may_see_refusals() {
    let log = MemoryLog::default();
    drop(create_workflow(&deciding(log.clone(), RulesThatDeny), &alice(), &new("w")).await);
    let query = HistoryQuery { include: REFUSALS, after: HistoryPosition::default(), limit: 10 };
    let ports = ReadPorts { store: log, policy: Arc::new(EverybodyMay) };
    let page = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await.unwrap();
    assert!(matches!(&page.items[..], [HistoryItem::Refusal(_)]), "{page:?}");
    let without = HistoryQuery { include: NOTHING, ..query };
    let hidden = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), without).await;
    assert!(matches!(hidden, Err(ReadWorkflowError::NotFound)), "{hidden:?}");
    let unpermitted = ReadPorts { policy: Arc::new(NobodyMay), ..ports.clone() };
    let hidden = get_workflow_history(&unpermitted, &alice(), &"w".parse().unwrap(), query).await;
    assert!(matches!(hidden, Err(ReadWorkflowError::Forbidden(_))), "{hidden:?}");
    // The caller's own attempt is shown without that permission, and to no other caller.
    let reader = ReadPorts { policy: Arc::new(OnlyTheseMay(vec![Action::GetWorkflowHistory])), ..ports };
    let own = get_workflow_history(&reader, &alice(), &"w".parse().unwrap(), query).await.unwrap();
    assert_eq!(own, page);
    let others = get_workflow_history(&reader, &a_call("bob"), &"w".parse().unwrap(), query).await;
    assert!(matches!(others, Err(ReadWorkflowError::NotFound)), "{others:?}");
}

#[tokio::test]
async fn a_history_does_not_end_before_a_version_that_cannot_be_read() {
    let log = a_log(4, 1).await;
    log.damage(&a_key("w"), version(3), "a bit fell over");
    let page = page(&log, NOTHING, HistoryPosition::default(), 10).await.unwrap();
    let content = MemoryLog::content_of_damaged("a bit fell over");
    let gap = HistoryItem::Unreadable(Unreadable::Version { version: version(3), content });
    assert_eq!((page.items.len(), page.items.get(2), page.next), (4, Some(&gap), None));
}

#[tokio::test]
async fn a_history_is_shown_up_to_a_version_of_a_newer_format_unless_that_is_the_newest() {
    for (newer, expected) in [(1, 0), (2, 1), (3, 0)] {
        let reading = ReadPorts { store: newer_in(newer), policy: Arc::new(EverybodyMay) };
        let mut query = HistoryQuery { include: NOTHING, after: HistoryPosition::default(), limit: 1 };
        let mut seen = 0;
        let met = loop {
            match get_workflow_history(&reading, &alice(), &"w-0".parse().unwrap(), query).await {
                Ok(page) => {
                    seen += page.items.len();
                    query.after = page.next.unwrap();
                }
                Err(error) => break error,
            }
        };
        assert!(matches!(&met, ReadWorkflowError::Store(error) if is_newer(error)), "{met:?}");
        assert_eq!(seen, expected, "version {newer} is newer");
    }
}
