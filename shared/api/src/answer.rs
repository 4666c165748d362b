//! Answers that say yes: a status, a JSON body, and the headers that go with them.

use alims_domain::event::Workflow;
use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::lifecycle::State;
use alims_operations::Accepted;
use alims_operations::get_workflow_state::{EvaluatedMove, RulesAnswer, WorkflowNow};
use alims_operations::request_state_transition::WouldBeAccepted;
use http::StatusCode;
use serde::Serialize;
use std::error::Error;

use crate::problem::Problem;
use crate::wire::{DryRunResult, EvaluatedTransition, RecoveryReport, ReplayReport, TransitionResult, WorkflowState};

/// An answer before it is sent: the exchange adds what every answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    pub(crate) version: Option<Version>,
    pub(crate) location: Option<String>,
    pub(crate) workflow_id: Option<WorkflowId>,
}

impl Answer {
    /// A plain 200.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn ok<T: Serialize>(body: &T) -> Result<Self, Problem> {
        let body = serde_json::to_string(body).map_err(Problem::internal)?;
        Ok(Self { status: StatusCode::OK, body, version: None, location: None, workflow_id: None })
    }

    /// A created workflow: 201, or 200 when an earlier request with the same key had created it.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn created(accepted: &Accepted) -> Result<Self, Problem> {
        let id = accepted.event.workflow_id.clone();
        let mut answer = Self::ok(&WorkflowState::from(Workflow::from(&accepted.event)))?;
        answer.status = if accepted.repeated { StatusCode::OK } else { StatusCode::CREATED };
        answer.version = Some(accepted.event.version);
        answer.location = Some(format!("/workflows/{id}"));
        answer.workflow_id = Some(id);
        Ok(answer)
    }

    /// The state of a workflow.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn state(now: WorkflowNow) -> Result<Self, Problem> {
        let version = now.workflow.version;
        Ok(Self { version: Some(version), ..Self::ok(&WorkflowState::from(now))? })
    }

    /// The state of a workflow with its moves judged. What kept the rules from a verdict is for the log.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn evaluated(now: WorkflowNow, moves: Vec<EvaluatedMove>) -> Result<Self, Problem> {
        let version = now.workflow.version;
        for judged in &moves {
            if let RulesAnswer::Unavailable(unavailable) = &judged.rules {
                let target_state = judged.target_state.as_str();
                let error = unavailable.source().map(ToString::to_string);
                tracing::warn!(workflow_id = %now.workflow.key.workflow_id, target_state, error, "no verdict beforehand");
            }
        }
        let evaluated_transitions = Some(moves.into_iter().map(EvaluatedTransition::from).collect());
        let state = WorkflowState { evaluated_transitions, ..WorkflowState::from(now) };
        Ok(Self { version: Some(version), ..Self::ok(&state)? })
    }

    /// A move that was made, now or by an earlier request with the same key.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn moved(accepted: Accepted) -> Result<Self, Problem> {
        let version = accepted.event.version;
        Ok(Self { version: Some(version), ..Self::ok(&TransitionResult::from(accepted.event))? })
    }

    /// A move that would be made.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn would_move(accepted: WouldBeAccepted, target_state: State) -> Result<Self, Problem> {
        let version = accepted.workflow.version;
        Ok(Self { version: Some(version), ..Self::ok(&DryRunResult::new(accepted, target_state))? })
    }

    /// A recovery that is under way, with where to look for how it is.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn recovery(report: &RecoveryReport) -> Result<Self, Problem> {
        let location = format!("/workflows/{}/recovery", report.workflow_id);
        Ok(Self { status: StatusCode::ACCEPTED, location: Some(location), ..Self::ok(report)? })
    }

    /// A replay: the bus has the events, its subscribers will.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn replay(report: &ReplayReport) -> Result<Self, Problem> {
        Ok(Self { status: StatusCode::ACCEPTED, ..Self::ok(report)? })
    }
}
