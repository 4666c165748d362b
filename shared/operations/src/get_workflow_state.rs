//! Reads the state of a workflow: its newest version and, on request, the transitions that this caller could make now.

use alims_domain::access::Action;
use alims_domain::call::Call;
use alims_domain::decide::{Decision, TransitionCommand, decide_transition};
use alims_domain::event::{AppliedRules, Workflow};
use alims_domain::head::{Head, intact, may_be_built_on};
use alims_domain::identifiers::{Version, WorkflowId};
use alims_domain::lifecycle::State;
use alims_domain::proposal::Proposal;
use alims_domain::quarantine::{InForce, QuarantineRecord};
use alims_domain::ruling::Transition;
use futures_util::future::join_all;
use std::sync::Arc;

use crate::append::now;
use crate::errors::{Forbidden, RuleViolation};
use crate::head::{ReadWorkflowError, head};
use crate::permission::{authorise, unless_forbidden};
use crate::ports::{Clock, QuarantineLog, ReadPorts, RulesUnavailable, TransitionRules, WorkflowLog};

/// The ports for reading a state and evaluating its transitions. It needs no ids, because it writes nothing.
#[derive(Clone)]
pub struct Ports<L, R> {
    /// The log and the policies.
    pub reading: ReadPorts<L>,
    /// The laboratory's rules.
    pub rules: R,
    /// The server's time, for the rules.
    pub clock: Arc<dyn Clock>,
}

/// One transition of the lifecycle, evaluated in advance.
#[derive(Debug)]
pub struct EvaluatedMove {
    /// The target state.
    pub target_state: State,
    /// Whether the policies let this caller make it.
    pub access: Result<(), Forbidden>,
    /// The current verdict of the rules.
    pub rules: RulesAnswer,
}

/// The verdict of the rules on a transition that is not made.
#[derive(Debug)]
pub enum RulesAnswer {
    /// The rules would allow it.
    Allow(AppliedRules),
    /// The rules would refuse it.
    Deny(RuleViolation),
    /// The rules gave no verdict: neither allowed nor refused.
    Unavailable(RulesUnavailable),
    /// The rules were not asked: in a quarantine no transition is possible.
    NotAsked,
}

/// The current state of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowNow {
    /// Its newest readable version.
    pub workflow: Workflow,
    /// The newest stored version, if it is above that one: it is unreadable and was released.
    pub passed_over: Option<Version>,
    /// The unreleased breaks: while there is one, the workflow can be read but makes no transition.
    pub quarantines: Vec<InForce>,
    /// Whether every transition is refused now: a break is in force, or the newest version does not match its hash.
    pub makes_no_transition: bool,
}

/// Reads the state of a workflow of the caller's tenant, with two strongly consistent reads in parallel.
///
/// # Errors
/// When the workflow does not exist, the caller may not see it, or it is unreadable.
pub async fn get_workflow_state<L: WorkflowLog + QuarantineLog>(
    ports: &ReadPorts<L>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<WorkflowNow, ReadWorkflowError> {
    readable(ports, call, workflow_id).await.map(|(head, record)| WorkflowNow::of(&head, &record))
}

/// Reads the state and evaluates each transition that the lifecycle allows, as if this caller requested it now with
/// only the target state: no metadata, no context, no failure. In a quarantine it does not ask the rules, because no
/// transition is possible. It writes nothing.
///
/// # Errors
/// As [`get_workflow_state`], and when the newest version does not match its hash, because then no transition is
/// possible.
pub async fn evaluate_workflow_state<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<(WorkflowNow, Vec<EvaluatedMove>), ReadWorkflowError> {
    let (head, record) = readable(&ports.reading, call, workflow_id).await?;
    let now = WorkflowNow::of(&head, &record);
    if !now.quarantines.is_empty() {
        let moves = now.workflow.current_state.allowed_transitions().into_iter().map(|target_state| {
            let (policy, action) = (ports.reading.policy.as_ref(), Action::moving_to(target_state));
            let access = authorise(policy, call, action, &now.workflow.key, Some(head.event()));
            EvaluatedMove { target_state, access, rules: RulesAnswer::NotAsked }
        });
        let moves = moves.collect();
        return Ok((now, moves));
    }
    intact(head.event(), &record)?;
    // In parallel: with a remote engine a sequential evaluation would wait once for each transition.
    let targets = State::ALL.into_iter().filter_map(|target| proposed(&head, &record, target));
    let moves = join_all(targets.map(|transition| evaluate(ports, call, &head, &now.workflow, transition))).await;
    Ok((now, moves))
}

/// The transition to a state, when the rules decide it. The policies' decision is reported next to the rules' verdict.
fn proposed(head: &Head, record: &QuarantineRecord, target_state: State) -> Option<Transition> {
    let command = TransitionCommand {
        target_state,
        reason: None,
        expected_versions: None,
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
        let makes_no_transition = may_be_built_on(head.event(), record).is_err();
        let quarantines = record.in_force();
        Self { workflow: Workflow::from(head.event()), passed_over, quarantines, makes_no_transition }
    }
}

async fn readable<L: WorkflowLog + QuarantineLog>(
    ports: &ReadPorts<L>,
    call: &Call,
    workflow_id: &WorkflowId,
) -> Result<(Head, QuarantineRecord), ReadWorkflowError> {
    let (key, policy, action) = (call.key(workflow_id), ports.policy.as_ref(), Action::GetWorkflowState);
    let read = head(&ports.store, &key).await;
    let (head, record) = read.map_err(|error| unless_forbidden(policy, call, action, &key, error))?;
    authorise(policy, call, action, &key, Some(head.event()))?;
    Ok((head, record))
}

async fn evaluate<L, R: TransitionRules>(
    ports: &Ports<L, R>,
    call: &Call,
    head: &Head,
    workflow: &Workflow,
    transition: Transition,
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
