//! Where a workflow stands: its newest version; and, when asked, which moves of it this caller could make now.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::decide::{Decision, TransitionCommand, decide_transition};
use alims_domain::event::{AppliedRules, Workflow};
use alims_domain::head::{Head, intact};
use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::lifecycle::State;
use alims_domain::proposal::Proposal;
use alims_domain::quarantine::{InForce, QuarantineRecord};
use alims_domain::ruling::Move;
use futures_util::future::join_all;
use std::sync::Arc;

use crate::append::now;
use crate::errors::{Forbidden, RuleViolation};
use crate::head::{ReadWorkflowError, head};
use crate::permission::authorise;
use crate::ports::{Clock, QuarantineLog, ReadPorts, RulesUnavailable, TransitionRules, WorkflowLog};

/// What reading a state and evaluating its moves needs. There are no ids: nothing is made here.
#[derive(Clone)]
pub struct Ports<L, R> {
    /// The log, and who may.
    pub reading: ReadPorts<L>,
    /// The laboratory's rules.
    pub rules: R,
    /// The server's time, for the rules.
    pub clock: Arc<dyn Clock>,
}

/// One move of the lifecycle, judged beforehand.
#[derive(Debug)]
pub struct EvaluatedMove {
    /// Where it leads.
    pub target_state: State,
    /// Whether the policies let this caller make it.
    pub access: Result<(), Forbidden>,
    /// What the rules say to it now.
    pub rules: RulesAnswer,
}

/// What the rules say of a move that is not made yet.
#[derive(Debug)]
pub enum RulesAnswer {
    /// They would allow it.
    Allow(AppliedRules),
    /// They would not.
    Deny(RuleViolation),
    /// They gave no verdict; that is neither of the two.
    Unavailable(RulesUnavailable),
}

/// Where a workflow stands.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowNow {
    /// Its newest version that can be read.
    pub workflow: Workflow,
    /// The newest version that is there, when it is above that one: it cannot be read, and was released.
    pub passed_over: Option<Version>,
    /// The breaks that are not released: while there is one, it can be read and not be moved.
    pub quarantines: Vec<InForce>,
}

/// Reads the state of a workflow of the caller's tenant. Two strongly consistent reads at once.
///
/// # Errors
/// When there is none, the caller may not see it, or it cannot be read.
pub async fn get_workflow_state<L: WorkflowLog + QuarantineLog>(
    ports: &ReadPorts<L>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<WorkflowNow, ReadWorkflowError> {
    readable(ports, call, workflow_id).await.map(|(head, record)| WorkflowNow::of(&head, &record))
}

/// Reads the state, and judges each move that the lifecycle lets it make as if this caller asked for it now with nothing
/// but the target: no metadata, no context, no failure. None is judged in a quarantine, because none can be made. Nothing
/// is written, whatever is found.
///
/// # Errors
/// As [`get_workflow_state`], and when the newest version does not fit its hash, because then no move is possible.
pub async fn evaluate_workflow_state<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<(WorkflowNow, Vec<EvaluatedMove>), ReadWorkflowError> {
    let (head, record) = readable(&ports.reading, call, workflow_id).await?;
    let now = WorkflowNow::of(&head, &record);
    if !now.quarantines.is_empty() {
        return Ok((now, Vec::new()));
    }
    intact(head.event(), &record)?;
    // Side by side: a remote engine would else be waited for once for each move.
    let targets = State::ALL.into_iter().filter_map(|target| proposed(&head, &record, target));
    let moves = join_all(targets.map(|transition| evaluate(ports, call, &head, &now.workflow, transition))).await;
    Ok((now, moves))
}

/// The move to a state, when it is one that the rules decide. Whether the policies permit it is reported beside their
/// answer.
fn proposed(head: &Head, record: &QuarantineRecord, target_state: State) -> Option<Move> {
    let command = TransitionCommand {
        target_state,
        reason: None,
        expected_version: None,
        metadata: None,
        failure: None,
        repeatable: None,
    };
    match decide_transition(head, record, Ok(()), &command) {
        Decision::AskRules(transition) => Some(transition),
        Decision::Repeated(_) | Decision::Rejected(_) => None,
    }
}

impl WorkflowNow {
    fn of(head: &Head, record: &QuarantineRecord) -> Self {
        let passed_over = head.resumes.as_ref().map(|_| head.end);
        Self { workflow: Workflow::from(head.event()), passed_over, quarantines: record.in_force() }
    }
}

async fn readable<L: WorkflowLog + QuarantineLog>(
    ports: &ReadPorts<L>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<(Head, QuarantineRecord), ReadWorkflowError> {
    let key = call.key(workflow_id);
    let (head, record) = head(&ports.store, &key).await?;
    authorise(ports.policy.as_ref(), call, Action::GetWorkflowState, &key, Some(head.event()))?;
    Ok((head, record))
}

async fn evaluate<L, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    head: &Head,
    workflow: &Workflow,
    transition: Move,
) -> EvaluatedMove {
    let (policy, target_state, event) = (ports.reading.policy.as_ref(), transition.to, head.event());
    let access = authorise(policy, call, Action::moving_to(target_state), &workflow.key, Some(event));
    let now = now(ports.clock.as_ref(), Some(event));
    let proposal = Proposal { call, head: Some(head), workflow, transition: &transition, context: None, now };
    let rules = match ports.rules.judge(&proposal.question()).await {
        Ok(verdict) => verdict.applied().map_or_else(RulesAnswer::Deny, RulesAnswer::Allow),
        Err(unavailable) => RulesAnswer::Unavailable(unavailable),
    };
    EvaluatedMove { target_state, access, rules }
}
