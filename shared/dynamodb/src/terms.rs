//! Terms, by which workflows are looked up: a label, or the mark of a quarantine. Each is an item of the index, a *hint*
//! that the workflow may have the term.
//!
//! A reader takes the workflows that the hints of a term name, and keeps those whose entry has the label. So a hint
//! without its label is harmless, and a label without its hint is not. Therefore a writer puts the hints of an entry
//! before the entry, and removes those of former labels after it. Each hint names the newest version for which a writer
//! put it. A hint never goes back, and the writer of version *n* removes it only while it is below *n*: so it cannot
//! remove the hint that the writer of a later version has put already. Why so: docs/decisions/lookup-by-term.md.

use alims_domain::identifiers::{LabelName, LabelValue, TenantId, Version, WorkflowKey};
use alims_domain::labels::Labels;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{Sought, StoreError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::batch;
use crate::failure::store_error;
use crate::index_item::{CREATED_KEY, TERM, placed_key};
use crate::index_table::{DynamoIndex, Put, settle};
use crate::item::{CURRENT_FORMAT, FORMAT, ItemError, Kept, KeyText, PK, Stored, newer_format, text_of};

/// The prefix of a hint's key. No tenant has an empty name, so it is no workflow's.
const TERM_PREFIX: &str = "#term#";
/// What comes between the tenant, or the workflow, and a label.
const LABEL: &str = "#label#";
/// What comes between the name of a label and its value. No name contains it.
const VALUE: &str = ":";
/// What comes behind the tenant, or the workflow, in the term of marked workflows.
const QUARANTINED: &str = "#quarantined";
/// The attribute that says for which version the hint was put.
const VERSION: &str = "version";

/// What a hint of a workflow says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// It may have this label.
    Label(LabelName, LabelValue),
    /// It was quarantined.
    Quarantined,
}

impl Term {
    fn behind(&self, text: KeyText) -> KeyText {
        match self {
            Self::Label(name, value) => text.then(LABEL).name(name).then(VALUE).name(value),
            Self::Quarantined => text.then(QUARANTINED),
        }
    }

    /// The partition of the secondary index that holds the hints of a tenant.
    pub(crate) fn of_tenant(&self, tenant: &TenantId) -> KeyText {
        self.behind(KeyText::of(tenant))
    }

    /// The key of the hint of a workflow.
    pub(crate) fn of_workflow(&self, key: &WorkflowKey) -> KeyText {
        self.behind(KeyText::literal(TERM_PREFIX).name(&key.tenant_id).then("#").name(&key.workflow_id))
    }
}

/// One hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) key: WorkflowKey,
    pub(crate) term: Term,
    /// When the workflow was created.
    pub(crate) created_at: Timestamp,
    /// The newest version for which it was put.
    pub(crate) version: Version,
}

/// It has no attribute that puts an entry into another secondary index.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HintItem {
    pk: KeyText,
    term: KeyText,
    created_key: KeyText,
    version: Version,
}

impl Stored for Hint {
    fn attributes(&self) -> Result<Item, ItemError> {
        Ok(serde_dynamo::to_item(HintItem {
            pk: self.term.of_workflow(&self.key),
            term: self.term.of_tenant(&self.key.tenant_id),
            created_key: placed_key(self.created_at, &self.key.workflow_id),
            version: self.version,
        })?)
    }

    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        None
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        let wire: HintItem = serde_dynamo::from_item(item)?;
        let (key, term) = named_by(wire.pk.as_str()).ok_or_else(|| malformed("its key names no term of a workflow"))?;
        let created_at = wire.created_key.as_str().split_once('#').map(|(at, _)| at.to_owned());
        let created_at = created_at.and_then(|at| Timestamp::try_from(at).ok());
        let created_at = created_at.ok_or_else(|| malformed("it names no instant of creation"))?;
        Ok(Self { key, term, created_at, version: wire.version })
    }
}

