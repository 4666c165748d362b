//! Reads the request for a workflow's history.

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;
use alims_domain::invalid::InvalidValue;
use alims_domain::limits::PAGE_ITEMS_DEFAULT;
use alims_edge::cursor::not_ours;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, page_items};
use alims_operations::get_workflow_history::{HistoryPosition, HistoryQuery, Include};

use crate::cursor::HistoryCursors;

/// The requested page of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRequest {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The page.
    pub query: HistoryQuery,
    /// Makes the cursor of the next page.
    pub cursors: HistoryCursors,
}

/// Reads the call and the requested page.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn read(request: &Incoming) -> Result<(Call, HistoryRequest), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let workflow_id = request.workflow_id(&mut faults);
    let mut query = Query::read(request, &mut faults);
    let include = query.take("include", include, &mut faults).unwrap_or_default();
    let limit = query.take("limit", page_items, &mut faults).unwrap_or(PAGE_ITEMS_DEFAULT);
    let cursors = workflow_id.as_ref().map(|id| HistoryCursors::of(&call.key(id), include));
    // Without a workflow there is no query to check a cursor against, and that fault is reported already.
    let open = |text: &str| match &cursors {
        Some(cursors) => cursors.open(text).ok_or_else(not_ours),
        None => Ok(HistoryPosition::default()),
    };
    let after = query.take("cursor", open, &mut faults).unwrap_or_default();
    query.finish(&mut faults);
    faults.conclude(|| {
        let query = HistoryQuery { include, after, limit };
        Some((call, HistoryRequest { workflow_id: workflow_id?, query, cursors: cursors? }))
    })
}

/// The kinds of entries that can be included.
pub(crate) const INCLUDED: [&str; 5] = ["refusals", "quarantines", "recoveries", "overdue", "changes"];

/// Reads a list of kinds, each at most once, in any order.
fn include(text: &str) -> Result<Include, InvalidValue> {
    let mut include = Include::default();
    for name in text.split(',') {
        let kind = match name {
            "refusals" => &mut include.refusals,
            "quarantines" => &mut include.quarantines,
            "recoveries" => &mut include.recoveries,
            "changes" => &mut include.changes,
            "overdue" => &mut include.overdue,
            _ => return Err(not_included()),
        };
        if std::mem::replace(kind, true) {
            return Err(not_included());
        }
    }
    Ok(include)
}

fn not_included() -> InvalidValue {
    InvalidValue::new(format!("must be one or more of {}, each once, separated by commas", INCLUDED.join(", ")))
}
