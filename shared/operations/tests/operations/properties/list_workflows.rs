//! A list walked while workflows move: what the contract says to do finds every one of them.

use alims_domain::identifiers::WorkflowId;
use alims_domain::projection::IndexEntry;
use alims_operations::list_workflows::{ListFilter, ListPart, Ports, list_workflows};
use alims_testing::builders::{a_created, at};
use alims_testing::{EverybodyMay, FixedClock, MemoryIndex, MemoryLog};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alice;

/// How long after its instant a version may appear in the index, at most, in milliseconds.
const LAG: i64 = 10;

/// Workflows that move while others read.
struct Moving {
    index: MemoryIndex,
    now: i64,
    version: u64,
    /// Which one moves next, and how late the index shows it.
    moves: Vec<(usize, i64)>,
    /// Each workflow, and the instant of its newest version: it never decreases.
    ids: Vec<(String, i64)>,
}

impl Moving {
    fn new(workflows: usize, moves: Vec<(usize, i64)>) -> Self {
        let ids: Vec<_> = (0..workflows).map(|number| (format!("w-{number}"), 0)).collect();
        let mut moving = Self { index: MemoryIndex::default(), now: 1000, version: 1, moves, ids };
        (0..workflows).for_each(|number| moving.publish(number, 0));
        moving
    }

    fn publish(&mut self, number: usize, lag: i64) {
        self.now += 1;
        self.version += 1;
        let place = number % self.ids.len();
        let (id, updated) = &mut self.ids[place];
        *updated = (self.now - lag).max(*updated);
        let (updated_at, published_version) = (at(*updated), self.version.try_into().unwrap());
        self.index.overwrite(IndexEntry { updated_at, published_version, ..IndexEntry::from(&a_created(id).event) });
    }

    /// One walk to the end, with one move after each page, which takes longer than the index lags behind; how many pages
    /// it had.
    async fn walk(&mut self, filter: &ListFilter, limit: usize, seen: &mut BTreeSet<WorkflowId>) -> usize {
        let (mut after, mut pages) = (None, 0);
        loop {
            self.now += 2 * LAG;
            let ports = Ports {
                log: MemoryLog::default(),
                index: self.index.clone(),
                policy: Arc::new(EverybodyMay),
                clock: Arc::new(FixedClock::new(at(self.now))),
            };
            let part = ListPart { after, limit, with_metadata: false };
            let page = list_workflows(&ports, &alice(), filter.clone(), part).await.unwrap();
            pages += 1;
            seen.extend(page.items.into_iter().map(|listed| listed.entry.key.workflow_id));
            if page.next.is_none() {
                return pages;
            }
            after = page.next;
            if let Some((number, lag)) = self.moves.pop() {
                self.publish(number, lag);
            }
        }
    }

    /// What the contract says: walk, and walk again from before the last walk began, until a walk has a single page.
    async fn read_all(&mut self, limit: usize) -> BTreeSet<WorkflowId> {
        let (mut seen, mut filter) = (BTreeSet::new(), ListFilter::default());
        loop {
            let began = self.now;
            if self.walk(&filter, limit, &mut seen).await == 1 {
                return seen;
            }
            filter.entries.updated_after = Some(at(began - LAG));
        }
    }
}

#[tokio::test]
async fn one_walk_misses_a_workflow_that_moves_meanwhile_and_the_next_walks_find_it() {
    // The oldest one moves after the first page.
    let moves = vec![(0, 0)];
    let mut seen = BTreeSet::new();
    Moving::new(5, moves.clone()).walk(&ListFilter::default(), 2, &mut seen).await;
    assert_eq!(seen.len(), 4, "else the recipe is not needed: {seen:?}");
    assert_eq!(Moving::new(5, moves).read_all(2).await.len(), 5);
}

proptest! {
    #![proptest_config(super::cases(64))]

    #[test]
    fn every_workflow_is_found_by_the_recipe_however_they_move(
        workflows in 1_usize..30,
        moves in prop::collection::vec((0_usize..30, 0..=LAG), 0..100),
        limit in 2_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let seen = runtime.block_on(Moving::new(workflows, moves).read_all(limit));
        prop_assert_eq!(seen.len(), workflows);
    }
}
