//! The embedded rules: what is loaded, what is refused, how moves are judged, and the ruleset that is shipped.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and clippy's leave for tests does not reach what they share"
)]

mod contract;
mod documented;
mod explaining;
mod judging;
mod known_types;
mod laboratory;
mod listing;
mod loading;
mod member_names;
mod nasty;

use alims_domain::call::Principal;
use alims_domain::event::{Failure, Workflow};
use alims_domain::identifiers::{TenantId, Version, WorkflowKey};
use alims_domain::json::{Metadata, ValidationContext};
use alims_domain::lifecycle::State::{self, Active, Cancelled, Completed, Created, Failed, Paused};
use alims_domain::ruling::{RulesQuestion, Transition, Verdict};
use alims_domain::signature::{KeptSignature, Signature, Signatures};
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use alims_operations::ports::TransitionRules;
use alims_rules::{EmbeddedRules, RulesInvalid};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

/// A move to be judged; each test changes what it is about.
struct Case {
    workflow: Workflow,
    transition: Transition,
    actor: Principal,
    context: Option<ValidationContext>,
    now: Timestamp,
}

impl Case {
    /// A move of a test run at version 3 that alice created, asked for by bob.
    fn of(from: Option<State>, to: State) -> Self {
        let tenant_id: TenantId = "lab-1".parse().unwrap();
        Self {
            workflow: Workflow {
                key: WorkflowKey { tenant_id: tenant_id.clone(), workflow_id: "w-1".parse().unwrap() },
                workflow_type: "test-run".parse().unwrap(),
                current_state: from.unwrap_or(Created),
                previous_state: (from == Some(Active)).then_some(Created),
                version: Version::try_from(if from.is_some() { 3 } else { 1 }).unwrap(),
                created_at: "2026-11-23T08:00:00.000Z".parse().unwrap(),
                updated_at: "2026-11-23T08:30:00.000Z".parse().unwrap(),
                created_by: "alice".parse().unwrap(),
                updated_by: "carol".parse().unwrap(),
                data: WorkflowData::default(),
                replaces: None,
                signatures: Signatures::default(),
            },
            transition: Transition {
                from,
                to,
                reason: Some("Because.".parse().unwrap()),
                data: WorkflowData::default(),
                failure: None,
                signature: None,
                signatures: Signatures::default(),
            },
            actor: Principal { id: "bob".parse().unwrap(), tenant_id, roles: ["analyst".to_owned()].into() },
            context: None,
            now: "2026-11-23T09:00:00.000Z".parse().unwrap(),
        }
    }

    fn of_type(mut self, workflow_type: &str) -> Self {
        self.workflow.workflow_type = workflow_type.parse().unwrap();
        self
    }

    fn by(mut self, actor: &str, role: &str) -> Self {
        self.actor.id = actor.parse().unwrap();
        self.actor.roles = [role.to_owned()].into();
        self
    }

    /// Metadata as it is stored.
    fn having(mut self, metadata: Value) -> Self {
        self.workflow.data.metadata = Metadata::new(object(metadata)).unwrap();
        self
    }

    /// Metadata as it would be after the move.
    fn becoming(mut self, metadata: Value) -> Self {
        self.transition.data.metadata = Metadata::new(object(metadata)).unwrap();
        self
    }

    /// An amendment in a state.
    fn amending(state: State) -> Self {
        Self::of(Some(state), state)
    }

    /// Labels, due date and assignee as they are stored.
    fn holding(mut self, data: &Value) -> Self {
        hold(&mut self.workflow.data, data);
        self
    }

    /// Labels, due date and assignee as they would be after it.
    fn becoming_with(mut self, data: &Value) -> Self {
        hold(&mut self.transition.data, data);
        self
    }

    /// Signatures after it, each with its signer, its meaning and whether it is current.
    fn signed_by(mut self, signatures: &[(&str, &str, bool)]) -> Self {
        let signatures = signatures.iter().map(|(by, meaning, current)| {
            let signature = signature(meaning);
            KeptSignature { current: *current, ..KeptSignature::new(&signature, &by.parse().unwrap(), self.now) }
        });
        self.transition.signatures = Signatures::try_from(signatures.collect::<Vec<_>>()).unwrap();
        self
    }

    /// The signature that it is.
    fn signing(mut self, meaning: &str) -> Self {
        self.transition.signature = Some(signature(meaning));
        self
    }

    fn telling(mut self, context: Value) -> Self {
        self.context = Some(ValidationContext::new(object(context)).unwrap());
        self
    }

    fn failing_with(mut self, code: &str) -> Self {
        let code = code.parse().unwrap();
        self.transition.failure = Some(Failure { code, message: "It broke.".parse().unwrap(), retryable: true });
        self
    }

    fn question(&self) -> RulesQuestion<'_> {
        RulesQuestion {
            request_id: "request-1",
            workflow: &self.workflow,
            transition: &self.transition,
            actor: &self.actor,
            context: self.context.as_ref(),
            now: self.now,
        }
    }

    fn judged_by(&self, rules: &EmbeddedRules) -> Verdict {
        rules.judge(&self.question()).now_or_never().expect("it waits for nothing").unwrap()
    }

    /// The ids of the rules that were not met.
    fn unmet_by(&self, rules: &EmbeddedRules) -> Vec<String> {
        match self.judged_by(rules) {
            Verdict::Allow(_) => Vec::new(),
            Verdict::Deny { reasons, .. } => reasons.into_iter().map(|reason| reason.rule_id).collect(),
        }
    }
}

fn signature(meaning: &str) -> Signature {
    let before = alims_testing::builders::a_created("w-1");
    let signed = alims_testing::builders::a_signature(&before, "x", meaning.parse().unwrap());
    signed.event.signature.unwrap()
}

fn hold(data: &mut WorkflowData, given: &Value) {
    data.labels = given.get("labels").map(|labels| serde_json::from_value(labels.clone()).unwrap()).unwrap_or_default();
    data.due_at = given.get("due_at").and_then(Value::as_str).map(|text| text.parse().unwrap());
    data.assignee = given.get("assignee").and_then(Value::as_str).map(|text| text.parse().unwrap());
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// A ruleset for test runs with one rule `r` on ACTIVE to COMPLETED.
fn ruleset_of(expression: &str) -> String {
    let expression = expression.replace('\n', "\n      ");
    format!(
        "ruleset: own\nversion: \"7\"\nworkflow_types: [test-run]\nrules:\n  - id: r\n    applies_to:\n      \
         - {{ from: ACTIVE, to: COMPLETED }}\n    message: Do it.\n    expression: |-\n      {expression}\n"
    )
}

fn loaded(text: &str) -> Result<EmbeddedRules, RulesInvalid> {
    EmbeddedRules::from_documents([("own.yaml".to_owned(), text.to_owned())])
}

/// Whether a rule with this expression is met.
fn met(expression: &str, case: &Case) -> bool {
    case.unmet_by(&loaded(&ruleset_of(expression)).unwrap()).is_empty()
}
