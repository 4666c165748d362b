//! Bringing a workflow back: assess, repair what the plan names, and say what was done.
//!
//! Every step may be repeated: whoever is interrupted asks again and the plan says what is left.

use crate::call::Call;
use crate::chain::{Break, Fault};
use crate::event::{EventType, Workflow, WorkflowEvent};
use crate::identifiers::{Reason, Version, WorkflowId, WorkflowKey};
use crate::lifecycle::State;
use crate::operations::catching_up::{Lane, Stop, catch_up};
use crate::operations::decision::{Appended, Attempt, Refuser, append, applied_or_violation, now};
use crate::operations::reading::{authorise, authorise_by_name};
use crate::operations::verify_workflow_history::walk_chain;
use crate::operations::{Bug, Deciding, Forbidden, Publishing, RuleViolation};
use crate::ports::{
    Action, EventBus, IndexEntry, LogError, Move, RulesUnavailable, StoreError, StoredVersion, TransitionRules,
    WorkflowIndex, WorkflowLog,
};
use crate::recovery::{Findings, PublishAfter, RecoveryPlan, Repairs, plan};

/// What recovering needs.
#[derive(Clone)]
pub struct Recovering<L, I, B, R> {
    /// For bringing a failed workflow back to ACTIVE.
    pub deciding: Deciding<L, R>,
    /// For what was not published, and for the index.
    pub publishing: Publishing<L, I, B>,
}

/// One thing a recovery did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveryStep {
    /// The index entry was put in order.
    IndexRebuilt,
    /// So many events were put on the bus.
    EventsPublished(u64),
    /// The workflow was moved from FAILED to ACTIVE; the version that made.
    Reactivated(Version),
}

/// How a recovery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveryOutcome {
    /// Something was out of order and is not any more.
    Recovered,
    /// Nothing was out of order.
    AlreadyConsistent,
    /// The rules do not allow the failed workflow back; all else is in order.
    Refused(RuleViolation),
    /// The stored history is broken: nothing was changed.
    Quarantined(Break),
}

/// What a recovery found and did.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// How it ended.
    pub outcome: RecoveryOutcome,
    /// What was done, in order.
    pub steps: Vec<RecoveryStep>,
}

/// Why a recovery could not be carried out now. What was done before stays done; asking again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RecoverWorkflowError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The rules gave no verdict.
    #[error(transparent)]
    RulesUnavailable(#[from] RulesUnavailable),
    /// Others keep changing the workflow.
    #[error("the workflow kept changing while it was being recovered")]
    Contended,
    /// The bus or a store did not take what is missing.
    #[error("events could not be published: {0}")]
    NotPublished(String),
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug.
    #[error(transparent)]
    Bug(#[from] Bug),
}

/// How often a recovery assesses anew when others change the workflow meanwhile.
const ASSESSMENTS_MAX: usize = 3;
/// The operation's name, everywhere.
const OPERATION: &str = "recover-workflow";

/// Recovers a workflow of the caller's tenant.
///
/// # Errors
/// When there is no such workflow, the caller may not, or one of the ports fails.
pub async fn recover_workflow<L, I, B, R>(
    ports: &Recovering<L, I, B, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    reason: Option<Reason>,
) -> Result<Recovery, RecoverWorkflowError>
where
    L: WorkflowLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    let key = call.key(workflow_id);
    let mut recovery = Recovery { outcome: RecoveryOutcome::AlreadyConsistent, steps: Vec::new() };
    let mut permitted = false;
    for _ in 0..ASSESSMENTS_MAX {
        let (head, findings) = assess(&ports.deciding.log, &ports.publishing.index, &key).await?;
        if !permitted {
            permit(ports, call, &key, head.as_ref(), reason.as_ref()).await?;
            permitted = true;
        }
        let repairs = match plan(&findings) {
            RecoveryPlan::Quarantine(broken) => {
                recovery.outcome = RecoveryOutcome::Quarantined(broken);
                return Ok(recovery);
            }
            RecoveryPlan::AlreadyConsistent => return Ok(recovery),
            RecoveryPlan::Repair(repairs) => repairs,
        };
        let Some(head) = head else { return Err(RecoverWorkflowError::NotFound) };
        put_in_order(&ports.publishing, &key, &head.event, &findings, &repairs, &mut recovery).await?;
        if !repairs.reactivate {
            return Ok(recovery);
        }
        match reactivate(&ports.deciding, call, &key, &head, reason.as_ref()).await? {
            Reactivation::Lost => {}
            Reactivation::Refused(violation) => {
                recovery.outcome = RecoveryOutcome::Refused(violation);
                return Ok(recovery);
            }
            Reactivation::Done(event) => {
                recovery.did(RecoveryStep::Reactivated(event.version));
                let after = PublishAfter(Some(head.event.version));
                publish(&ports.publishing, &key, after, &event, &mut recovery).await?;
                return Ok(recovery);
            }
        }
    }
    Err(RecoverWorkflowError::Contended)
}

