//! Reads the request to recover a workflow.

use alims_domain::call::Call;
use alims_domain::identifiers::{Reason, WorkflowId};
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;
use alims_edge::reader::{body, fields};

/// Reads the call, the workflow to recover, and the reason. The body may be absent.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`] or [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<(Call, WorkflowId, Option<Reason>), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let workflow_id = request.workflow_id(&mut faults);
    Query::read(request, &mut faults).finish(&mut faults);
    let reason = body::optional(request, &mut faults).and_then(|mut body| {
        let reason = body.optional("reason", fields::text, &mut faults);
        body.finish(&mut faults);
        reason
    });
    faults.conclude(|| Some((call, workflow_id?, reason)))
}
