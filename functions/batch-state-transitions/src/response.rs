//! What became of each of many transitions: how many moved first, then each in the order in which they were asked for.

use alims_domain::event::Workflow;
use alims_domain::identifiers::{EventId, Version, WorkflowId};
use alims_domain::lifecycle::State;
use alims_domain::limits::BATCH_REASONS_BYTES_MAX;
use alims_domain::refusal::RuleReason;
use alims_domain::timestamp::Timestamp;
use alims_edge::exchange::problem_of_one;
use alims_edge::problem::{Problem, ProblemDocument};
use alims_operations::Accepted;
use alims_operations::batch_state_transitions::{Attempted, BatchItem};
use alims_operations::metrics::{BatchOutcome, batched};
use alims_operations::request_state_transition::WouldBeAccepted;
use serde::Serialize;

use crate::request::TRANSITIONS;

/// What became of the transitions.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchResult {
    /// How many transitions were made, now or by an earlier request with this key.
    pub moved: usize,
    /// How many transitions a dry run would make.
    pub would_move: usize,
    /// How many transitions were refused.
    pub refused: usize,
    /// How many transitions could not be decided now, or have an effect that is not known.
    pub failed: usize,
    /// How many transitions were not begun, because there was no time left.
    pub not_reached: usize,
    /// Whether nothing was written because `dry_run` is true.
    pub dry_run: bool,
    /// One result for each item of the request, in its order.
    pub results: Vec<BatchItemResult>,
}

/// What became of one transition: `problem` when it was not made, and `workflow` otherwise.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchItemResult {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// What became of the transition.
    pub outcome: BatchItemOutcome,
    /// The HTTP status that this transition would have alone.
    #[cfg_attr(feature = "openapi", schema(minimum = 200, maximum = 599))]
    pub status: u16,
    /// moved: the workflow after the transition. would-move: the workflow, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowAtVersion>,
    /// moved: the event of the transition, as the history has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// Otherwise: the problem, as a request for this transition alone would be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::problem_of_an_item))]
    pub problem: Option<ProblemDocument>,
    /// rule-violation: how many further reasons the kept refusal has; absent when `problem` has all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons_left_out: Option<usize>,
    /// After how many seconds to repeat the request, as `Retry-After` says for one transition; absent when waiting does
    /// not help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

/// What became of a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BatchItemOutcome {
    /// It was made, now or by an earlier request with this key.
    Moved,
    /// A dry run: it would be made.
    WouldMove,
    /// It was refused; nothing was changed.
    Refused,
    /// It could not be decided now, or its effect is not known: `problem` says which.
    Failed,
    /// It was not begun, because there was no time left; nothing was changed.
    NotReached,
}

/// A workflow without its data, so that a hundred fit into an answer. `GET /workflows/{workflow_id}` has the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowAtVersion {
    /// The state.
    pub current_state: State,
    /// The state before the last change of state; absent while there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_state: Option<State>,
    /// The version.
    pub version: Version,
    /// When this version was made.
    pub updated_at: Timestamp,
    /// The states that the lifecycle allows next; empty in a terminal state.
    pub allowed_transitions: Vec<State>,
}

impl From<Workflow> for WorkflowAtVersion {
    fn from(workflow: Workflow) -> Self {
        Self {
            current_state: workflow.current_state,
            previous_state: workflow.previous_state,
            version: workflow.version,
            updated_at: workflow.updated_at,
            allowed_transitions: workflow.current_state.allowed_transitions(),
        }
    }
}

