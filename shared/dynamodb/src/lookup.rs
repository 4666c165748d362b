//! Lists in the order of creation or of due dates, and lists of the workflows that have a term: one partition of a
//! secondary index that holds keys only, and then the entries that these keys name.
//!
//! Neither a workflow's place in the order of creation nor its hints change when it moves, so a secondary index is not
//! written then, and a walk meets each place exactly once. An entry is read consistently: it was there before the
//! secondary index had its key.

use alims_domain::identifiers::WorkflowKey;
use alims_operations::ports::{IndexPage, IndexPosition, IndexQuery, ListOrder, StoreError, WorkflowIndex};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

use crate::failure::store_error;
use crate::index_item::{CREATED_KEY, DUE_KEY, TENANT, TERM, place, position_named_by};
use crate::index_table::DynamoIndex;
use crate::item::{KeyText, PK, partition_key};
use crate::list::{HIGHEST, LOWEST, read_entries};
use crate::tables::{BY_CREATION, BY_DUE_DATE, BY_TERM};
use crate::terms::Term;

/// One partition of a secondary index, in one direction.
struct Keys {
    index_name: &'static str,
    partition: (&'static str, KeyText),
    sort_key: &'static str,
    oldest_first: bool,
    /// Whose hints they are; none for the keys of entries.
    term: Option<Term>,
    /// From the lowest key to the highest, both included, as `BETWEEN` wants it.
    range: (KeyText, KeyText),
}

impl Keys {
    /// None when the range is empty, which `DynamoDB` would reject as an invalid request.
    fn of(query: &IndexQuery) -> Option<Self> {
        let (tenant, filter) = (&query.tenant_id, &query.filter);
        let label = filter.labels.first().map(|(name, value)| Term::Label(name.clone(), value.clone()));
        let term = label.or_else(|| query.quarantined.then_some(Term::Quarantined));
        let after = query.after.as_ref().map(place);
        // An instant alone sorts before every key at that instant: right for all of these bounds but one.
        let (lowest, highest, oldest_first) = match query.listed_in() {
            ListOrder::Due => {
                let before = filter.due_before.map(|before| KeyText::of(&before));
                let overdue = filter.overdue_at.map(|now| KeyText::of(&now).then(HIGHEST));
                (after, before.into_iter().chain(overdue).min(), true)
            }
            ListOrder::Created | ListOrder::Updated => {
                let before = filter.created_before.map(|before| KeyText::of(&before));
                let from = filter.created_after.map(|from| KeyText::of(&from));
                (from, before.into_iter().chain(after).min(), false)
            }
        };
        let lowest = lowest.unwrap_or_else(|| KeyText::literal(LOWEST));
        let highest = highest.unwrap_or_else(|| KeyText::literal(HIGHEST));
        let (index_name, partition, sort_key) = match (&term, query.listed_in()) {
            (Some(term), _) => (BY_TERM, (TERM, term.of_tenant(tenant)), CREATED_KEY),
            (None, ListOrder::Due) => (BY_DUE_DATE, (TENANT, KeyText::of(tenant)), DUE_KEY),
            (None, _) => (BY_CREATION, (TENANT, KeyText::of(tenant)), CREATED_KEY),
        };
        let keys = Self { index_name, partition, sort_key, oldest_first, term, range: (lowest, highest) };
        (keys.range.0 <= keys.range.1).then_some(keys)
    }

