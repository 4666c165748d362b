//! Reads requests: each operation's request is read completely, and the answer lists all its faults at once.

pub mod body;
mod caller;
pub mod exact_json;
mod exact_number;
pub mod expected;
pub mod faults;
pub mod fields;
pub mod headers;
pub mod incoming;
mod path;
pub mod query;
mod shown;
pub mod stated;
pub mod token;

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;

use crate::problem::Problem;
use crate::reader::faults::Faults;
use crate::reader::incoming::Incoming;
use crate::reader::query::Query;

/// Reads a request whose only input is a workflow id.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn named_workflow(request: &Incoming) -> Result<(Call, WorkflowId), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let workflow_id = request.workflow_id(&mut faults);
    Query::read(request, &mut faults).finish(&mut faults);
    faults.conclude(|| Some((call, workflow_id?)))
}
