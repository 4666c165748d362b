//! A history page by page: whatever the pages' size and the clocks, together they are the whole in its order.

use alims_domain::access::Action;
use alims_domain::identifiers::Version;
use alims_operations::get_workflow_history::{HistoryItem, HistoryPosition};
use alims_testing::OnlyTheseMay;
use alims_testing::builders::{at, version};
use proptest::prelude::*;

use crate::get_workflow_history::{EVERYTHING, Kind, REFUSALS, a_log, page_for, pages, put};

/// What an item is known by: the version or the kind, and the number of the entry.
fn named(item: &HistoryItem) -> (Option<Kind>, u64) {
    let number = |id: uuid::Uuid| u64::try_from(id.as_u128()).unwrap();
    match item {
        HistoryItem::Version(event) => (None, event.version.get()),
        HistoryItem::Refusal(refusal) => (Some(Kind::Refusal), number(refusal.event_id.0)),
        HistoryItem::Quarantined(entry) => (Some(Kind::Quarantine), number(entry.event_id.0)),
        HistoryItem::Released(entry) => (Some(Kind::Release), number(entry.event_id.0)),
        HistoryItem::Overdue(entry) => (Some(Kind::Overdue), number(entry.event_id.0)),
        HistoryItem::Recovery(kept) => (Some(Kind::Recovery), u64::from(kept.attempt)),
        HistoryItem::Unreadable(unreadable) => panic!("{unreadable:?}"),
    }
}

proptest! {
    #![proptest_config(super::cases(64))]

    #[test]
    fn the_pages_of_a_history_are_full_in_order_and_each_entry_comes_once_behind_the_version_it_met(
        versions in 1_usize..12,
        seed: u64,
        beside in prop::collection::vec((0_usize..12, 0_usize..5), 0..16),
        limit in 1_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let log = a_log(versions, seed).await;
            let mut beside: Vec<(Version, Kind)> = beside
                .into_iter()
                .map(|(place, kind)| (version(u64::try_from(place % versions + 1).unwrap()), Kind::ALL[kind]))
                .collect();
            beside.sort_unstable_by_key(|(newest, _)| *newest);
            let mut whole: Vec<_> =
                (1..=u64::try_from(versions).unwrap()).map(|number| ((number, 0, None, 0), (None, number))).collect();
            for (number, (newest, kind)) in (0..).zip(beside) {
                // Two share an instant, and all of them are before the first version: the clocks do not decide.
                let instant = number / 2;
                put(&log, kind, number, newest, at(i64::from(instant) - 60_000)).await;
                let number = u64::from(number) + 1;
                whole.push(((newest.get(), instant + 1, Some(kind), number), (Some(kind), number)));
            }
            whole.sort_unstable_by_key(|(place, _)| *place);
            let whole: Vec<_> = whole.into_iter().map(|(_, name)| name).collect();
            let seen: Vec<_> = pages(&log, EVERYTHING, limit).await.iter().map(named).collect();
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
            let log = a_log(versions, seed).await;
            let mut places: Vec<_> =
                refused_at.into_iter().map(|place| version(u64::try_from(place % versions + 1).unwrap())).collect();
            places.sort_unstable();
            for (number, newest) in (0..).zip(places) {
                put(&log, Kind::Refusal, number, newest, at(i64::from(number))).await;
            }
            // What everybody's history holds, less the refusals that are another person's.
            let is_others = |item: &&HistoryItem| {
                matches!(item, HistoryItem::Refusal(refusal) if refusal.requested_by.as_str() != "alice")
            };
            let whole = crate::get_workflow_history::pages(&log, REFUSALS, 100).await;
            let whole: Vec<_> = whole.iter().filter(|item| !is_others(item)).map(named).collect();
            let (mut seen, mut after, mut pages) = (Vec::new(), Some(HistoryPosition::default()), 0);
            while let Some(position) = after {
                let reader = OnlyTheseMay(vec![Action::GetWorkflowHistory]);
                let page = page_for(&log, reader, REFUSALS, position, limit).await.unwrap();
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
