//! Reads the request for a workflow's state.

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, yes_or_no};

/// The requested workflow, and whether to evaluate its transitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCall {
    /// The call.
    pub call: Call,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Whether to evaluate the transitions.
    pub evaluate: bool,
}

/// Reads the call and the requested workflow.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn read(request: &Incoming) -> Result<StateCall, Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let workflow_id = request.workflow_id(&mut faults);
    let mut query = Query::read(request, &mut faults);
    let evaluate = query.take("evaluate", yes_or_no, &mut faults).unwrap_or(false);
    query.finish(&mut faults);
    faults.conclude(|| Some(StateCall { call, workflow_id: workflow_id?, evaluate }))
}
