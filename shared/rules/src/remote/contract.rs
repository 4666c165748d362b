//! The JSON messages between the service and a remote engine: the question and the answer.

use alims_domain::call::Principal;
use alims_domain::event::{AppliedRules, Failure, Workflow};
use alims_domain::identifiers::{PrincipalId, Reason, TenantId, Version, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::invalid::InvalidValue;
use alims_domain::json::{Metadata, ValidationContext};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::{RulesQuestion, Transition, TransitionKind, Verdict};
use alims_domain::signature::{Signature, Signatures};
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The path of the one operation, behind the address of the engine.
pub const PATH: &str = "/v1/transitions/validate";
/// The maximum size of a question in bytes: metadata twice, the context, and the rest for names and reasons.
pub const QUESTION_BYTES_MAX: usize = 256 * 1024;
/// An id or a version in an answer, in characters.
pub const ID_CHARS_MAX: usize = 64;
/// The maximum length of a rule's message for people, in characters.
pub const MESSAGE_CHARS_MAX: usize = 1000;
/// Rules that an answer names.
pub const RULES_MAX: usize = 100;

/// The question whether a transition is allowed now.
///
/// Every member is always present; a member without a value is null. A later version of the service may add members:
/// an engine ignores those that it does not know. An earlier one sent fewer: an absent member is null, and absent labels
/// are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransitionQuestion {
    /// The id of the call, which links the logs of both sides.
    pub request_id: String,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The stored workflow.
    pub workflow: WorkflowAsked,
    /// The transition.
    pub transition: TransitionAsked,
    /// The requester.
    pub actor: ActorAsked,
    /// The electronic signatures that the workflow will have after the transition, oldest first. Those that its data
    /// would no longer match are not `current` here already.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub signatures: Signatures,
    /// The caller's input for the rules (`validation_context`); an empty object when there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub context: ValidationContext,
    /// The instant of the decision.
    pub now: Timestamp,
}

/// The workflow before the transition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowAsked {
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of work.
    pub workflow_type: WorkflowType,
    /// The current state; null for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub current_state: Option<State>,
    /// The state before the current one; null if there is none.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub previous_state: Option<State>,
    /// The current version; 0 for a creation.
    pub version: u64,
    /// When it was created; for a creation, now.
    pub created_at: Timestamp,
    /// When this version was made; for a creation, now.
    pub updated_at: Timestamp,
    /// Who created it; for a creation, the requester.
    pub created_by: PrincipalId,
    /// Who made this version; for a creation, the requester.
    pub updated_by: PrincipalId,
    /// The laboratory's own data, as stored; empty for a creation.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
    /// Its labels, each a name with a text; empty when there are none and for a creation.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub labels: Labels,
    /// When the work should be finished; null without a due date, and for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub due_at: Option<Timestamp>,
    /// Who should do the work; null without an assignee, and for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub assignee: Option<PrincipalId>,
    /// The workflow whose work this one does again; null if there is none, and for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub replaces: Option<WorkflowId>,
}

/// What is to be allowed: a creation, a move, an amendment or a signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransitionAsked {
    /// What it is. An amendment and a signature keep the state: `from_state` is `to_state`.
    #[cfg_attr(feature = "openapi", schema(required, value_type = TransitionKind))]
    pub kind: Option<TransitionKind>,
    /// The current state; null for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub from_state: Option<State>,
    /// The state after it.
    pub to_state: State,
    /// The requester's reason; null for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub reason: Option<Reason>,
    /// The complete metadata that the workflow will have if it is allowed.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
    /// The labels that the workflow will have.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub labels: Labels,
    /// When the work should be finished after it; null without a due date.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub due_at: Option<Timestamp>,
    /// Who should do the work after it; null without an assignee.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub assignee: Option<PrincipalId>,
    /// The workflow whose work this one does again; null if there is none.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub replaces: Option<WorkflowId>,
    /// The failure, on a transition to FAILED; otherwise null.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub failure: Option<Failure>,
    /// The signature, when the kind is `signature`; otherwise null. It is the last of `signatures`.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub signature: Option<Signature>,
}