impl BatchResult {
    /// Counts what became of the transitions, for the answer and for the metrics.
    #[must_use]
    pub fn counted(dry_run: bool, results: Vec<BatchItemResult>) -> Self {
        let count = |outcome| results.iter().filter(|result| result.outcome == outcome).count();
        let counted = Self {
            moved: count(BatchItemOutcome::Moved),
            would_move: count(BatchItemOutcome::WouldMove),
            refused: count(BatchItemOutcome::Refused),
            failed: count(BatchItemOutcome::Failed),
            not_reached: count(BatchItemOutcome::NotReached),
            dry_run,
            results,
        };
        // A dry run moves nothing.
        for (outcome, number) in [
            (BatchOutcome::Moved, counted.moved),
            (BatchOutcome::Refused, counted.refused),
            (BatchOutcome::Failed, counted.failed),
            (BatchOutcome::NotReached, counted.not_reached),
        ] {
            batched(outcome, u64::try_from(number).unwrap_or(u64::MAX));
        }
        counted
    }
}

/// What became of a transition. `place` is that of the item in the request.
#[must_use]
pub fn made(place: usize, item: &BatchItem, attempted: Attempted<Accepted>, request_id: &str) -> BatchItemResult {
    match answered(attempted) {
        Ok(Accepted { event, .. }) => {
            let (workflow, event_id) = (Workflow::from(&event).into(), Some(event.event_id));
            BatchItemResult { event_id, ..good(item, BatchItemOutcome::Moved, workflow) }
        }
        Err(problem) => bad(place, item, &problem, request_id),
    }
}

/// What would become of a transition. `place` is that of the item in the request.
#[must_use]
pub fn tried(
    place: usize,
    item: &BatchItem,
    attempted: Attempted<WouldBeAccepted>,
    request_id: &str,
) -> BatchItemResult {
    match answered(attempted) {
        Ok(WouldBeAccepted { workflow, .. }) => good(item, BatchItemOutcome::WouldMove, workflow.into()),
        Err(problem) => bad(place, item, &problem, request_id),
    }
}

fn answered<T>(attempted: Attempted<T>) -> Result<T, Problem> {
    match attempted {
        Attempted::Answered(answer) => answer.map_err(Problem::from),
        Attempted::CutOff => Err(Problem::OutOfTime),
        Attempted::NotReached => Err(Problem::NotReached),
    }
}

fn good(item: &BatchItem, outcome: BatchItemOutcome, workflow: WorkflowAtVersion) -> BatchItemResult {
    BatchItemResult {
        workflow_id: item.workflow_id.clone(),
        outcome,
        status: 200,
        workflow: Some(workflow),
        event_id: None,
        problem: None,
        reasons_left_out: None,
        retry_after_seconds: None,
    }
}

fn bad(place: usize, item: &BatchItem, problem: &Problem, request_id: &str) -> BatchItemResult {
    let outcome = if matches!(problem, Problem::NotReached) {
        BatchItemOutcome::NotReached
    } else if problem.status().is_server_error() {
        BatchItemOutcome::Failed
    } else {
        BatchItemOutcome::Refused
    };
    let mut document = problem_of_one(problem, &item.workflow_id, request_id);
    // What a patch makes is wrong in the body of this request, and not in that of a single one.
    for pointer in document.errors.iter_mut().flatten().filter_map(|fault| fault.pointer.as_mut()) {
        *pointer = format!("/{TRANSITIONS}/{place}{pointer}");
    }
    let left_out = document.reasons.as_mut().map_or(0, shorten);
    BatchItemResult {
        workflow_id: item.workflow_id.clone(),
        outcome,
        status: document.status,
        workflow: None,
        event_id: None,
        problem: Some(document),
        reasons_left_out: (left_out > 0).then_some(left_out),
        retry_after_seconds: problem.retry_after_seconds(),
    }
}

/// Leaves out the reasons that are too much for one item, and says how many. The first one always stays.
fn shorten(reasons: &mut Vec<RuleReason>) -> usize {
    let bytes = |reason: &RuleReason| serde_json::to_vec(reason).map_or(usize::MAX, |json| json.len());
    let mut sum = 0_usize;
    let fits = |reason: &&RuleReason| {
        sum = sum.saturating_add(bytes(reason));
        sum <= BATCH_REASONS_BYTES_MAX
    };
    let kept = reasons.iter().take_while(fits).count().max(1);
    let left_out = reasons.len().saturating_sub(kept);
    reasons.truncate(kept);
    left_out
}
