//! Reads the request to release a workflow from quarantine.

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::query::Query;
use alims_edge::reader::stated::Stated;
use alims_edge::reader::{body, caller, fields, path};
use alims_operations::release_workflow::ReleaseRequest;
use lambda_http::Request;

/// Reads the call, the workflow, the breaks to release, and the reason.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`] or [`Problem::PayloadTooLarge`].
pub fn read(request: &Request) -> Result<(Call, WorkflowId, ReleaseRequest), Problem> {
    let mut faults = Faults::default();
    let call = caller::call(request, &mut faults)?;
    let workflow_id = path::workflow_id(request, &mut faults);
    Query::read(request, &mut faults).finish(&mut faults);
    let stated = Stated::by_path_and_token(&call, workflow_id.as_ref());
    let release = body::required(request, stated, &mut faults).and_then(|mut body| {
        let breaks = body.required("breaks", fields::breaks, &mut faults);
        let reason = body.required("reason", fields::text, &mut faults);
        body.finish(&mut faults);
        Some(ReleaseRequest { breaks: breaks?, reason: reason? })
    });
    faults.conclude(|| Some((call, workflow_id?, release?)))
}
