//! Listing activity: to auditors what everybody did, to everybody else the own entries, over a span that stays.

use alims_domain::access::Action;
use alims_domain::activity::ActivityKind;
use alims_domain::call::Call;
use alims_domain::lifecycle::State;
use alims_domain::refusal::Refusal;
use alims_domain::timestamp::Timestamp;
use alims_operations::ReadPorts;
use alims_operations::get_workflow_history::{HistoryItem, Unreadable};
use alims_operations::list_activity::{
    ActivityFilter, ActivityPage, ListActivityError, Ports, ShownEntry, list_activity,
};
use alims_operations::ports::{AccessPolicy, WorkflowLog};
use alims_testing::builders::{a_call, a_created, a_key, a_move, a_refusal, at, version};
use alims_testing::{EverybodyMay, Faulty, FixedClock, MemoryLog, NobodyMay, OnlyTheseMay, Script};
use std::sync::Arc;

use crate::alice;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn ports<L>(store: L, policy: impl AccessPolicy + 'static, now: Timestamp) -> Ports<L> {
    Ports { reading: ReadPorts { store, policy: Arc::new(policy) }, clock: Arc::new(FixedClock::new(now)) }
}

/// Alice created `w` and moved it; Mallory was refused.
async fn a_log() -> MemoryLog {
    let log = MemoryLog::default();
    let created = a_created("w");
    log.append(&created).await.unwrap();
    log.append(&a_move(&created, State::Active)).await.unwrap();
    log.record_refusal(&a_refusal(&a_key("w"))).await.unwrap();
    log
}

async fn list<L: alims_operations::ports::ActivityLog>(
    ports: &Ports<L>,
    call: &Call,
    filter: ActivityFilter,
) -> Result<ActivityPage, ListActivityError> {
    list_activity(ports, call, filter, None, 100).await
}

fn kinds(page: &ActivityPage) -> Vec<ActivityKind> {
    let mut kinds: Vec<_> = page.items.iter().map(|item| item.kind.unwrap()).collect();
    kinds.sort_unstable();
    kinds
}

/// The log finds them: others' entries take no room of a page.
#[tokio::test]
async fn pages_of_the_own_entries_are_full_whatever_others_did_since() {
    let ports = ports(a_log().await, OnlyTheseMay(vec![Action::ListOwnActivity]), at(60_000));
    let page = list_activity(&ports, &alice(), ActivityFilter::default(), None, 1).await.unwrap();
    assert_eq!(kinds(&page), [ActivityKind::WorkflowCreated]);
}

#[tokio::test]
async fn list_activity_shows_an_auditor_what_everybody_did() {
    let ports = ports(a_log().await, OnlyTheseMay(vec![Action::ListActivity]), at(60_000));
    let page = list(&ports, &alice(), ActivityFilter::default()).await.unwrap();
    let all =
        [ActivityKind::WorkflowCreated, ActivityKind::WorkflowStateChanged, ActivityKind::WorkflowTransitionRefused];
    assert_eq!((kinds(&page), page.next), (all.to_vec(), None));
    let principal = Some("mallory".parse().unwrap());
    let page = list(&ports, &alice(), ActivityFilter { principal, ..ActivityFilter::default() }).await.unwrap();
    assert_eq!(kinds(&page), [ActivityKind::WorkflowTransitionRefused]);
    let kind = Some(ActivityKind::WorkflowCreated);
    let page = list(&ports, &alice(), ActivityFilter { kind, ..ActivityFilter::default() }).await.unwrap();
    assert_eq!(kinds(&page), [ActivityKind::WorkflowCreated]);
}

#[tokio::test]
async fn list_activity_shows_everybody_else_the_own_entries_only() {
    let log = a_log().await;
    let ports = ports(log.clone(), OnlyTheseMay(vec![Action::ListOwnActivity]), at(60_000));
    for (caller, own) in [("alice", 1), ("mallory", 1), ("stranger", 0)] {
        for principal in [None, Some(caller.parse().unwrap())] {
            let filter = ActivityFilter { principal, ..ActivityFilter::default() };
            assert_eq!(list(&ports, &a_call(caller), filter).await.unwrap().items.len(), own, "{caller}");
        }
        let filter = ActivityFilter { principal: Some("somebody".parse().unwrap()), ..ActivityFilter::default() };
        match list(&ports, &a_call(caller), filter).await {
            Err(ListActivityError::Forbidden(forbidden)) => assert_eq!(forbidden.action, "listActivity"),
            other => panic!("{caller}: {other:?}"),
        }
    }
    // Whose an altered entry is, is not known.
    log.damage(&a_key("w"), version(1), "a bit fell over");
    assert_eq!(list(&ports, &alice(), ActivityFilter::default()).await.unwrap().items, []);
}