impl Recovery {
    fn did(&mut self, step: RecoveryStep) {
        self.outcome = RecoveryOutcome::Recovered;
        self.steps.push(step);
    }
}

/// Finds out how a workflow is: its newest version as far as it can be read, and what the plan needs to know.
///
/// # Errors
/// When there is no such workflow, or log or index cannot be read.
pub async fn assess<L: WorkflowLog, I: WorkflowIndex>(
    log: &L,
    index: &I,
    key: &WorkflowKey,
) -> Result<(Option<StoredVersion>, Findings), AssessError> {
    // The index first: read after the log it could be ahead of what was seen there, with nothing wrong at all.
    let indexed = index.entries(std::slice::from_ref(key)).await?.remove(key);
    let (head, end) = match log.head(key).await {
        Ok(None) => return Err(AssessError::NotFound),
        Ok(Some(head)) => (Some(head.clone()), head.event.version),
        Err(LogError::Unreadable { version, .. }) => (None, version),
        Err(LogError::Store(error)) => return Err(error.into()),
    };
    let walked = walk_chain(log, key, Some(end)).await?;
    let log_state = match (walked.broken, walked.last) {
        (Some(broken), _) => Err(broken),
        (None, Some(last)) => Ok(last),
        (None, None) => Err(Break { at: Version::FIRST, fault: Fault::Missing }),
    };
    let claimed = match (&log_state, &indexed) {
        (Ok(last), Some(indexed)) if indexed.published_version == last.version => Some(last.clone()),
        (Ok(_), Some(indexed)) => event_at(log, key, indexed.published_version).await?,
        (Ok(_), None) | (Err(_), _) => None,
    };
    Ok((head, Findings { log: log_state, indexed, claimed }))
}

/// Why a workflow could not be assessed.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// The tenant has no such workflow.
    #[error("the workflow does not exist")]
    NotFound,
    /// The store beneath.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AssessError> for RecoverWorkflowError {
    fn from(error: AssessError) -> Self {
        match error {
            AssessError::NotFound => Self::NotFound,
            AssessError::Store(error) => Self::Store(error),
        }
    }
}

async fn event_at<L: WorkflowLog>(
    log: &L,
    key: &WorkflowKey,
    version: Version,
) -> Result<Option<WorkflowEvent>, StoreError> {
    match log.versions(key, version, 1).await {
        Ok(found) => Ok(found.into_iter().map(|stored| stored.event).find(|event| event.version == version)),
        // The walk has read every version; what became unreadable since is found by the next assessment.
        Err(LogError::Unreadable { .. }) => Ok(None),
        Err(LogError::Store(error)) => Err(error),
    }
}

/// Whether the caller may recover the workflow. A head that cannot be read is known by its name alone.
async fn permit<L: WorkflowLog, I, B, R>(
    ports: &Recovering<L, I, B, R>,
    call: &Call,
    key: &WorkflowKey,
    head: Option<&StoredVersion>,
    reason: Option<&Reason>,
) -> Result<(), RecoverWorkflowError> {
    let policy = ports.deciding.policy.as_ref();
    let forbidden = match head {
        Some(head) => authorise(policy, call, Action::RecoverWorkflow, &head.event),
        None => authorise_by_name(policy, call, Action::RecoverWorkflow, key),
    };
    let Err(forbidden) = forbidden else { return Ok(()) };
    let transition = move_of(head.map(|head| &head.event), reason);
    let now = now(ports.deciding.clock.as_ref(), head);
    let attempt = Attempt { operation: OPERATION, call, key, head, transition: &transition, context: None, now };
    attempt.record(&ports.deciding, Refuser::Policy(&forbidden)).await?;
    Err(forbidden.into())
}