/// The requester, from a verified token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActorAsked {
    /// The token's subject.
    pub id: PrincipalId,
    /// Its roles.
    pub roles: BTreeSet<String>,
}

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The transition is allowed.
    Allow,
    /// The transition is refused.
    Deny,
}

/// The verdict of the rules. A member that is not described here makes the answer invalid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TransitionAnswer {
    /// The `request_id` of the question, so that an answer to another question is noticed. Left out, nothing is
    /// compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The `kind` of the question: `amendment` or `signature` when that was judged, so that an engine that does not know
    /// it allows none. May be left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<TransitionKind>,
    /// Yes or no.
    pub decision: Decision,
    /// Every rule that was not met, at most 100; empty when the decision is `allow`, and only then.
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub reasons: Vec<RuleReason>,
    /// The rules that were asked, 1 to 64 characters; `lifecycle-only` when there are none for this type of workflow.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
    pub ruleset: String,
    /// Their version, 1 to 64 characters, so that the decision can be reconstructed.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
    pub ruleset_version: String,
    /// The ids of the rules that were evaluated, in that order, at most 100. Left out, they are those of `reasons`.
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated: Option<Vec<String>>,
}

impl From<&RulesQuestion<'_>> for TransitionQuestion {
    fn from(question: &RulesQuestion<'_>) -> Self {
        let RulesQuestion { request_id, workflow, transition, actor, context, now } = question;
        let exists = transition.from.is_some();
        let before = if exists { workflow.data.clone() } else { WorkflowData::default() };
        let after = transition.data.clone();
        Self {
            request_id: (*request_id).to_owned(),
            tenant_id: workflow.key.tenant_id.clone(),
            workflow: WorkflowAsked {
                workflow_id: workflow.key.workflow_id.clone(),
                workflow_type: workflow.workflow_type.clone(),
                current_state: exists.then_some(workflow.current_state),
                previous_state: workflow.previous_state.filter(|_| exists),
                version: if exists { workflow.version.get() } else { 0 },
                created_at: workflow.created_at,
                updated_at: workflow.updated_at,
                created_by: workflow.created_by.clone(),
                updated_by: workflow.updated_by.clone(),
                metadata: before.metadata,
                labels: before.labels,
                due_at: before.due_at,
                assignee: before.assignee,
                replaces: workflow.replaces.clone().filter(|_| exists),
            },
            transition: TransitionAsked {
                kind: Some(transition.kind()),
                from_state: transition.from,
                to_state: transition.to,
                reason: transition.reason.clone(),
                metadata: after.metadata,
                labels: after.labels,
                due_at: after.due_at,
                assignee: after.assignee,
                replaces: workflow.replaces.clone(),
                failure: transition.failure.clone(),
                signature: transition.signature.clone(),
            },
            signatures: transition.signatures.clone(),
            actor: ActorAsked { id: actor.id.clone(), roles: actor.roles.clone() },
            context: context.cloned().unwrap_or_default(),
            now: *now,
        }
    }
}

/// A question in the form of the port, for an engine that answers over this contract.
#[derive(Clone, Debug)]
pub struct Asked {
    request_id: String,
    workflow: Workflow,
    transition: Transition,
    actor: Principal,
    context: ValidationContext,
    now: Timestamp,
}

impl Asked {
    /// The question.
    #[must_use]
    pub fn question(&self) -> RulesQuestion<'_> {
        RulesQuestion {
            request_id: &self.request_id,
            workflow: &self.workflow,
            transition: &self.transition,
            actor: &self.actor,
            context: Some(&self.context),
            now: self.now,
        }
    }
}

impl TryFrom<TransitionQuestion> for Asked {
    type Error = InvalidValue;

