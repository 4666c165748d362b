//! Lists: one page of a tenant's workflows, merged from the index's partitions, one per state.
//!
//! The list reads each partition newest first, in chunks. Each partition has a *frontier*: the last entry read, whether
//! it passed the filters or not. Every entry newer than all frontiers is known. A page returns only such entries, and
//! the next page never begins beyond the frontier. So no entry is skipped, however early the read stops.

use alims_domain::identifiers::WorkflowId;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{EntryFilter, IndexPage, IndexPosition, IndexQuery, ListOrder, StoreError};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use serde_dynamo::Item;
use std::collections::{BTreeSet, HashMap};

use crate::failure::store_error;
use crate::index_item::{TENANT_STATE, UPDATED_KEY, place, position_named_by, readable, tenant_state};
use crate::item::KeyText;
use crate::tables::BY_STATE;

/// How many entries of one state one page looks at; with filters most may be in vain. At some 400 bytes an entry this
/// costs 25 read units a state.
pub const EVALUATED_ENTRIES_MAX: usize = 500;
/// Below every text of a position, which begins with a digit.
pub(crate) const LOWEST: &str = "0";
/// Above every text of a position.
pub(crate) const HIGHEST: &str = "~";

/// The index that is listed.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'i> {
    pub(crate) client: &'i Client,
    pub(crate) table: &'i str,
    /// How many entries of one state one page looks at.
    pub(crate) evaluated_max: usize,
}

/// The positions of a list: from `lowest` to `highest`, both included, as `BETWEEN` wants it.
struct Range {
    lowest: KeyText,
    highest: KeyText,
}

impl Range {
    /// None when the range is empty, which `DynamoDB` would reject as an invalid request.
    fn of(query: &IndexQuery) -> Option<Self> {
        // An instant alone sorts before every position at that instant: right for both of these bounds.
        let lowest = query.filter.updated_after.map_or_else(|| KeyText::literal(LOWEST), |after| KeyText::of(&after));
        let before = query.filter.updated_before.map(|before| KeyText::of(&before));
        // This bound includes the entry after which the page starts; the read leaves that entry out.
        let after = query.after.as_ref().map(place);
        let highest = before.into_iter().chain(after).min().unwrap_or_else(|| KeyText::literal(HIGHEST));
        (lowest <= highest).then_some(Self { lowest, highest })
    }
}

/// One state's part of a page.
struct Partition {
    state: State,
    /// The entries that passed the filters, newest first.
    found: Vec<IndexEntry>,
    /// The last entry read; none when all were read.
    frontier: Option<IndexPosition>,
    resume: Option<HashMap<String, AttributeValue>>,
    evaluated: usize,
}

impl Partition {
    fn new(state: State) -> Self {
        Self { state, found: Vec::new(), frontier: None, resume: None, evaluated: 0 }
    }

    /// Looks at the next entries, at most `entries` of them.
    async fn read(
        mut self,
        index: Listed<'_>,
        query: &IndexQuery,
        range: &Range,
        entries: usize,
    ) -> Result<Self, StoreError> {
        let entries = entries.min(index.evaluated_max - self.evaluated);
        let mut request = index
            .client
            .query()
            .table_name(index.table)
            .index_name(BY_STATE)
            .scan_index_forward(false)
            .limit(i32::try_from(entries).unwrap_or(i32::MAX))
            .key_condition_expression("#partition = :partition AND #position BETWEEN :lowest AND :highest")
            .expression_attribute_names("#partition", TENANT_STATE)
            .expression_attribute_names("#position", UPDATED_KEY)
            .expression_attribute_values(":partition", tenant_state(&query.tenant_id, self.state).into())
            .expression_attribute_values(":lowest", range.lowest.clone().into())
            .expression_attribute_values(":highest", range.highest.clone().into())
            .set_exclusive_start_key(self.resume.take());
        let mut filters = Vec::new();
        if let Some(workflow_type) = &query.filter.workflow_type {
            filters.push("workflow_type = :type");
            request =
                request.expression_attribute_values(":type", AttributeValue::S(workflow_type.as_str().to_owned()));
        }
        if let Some(created_by) = &query.filter.created_by {
            filters.push("created_by = :creator");
            request =
                request.expression_attribute_values(":creator", AttributeValue::S(created_by.as_str().to_owned()));
        }
        if !filters.is_empty() {
            request = request.filter_expression(filters.join(" AND "));
        }
        let page = request.send().await.map_err(store_error)?;

        self.evaluated += entries;
        for item in page.items.unwrap_or_default().into_iter().map(Item::from) {
            // A list without an existing workflow would be wrong: a newer release must return it.
            let entry = readable(item)?;
            let entry = entry.filter(|entry| query.after.as_ref() != Some(&position_of(entry)));
            self.found.extend(entry.filter(|entry| query.filter.passes(entry)));
        }
        self.resume = page.last_evaluated_key.filter(|key| !key.is_empty());
        self.frontier = self.resume.as_ref().map(frontier).transpose()?;
        Ok(self)
    }
}

