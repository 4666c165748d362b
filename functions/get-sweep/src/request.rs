//! Reads the request of get-sweep.

use alims_domain::call::Call;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;

/// Reads the call.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn read(request: &Incoming) -> Result<Call, Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    Query::read(request, &mut faults).finish(&mut faults);
    faults.conclude(|| Some(call))
}
