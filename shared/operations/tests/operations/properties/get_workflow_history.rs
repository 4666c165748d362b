//! A history page by page: whatever the pages' size, together they are the whole in its order.

use alims_domain::access::Action;
use alims_operations::get_workflow_history::{HistoryItem, HistoryPosition};
use alims_testing::OnlyTheseMay;
use proptest::prelude::*;

use crate::get_workflow_history::{page, page_for, paged};

/// What an item is known by: its instant, a version before a refusal, and its own name.
fn named(item: &HistoryItem) -> (i64, u8, String) {
    match item {
        HistoryItem::Version(event) => (event.timestamp.unix_millis(), 0, event.version.to_string()),
        HistoryItem::Refusal(refusal) => (refusal.timestamp.unix_millis(), 1, refusal.event_id.to_string()),
        HistoryItem::Unreadable(unreadable) => panic!("{unreadable:?}"),
    }
}

proptest! {
    #![proptest_config(super::cases(64))]

    #[test]
    fn the_pages_of_a_history_are_full_in_order_and_the_last_one_says_so(
        versions in 1_usize..12,
        seed: u64,
        refused_at in prop::collection::vec(0_usize..12, 0..10),
        limit in 1_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (log, events, refusals) = paged(versions, seed, &refused_at).await;
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

    #[test]
    fn the_pages_of_a_history_show_a_caller_its_own_refusals_and_no_others(
        versions in 1_usize..8,
        seed: u64,
        refused_at in prop::collection::vec(0_usize..8, 0..14),
        limit in 1_usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (log, events, refusals) = paged(versions, seed, &refused_at).await;
            let whole = events.into_iter().map(|event| HistoryItem::Version(Box::new(event)));
            let own = refusals.into_iter().filter(|refusal| refusal.requested_by.as_str() == "alice");
            let whole = whole.chain(own.map(|refusal| HistoryItem::Refusal(Box::new(refusal))));
            let mut whole: Vec<_> = whole.map(|item| named(&item)).collect();
            whole.sort_by_key(|(at, kind, _)| (*at, *kind));
            let (mut seen, mut after, mut pages) = (Vec::new(), Some(HistoryPosition::default()), 0);
            while let Some(position) = after {
                let reader = OnlyTheseMay(vec![Action::GetWorkflowHistory]);
                let page = page_for(&log, reader, position, limit).await.unwrap();
                prop_assert!(page.items.len() <= limit);
                pages += 1;
                prop_assert!(pages < 40, "the pages do not end");
                seen.extend(page.items.iter().map(named));
                after = page.next;
            }
            prop_assert_eq!(seen, whole);
            Ok(())
        })?;
    }
}
