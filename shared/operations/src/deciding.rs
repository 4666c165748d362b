//! What the operations that decide on an existing workflow share: what they load, how they keep a refusal, and the first
//! answer to a repeated request.

use alims_domain::access::Action;
use alims_domain::attempt::{Attempt, RefusedBy};
use alims_domain::call::Call;
use alims_domain::event::Workflow;
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::head::Head;
use alims_domain::identifiers::{EventId, Reason, Version, WorkflowId, WorkflowKey};
use alims_domain::json::ValidationContext;
use alims_domain::lifecycle::State;
use alims_domain::proposal::Proposal;
use alims_domain::quarantine::QuarantineRecord;
use alims_domain::ruling::Transition;
use alims_domain::signature::Meaning;
use alims_domain::timestamp::Timestamp;

use crate::append::{Accepted, now};
use crate::chain_walk::{Page, readable};
use crate::errors::{Forbidden, Quarantined};
use crate::head::{ReadWorkflowError, head};
use crate::permission::{authorise, unless_forbidden};
use crate::ports::{DecisionPorts, LogError, QuarantineLog, WorkflowLog};
use crate::refusals::{NotKept, keep};

/// What an operation is asked to do with a workflow.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The operation's name in records.
    pub(crate) operation: &'static str,
    /// What the policies must permit.
    pub(crate) action: Action,
    /// The requested state; none when the operation makes no transition.
    pub(crate) target_state: Option<State>,
    /// The reason; of a signature its comment.
    pub(crate) reason: Option<&'a Reason>,
    /// What a requested signature means.
    pub(crate) meaning: Option<Meaning>,
    /// The caller's input for the rules.
    pub(crate) context: Option<&'a ValidationContext>,
}

/// The data on which a request is decided.
pub(crate) struct Loaded {
    pub(crate) head: Head,
    pub(crate) quarantine: QuarantineRecord,
    pub(crate) workflow: Workflow,
    pub(crate) permission: Result<(), Forbidden>,
    pub(crate) now: Timestamp,
    key: WorkflowKey,
}

/// Reads the workflow, and asks the policies.
pub(crate) async fn load<L: WorkflowLog + QuarantineLog, R>(
    ports: &DecisionPorts<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    asked: Asked<'_>,
) -> Result<Loaded, ReadWorkflowError> {
    let (key, policy, action) = (call.key(workflow_id), ports.policy.as_ref(), asked.action);
    let read = head(&ports.log, &key).await;
    let (head, quarantine) = read.map_err(|error| unless_forbidden(policy, call, action, &key, error))?;
    let permission = authorise(policy, call, action, &key, Some(head.event()));
    let (workflow, now) = (Workflow::from(head.event()), now(ports.clock.as_ref(), Some(head.event())));
    Ok(Loaded { head, quarantine, workflow, permission, key, now })
}

/// Keeps the refusal when the policies forbid the request, and the workflow is missing or cannot be read.
pub(crate) async fn keep_forbidden<L: WorkflowLog, R>(
    ports: &DecisionPorts<L, R>,
    call: &Call,
    workflow_id: &WorkflowId,
    asked: Asked<'_>,
    error: &ReadWorkflowError,
) -> Result<(), NotKept> {
    let ReadWorkflowError::Forbidden(forbidden) = error else { return Ok(()) };
    let attempt = Attempt {
        operation: asked.operation,
        call,
        key: &call.key(workflow_id),
        head: None,
        target_state: asked.target_state,
        reason: asked.reason,
        meaning: asked.meaning,
        now: now(ports.clock.as_ref(), None),
    };
    keep(&ports.log, attempt.refused(EventId(ports.ids.fresh()), RefusedBy::Policies(forbidden))).await
}

impl Loaded {
    /// What the rules must decide.
    pub(crate) fn proposal<'a>(&'a self, call: &'a Call, asked: Asked<'a>, transition: &'a Transition) -> Proposal<'a> {
        let (head, workflow, context) = (Some(&self.head), &self.workflow, asked.context);
        Proposal { call, head, workflow, transition, context, now: self.now }
    }

    /// Keeps a refusal, if it is audit data.
    pub(crate) async fn keep<L: WorkflowLog, R>(
        &self,
        ports: &DecisionPorts<L, R>,
        call: &Call,
        asked: Asked<'_>,
        by: Option<RefusedBy<'_>>,
    ) -> Result<(), NotKept> {
        let Some(by) = by else { return Ok(()) };
        let attempt = Attempt {
            operation: asked.operation,
            call,
            key: &self.key,
            head: Some(self.head.event()),
            target_state: asked.target_state,
            reason: asked.reason,
            meaning: asked.meaning,
            now: self.now,
        };
        keep(&ports.log, attempt.refused(EventId(ports.ids.fresh()), by)).await
    }

    /// The answer to the first request with this key, which made this version.
    pub(crate) async fn first_answer<L: WorkflowLog>(
        self,
        log: &L,
        version: Version,
    ) -> Result<Accepted, ReadWorkflowError> {
        let Self { key, head, .. } = self;
        if head.event().version == version {
            return Ok(Accepted { event: head.stored.event, repeated: true });
        }
        let page = match readable(log, &key, version, 1).await.map_err(LogError::from)? {
            Page::Versions(page) => page,
            Page::Broken(broken) => return Err(Quarantined(broken).into()),
        };
        match page.into_iter().find(|stored| stored.event.version == version) {
            Some(stored) => Ok(Accepted { event: stored.event, repeated: true }),
            // The version that this key made is missing from the log.
            None => Err(Quarantined(Break { at: version, fault: BreakKind::Missing }).into()),
        }
    }
}
