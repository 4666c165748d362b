//! A workflow as an item of the index.

use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{PrincipalId, TenantId, Version, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{IndexPosition, ListOrder, NewerFormat};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

use crate::item::{ItemError, Kept, KeyText, PK, Stored, partition_key, text_of};

/// The partition key of the secondary index: tenant and state.
pub(crate) const TENANT_STATE: &str = "tenant_state";
/// The sort key of the secondary index: when updated, then which workflow.
pub(crate) const UPDATED_KEY: &str = "updated_key";
/// The key of the index of open workflows: the partition key once more. An entry whose state is final does not have it,
/// so that index holds only what can still change. Releases before that index did not write it.
pub(crate) const OPEN: &str = "open";
/// The partition key of the indexes of a tenant's workflows by creation and by due date.
pub(crate) const TENANT: &str = "tenant_id";
/// The sort key of the index by creation, which never changes: when created, then which workflow.
pub(crate) const CREATED_KEY: &str = "created_key";
/// The sort key of the index of due workflows: when due, then which workflow. Only an open workflow with a due date has
/// it.
pub(crate) const DUE_KEY: &str = "due_key";
/// The partition key of the index of terms, by which workflows are looked up. No entry of a workflow has it.
pub(crate) const TERM: &str = "term";
/// The attributes that not every entry has.
pub(crate) const OPTIONAL: [&str; 7] = [OPEN, CREATED_KEY, DUE_KEY, "previous_state", "labels", "due_at", "assignee"];

/// One attribute a member of the entry, and the keys of the table and of its secondary index.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexItem {
    pk: KeyText,
    tenant_state: KeyText,
    updated_key: KeyText,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_key: Option<KeyText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_key: Option<KeyText>,
    tenant_id: TenantId,
    workflow_id: WorkflowId,
    workflow_type: WorkflowType,
    current_state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<KeyText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_state: Option<State>,
    published_version: Version,
    created_at: Timestamp,
    updated_at: Timestamp,
    created_by: PrincipalId,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    labels: Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<PrincipalId>,
    head_hash: ChainHash,
}

impl Stored for IndexEntry {
    const DERIVED: &'static [&'static str] = &[OPEN, CREATED_KEY, DUE_KEY];

    fn attributes(&self) -> Result<Item, ItemError> {
        let entry = self.clone();
        let open = entry.is_open().then(|| partition_key(&entry.key));
        let wire = IndexItem {
            pk: partition_key(&entry.key),
            tenant_state: tenant_state(&entry.key.tenant_id, entry.current_state),
            updated_key: placed_key(entry.updated_at, &entry.key.workflow_id),
            created_key: Some(placed_key(entry.created_at, &entry.key.workflow_id)),
            due_key: IndexPosition::of(&entry, ListOrder::Due).map(|position| place(&position)),
            tenant_id: entry.key.tenant_id,
            workflow_id: entry.key.workflow_id,
            workflow_type: entry.workflow_type,
            current_state: entry.current_state,
            open,
            previous_state: entry.previous_state,
            published_version: entry.published_version,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            created_by: entry.created_by,
            labels: entry.labels,
            due_at: entry.due_at,
            assignee: entry.assignee,
            head_hash: entry.head_hash,
        };
        Ok(serde_dynamo::to_item(wire)?)
    }

    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        None
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        let wire: IndexItem = serde_dynamo::from_item(item)?;
        Ok(Self {
            key: WorkflowKey { tenant_id: wire.tenant_id, workflow_id: wire.workflow_id },
            workflow_type: wire.workflow_type,
            current_state: wire.current_state,
            previous_state: wire.previous_state,
            published_version: wire.published_version,
            created_at: wire.created_at,
            updated_at: wire.updated_at,
            created_by: wire.created_by,
            labels: wire.labels,
            due_at: wire.due_at,
            assignee: wire.assignee,
            head_hash: wire.head_hash,
        })
    }
}

/// Reads an entry. An unreadable one counts as missing, because the log can always replace it, and the function logs
/// it. An entry of a newer format does not count as missing.
pub(crate) fn readable(item: Item) -> Result<Option<IndexEntry>, NewerFormat> {
    let key = text_of(&item, PK).map(str::to_owned);
    match IndexEntry::kept(item)? {
        Kept::Readable(entry) => Ok(Some(entry)),
        Kept::Unreadable { why, .. } => {
            tracing::warn!(key, why, "an index entry cannot be read");
            Ok(None)
        }
    }
}

/// The partition of the secondary index that holds a tenant's workflows in a state.
pub(crate) fn tenant_state(tenant: &TenantId, state: State) -> KeyText {
    KeyText::of(tenant).then("#").name(&state)
}

/// The text of a position.
pub(crate) fn place(position: &IndexPosition) -> KeyText {
    placed_key(position.at, &position.workflow_id)
}

/// The text of an instant and a workflow. Instants are all of one length, so the order of texts is that of the instants.
pub(crate) fn placed_key(at: Timestamp, workflow_id: &WorkflowId) -> KeyText {
    KeyText::of(&at).then("#").name(workflow_id)
}

/// The position that a text of a secondary index names, if it names one.
pub(crate) fn position_named_by(place: &str) -> Option<IndexPosition> {
    let (at, workflow_id) = place.split_once('#')?;
    Some(IndexPosition { at: Timestamp::try_from(at.to_owned()).ok()?, workflow_id: workflow_id.parse().ok()? })
}
