//! A page of activity.

use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::SealedAuditEntry;
use alims_domain::identifiers::WorkflowId;
use alims_domain::timestamp::Timestamp;
use alims_edge::wire::{EntryKind, HistoryEntry, UnreadableEntry};
use alims_operations::list_activity::{ActivityItem, ActivityPage, ShownEntry};
use serde::Serialize;

use crate::cursor::ActivityCursors;

/// The maximum size of the items of one page together, in bytes of JSON. AWS Lambda answers with at most 6 MB, and the
/// answer is quoted once more on its way.
pub const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// One entry of a tenant's log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivityEntry {
    /// The entry's own time.
    pub at: Timestamp,
    /// The workflow; of a refused creation the one that was not created. Absent of an audit entry, which belongs to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The kind of entry. Absent when an unreadable entry does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ActivityKind>,
    /// The entry, as the history of the workflow shows it. A recovery has two: at its request and at its end. Both show
    /// the attempt as it is now.
    pub entry: ActivityRecord,
}

/// An entry of a workflow's history, or an audit entry of the tenant.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ActivityRecord {
    /// Of a workflow. An audit entry that cannot be read is shown so, too: as an `UnreadableEntry`.
    OfWorkflow(HistoryEntry),
    /// Of the tenant: its `event_type` is `RecordsExported` or `AuditTrailReviewed`.
    Audit(Box<SealedAuditEntry>),
}

/// The alternatives of a history, and one for each act of the tenant: `event_type` tells all of them apart.
#[cfg(feature = "openapi")]
mod schema {
    use alims_domain::audit_entry::schema as audit;
    use alims_edge::wire::HistoryEntry;
    use utoipa::openapi::schema::Schema;
    use utoipa::openapi::{Ref, RefOr};
    use utoipa::{PartialSchema, ToSchema};

    use super::ActivityRecord;

    impl PartialSchema for ActivityRecord {
        fn schema() -> RefOr<Schema> {
            let mut schema = HistoryEntry::schema();
            let RefOr::T(Schema::OneOf(either)) = &mut schema else { return schema };
            for (name, event_type) in audit::names() {
                let act = Ref::from_schema_name(name);
                if let Some(discriminator) = &mut either.discriminator {
                    discriminator.mapping.insert(event_type.to_owned(), act.ref_location.clone());
                }
                either.items.push(RefOr::Ref(act));
            }
            either.description = Some("An entry of a workflow's history, or an audit entry of the tenant.".to_owned());
            schema
        }
    }

    impl ToSchema for ActivityRecord {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            HistoryEntry::schemas(schemas);
            audit::schemas(schemas);
        }
    }
}

impl From<ShownEntry> for ActivityRecord {
    fn from(entry: ShownEntry) -> Self {
        match entry {
            ShownEntry::OfWorkflow(item) => Self::OfWorkflow(item.into()),
            ShownEntry::Audit(entry) => Self::Audit(entry),
            ShownEntry::UnreadableAudit(content) => {
                Self::OfWorkflow(HistoryEntry::Unreadable(UnreadableEntry::of(EntryKind::Audit, content)))
            }
        }
    }
}

impl From<ActivityItem> for ActivityEntry {
    fn from(item: ActivityItem) -> Self {
        let ActivityItem { at, workflow_id, kind, entry, place: _ } = item;
        Self { at, workflow_id, kind, entry: entry.into() }
    }
}

/// A page of activity, newest first. A page may be short or empty although more pages follow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivityList {
    /// The entries.
    pub items: Vec<ActivityEntry>,
    /// The cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl ActivityList {
    /// Renders a page; items that do not fit into one answer move to the next page.
    ///
    /// # Errors
    /// When an item has no JSON, which is a bug.
    pub fn new(page: ActivityPage, cursors: &ActivityCursors) -> Result<Self, serde_json::Error> {
        let (mut items, mut bytes, mut behind) = (Vec::new(), 0_usize, None);
        for item in page.items {
            let place = item.place.clone();
            let entry = ActivityEntry::from(item);
            bytes = bytes.saturating_add(serde_json::to_vec(&entry)?.len());
            if bytes > ANSWER_BYTES_MAX && behind.is_some() {
                return Ok(Self { items, next_cursor: behind.map(|place| cursors.seal(&place)) });
            }
            items.push(entry);
            behind = Some(place);
        }
        Ok(Self { items, next_cursor: page.next.map(|place| cursors.seal(&place)) })
    }
}
