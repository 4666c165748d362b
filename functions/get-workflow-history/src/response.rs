//! A page of a workflow's history.

use alims_edge::wire::HistoryEntry;
use alims_operations::get_workflow_history::{self as operation, HistoryPosition};
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
        let mut items: Vec<HistoryEntry> = Vec::new();
        for item in page.items {
            let reached = position.behind(&item);
            let entry = HistoryEntry::from(item);
            bytes = bytes.saturating_add(serde_json::to_vec(&entry)?.len());
            if bytes > ANSWER_BYTES_MAX && !items.is_empty() {
                return Ok(Self { items, next_cursor: Some(cursors.seal(position)) });
            }
            position = reached;
            items.push(entry);
        }
        Ok(Self { items, next_cursor: page.next.map(|position| cursors.seal(position)) })
    }
}
