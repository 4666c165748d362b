//! Reads the request to see an export.

use alims_domain::call::Call;
use alims_domain::export::ExportId;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;

/// Reads the call, and which export.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`] or [`Problem::ExportNotFound`].
pub fn read(request: &Incoming) -> Result<(Call, ExportId), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    Query::read(request, &mut faults).finish(&mut faults);
    let call = faults.conclude(|| Some(call))?;
    Ok((call, request.export_id()?))
}