/// How many entries one read takes, at least, when a filter may let few of them through.
const FILTERED_READ_ENTRIES: usize = 100;

/// How many entries one read takes: one more than the requested ones, and the one that the page begins after, so that the
/// end is recognised. When the filters pass few entries, small reads would only mean more reads.
pub(crate) fn read_entries(query: &IndexQuery) -> usize {
    // A filter that is a range of keys, or the choice of a partition, leaves out nothing that was read.
    let EntryFilter {
        states,
        created_after,
        created_before,
        updated_after,
        updated_before,
        due_before,
        overdue_at,
        ..
    } = query.filter.clone();
    let mut by_keys = EntryFilter::default();
    match query.listed_in() {
        ListOrder::Updated => by_keys = EntryFilter { states, updated_after, updated_before, ..by_keys },
        ListOrder::Created => {
            let labels = query.filter.labels.iter().take(1).cloned().collect();
            by_keys = EntryFilter { created_after, created_before, labels, ..by_keys };
        }
        ListOrder::Due => by_keys = EntryFilter { due_before, overdue_at, ..by_keys },
    }
    let filtered = by_keys != query.filter;
    query.limit.saturating_add(2).max(if filtered { FILTERED_READ_ENTRIES } else { 0 })
}

/// The position of the last entry that was read.
fn frontier(last_evaluated: &HashMap<String, AttributeValue>) -> Result<IndexPosition, StoreError> {
    last_evaluated
        .get(UPDATED_KEY)
        .and_then(|value| value.as_s().ok())
        .and_then(|text| position_named_by(text))
        .ok_or_else(|| StoreError::Refused("an index entry has a key that names no position".into()))
}

/// The position of an entry in this list.
fn position_of(entry: &IndexEntry) -> IndexPosition {
    IndexPosition { at: entry.updated_at, workflow_id: entry.key.workflow_id.clone() }
}

/// One page of a list.
pub(crate) async fn page(index: Listed<'_>, query: &IndexQuery) -> Result<IndexPage, StoreError> {
    if query.limit == 0 {
        return Ok(IndexPage { items: Vec::new(), next: query.after.clone() });
    }
    let Some(range) = Range::of(query) else {
        return Ok(IndexPage { items: Vec::new(), next: None });
    };
    let chunk = read_entries(query);
    let states = State::ALL.into_iter().filter(|s| query.filter.states.is_empty() || query.filter.states.contains(s));
    let reads = states.map(|state| Partition::new(state).read(index, query, &range, chunk));
    let mut partitions = try_join_all(reads).await?;
    while let Some(horizon) = horizon(&partitions) {
        let known = partitions.iter().flat_map(|p| &p.found).filter(|entry| position_of(entry) >= horizon).count();
        // The partition with the newest frontier limits the others.
        let behind = partitions.iter().position(|p| p.frontier.as_ref() == Some(&horizon));
        let Some(behind) = behind.filter(|_| known < query.limit) else { break };
        let partition = partitions.swap_remove(behind);
        if partition.evaluated >= index.evaluated_max {
            partitions.push(partition);
            break;
        }
        partitions.push(partition.read(index, query, &range, chunk).await?);
    }
    Ok(merged(partitions, query.limit))
}

