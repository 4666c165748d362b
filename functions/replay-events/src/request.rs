//! Reads the request to replay a workflow's events.

use alims_domain::call::Call;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;
use alims_edge::reader::{body, fields};

/// The member with the first version of the replay.
pub const FROM_VERSION: &str = "from_version";

/// Reads the call, the workflow, and the first version of the replay.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`] or [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<(Call, WorkflowId, Version), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let workflow_id = request.workflow_id(&mut faults);
    Query::read(request, &mut faults).finish(&mut faults);
    let from = body::required(request, &mut faults).and_then(|mut body| {
        let from = body.required(FROM_VERSION, fields::version, &mut faults);
        body.finish(&mut faults);
        from
    });
    faults.conclude(|| Some((call, workflow_id?, from?)))
}
