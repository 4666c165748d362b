//! A created workflow.

use alims_domain::event::Workflow;
use alims_edge::answer::Answer;
use alims_edge::problem::Problem;
use alims_edge::wire::WorkflowState;
use alims_operations::Accepted;

/// A created workflow: 201, or 200 when an earlier request with the same key had created it.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn created(accepted: &Accepted) -> Result<Answer, Problem> {
    let id = accepted.event.workflow_id.clone();
    let answer = Answer::ok(&WorkflowState::from(Workflow::from(&accepted.event)))?;
    let answer = if accepted.repeated { answer } else { answer.created() };
    Ok(answer.at_version(accepted.event.version).located_at(format!("/workflows/{id}")).about(id))
}
