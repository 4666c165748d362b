//! Reads the request to check a workflow's history.

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;
use alims_edge::cursor::not_ours;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;
use alims_operations::verify_workflow_history::Reached;

use crate::cursor::VerificationCursors;

/// The requested page of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationRequest {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Continue from here.
    pub reached: Option<Reached>,
    /// Makes the cursor of the next page.
    pub cursors: VerificationCursors,
}

/// Reads the call and the requested page.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn read(request: &Incoming) -> Result<(Call, VerificationRequest), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let workflow_id = request.workflow_id(&mut faults);
    let mut query = Query::read(request, &mut faults);
    let cursors = workflow_id.as_ref().map(|id| VerificationCursors::of(&call.key(id)));
    // Without a workflow there is nothing to check a cursor against, and that fault is reported already.
    let open = |text: &str| match &cursors {
        Some(cursors) => cursors.open(text).map(Some).ok_or_else(not_ours),
        None => Ok(None),
    };
    let reached = query.take("cursor", open, &mut faults).flatten();
    query.finish(&mut faults);
    faults.conclude(|| Some((call, VerificationRequest { workflow_id: workflow_id?, reached, cursors: cursors? })))
}
