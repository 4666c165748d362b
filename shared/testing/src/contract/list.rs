//! The contract of the index for lists: order, pages, filters, bounds.

use alims_domain::identifiers::TenantId;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{EntryFilter, IndexPosition, IndexQuery, ListOrder, WorkflowIndex};
use fastrand::Rng;
use std::cmp::Reverse;

use super::index::an_entry;
use crate::builders::{a_fresh_tenant, a_list, at, version};

/// More pages than any of these lists has, however short they are.
const PAGES_MAX: usize = 500;

fn in_states(tenant: &TenantId, states: impl IntoIterator<Item = State>) -> IndexQuery {
    let states = states.into_iter().collect();
    IndexQuery { filter: EntryFilter { states, ..<_>::default() }, ..a_list(tenant, 10) }
}

fn position(entry: &IndexEntry) -> IndexPosition {
    IndexPosition { at: entry.updated_at, workflow_id: entry.key.workflow_id.clone() }
}

/// All pages of a list. Each keeps its limit, and each begins further down than the one before it.
pub(super) async fn all_pages<I: WorkflowIndex>(index: &I, query: &IndexQuery) -> Vec<IndexEntry> {
    let (mut query, mut listed) = (query.clone(), Vec::new());
    for _ in 0..PAGES_MAX {
        let page = index.list(&query).await.unwrap();
        assert!(page.items.len() <= query.limit, "{} items, at most {}", page.items.len(), query.limit);
        listed.extend(page.items);
        let Some(next) = page.next else { return listed };
        let ahead = |after| if query.listed_in() == ListOrder::Due { next > after } else { next < after };
        assert!(query.after.clone().is_none_or(ahead), "the list does not move on");
        query.after = Some(next);
    }
    panic!("{query:?} has no end");
}

/// The expected list, by a simple model.
fn model(entries: &[IndexEntry], query: &IndexQuery) -> Vec<IndexEntry> {
    let mut listed: Vec<IndexEntry> = entries
        .iter()
        .filter(|entry| entry.key.tenant_id == query.tenant_id)
        .filter(|entry| query.filter.states.is_empty() || query.filter.states.contains(&entry.current_state))
        .filter(|entry| query.filter.workflow_type.as_ref().is_none_or(|kind| *kind == entry.workflow_type))
        .filter(|entry| query.filter.created_by.as_ref().is_none_or(|creator| *creator == entry.created_by))
        .filter(|entry| query.filter.updated_after.is_none_or(|after| after <= entry.updated_at))
        .filter(|entry| query.filter.updated_before.is_none_or(|before| entry.updated_at < before))
        .filter(|entry| query.after.as_ref().is_none_or(|after| position(entry) < *after))
        .cloned()
        .collect();
    listed.sort_by_key(|entry| Reverse(position(entry)));
    listed
}

const TYPES: [&str; 3] = ["a", "sample-analysis", "z-9"];
const CREATORS: [&str; 3] = ["alice", "bob", "Ωmega#1"];

/// So many workflows of a tenant in all states, many of them updated in the same millisecond.
async fn filled<I: WorkflowIndex>(index: &I, tenant: &TenantId, count: u32, rng: &mut Rng) -> Vec<IndexEntry> {
    let mut entries = Vec::new();
    for number in 0..count {
        let entry = IndexEntry {
            workflow_type: rng.choice(TYPES).unwrap().parse().unwrap(),
            current_state: rng.choice(State::ALL).unwrap(),
            created_by: rng.choice(CREATORS).unwrap().parse().unwrap(),
            updated_at: an_instant(rng),
            ..an_entry(tenant, &format!("{}{number}", rng.choice(["", "-", ".", ":", "A", "_", "a"]).unwrap()), 2)
        };
        index.advance(&entry).await.unwrap();
        entries.push(entry);
    }
    entries
}

fn an_instant(rng: &mut Rng) -> Timestamp {
    at(rng.i64(0..15) * if rng.bool() { 1 } else { 100_000 })
}

/// No workflows, no page after this one.
pub async fn an_unknown_tenant_has_an_empty_list<I: WorkflowIndex>(index: I) {
    let page = index.list(&a_list(&a_fresh_tenant(), 10)).await.unwrap();
    assert_eq!((page.items, page.next), (Vec::new(), None));
}

/// All states in one order.
pub async fn a_list_is_newest_first_and_ties_are_in_order<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let mut entries = filled(&index, &tenant, 40, &mut Rng::with_seed(1)).await;
    entries.sort_by_key(|entry| Reverse(position(entry)));
    for limit in [1, 3, 39, 40, 41, 100] {
        assert_eq!(all_pages(&index, &a_list(&tenant, limit)).await, entries, "at most {limit}");
    }
}