/// What a workflow should be found by.
fn terms_of<'e>(sought: &Sought<'e>) -> impl Iterator<Item = (&'e IndexEntry, Term)> + use<'e> {
    let entry = sought.entry;
    let labels = sought.by_labels.then(|| entry.labels.iter()).into_iter().flatten();
    let labels = labels.map(|(name, value)| Term::Label(name.clone(), value.clone()));
    labels.chain(sought.as_quarantined.then_some(Term::Quarantined)).map(move |term| (entry, term))
}

/// Whether a lookup by the term meets the hint, and at the place of the entry.
fn leads_to(hint: &Item, entry: &IndexEntry, term: &Term) -> bool {
    let is = |attribute: &str, value: KeyText| text_of(hint, attribute) == Some(value.as_str());
    is(TERM, term.of_tenant(&entry.key.tenant_id))
        && is(CREATED_KEY, placed_key(entry.created_at, &entry.key.workflow_id))
}

fn malformed(why: &str) -> ItemError {
    ItemError::Malformed(why.to_owned())
}

/// The workflow and the term that the key of a hint names.
fn named_by(pk: &str) -> Option<(WorkflowKey, Term)> {
    let (tenant, rest) = pk.strip_prefix(TERM_PREFIX)?.split_once('#')?;
    let (workflow, term) = rest.split_at_checked(rest.find('#')?)?;
    let term = match term.strip_prefix(LABEL) {
        Some(label) => {
            let (name, value) = label.split_once(VALUE)?;
            Term::Label(name.parse().ok()?, value.parse().ok()?)
        }
        None => (term == QUARANTINED).then_some(Term::Quarantined)?,
    };
    Some((WorkflowKey { tenant_id: tenant.parse().ok()?, workflow_id: workflow.parse().ok()? }, term))
}

impl DynamoIndex {
    /// Puts the hints of an entry, for a version that is at least its own, but for the labels in `kept`.
    pub(crate) async fn put_hints(&self, entry: &IndexEntry, kept: &Labels, of: Version) -> Result<(), StoreError> {
        let hints = entry.labels.not_in(kept).map(|(name, value)| Hint {
            key: entry.key.clone(),
            term: Term::Label(name.clone(), value.clone()),
            created_at: entry.created_at,
            version: of,
        });
        try_join_all(hints.map(async |hint| self.put_hint(&hint).await)).await.map(drop)
    }

    /// The entries of those that have no hint for something that they should be found by.
    pub(crate) async fn without_hints<'e>(&self, sought: &[Sought<'e>]) -> Result<Vec<&'e IndexEntry>, StoreError> {
        let terms: Vec<(&IndexEntry, Term)> = sought.iter().flat_map(terms_of).collect();
        let keys: BTreeSet<KeyText> = terms.iter().map(|(entry, term)| term.of_workflow(&entry.key)).collect();
        let keys = keys.into_iter().map(|key| HashMap::from([(PK.to_owned(), key.into())])).collect();
        let hints = batch::items(&self.client, &self.table, keys).await?;
        let hints: BTreeMap<&str, &Item> = hints.iter().filter_map(|hint| Some((text_of(hint, PK)?, hint))).collect();
        let is_missing = |(entry, term): &(&IndexEntry, Term)| {
            let hint = hints.get(term.of_workflow(&entry.key).as_str());
            !hint.is_some_and(|hint| newer_format(hint).is_some() || leads_to(hint, entry, term))
        };
        let mut lacking: Vec<&IndexEntry> = terms.into_iter().filter(is_missing).map(|(entry, _)| entry).collect();
        lacking.dedup_by_key(|entry| &entry.key);
        Ok(lacking)
    }

    /// Puts a hint, unless it is there for this version or a later one.
    pub(crate) async fn put_hint(&self, hint: &Hint) -> Result<(), StoreError> {
        let item = hint.to_item()?;
        let put = self
            .put(item.clone())
            .condition_expression(
                "attribute_not_exists(pk) OR (#version < :version AND created_key = :created \
                 AND (attribute_not_exists(#format) OR #format <= :format))",
            )
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#format", FORMAT)
            .expression_attribute_values(":version", number(hint.version.get()))
            .expression_attribute_values(":created", placed_key(hint.created_at, &hint.key.workflow_id).into())
            .expression_attribute_values(":format", number(CURRENT_FORMAT));
        let Put::Failed(there) = settle(put).await? else { return Ok(()) };
        let there = there.ok_or_else(|| StoreError::Unavailable("a hint stayed, and is not there".into()))?;
        if let Some(newer) = newer_format(&there) {
            return Err(newer.into());
        }
        match Hint::kept(there.clone())? {
            Kept::Readable(kept) if kept.created_at == hint.created_at && kept.version >= hint.version => Ok(()),
            // It would not be found where the entry is, or not be removed as it must.
            Kept::Readable(_) | Kept::Unreadable { .. } => {
                tracing::warn!(key = text_of(&there, PK), "a hint is not as it should be, and is replaced");
                match self.replace::<Hint>(item, &there, &[]).await? {
                    Put::Done(_) => Ok(()),
                    Put::Failed(_) => Err(StoreError::Unavailable("a hint changed while it was replaced".into())),
                }
            }
        }
    }

    /// Removes the hints of the labels that an entry had and that its newer version does not have. One that stays is
    /// harmless, so a failure is only logged.
    pub(crate) async fn remove_hints(&self, was: &IndexEntry, is: &IndexEntry) {
        let former = was.labels.not_in(&is.labels);
        let removals = former.map(async |(name, value)| {
            let pk = Term::Label(name.clone(), value.clone()).of_workflow(&is.key);
            let removal = self
                .client
                .delete_item()
                .table_name(&*self.table)
                .key(PK, pk.clone().into())
                .condition_expression("attribute_exists(pk) AND #version < :version AND #format = :format")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_names("#format", FORMAT)
                .expression_attribute_values(":version", number(is.published_version.get()))
                .expression_attribute_values(":format", number(CURRENT_FORMAT));
            match removal.send().await {
                Err(error)
                    if !matches!(
                        error.as_service_error(),
                        Some(DeleteItemError::ConditionalCheckFailedException(_))
                    ) =>
                {
                    tracing::warn!(error = %store_error(error), "a hint of a former label was not removed");
                }
                Ok(_) | Err(_) => {}
            }
        });
        join_all(removals).await;
    }
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::workflow_named_by;
    use alims_testing::builders::{a_key, at, version};

    fn a_hint(term: Term) -> Hint {
        Hint { key: a_key("w:1"), term, created_at: at(5), version: version(3) }
    }

    fn label(name: &str, value: &str) -> Term {
        Term::Label(name.parse().unwrap(), value.parse().unwrap())
    }

    #[test]
    fn a_hint_comes_back_as_it_went_in_and_is_no_workflow() {
        for term in [label("sample", "S-1"), label("a", "#label#b:c"), label(".-_0", "🧪:#"), Term::Quarantined] {
            let hint = a_hint(term);
            let item = hint.to_item().unwrap();
            assert_eq!(workflow_named_by(text_of(&item, PK).unwrap()), None, "{item:?}");
            assert_eq!(Hint::from_item(item).unwrap(), hint);
        }
    }

    #[test]
    fn no_two_terms_share_a_key() {
        let terms = [label("a", "b:c"), label("a", "b"), label("quarantined", "x"), Term::Quarantined];
        let mut keys: Vec<_> = terms.iter().map(|term| term.of_tenant(&a_key("w").tenant_id)).collect();
        keys.dedup();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), terms.len());
    }

    #[test]
    fn a_hint_with_another_attribute_or_another_term_than_its_key_is_unreadable() {
        let item = a_hint(label("sample", "S-1")).to_item().unwrap();
        let changes = [
            ("term", "lab#label#sample:S-2"),
            ("pk", "#term#lab#w:1#label#sample:S-2"),
            ("pk", "#term#lab#w:1#label#sample"),
            ("pk", "lab#w:1"),
            ("tenant_id", "lab"),
            ("created_key", "yesterday#w:1"),
        ];
        for (name, value) in changes {
            let mut changed = item.clone();
            changed.insert(name.to_owned(), serde_dynamo::AttributeValue::S(value.to_owned()));
            assert!(Hint::from_item(changed).is_err(), "{name}: {value}");
        }
    }
}
