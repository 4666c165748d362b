//! Reading a history page by page, with refusals and with versions that cannot be read in their places.

use alims_domain::access::Action;
use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::EventId;
use alims_domain::refusal::Refusal;
use alims_operations::create_workflow::create_workflow;
use alims_operations::get_workflow_history::{
    HistoryItem, HistoryPage, HistoryPosition, HistoryQuery, Unreadable, get_workflow_history,
};
use alims_operations::ports::{AccessPolicy, WorkflowLog};
use alims_operations::{ReadPorts, ReadWorkflowError};
use alims_testing::builders::{a_call, a_chain, a_key, a_refusal, version};
use alims_testing::{EverybodyMay, MemoryLog, NobodyMay, OnlyTheseMay, RulesThatDeny};
use std::sync::Arc;
use uuid::Uuid;

use crate::support::newer::{is_newer, newer_in};
use crate::{alice, deciding, new};

/// A log of so many versions, and refusals each at the instant of one of them or just after it, oldest first.
pub(crate) async fn paged(
    versions: usize,
    seed: u64,
    refused_at: &[usize],
) -> (MemoryLog, Vec<WorkflowEvent>, Vec<Refusal>) {
    let log = MemoryLog::default();
    let events: Vec<WorkflowEvent> =
        a_chain(&a_key("w"), versions, seed).into_iter().map(|stored| stored.event).collect();
    for stored in a_chain(&a_key("w"), versions, seed) {
        log.append(&stored).await.unwrap();
    }
    let mut places: Vec<usize> = refused_at.iter().map(|place| place % versions).collect();
    places.sort_unstable();
    let mut refusals = Vec::new();
    for (number, place) in places.into_iter().enumerate() {
        let event_id = EventId(Uuid::from_u128(number as u128 + 1));
        let requested_by = if number % 2 == 0 { "alice" } else { "bob" }.parse().unwrap();
        let timestamp = events[place].timestamp;
        let refusal = Refusal { event_id, timestamp, requested_by, ..a_refusal(&a_key("w")) };
        log.record_refusal(&refusal).await.unwrap();
        refusals.push(refusal);
    }
    (log, events, refusals)
}

pub(crate) async fn page(
    log: &MemoryLog,
    after: HistoryPosition,
    limit: usize,
) -> Result<HistoryPage, ReadWorkflowError> {
    page_for(log, EverybodyMay, after, limit).await
}

/// The same for Alice under other policies.
pub(crate) async fn page_for(
    log: &MemoryLog,
    policy: impl AccessPolicy + 'static,
    after: HistoryPosition,
    limit: usize,
) -> Result<HistoryPage, ReadWorkflowError> {
    let ports = ReadPorts { store: log.clone(), policy: Arc::new(policy) };
    let query = HistoryQuery { include_refusals: true, after, limit };
    get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await
}

#[tokio::test]
async fn a_refusal_after_a_version_that_cannot_be_read_is_not_shown_before_it() {
    let (log, events, _) = paged(4, 1, &[0, 3]).await;
    assert!(events[1].timestamp > events[0].timestamp, "else this test shows nothing");
    log.damage(&a_key("w"), version(2), "a bit fell over");
    let content = MemoryLog::content_of_damaged("a bit fell over");
    let gap = HistoryItem::Unreadable(Unreadable::Version { version: version(2), content });
    for limit in 1..8 {
        let (mut seen, mut after) = (Vec::new(), Some(HistoryPosition::default()));
        while let Some(position) = after {
            let page = page(&log, position, limit).await.unwrap();
            seen.extend(page.items);
            after = page.next;
        }
        assert_eq!(seen.get(1), Some(&gap), "{seen:?}");
        assert_eq!(seen.iter().filter(|item| matches!(item, HistoryItem::Version(_))).count(), 3);
        assert_eq!(seen.iter().filter(|item| matches!(item, HistoryItem::Refusal(_))).count(), 2);
    }
}

#[tokio::test]
async fn a_refused_creation_is_shown_to_those_who_may_see_refusals() {
    let log = MemoryLog::default();
    drop(create_workflow(&deciding(log.clone(), RulesThatDeny), &alice(), &new("w")).await);
    let query = HistoryQuery { include_refusals: true, after: HistoryPosition::default(), limit: 10 };
    let ports = ReadPorts { store: log, policy: Arc::new(EverybodyMay) };
    let page = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await.unwrap();
    assert!(matches!(&page.items[..], [HistoryItem::Refusal(_)]), "{page:?}");
    let without = HistoryQuery { include_refusals: false, ..query };
    let hidden = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), without).await;
    assert!(matches!(hidden, Err(ReadWorkflowError::NotFound)), "{hidden:?}");
    let nobody = ReadPorts { policy: Arc::new(NobodyMay), ..ports.clone() };
    let hidden = get_workflow_history(&nobody, &alice(), &"w".parse().unwrap(), query).await;
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
    let log = MemoryLog::default();
    for stored in a_chain(&a_key("w"), 4, 1) {
        log.append(&stored).await.unwrap();
    }
    log.damage(&a_key("w"), version(3), "a bit fell over");
    let ports = ReadPorts { store: log, policy: Arc::new(EverybodyMay) };
    let query = HistoryQuery { include_refusals: false, after: HistoryPosition::default(), limit: 10 };
    let page = get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await.unwrap();
    let content = MemoryLog::content_of_damaged("a bit fell over");
    let gap = HistoryItem::Unreadable(Unreadable::Version { version: version(3), content });
    assert_eq!((page.items.len(), page.items.get(2), page.next), (4, Some(&gap), None));
}

#[tokio::test]
async fn a_history_is_shown_up_to_a_version_of_a_newer_format_unless_that_is_the_newest() {
    for (newer, expected) in [(1, 0), (2, 1), (3, 0)] {
        let reading = ReadPorts { store: newer_in(newer), policy: Arc::new(EverybodyMay) };
        let mut query = HistoryQuery { include_refusals: false, after: HistoryPosition::default(), limit: 1 };
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