    /// The next keys, at most so many, and where to continue.
    async fn read(
        &self,
        index: &DynamoIndex,
        keys: usize,
        resume: Option<HashMap<String, AttributeValue>>,
    ) -> Result<(Vec<Key>, Option<HashMap<String, AttributeValue>>), StoreError> {
        let page = index
            .client
            .query()
            .table_name(&*index.table)
            .index_name(self.index_name)
            .scan_index_forward(self.oldest_first)
            .limit(i32::try_from(keys).unwrap_or(i32::MAX))
            .key_condition_expression("#partition = :partition AND #key BETWEEN :lowest AND :highest")
            .expression_attribute_names("#partition", self.partition.0)
            .expression_attribute_names("#key", self.sort_key)
            .expression_attribute_values(":partition", self.partition.1.clone().into())
            .expression_attribute_values(":lowest", self.range.0.clone().into())
            .expression_attribute_values(":highest", self.range.1.clone().into())
            .set_exclusive_start_key(resume)
            .send()
            .await
            .map_err(store_error)?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key.filter(|key| !key.is_empty())))
    }

    /// The place that a key names; none when it is not the key of the workflow that has this place.
    fn named_by(&self, query: &IndexQuery, found: &Key) -> Option<IndexPosition> {
        let text = |name| found.get(name).and_then(|value| value.as_s().ok());
        let position = text(self.sort_key).and_then(|text| position_named_by(text))?;
        let key = key_of(query, &position);
        let pk = self.term.as_ref().map_or_else(|| partition_key(&key), |term| term.of_workflow(&key));
        text(PK).is_some_and(|text| text == pk.as_str()).then_some(position)
    }
}

/// The key attributes of an item.
type Key = HashMap<String, AttributeValue>;

fn key_of(query: &IndexQuery, position: &IndexPosition) -> WorkflowKey {
    WorkflowKey { tenant_id: query.tenant_id.clone(), workflow_id: position.workflow_id.clone() }
}

/// One page of a list.
pub(crate) async fn page(index: &DynamoIndex, query: &IndexQuery) -> Result<IndexPage, StoreError> {
    if query.limit == 0 {
        return Ok(IndexPage { items: Vec::new(), next: query.after.clone() });
    }
    let Some(keys) = Keys::of(query) else { return Ok(IndexPage { items: Vec::new(), next: None }) };
    let chunk = read_entries(query);
    let (mut items, mut resume, mut evaluated) = (Vec::new(), None, 0);
    let frontier = loop {
        let read = chunk.min(index.evaluated_max - evaluated);
        let (found, next) = keys.read(index, read, resume.take()).await?;
        evaluated += read;
        let named = found.iter().filter_map(|key| {
            let position = keys.named_by(query, key);
            if position.is_none() {
                tracing::warn!(index = keys.index_name, "a key of a secondary index names no workflow");
            }
            position
        });
        let places: Vec<IndexPosition> = named.filter(|position| query.after.as_ref() != Some(position)).collect();
        let workflows: Vec<WorkflowKey> = places.iter().map(|position| key_of(query, position)).collect();
        let mut entries = index.entries(&workflows).await?;
        for (place, key) in places.iter().zip(workflows) {
            // A list without an existing workflow would be wrong: a newer release must return it.
            let Some(entry) = entries.remove(&key).transpose()? else { continue };
            // One that left its place since has another, and the list may meet it there.
            let stays = IndexPosition::of(&entry, query.listed_in()).as_ref() == Some(place);
            items.extend(Some(entry).filter(|entry| stays && query.filter.passes(entry)));
        }
        let frontier = next.as_ref().map(|last| frontier(&keys, last, places.last())).transpose()?;
        if frontier.is_none() || items.len() > query.limit || evaluated >= index.evaluated_max {
            break frontier;
        }
        resume = next;
    };
    let more = items.len() > query.limit;
    items.truncate(query.limit);
    let last = items.last().and_then(|entry| IndexPosition::of(entry, query.listed_in()));
    Ok(IndexPage { next: if more { last } else { frontier }, items })
}

/// The place of the last key that was read. Where that key names none, the last place that was named: the list repeats
/// what names nothing, and goes on.
fn frontier(keys: &Keys, last_evaluated: &Key, named: Option<&IndexPosition>) -> Result<IndexPosition, StoreError> {
    last_evaluated
        .get(keys.sort_key)
        .and_then(|value| value.as_s().ok())
        .and_then(|text| position_named_by(text))
        .or_else(|| named.cloned())
        .ok_or_else(|| StoreError::Refused("an index entry has a key that names no position".into()))
}
