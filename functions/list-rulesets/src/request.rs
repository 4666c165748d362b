//! Reads the request to list rulesets.

use alims_domain::call::Call;
use alims_domain::limits::PAGE_ITEMS_DEFAULT;
use alims_edge::cursor::{Cursors, not_ours};
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, page_items};
use serde::{Deserialize, Serialize};

use crate::route::ROUTE;

/// The requested page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// Continue after the ruleset with this id.
    pub after: Option<String>,
    /// The maximum number of items.
    pub limit: usize,
    /// Makes the cursor of the next page.
    pub cursors: Cursors,
}

/// The position in a cursor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    pub(crate) after: String,
}

/// Reads the call and the requested page.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn read(request: &Incoming) -> Result<(Call, ListRequest), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let mut query = Query::read(request, &mut faults);
    let limit = query.take("limit", page_items, &mut faults).unwrap_or(PAGE_ITEMS_DEFAULT);
    let cursors = Cursors::of(&ROUTE, &call.principal.tenant_id, &());
    let open = |text: &str| cursors.open::<Place>(text).map(|place| place.after).ok_or_else(not_ours);
    let after = query.take("cursor", open, &mut faults);
    query.finish(&mut faults);
    faults.conclude(|| Some((call, ListRequest { after, limit, cursors })))
}