/// The newest of the frontiers: every entry before it is known. None when all entries were read.
fn horizon(partitions: &[Partition]) -> Option<IndexPosition> {
    partitions.iter().filter_map(|partition| partition.frontier.clone()).max()
}

/// The page: the newest entries of all partitions as far as they are known completely.
fn merged(partitions: Vec<Partition>, limit: usize) -> IndexPage {
    let horizon = horizon(&partitions);
    let mut known: Vec<IndexEntry> = partitions
        .into_iter()
        .flat_map(|partition| partition.found)
        .filter(|entry| horizon.as_ref().is_none_or(|horizon| position_of(entry) >= *horizon))
        .collect();
    known.sort_by_cached_key(|entry| std::cmp::Reverse(position_of(entry)));
    // A workflow that changed its state between two of the reads may be in both: its newer entry counts.
    let mut listed: BTreeSet<WorkflowId> = BTreeSet::new();
    known.retain(|entry| listed.insert(entry.key.workflow_id.clone()));

    let more = known.len() > limit;
    known.truncate(limit);
    let next = if more { known.last().map(position_of) } else { horizon };
    IndexPage { items: known, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::hashing::ChainHash;
    use alims_domain::labels::Labels;
    use alims_domain::lifecycle::State::{Active, Created, Paused};
    use alims_testing::builders::{a_key, at, version};

    fn an_entry(workflow_id: &str, state: State, millis: i64) -> IndexEntry {
        IndexEntry {
            key: a_key(workflow_id),
            workflow_type: "sample-analysis".parse().unwrap(),
            current_state: state,
            previous_state: None,
            published_version: version(1),
            created_at: at(0),
            updated_at: at(millis),
            created_by: "alice".parse().unwrap(),
            labels: Labels::default(),
            due_at: None,
            assignee: None,
            head_hash: ChainHash::genesis(),
        }
    }

    fn a_partition(state: State, found: &[(&str, i64)], frontier: Option<(&str, i64)>) -> Partition {
        Partition {
            found: found.iter().map(|(id, millis)| an_entry(id, state, *millis)).collect(),
            frontier: frontier.map(|(id, millis)| position_of(&an_entry(id, state, millis))),
            ..Partition::new(state)
        }
    }

    fn ids(page: &IndexPage) -> Vec<&str> {
        page.items.iter().map(|entry| entry.key.workflow_id.as_str()).collect()
    }

    #[test]
    fn nothing_beyond_the_newest_frontier_is_given_out() {
        let page = merged(
            vec![
                a_partition(Created, &[("a", 9), ("b", 5)], Some(("b", 5))),
                a_partition(Active, &[("c", 8), ("d", 3)], Some(("e", 2))),
                a_partition(Paused, &[("f", 6), ("g", 1)], None),
            ],
            10,
        );
        assert_eq!(ids(&page), ["a", "c", "f", "b"]);
        assert_eq!(page.next, Some(position_of(&an_entry("b", Created, 5))));
    }

    #[test]
    fn a_full_page_goes_on_after_its_last_entry_and_a_last_page_does_not() {
        let partitions =
            || vec![a_partition(Created, &[("a", 9), ("b", 5)], None), a_partition(Active, &[("c", 8)], None)];
        let page = merged(partitions(), 2);
        assert_eq!((ids(&page), &page.next), (vec!["a", "c"], &Some(position_of(&an_entry("c", Active, 8)))));
        let page = merged(partitions(), 3);
        assert_eq!((ids(&page), &page.next), (vec!["a", "c", "b"], &None));
    }

    #[test]
    fn a_workflow_met_in_two_states_is_given_once_in_the_newer_one() {
        let page =
            merged(vec![a_partition(Created, &[("a", 1)], None), a_partition(Active, &[("a", 4), ("b", 2)], None)], 10);
        assert_eq!(page.items, [an_entry("a", Active, 4), an_entry("b", Active, 2)]);
    }
}