/// Publishes what is missing and rebuilds the index, as the plan says.
async fn put_in_order<L: WorkflowLog, I: WorkflowIndex, B: EventBus>(
    ports: &Publishing<L, I, B>,
    key: &WorkflowKey,
    head: &WorkflowEvent,
    findings: &Findings,
    repairs: &Repairs,
    recovery: &mut Recovery,
) -> Result<(), RecoverWorkflowError> {
    if let Some(after) = repairs.publish {
        publish(ports, key, after, head, recovery).await?;
    }
    if repairs.rebuild_index {
        // Whoever changed it meanwhile, the publisher or another recovery, put it in order too.
        ports.index.repair(&IndexEntry::from(head), findings.indexed.as_ref()).await?;
        recovery.did(RecoveryStep::IndexRebuilt);
    }
    Ok(())
}

async fn publish<L: WorkflowLog, I: WorkflowIndex, B: EventBus>(
    ports: &Publishing<L, I, B>,
    key: &WorkflowKey,
    after: PublishAfter,
    head: &WorkflowEvent,
    recovery: &mut Recovery,
) -> Result<(), RecoverWorkflowError> {
    let Some(lane) = Lane::new(key.clone(), after.0, head.version, [head.clone()]) else { return Ok(()) };
    let (lanes, accepted) = catch_up(ports, vec![lane]).await;
    if accepted > 0 {
        recovery.did(RecoveryStep::EventsPublished(accepted));
    }
    match lanes.into_iter().find_map(|lane| lane.stop) {
        None => Ok(()),
        Some(Stop::Later(why) | Stop::Never(why)) => Err(RecoverWorkflowError::NotPublished(why)),
    }
}

enum Reactivation {
    Done(Box<WorkflowEvent>),
    Refused(RuleViolation),
    Lost,
}

/// Asks the rules and appends FAILED to ACTIVE.
async fn reactivate<L: WorkflowLog, R: TransitionRules>(
    ports: &Deciding<L, R>,
    call: &Call,
    key: &WorkflowKey,
    head: &StoredVersion,
    reason: Option<&Reason>,
) -> Result<Reactivation, RecoverWorkflowError> {
    let transition = move_of(Some(&head.event), reason);
    let now = now(ports.clock.as_ref(), Some(head));
    let attempt =
        Attempt { operation: OPERATION, call, key, head: Some(head), transition: &transition, context: None, now };
    let workflow = Workflow::from(&head.event);
    let rules = match applied_or_violation(attempt.judge(&ports.rules, &workflow).await?) {
        Ok(rules) => rules,
        Err(violation) => {
            attempt.record(ports, Refuser::Rules(&violation)).await?;
            return Ok(Reactivation::Refused(violation));
        }
    };
    let version = attempt.next_version(ports, &workflow, EventType::WorkflowRecovered, rules, None)?;
    match append(&ports.log, version, None).await {
        Ok(Appended::Yes(accepted)) => Ok(Reactivation::Done(Box::new(accepted.event))),
        Ok(Appended::Lost(_) | Appended::KeyReused) => Ok(Reactivation::Lost),
        Err(LogError::Store(error)) => Err(error.into()),
        // The version that is there cannot be read: the next assessment says where and how.
        Err(LogError::Unreadable { .. }) => Ok(Reactivation::Lost),
    }
}

/// The move a recovery makes.
fn move_of(head: Option<&WorkflowEvent>, reason: Option<&Reason>) -> Move {
    Move {
        from: head.map(|head| head.to_state),
        to: State::Active,
        reason: reason.cloned(),
        metadata: head.map(|head| head.metadata.clone()).unwrap_or_default(),
        failure: None,
    }
}