    fn try_from(question: TransitionQuestion) -> Result<Self, Self::Error> {
        let TransitionQuestion { request_id, tenant_id, workflow, transition, actor, signatures, context, now } =
            question;
        if workflow.current_state != transition.from_state {
            return Err(InvalidValue::new("workflow.current_state and transition.from_state must be the same"));
        }
        let exists = transition.from_state.is_some();
        if exists && workflow.replaces != transition.replaces {
            return Err(InvalidValue::new("workflow.replaces and transition.replaces must be the same"));
        }
        let data = WorkflowData {
            metadata: transition.metadata,
            labels: transition.labels,
            due_at: transition.due_at,
            assignee: transition.assignee,
        };
        let asked = Transition {
            from: transition.from_state,
            to: transition.to_state,
            reason: transition.reason,
            data,
            failure: transition.failure,
            signature: transition.signature,
            signatures,
        };
        if transition.kind.is_some_and(|kind| kind != asked.kind()) {
            return Err(InvalidValue::new("transition.kind does not go with from_state and to_state"));
        }
        let version = if exists { workflow.version } else { workflow.version.saturating_add(1) };
        Ok(Self {
            request_id,
            workflow: Workflow {
                key: WorkflowKey { tenant_id: tenant_id.clone(), workflow_id: workflow.workflow_id },
                workflow_type: workflow.workflow_type,
                current_state: workflow.current_state.unwrap_or(asked.to),
                previous_state: workflow.previous_state,
                version: Version::try_from(version)?,
                created_at: workflow.created_at,
                updated_at: workflow.updated_at,
                created_by: workflow.created_by,
                updated_by: workflow.updated_by,
                data: WorkflowData {
                    metadata: workflow.metadata,
                    labels: workflow.labels,
                    due_at: workflow.due_at,
                    assignee: workflow.assignee,
                },
                // It is said at the creation and never changes.
                replaces: transition.replaces,
                // The question says only which there will be: rules do not see those of before.
                signatures: Signatures::default(),
            },
            transition: asked,
            actor: Principal { id: actor.id, tenant_id, roles: actor.roles },
            context: ValidationContext::new(context.as_object().clone())
                .map_err(|error| InvalidValue::new(error.to_string()))?,
            now,
        })
    }
}

impl TransitionAnswer {
    /// A verdict, as an answer to this question.
    #[must_use]
    pub fn of(question: &RulesQuestion<'_>, verdict: Verdict) -> Self {
        let (decision, rules, reasons) = match verdict {
            Verdict::Allow(rules) => (Decision::Allow, rules, Vec::new()),
            Verdict::Deny { rules, reasons } => (Decision::Deny, rules, reasons),
        };
        Self {
            request_id: Some(question.request_id.to_owned()),
            // A service that does not know the member asks about nothing that keeps the state, and would take no answer
            // with it.
            kind: question.transition.keeps_the_state().then(|| question.transition.kind()),
            decision,
            reasons,
            ruleset: rules.ruleset,
            ruleset_version: rules.ruleset_version,
            evaluated: Some(rules.evaluated),
        }
    }

    /// The verdict, if this answers this question and does not contradict itself.
    ///
    /// # Errors
    /// The error in the answer.
    pub fn verdict(self, question: &RulesQuestion<'_>) -> Result<Verdict, &'static str> {
        let kind = question.transition.kind();
        if self.request_id.is_some_and(|answered| answered != question.request_id)
            || self.kind.is_some_and(|answered| answered != kind)
        {
            return Err("it answers another question");
        }
        if question.transition.keeps_the_state() && self.kind.is_none() {
            return Err("it does not say that it judged an amendment or a signature");
        }
        let evaluated = self.evaluated.unwrap_or_else(|| self.reasons.iter().map(|r| r.rule_id.clone()).collect());
        let named = self.reasons.iter().map(|reason| &reason.rule_id).chain(&evaluated);
        if !named.chain([&self.ruleset, &self.ruleset_version]).all(|id| within(id, ID_CHARS_MAX)) {
            return Err("an id or a version in it is empty or too long");
        }
        if self.reasons.len() > RULES_MAX || evaluated.len() > RULES_MAX {
            return Err("it names too many rules");
        }
        if !self.reasons.iter().all(|reason| within(&reason.message, MESSAGE_CHARS_MAX)) {
            return Err("a message in it is empty or too long");
        }
        let rules = AppliedRules { ruleset: self.ruleset, ruleset_version: self.ruleset_version, evaluated };
        match (self.decision, self.reasons.is_empty()) {
            (Decision::Allow, true) => Ok(Verdict::Allow(rules)),
            (Decision::Deny, false) => Ok(Verdict::Deny { rules, reasons: self.reasons }),
            (Decision::Allow, false) => Err("it allows and gives reasons against it"),
            (Decision::Deny, true) => Err("it denies and gives no reason"),
        }
    }
}

fn within(text: &str, chars_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars_max
}