/// It leaves the list of its former state.
pub async fn a_workflow_is_listed_once_in_its_present_state<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    for version in 1..=2 {
        index.advance(&an_entry(&tenant, "w-1", version)).await.unwrap();
    }
    let now = an_entry(&tenant, "w-1", 2);
    assert_eq!(all_pages(&index, &a_list(&tenant, 10)).await, std::slice::from_ref(&now));
    for state in State::ALL {
        let listed = all_pages(&index, &in_states(&tenant, [state])).await;
        assert_eq!(listed, if state == State::Active { vec![now.clone()] } else { vec![] }, "{state}");
    }
    let newer = IndexEntry { published_version: version(3), current_state: State::Created, ..now };
    index.repair(&newer, Some(&an_entry(&tenant, "w-1", 2))).await.unwrap();
    assert_eq!(all_pages(&index, &a_list(&tenant, 10)).await, [newer]);
}

/// To the millisecond; a range without room holds nothing.
pub async fn the_bounds_of_time_are_inclusive_below_and_exclusive_above<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    for version in 1..=5 {
        index.advance(&an_entry(&tenant, &format!("w-{version}"), version)).await.unwrap();
    }
    for state in [None, Some(State::Active)] {
        for (from, to, expected) in [(2000, 4000, vec![3, 2]), (2001, 4001, vec![4, 3]), (3000, 3000, vec![])] {
            let mut query = in_states(&tenant, state);
            query.filter.updated_after = Some(at(from));
            query.filter.updated_before = Some(at(to));
            let listed: Vec<u64> =
                all_pages(&index, &query).await.iter().map(|entry| entry.published_version.get()).collect();
            assert_eq!(listed, expected, "from {from} to {to}");
        }
        let mut backwards = in_states(&tenant, state);
        backwards.filter.updated_after = Some(at(4000));
        backwards.filter.updated_before = Some(at(2000));
        assert_eq!(all_pages(&index, &backwards).await, []);
    }
}

/// Pages may be empty and have a next one; the last one comes all the same.
pub async fn a_filter_that_nothing_passes_ends<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    filled(&index, &tenant, 40, &mut Rng::with_seed(2)).await;
    for state in [None, Some(State::Active)] {
        let mut query = IndexQuery { limit: 2, ..in_states(&tenant, state) };
        query.filter.workflow_type = Some("nobody".parse().unwrap());
        assert_eq!(all_pages(&index, &query).await, []);
    }
}

/// A workflow that moved on since its page leaves a place, not an error.
pub async fn a_list_goes_on_from_a_position_that_is_gone<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let entries = filled(&index, &tenant, 20, &mut Rng::with_seed(3)).await;
    for millis in [-1, 0, 7, 700_000, 1_000_000_000] {
        let gone = IndexPosition { at: at(millis), workflow_id: "Z".parse().unwrap() };
        let query = IndexQuery { after: Some(gone), ..a_list(&tenant, 3) };
        assert_eq!(all_pages(&index, &query).await, model(&entries, &query), "after {millis}");
    }
}

/// Not even by a common beginning of their names.
pub async fn tenants_lists_are_kept_apart<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let longer: TenantId = format!("{tenant}-").parse().unwrap();
    for tenant in [&tenant, &longer] {
        index.advance(&an_entry(tenant, "w-1", 2)).await.unwrap();
    }
    for tenant in [&tenant, &longer] {
        assert_eq!(all_pages(&index, &a_list(tenant, 10)).await, [an_entry(tenant, "w-1", 2)]);
    }
}

/// A hundred and twenty lists with filters, bounds and limits drawn from a seed.
pub async fn every_list_is_what_a_plain_model_says<I: WorkflowIndex>(index: I) {
    let mut rng = Rng::with_seed(4);
    let tenants = [a_fresh_tenant(), a_fresh_tenant()];
    let mut entries = filled(&index, &tenants[0], 70, &mut rng).await;
    entries.extend(filled(&index, &tenants[1], 10, &mut rng).await);
    for number in 0..120 {
        let filter = EntryFilter {
            states: (0..rng.usize(..3)).filter_map(|_| rng.choice(State::ALL)).collect(),
            workflow_type: (rng.u8(..3) == 0).then(|| rng.choice(TYPES).unwrap().parse().unwrap()),
            created_by: (rng.u8(..3) == 0).then(|| rng.choice(CREATORS).unwrap().parse().unwrap()),
            updated_after: (rng.u8(..3) == 0).then(|| an_instant(&mut rng)),
            updated_before: (rng.u8(..3) == 0).then(|| an_instant(&mut rng)),
            ..<_>::default()
        };
        let query = IndexQuery {
            filter,
            after: (rng.u8(..3) == 0).then(|| position(rng.choice(&entries).unwrap())),
            ..a_list(&tenants[usize::from(rng.u8(..8) == 0)], rng.usize(1..12))
        };
        assert_eq!(all_pages(&index, &query).await, model(&entries, &query), "list {number}: {query:?}");
    }
}
