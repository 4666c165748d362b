//! A history page by page: whatever the pages' size, together they are the whole in its order.

use alims_domain::event::WorkflowEvent;
use alims_domain::identifiers::EventId;
use alims_domain::refusal::Refusal;
use alims_operations::get_workflow_history::{
    HistoryItem, HistoryPage, HistoryPosition, HistoryQuery, Unreadable, get_workflow_history,
};
use alims_operations::ports::WorkflowLog;
use alims_operations::{ReadWorkflowError, Reading};
use alims_testing::builders::{a_chain, a_key, a_refusal, version};
use alims_testing::{EverybodyMay, MemoryLog};
use proptest::prelude::*;
use std::sync::Arc;
use uuid::Uuid;

use crate::alice;

/// A log of so many versions, and refusals each at the instant of one of them or just after it, oldest first.
async fn a_log(versions: usize, seed: u64, refused_at: &[usize]) -> (MemoryLog, Vec<WorkflowEvent>, Vec<Refusal>) {
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
        let refusal = Refusal { event_id, timestamp: events[place].timestamp, ..a_refusal(&a_key("w")) };
        log.record_refusal(&refusal).await.unwrap();
        refusals.push(refusal);
    }
    (log, events, refusals)
}

async fn page(log: &MemoryLog, after: HistoryPosition, limit: usize) -> Result<HistoryPage, ReadWorkflowError> {
    let ports = Reading { store: log.clone(), policy: Arc::new(EverybodyMay) };
    let query = HistoryQuery { include_refusals: true, after, limit };
    get_workflow_history(&ports, &alice(), &"w".parse().unwrap(), query).await
}

/// What an item is known by: its instant, a version before a refusal, and its own name.
fn named(item: &HistoryItem) -> (i64, u8, String) {
    match item {
        HistoryItem::Version(event) => (event.timestamp.unix_millis(), 0, event.version.to_string()),
        HistoryItem::Refusal(refusal) => (refusal.timestamp.unix_millis(), 1, refusal.event_id.to_string()),
        HistoryItem::Unreadable(unreadable) => panic!("{unreadable:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_pages_of_a_history_are_full_in_order_and_the_last_one_says_so(
        versions in 1_usize..12,
        seed: u64,
        refused_at in prop::collection::vec(0_usize..12, 0..10),
        limit in 1_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (log, events, refusals) = a_log(versions, seed, &refused_at).await;
            let whole = events.into_iter().map(|event| HistoryItem::Version(Box::new(event)));
            let whole = whole.chain(refusals.into_iter().map(|refusal| HistoryItem::Refusal(Box::new(refusal))));
            let mut whole: Vec<_> = whole.map(|item| named(&item)).collect();
            whole.sort_by_key(|(at, kind, _)| (*at, *kind));
            let (mut seen, mut after) = (Vec::new(), Some(HistoryPosition::default()));
            while let Some(position) = after {
                let page = page(&log, position, limit).await.unwrap();
                prop_assert!(page.items.len() == limit || page.next.is_none(), "{page:?}");
                prop_assert!(!page.items.is_empty(), "an empty page");
                seen.extend(page.items.iter().map(named));
                after = page.next;
            }
            prop_assert_eq!(seen, whole);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_was_refused_after_a_version_that_cannot_be_read_is_not_shown_before_it() {
    let (log, events, _) = a_log(4, 1, &[0, 3]).await;
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
