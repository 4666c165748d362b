//! A page of a workflow's history.

use alims_domain::changes::VersionChanges;
use alims_edge::wire::HistoryEntry;
use alims_operations::get_workflow_history::{self as operation, HistoryItem, HistoryPosition};
use serde::Serialize;

use crate::cursor::HistoryCursors;

/// The maximum size of the items of one page together, in bytes of JSON.
///
/// AWS Lambda answers with at most 6 MB, and the answer is quoted once more on its way: a hundred versions of the
/// largest metadata would exceed that.
pub const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A page of a history, oldest first. A page may be shorter than `limit` although more pages follow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// The items.
    pub items: Vec<HistoryEntry>,
    /// On request, what each version among the items changed, compared with the one it continues from; without those
    /// whose predecessor cannot be read. It is derived and stands beside the items, which are as they were hashed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub changes: Vec<VersionChanges>,
    /// The cursor of the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl HistoryPage {
    /// Renders the page after `after`; items that do not fit into one answer move to the next page.
    ///
    /// # Errors
    /// When an item has no JSON, which is a bug.
    pub fn new(
        page: operation::HistoryPage,
        after: HistoryPosition,
        cursors: &HistoryCursors,
    ) -> Result<Self, serde_json::Error> {
        let mut position = after;
        let mut bytes = 0_usize;
        let (mut items, mut changes) = (Vec::new(), Vec::new());
        let mut changed = page.changes.into_iter().peekable();
        for item in page.items {
            let reached = position.behind(&item);
            let change = match &item {
                HistoryItem::Version(event) => changed.next_if(|change| change.version == event.version),
                HistoryItem::Refusal(_)
                | HistoryItem::Quarantined(_)
                | HistoryItem::Released(_)
                | HistoryItem::Recovery(_)
                | HistoryItem::Overdue(_)
                | HistoryItem::Unreadable(_) => None,
            };
            let entry = HistoryEntry::from(item);
            bytes = bytes.saturating_add(serde_json::to_vec(&entry)?.len());
            bytes = bytes.saturating_add(change.as_ref().map_or(Ok(0), |it| Ok(serde_json::to_vec(it)?.len()))?);
            if bytes > ANSWER_BYTES_MAX && !items.is_empty() {
                return Ok(Self { items, changes, next_cursor: Some(cursors.seal(position)) });
            }
            position = reached;
            items.push(entry);
            changes.extend(change);
        }
        Ok(Self { items, changes, next_cursor: page.next.map(|position| cursors.seal(position)) })
    }
}
