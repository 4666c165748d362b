//! Reads the request to list workflows.

use alims_domain::call::Call;
use alims_domain::identifiers::{LabelName, LabelValue, PrincipalId, WorkflowType};
use alims_domain::invalid::InvalidValue;
use alims_domain::lifecycle::State;
use alims_domain::limits::{LABELS_MAX, PAGE_ITEMS_DEFAULT};
use alims_domain::timestamp::Timestamp;
use alims_edge::cursor::not_ours;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, page_items};
use alims_operations::list_workflows::{ListFilter, ListPart};
use alims_operations::ports::{EntryFilter, ListOrder};
use std::collections::BTreeSet;

use crate::cursor::ListCursors;

/// The requested page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// The filters and the order.
    pub filter: ListFilter,
    /// The part of the list.
    pub part: ListPart,
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
    let filter = filter(&mut query, &mut faults);
    let limit = query.take("limit", page_items, &mut faults).unwrap_or(PAGE_ITEMS_DEFAULT);
    let with_metadata = query.take("include", metadata, &mut faults).is_some();
    let cursors = ListCursors::of(&call.principal.tenant_id, &filter);
    // A cursor is bound to the filters: when a filter is invalid there is no query to check the cursor against.
    let filters_are_sound = !faults.any();
    let open = |text: &str| {
        if filters_are_sound { cursors.open(text).map(Some).ok_or_else(not_ours) } else { Ok(None) }
    };
    let after = query.take("cursor", open, &mut faults).flatten();
    query.finish(&mut faults);
    let part = ListPart { after, limit, with_metadata };
    faults.conclude(|| Some((call, ListRequest { filter, part, cursors })))
}

fn filter(query: &mut Query, faults: &mut Faults) -> ListFilter {
    let states: BTreeSet<State> = query.take_each("state", str::parse::<State>, faults).into_iter().collect();
    let labels = query.take_each("label", label, faults);
    let names: BTreeSet<&LabelName> = labels.iter().map(|(name, _)| name).collect();
    if names.len() < labels.len() {
        faults.outside("the query parameter label must name each label only once; a workflow has one value of it");
    } else if labels.len() > LABELS_MAX {
        faults.outside(format!("the query parameter label must be given at most {LABELS_MAX} times"));
    }
    let entries = EntryFilter {
        states,
        workflow_type: query.take("workflow_type", str::parse::<WorkflowType>, faults),
        created_by: query.take("created_by", str::parse::<PrincipalId>, faults),
        assignee: query.take("assignee", str::parse::<PrincipalId>, faults),
        labels,
        due_before: query.take("due_before", Timestamp::first_not_before, faults),
        overdue_at: None,
        created_after: query.take("created_after", Timestamp::first_not_before, faults),
        created_before: query.take("created_before", Timestamp::first_not_before, faults),
        updated_after: query.take("updated_after", Timestamp::first_not_before, faults),
        updated_before: query.take("updated_before", Timestamp::first_not_before, faults),
    };
    let overdue = query.take("overdue", only_true, faults).is_some();
    let quarantined = query.take("quarantined", only_true, faults).is_some();
    let wanted = query.take("order", order, faults);
    let usual = if quarantined || !entries.labels.is_empty() {
        ListOrder::Created
    } else if overdue || entries.due_before.is_some() {
        ListOrder::Due
    } else {
        ListOrder::Updated
    };
    // These are looked up by what was kept at the creation, and sorted by nothing else.
    if usual == ListOrder::Created && wanted.is_some_and(|wanted| wanted != usual) {
        faults.outside("the query parameter order must be created, or absent, with label or quarantined");
    }
    ListFilter { entries, overdue, quarantined, order: wanted.unwrap_or(usual) }
}

/// Reads `name:value`. A value may contain a colon, a name may not.
fn label(text: &str) -> Result<(LabelName, LabelValue), InvalidValue> {
    let parts = text.split_once(':').ok_or_else(|| InvalidValue::new("must be a name, a colon and a value"))?;
    Ok((parts.0.parse()?, parts.1.parse()?))
}

fn order(text: &str) -> Result<ListOrder, InvalidValue> {
    match text {
        "updated" => Ok(ListOrder::Updated),
        "created" => Ok(ListOrder::Created),
        "due" => Ok(ListOrder::Due),
        _ => Err(InvalidValue::new("must be updated, created or due")),
    }
}

/// No list holds only what is not overdue, or not quarantined.
fn only_true(text: &str) -> Result<(), InvalidValue> {
    if text == "true" { Ok(()) } else { Err(InvalidValue::new("must be true, or absent")) }
}

fn metadata(text: &str) -> Result<(), InvalidValue> {
    if text == "metadata" { Ok(()) } else { Err(InvalidValue::new("must be metadata, or absent")) }
}
