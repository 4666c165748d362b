//! Reads the request to list workflows.

use alims_domain::call::Call;
use alims_domain::identifiers::{PrincipalId, WorkflowType};
use alims_domain::lifecycle::State;
use alims_domain::limits::PAGE_ITEMS_DEFAULT;
use alims_domain::timestamp::Timestamp;
use alims_edge::cursor::not_ours;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, page_items};
use alims_operations::list_workflows::ListFilter;
use alims_operations::ports::IndexPosition;

use crate::cursor::ListCursors;

/// The requested page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// The filters.
    pub filter: ListFilter,
    /// Continue after this position.
    pub after: Option<IndexPosition>,
    /// The maximum number of items.
    pub limit: usize,
    /// Makes the cursor of the next page.
    pub cursors: ListCursors,
}

/// Reads the call and the requested page.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn read(request: &Incoming) -> Result<(Call, ListRequest), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let mut query = Query::read(request, &mut faults);
    let filter = ListFilter {
        state: query.take("state", str::parse::<State>, &mut faults),
        workflow_type: query.take("workflow_type", str::parse::<WorkflowType>, &mut faults),
        created_by: query.take("created_by", str::parse::<PrincipalId>, &mut faults),
        updated_after: query.take("updated_after", str::parse::<Timestamp>, &mut faults),
        updated_before: query.take("updated_before", str::parse::<Timestamp>, &mut faults),
    };
    let limit = query.take("limit", page_items, &mut faults).unwrap_or(PAGE_ITEMS_DEFAULT);
    let cursors = ListCursors::of(&call.principal.tenant_id, &filter);
    // A cursor is bound to the filters: when a filter is invalid there is no query to check the cursor against.
    let filters_are_sound = !faults.any();
    let open = |text: &str| {
        if filters_are_sound { cursors.open(text).map(Some).ok_or_else(not_ours) } else { Ok(None) }
    };
    let after = query.take("cursor", open, &mut faults).flatten();
    query.finish(&mut faults);
    faults.conclude(|| Some((call, ListRequest { filter, after, limit, cursors })))
}
