//! Reads the request to create a workflow.

use alims_domain::call::Call;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;
use alims_edge::reader::stated::Stated;
use alims_edge::reader::{body, fields};
use alims_operations::create_workflow::NewWorkflow;

/// Reads the call and the workflow to create.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<(Call, NewWorkflow), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    Query::read(request, &mut faults).finish(&mut faults);
    let stated = Stated::by_token(&call);
    let new = body::required(request, stated, &mut faults).and_then(|mut body| {
        let workflow_type = body.required("workflow_type", fields::text, &mut faults);
        let workflow_id = body.optional("workflow_id", fields::text, &mut faults);
        let metadata = body.optional("metadata", fields::metadata, &mut faults).unwrap_or_default();
        body.finish(&mut faults);
        Some(NewWorkflow { workflow_type: workflow_type?, workflow_id, data: metadata.into(), replaces: None })
    });
    faults.conclude(|| Some((call, new?)))
}
