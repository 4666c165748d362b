//! The JSON messages between the service and a remote engine: the question and the answer.

use alims_domain::call::Principal;
use alims_domain::event::{AppliedRules, Failure, Workflow};
use alims_domain::identifiers::{PrincipalId, Reason, TenantId, Version, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::invalid::InvalidValue;
use alims_domain::json::{Metadata, ValidationContext};
use alims_domain::lifecycle::State;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::{RulesQuestion, Transition, Verdict};
use alims_domain::timestamp::Timestamp;
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
/// Every member is always present; a member without a value is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
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
    /// The caller's input for the rules (`validation_context`); an empty object when there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub context: ValidationContext,
    /// The instant of the decision.
    pub now: Timestamp,
}

/// The workflow before the transition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
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
}

/// The transition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TransitionAsked {
    /// The current state; null for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub from_state: Option<State>,
    /// The target state.
    pub to_state: State,
    /// The requester's reason; null for a creation.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub reason: Option<Reason>,
    /// The complete metadata that the workflow will have if the transition is allowed.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
    /// The failure, on a transition to FAILED; otherwise null.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub failure: Option<Failure>,
}

/// The requester, from a verified token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
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
                metadata: if exists { workflow.data.metadata.clone() } else { Metadata::default() },
            },
            transition: TransitionAsked {
                from_state: transition.from,
                to_state: transition.to,
                reason: transition.reason.clone(),
                metadata: transition.data.metadata.clone(),
                failure: transition.failure.clone(),
            },
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
        let TransitionQuestion { request_id, tenant_id, workflow, transition, actor, context, now } = question;
        if workflow.current_state != transition.from_state {
            return Err(InvalidValue::new("workflow.current_state and transition.from_state must be the same"));
        }
        let version =
            if transition.from_state.is_some() { workflow.version } else { workflow.version.saturating_add(1) };
        Ok(Self {
            request_id,
            workflow: Workflow {
                key: WorkflowKey { tenant_id: tenant_id.clone(), workflow_id: workflow.workflow_id },
                workflow_type: workflow.workflow_type,
                current_state: workflow.current_state.unwrap_or(transition.to_state),
                previous_state: workflow.previous_state,
                version: Version::try_from(version)?,
                created_at: workflow.created_at,
                updated_at: workflow.updated_at,
                created_by: workflow.created_by,
                updated_by: workflow.updated_by,
                data: workflow.metadata.into(),
                replaces: None,
            },
            transition: Transition {
                from: transition.from_state,
                to: transition.to_state,
                reason: transition.reason,
                data: transition.metadata.into(),
                failure: transition.failure,
            },
            actor: Principal { id: actor.id, tenant_id, roles: actor.roles },
            context: ValidationContext::new(context.as_object().clone())
                .map_err(|error| InvalidValue::new(error.to_string()))?,
            now,
        })
    }
}

impl TransitionAnswer {
    /// A verdict, as an answer to the question with this id.
    #[must_use]
    pub fn of(request_id: &str, verdict: Verdict) -> Self {
        let (decision, rules, reasons) = match verdict {
            Verdict::Allow(rules) => (Decision::Allow, rules, Vec::new()),
            Verdict::Deny { rules, reasons } => (Decision::Deny, rules, reasons),
        };
        Self {
            request_id: Some(request_id.to_owned()),
            decision,
            reasons,
            ruleset: rules.ruleset,
            ruleset_version: rules.ruleset_version,
            evaluated: Some(rules.evaluated),
        }
    }

    /// The verdict, if this answers the question with this id and does not contradict itself.
    ///
    /// # Errors
    /// The error in the answer.
    pub fn verdict(self, request_id: &str) -> Result<Verdict, &'static str> {
        if self.request_id.is_some_and(|answered| answered != request_id) {
            return Err("it answers another question");
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