#[tokio::test]
async fn a_caller_who_may_neither_is_refused_before_the_log_is_read() {
    let script = Script::default();
    let ports = ports(Faulty::new(a_log().await, &script), NobodyMay, at(0));
    let answer = list(&ports, &alice(), ActivityFilter::default()).await;
    assert!(matches!(answer, Err(ListActivityError::Forbidden(_))), "{answer:?}");
    assert_eq!(script.calls(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_caller_sees_no_entry_of_another_tenant() {
    let ports = ports(a_log().await, EverybodyMay, at(60_000));
    let mut call = alice();
    call.principal.tenant_id = "other".parse().unwrap();
    assert_eq!(list(&ports, &call, ActivityFilter::default()).await.unwrap().items, []);
}

#[tokio::test]
async fn an_altered_entry_is_shown_as_unreadable() {
    let log = a_log().await;
    log.damage(&a_key("w"), version(2), "a bit fell over");
    let page = list(&ports(log, EverybodyMay, at(60_000)), &alice(), ActivityFilter::default()).await.unwrap();
    let content = MemoryLog::content_of_damaged("a bit fell over");
    let unreadable = HistoryItem::Unreadable(Unreadable::Version { version: version(2), content });
    let unreadable = ShownEntry::OfWorkflow(unreadable);
    assert!(page.items.iter().any(|item| item.entry == unreadable), "{page:?}");
}

/// Refusals an hour apart, over ninety days.
async fn ninety_days() -> MemoryLog {
    let log = MemoryLog::default();
    for hour in -60 * 24..30 * 24 {
        let refusal = Refusal { timestamp: at(hour * DAY / 24), ..a_refusal(&a_key("w")) };
        log.record_refusal(&refusal).await.unwrap();
    }
    log
}

#[tokio::test]
async fn a_span_is_the_last_day_unless_the_caller_names_one() {
    let ports = ports(ninety_days().await, EverybodyMay, at(0));
    let mut spans = Vec::new();
    for (from, to) in
        [(None, None), (Some(-2 * DAY), None), (Some(-60 * DAY), None), (None, Some(-DAY)), (Some(DAY), None)]
    {
        let filter = ActivityFilter { from: from.map(at), to: to.map(at), ..ActivityFilter::default() };
        let (mut place, mut seen) = (None, Vec::new());
        loop {
            let page = list_activity(&ports, &alice(), filter.clone(), place, 100).await.unwrap();
            seen.extend(page.items.iter().map(|item| item.at));
            place = page.next;
            if place.is_none() {
                break;
            }
        }
        spans.push((seen.len(), seen.last().copied(), seen.first().copied()));
    }
    let hours = |hours: i64| Some(at(hours * DAY / 24));
    assert_eq!(
        spans,
        [
            (25, hours(-24), hours(0)),
            (49, hours(-48), hours(0)),
            (31 * 24, hours(-60 * 24), hours(-29 * 24 - 1)),
            (24, hours(-48), hours(-25)),
            (0, None, None),
        ]
    );
}

#[tokio::test]
async fn a_walk_keeps_the_span_of_its_first_page_whatever_the_time_is() {
    let clock = FixedClock::new(at(0));
    let reading = ReadPorts { store: ninety_days().await, policy: Arc::new(EverybodyMay) };
    let ports = Ports { reading, clock: Arc::new(clock.clone()) };
    let (mut place, mut seen) = (None, Vec::new());
    loop {
        let page = list_activity(&ports, &alice(), ActivityFilter::default(), place, 7).await.unwrap();
        seen.extend(page.items.iter().map(|item| item.at));
        place = page.next;
        clock.set(at(i64::try_from(seen.len()).unwrap() * DAY / 24));
        if place.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (-24..=0).rev().map(|hour| at(hour * DAY / 24)).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_error_of_the_log_is_an_error_and_no_short_list() {
    let script = Script::failing(0, alims_testing::CallFault::BeforeEffect);
    let ports = ports(Faulty::new(a_log().await, &script), EverybodyMay, at(0));
    let answer = list(&ports, &alice(), ActivityFilter::default()).await;
    assert!(matches!(answer, Err(ListActivityError::Store(_))), "{answer:?}");
}
