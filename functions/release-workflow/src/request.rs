//! Reads the request to release a workflow from quarantine.

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;
use alims_edge::reader::{body, fields};
use alims_operations::release_workflow::ReleaseRequest;

/// Reads the call, the workflow, the breaks to release, and the reason.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`] or [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<(Call, WorkflowId, ReleaseRequest), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let workflow_id = request.workflow_id(&mut faults);
    Query::read(request, &mut faults).finish(&mut faults);
    let release = body::required(request, &mut faults).and_then(|mut body| {
        let breaks = body.required("breaks", fields::breaks, &mut faults);
        let reason = body.required("reason", fields::text, &mut faults);
        body.finish(&mut faults);
        Some(ReleaseRequest { breaks: breaks?, reason: reason? })
    });
    faults.conclude(|| Some((call, workflow_id?, release?)))
}
